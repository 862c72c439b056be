/** Starting a container: through each client, and through each daemon's API. */
import { join } from 'node:path'
import { repository } from '../../test/harness/daemon.ts'
import { peerPath } from '../../test/harness/requires.ts'
import { Api } from '../api.ts'
import { commandLines, optional, PODMAN_RUN, type Bench } from '../bench.ts'
import { alternate, processMs, timed, type Contestant } from '../measure.ts'
import { BUSYBOX } from '../peers.ts'
import { atMost, table, type Table } from '../table.ts'

const TRUE = ['--network', 'none', BUSYBOX, 'true']

/** The whole command, client included. */
export async function* run(bench: Bench): AsyncGenerator<Table> {
  const { peers, rounds } = bench
  const cli = commandLines(bench)
  const results = await alternate(
    [
      { name: 'mini-docker', sample: () => processMs([...cli.ours, 'run', '--rm', ...TRUE]) },
      { name: 'node -e 0', sample: () => processMs([join(repository, 'node_modules/.bin/node'), '-e', '0']) },
      ...optional(cli.docker, 'docker', (words) => processMs([...words, 'run', '--rm', ...TRUE])),
      ...optional(cli.podman, 'podman', (words) => processMs([...words, ...PODMAN_RUN, '--rm', ...TRUE], cli.env)),
      ...ociRuntimes(bench),
      ...optional(peers.bwrap, 'bubblewrap', (program) =>
        processMs([
          program,
          '--bind',
          join(peers.bundle, 'rootfs'),
          '/',
          '--proc',
          '/proc',
          '--dev',
          '/dev',
          '--unshare-all',
          'true',
        ]),
      ),
    ],
    rounds,
  )
  yield table('run', 'run --rm busybox true, whole command', 'ms', results, [
    atMost('mini-docker', (of) => of('node -e 0') + 30, 'node -e 0 + 30 ms'),
    atMost('mini-docker', (of) => of('docker') / 6, '1/6 of docker'),
    atMost('mini-docker', (of) => of('podman') / 5, '1/5 of podman'),
  ])
}

/** create, start, wait, remove inside the daemon, and the same for the real docker client. */
export async function* api(bench: Bench): AsyncGenerator<Table> {
  const { peers, rounds } = bench
  using ours = new Api(peers.ours.socket)
  using docker = peers.docker === undefined ? undefined : new Api(peers.docker.socket)
  const results = await alternate(
    [
      { name: 'mini-dockerd, API', sample: () => timed(() => ours.runTrue(BUSYBOX)) },
      ...optional(docker, 'dockerd, API', (daemon) => timed(() => daemon.runTrue(BUSYBOX))),
      ...ociRuntimes(bench),
      ...optional(peers.docker, 'docker client, mini-dockerd', () => dockerRun(peers.ours.host)),
      ...optional(peers.docker, 'docker client, dockerd', ({ socket }) => dockerRun(`unix://${socket}`)),
    ],
    rounds,
  )
  yield table('api', 'create + start + wait + remove of true', 'ms', results, [
    atMost('mini-dockerd, API', (of) => of('crun'), 'crun run'),
    atMost('mini-dockerd, API', (of) => of('runc') / 2, '1/2 of runc run'),
    atMost('docker client, mini-dockerd', (of) => of('docker client, dockerd') / 6, '1/6 of dockerd'),
  ])
}

function dockerRun(host: string): Promise<number> {
  return processMs(['docker', '-H', host, 'run', '--rm', ...TRUE], { PATH: peerPath() })
}

/** `run` of the same config by the runtimes below docker and podman. */
function ociRuntimes({ peers, scratch }: Bench): Contestant[] {
  let round = 0
  const start = (name: string) => (program: string[]) =>
    processMs([
      ...program,
      '--root',
      join(scratch, name),
      'run',
      '--bundle',
      peers.bundle,
      `${name}-${process.pid}-${(round += 1)}`,
    ])
  return [...optional(peers.crun, 'crun', start('crun')), ...optional(peers.runc, 'runc', start('runc'))]
}
