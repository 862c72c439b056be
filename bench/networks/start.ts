/** What a network adds to a start: none, the bridge, the bridge and a published port; through the client and through the API. */
import { join } from 'node:path'
import { TestNamespace } from '../../packages/net/test/namespace.ts'
import { must } from '../../test/harness/command.ts'
import { busyboxArchive } from '../../test/harness/images.ts'
import { commandLines, PODMAN_RUN, type Bench } from '../bench.ts'
import { alternate, processMs, timed, type Contestant } from '../measure.ts'
import { BUSYBOX } from '../peers.ts'
import { atMost, table, type Claim, type Table } from '../table.ts'
import { openSites, type Site } from './site.ts'

const KINDS = {
  none: { words: ['--network', 'none'], host: { NetworkMode: 'none' } },
  bridge: { words: ['--network', 'bridge'], host: { NetworkMode: 'bridge' } },
  port: {
    words: ['--network', 'bridge', '--publish', '8080:80'],
    host: { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostPort: '8080' }] } },
  },
}
type Kind = (typeof KINDS)[keyof typeof KINDS]

const SLEEP = ['sleep', '1000']

const CLAIMS: Claim[] = [
  atMost('mini-docker, bridge', (of) => of('mini-docker, none') + 5, '--network none + 5 ms'),
  atMost('mini-docker, port', (of) => of('docker, port') / 4, '1/4 of docker'),
]

export async function* networkStart(bench: Bench): AsyncGenerator<Table> {
  await using opened = await openSites(bench, [busyboxArchive()])
  using podmanHost = await TestNamespace.open()
  podmanHost.run('ip', 'link', 'set', 'lo', 'up')
  const { podman, env } = commandLines(bench)
  const byClient = [
    ...opened.sites.flatMap(({ name, argv, env }) => ofKinds(name, ({ words }) => runMs(argv, env, words))),
    ...(podman === undefined ? [] : ofPodman(podmanHost, podman, join(bench.scratch, 'podman/networks'), env)),
  ]
  const clients = await alternate(byClient, bench.rounds)
  yield table('network-start client', 'run -d busybox sleep, whole command', 'ms', clients, CLAIMS)
  const byApi = opened.sites.flatMap((site) => ofKinds(site.name, ({ host }) => apiMs(site, host)))
  yield table('network-start API', 'create + start over the API', 'ms', await alternate(byApi, bench.rounds), CLAIMS)
}

function ofKinds(name: string, sample: (kind: Kind) => Promise<number>): Contestant[] {
  return Object.entries(KINDS).map(([kind, how]) => ({ name: `${name}, ${kind}`, sample: () => sample(how) }))
}

/** podman in a namespace of its own, with networks of its own. */
function ofPodman(host: TestNamespace, podman: string[], networks: string, env: Record<string, string>): Contestant[] {
  const argv = ['nsenter', `--net=${host.path}`, '--', ...podman, '--network-config-dir', networks]
  const [run = '', ...limits] = PODMAN_RUN
  return ofKinds('podman', ({ words }) => runMs(argv, env, [...limits, ...words], run))
}

/** `run -d`; the container is removed after the time is taken. */
async function runMs(argv: string[], env: Record<string, string>, words: string[], run = 'run'): Promise<number> {
  const name = `bench-${process.pid}`
  try {
    return await processMs([...argv, run, '-d', '--name', name, ...words, BUSYBOX, ...SLEEP], env)
  } finally {
    await must([...argv, 'rm', '-f', name], { env })
  }
}

async function apiMs({ api }: Site, host: Kind['host']): Promise<number> {
  let id = ''
  try {
    return await timed(async () => {
      const body = { Image: BUSYBOX, Cmd: SLEEP, ExposedPorts: { '80/tcp': {} }, HostConfig: host }
      id = (await api.json<{ Id: string }>('POST', '/v1.41/containers/create', body)).Id
      await api.json('POST', `/v1.41/containers/${id}/start`)
    })
  } finally {
    if (id !== '') await api.json('DELETE', `/v1.41/containers/${id}?force=1`)
  }
}
