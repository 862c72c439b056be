/** One more process in a container that runs. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../../test/harness/command.ts'
import { Api } from '../api.ts'
import { commandLines, optional, PODMAN_RUN, type Bench } from '../bench.ts'
import { alternate, processMs, timed } from '../measure.ts'
import { BUSYBOX } from '../peers.ts'
import { atMost, table, type Table } from '../table.ts'

export async function* exec(bench: Bench): AsyncGenerator<Table> {
  const { peers, rounds } = bench
  const cli = commandLines(bench)
  const sleeper = ['run', '-d', '--name', 'bench-exec', '--network', 'none', BUSYBOX, 'sleep', '1000']
  await peers.ours.ok(...sleeper)
  if (cli.docker !== undefined) await must([...cli.docker, ...sleeper])
  if (cli.podman !== undefined) await must([...cli.podman, ...PODMAN_RUN, ...sleeper.slice(1)], { env: cli.env })
  const runtimes = [
    ['crun', peers.crun],
    ['runc', peers.runc],
  ].filter((entry): entry is [string, string[]] => entry[1] !== undefined)
  for (const [name, program] of runtimes) await startSleeping(bench, name, program)
  using ours = new Api(peers.ours.socket)
  try {
    const results = await alternate(
      [
        { name: 'mini-dockerd, API', sample: () => timed(() => ours.execTrue('bench-exec')) },
        { name: 'mini-docker exec', sample: () => processMs([...cli.ours, 'exec', 'bench-exec', 'true']) },
        ...optional(cli.docker, 'docker exec', (words) => processMs([...words, 'exec', 'bench-exec', 'true'])),
        ...optional(cli.podman, 'podman exec', (words) => processMs([...words, 'exec', 'bench-exec', 'true'], cli.env)),
        ...runtimes.map(([name, program]) => ({
          name: `${name} exec`,
          sample: () => processMs([...program, '--root', join(bench.scratch, name), 'exec', `sleep-${name}`, 'true']),
        })),
      ],
      rounds,
    )
    yield table('exec', 'exec of true in a running container', 'ms', results, [
      atMost('mini-dockerd, API', (of) => of('crun exec'), 'crun exec'),
      atMost('mini-docker exec', (of) => of('docker exec') / 2, '1/2 of docker exec'),
    ])
  } finally {
    await peers.ours.cli(['rm', '-f', 'bench-exec'])
    if (cli.docker !== undefined) await must([...cli.docker, 'rm', '-f', 'bench-exec'])
    if (cli.podman !== undefined) await must([...cli.podman, 'rm', '-f', '-t', '0', 'bench-exec'], { env: cli.env })
    for (const [name, program] of runtimes)
      await must([...program, '--root', join(bench.scratch, name), 'delete', '--force', `sleep-${name}`])
  }
}

/** A bundle that sleeps, for exec. `run --detach` wants no pipe that stays open. */
async function startSleeping({ peers, scratch }: Bench, name: string, program: string[]): Promise<void> {
  const bundle = join(scratch, `sleep-${name}`)
  cpSync(peers.bundle, bundle, { recursive: true })
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as {
    process: { args: string[] }
    linux: { cgroupsPath: string }
  }
  config.process.args = ['sleep', '1000']
  config.linux.cgroupsPath = `/mini-docker-bench/sleep-${name}`
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
  await must([
    'sh',
    '-c',
    '"$@" </dev/null >/dev/null 2>&1',
    'sh',
    ...program,
    '--root',
    join(scratch, name),
    'run',
    '--detach',
    '--bundle',
    bundle,
    `sleep-${name}`,
  ])
}
