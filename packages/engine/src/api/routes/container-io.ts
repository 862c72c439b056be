/** What comes out of a container and goes into it: attach, logs, stats. */
import { once } from 'node:events'
import { UserError } from '@mini-docker/syscall'
import { connectionClient } from '../../attach/connection.ts'
import { parseDetachKeys } from '../../attach/detach-keys.ts'
import { frame, streamType } from '../../attach/frames.ts'
import type { Container } from '../../containers/model.ts'
import { logPath } from '../../containers/start.ts'
import { streamStats } from '../../containers/stats.ts'
import { containerEvent, type Engine } from '../../engine.ts'
import { readLog } from '../../logs/follow.ts'
import type { LogRecord } from '../../logs/reader.ts'
import type { Exchange, Hijacked } from '../exchange.ts'
import { queryFlag, queryTime } from '../query.ts'
import type { Routes } from '../router.ts'

export const containerIoRoutes: Routes<Engine> = {
  'POST /containers/{id}/attach': attach,
  'GET /containers/{id}/logs': logs,
  'GET /containers/{id}/stats': stats,
  'GET /containers/{id}/attach/ws': () => {
    throw new UserError('not-built', 'attaching by WebSocket is not built yet')
  },
}

async function attach(exchange: Exchange, engine: Engine): Promise<void> {
  const { query } = exchange
  const container = engine.containers.find(exchange.params['id'] ?? '')
  const { config } = container.record
  if (container.state.status === 'paused')
    throw new UserError('conflict', `container ${container.id} is paused, unpause the container before attach`)
  const keys = parseDetachKeys(query.get('detachKeys') ?? '')
  const wanted = {
    stdin: queryFlag(query, 'stdin') && config.OpenStdin,
    stdout: queryFlag(query, 'stdout'),
    stderr: queryFlag(query, 'stderr'),
  }
  const raw = exchange.hijack(streamType(config.Tty, exchange.minor))
  containerEvent(engine, container, 'attach')
  if (queryFlag(query, 'logs')) await replay(container, raw, wanted, exchange.gone)
  if (!queryFlag(query, 'stream')) return void raw.output.end()

  const client = connectionClient(raw, {
    ...wanted,
    // With a tty both come as one.
    stderr: wanted.stderr && !config.Tty,
    stdout: wanted.stdout || (config.Tty && wanted.stderr),
    tty: config.Tty,
    closesStdin: config.StdinOnce && !config.Tty,
    detachKeys: keys,
    onDetach: () => containerEvent(engine, container, 'detach'),
  })
  const leave = container.streams.add(client)
  exchange.gone.addEventListener('abort', leave, { once: true })
  if (exchange.gone.aborted) leave()
}

/** The log so far, before what comes. */
async function replay(
  container: Container,
  raw: Hijacked,
  wanted: { stdout: boolean; stderr: boolean },
  signal: AbortSignal,
): Promise<void> {
  const everything = { tail: undefined, since: undefined, until: undefined, follow: false, live: () => false, signal }
  for await (const record of readLog(logPath(container), everything)) {
    if (record.stream === 1 ? !wanted.stdout : !wanted.stderr) continue
    const text = Buffer.from(record.text)
    if (!raw.output.write(container.record.config.Tty ? text : frame(record.stream, text)))
      await drained(raw.output, signal)
  }
}

async function logs(exchange: Exchange, engine: Engine): Promise<void> {
  const { query } = exchange
  const container = engine.containers.find(exchange.params['id'] ?? '')
  const [stdout, stderr] = [queryFlag(query, 'stdout'), queryFlag(query, 'stderr')]
  if (!stdout && !stderr) throw new UserError('invalid', 'Bad parameters: you must choose at least one stream')
  if (container.record.hostConfig.LogConfig.Type === 'none')
    throw new UserError('not-built', 'configured logging driver does not support reading')
  const tail = parseTail(query.get('tail'))
  const range = { since: queryTime(query, 'since'), until: queryTime(query, 'until') }
  const timestamps = queryFlag(query, 'timestamps')
  const { Tty: tty } = container.record.config
  const response = exchange.stream(200, { 'Content-Type': streamType(tty, exchange.minor) })
  const options = {
    ...range,
    tail,
    follow: queryFlag(query, 'follow'),
    live: () => container.running,
    signal: exchange.gone,
  }
  for await (const record of readLog(logPath(container), options)) {
    if (record.stream === 1 ? !stdout : !stderr) continue
    const line = lineOf(record, timestamps)
    if (!response.write(tty ? line : frame(record.stream, line))) await drained(response, exchange.gone)
  }
  response.end()
}

function lineOf(record: LogRecord, timestamps: boolean): Buffer {
  return Buffer.from(timestamps ? `${record.time} ${record.text}` : record.text)
}

/** `all`, nothing, and what is no number mean all, as in docker. */
function parseTail(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

async function drained(stream: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  await once(stream, 'drain', { signal }).catch(() => undefined)
}

async function stats(exchange: Exchange, engine: Engine): Promise<void> {
  const container = engine.containers.find(exchange.params['id'] ?? '')
  await streamStats(engine, container, exchange, {
    stream: queryFlag(exchange.query, 'stream', true),
    oneShot: queryFlag(exchange.query, 'one-shot'),
  })
}
