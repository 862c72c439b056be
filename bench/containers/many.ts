/** Many at once, and the shortest command there is. */
import { join } from 'node:path'
import { repository } from '../../test/harness/daemon.ts'
import { commandLines, optional, PODMAN_RUN, type Bench } from '../bench.ts'
import { alternate, processMs, timed } from '../measure.ts'
import { BUSYBOX } from '../peers.ts'
import { atMost, table, type Table } from '../table.ts'

const TRUE = ['--network', 'none', BUSYBOX, 'true']

export async function* ps(bench: Bench): AsyncGenerator<Table> {
  const cli = commandLines(bench)
  const results = await alternate(
    [
      { name: 'mini-docker', sample: () => processMs([...cli.ours, 'ps']) },
      { name: 'node -e 0', sample: () => processMs([join(repository, 'node_modules/.bin/node'), '-e', '0']) },
      ...optional(cli.docker, 'docker', (words) => processMs([...words, 'ps'])),
      ...optional(cli.podman, 'podman', (words) => processMs([...words, 'ps'], cli.env)),
    ],
    bench.rounds,
  )
  yield table('ps', 'ps', 'ms', results, [atMost('mini-docker', (of) => of('node -e 0') * 1.25, '1.25 × node -e 0')])
}

export async function* many(bench: Bench): AsyncGenerator<Table> {
  const cli = commandLines(bench)
  const results = await alternate(
    [
      { name: 'mini-docker', sample: () => fifty([...cli.ours, 'run']) },
      ...optional(cli.docker, 'docker', (words) => fifty([...words, 'run'])),
      ...optional(cli.podman, 'podman', (words) => fifty([...words, ...PODMAN_RUN], cli.env)),
    ],
    Math.min(3, bench.rounds),
  )
  yield table('many', '50 containers, 8 at a time', 'ms', results, [
    atMost('mini-docker', (of) => of('docker') / 4, '1/4 of docker'),
  ])
}

/** Fifty whole commands, eight at any moment. */
function fifty(words: string[], env: Record<string, string> = {}): Promise<number> {
  let started = 0
  const worker = async () => {
    while (started < 50) {
      started += 1
      await processMs([...words, '--rm', ...TRUE], env)
    }
  }
  return timed(() => Promise.all(Array.from({ length: 8 }, worker)))
}
