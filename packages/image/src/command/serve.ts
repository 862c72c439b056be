/** `serve`: the images of the store as a read-only registry. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { UserError } from '@mini-docker/syscall'
import type { Command } from 'commander'
import { formatSize } from '../format.ts'
import { ImageServer } from '../serve/index.ts'
import type { Session } from './session.ts'

const PORT = 5000

type ServeFlags = { host: string; port: number; tlsCert?: string; tlsKey?: string }

export function addServing(image: Command, session: Session): void {
  image
    .command('serve')
    .description('let others pull the images of the store, until Ctrl-C')
    .option('--host <address>', 'where to listen; 0.0.0.0 for all addresses', '127.0.0.1')
    .option('--port <n>', '0 for a free one', parsePort, PORT)
    .option('--tls-cert <file>', 'PEM; without it, plain HTTP')
    .option('--tls-key <file>', 'PEM')
    .action((flags: ServeFlags) => serve(session, flags))
}

async function serve(session: Session, flags: ServeFlags): Promise<void> {
  const { host, port } = flags
  const tls = tlsOf(flags)
  const store = await session.open()
  await session.interruptible(async (signal) => {
    await using server = await ImageServer.listen(store, {
      host,
      port,
      ...(tls !== undefined && { tls }),
      onPull: ({ client, name, reference, bytes, complete }) => {
        const end = complete ? '' : ', cut off'
        session.print(
          `${client} pulled ${name}${reference.includes(':') ? '@' : ':'}${reference}, ${formatSize(bytes)}${end}`,
        )
      },
      onProblem: (error) => session.note(`image: ${error.message}`),
    })
    session.print(`serving on ${tls === undefined ? 'http' : 'https'}://${host}:${server.port}`)
    if (!signal.aborted) await once(signal, 'abort')
  })
}

function tlsOf({ tlsCert, tlsKey }: ServeFlags): { cert: string; key: string } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { cert: readFileSync(tlsCert, 'utf8'), key: readFileSync(tlsKey, 'utf8') }
  }
  throw new UserError('invalid', '--tls-cert and --tls-key belong together')
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new UserError('invalid', `port ${text} is outside the range of [0, 65535]`)
}
