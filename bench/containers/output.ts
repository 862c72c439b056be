/** What a container prints, on its way to a client and to the log. */
import { must } from '../../test/harness/command.ts'
import { commandLines, optional, type Bench } from '../bench.ts'
import { alternate, processMs } from '../measure.ts'
import { BUSYBOX } from '../peers.ts'
import { atLeast, table, type Table } from '../table.ts'

const MIB = 1024 * 1024
const OUTPUT_BYTES = 64 * MIB

/** Lines of 80 bytes: attached to a client that throws them away, and into the log alone. */
export async function* output(bench: Bench): AsyncGenerator<Table> {
  const cli = commandLines(bench)
  const script = `yes ${'x'.repeat(79)} | head -c ${OUTPUT_BYTES}`
  const words = ['--network', 'none', BUSYBOX, 'sh', '-c', script]
  const attached = async (client: string[]) => rate(await processMs([...client, 'run', '--rm', ...words]))
  const logged = async (client: string[]) => {
    const began = performance.now()
    const id = (await must([...client, 'run', '-d', ...words])).trim()
    await must([...client, 'wait', id])
    const ms = performance.now() - began
    await must([...client, 'rm', id])
    return rate(ms)
  }
  const results = await alternate(
    [
      { name: 'mini-docker, attached', sample: () => attached(cli.ours) },
      ...optional(cli.docker, 'docker, attached', attached),
      { name: 'mini-docker, log only', sample: () => logged(cli.ours) },
      ...optional(cli.docker, 'docker, log only', logged),
    ],
    Math.min(5, bench.rounds),
  )
  yield table('output', 'output of 64 MiB in lines of 80 bytes', 'MiB/s', results, [
    atLeast('mini-docker, attached', (of) => of('docker, attached'), 'docker'),
    atLeast('mini-docker, log only', (of) => of('docker, log only'), 'docker'),
  ])
}

function rate(ms: number): number {
  return OUTPUT_BYTES / MIB / (ms / 1000)
}
