/** The measurements of the project's targets ("Speed and memory"): each names its contestants, its unit and what it must hold. */
import { cpSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../test/harness/command.ts'
import { repository } from '../test/harness/daemon.ts'
import { peerPath } from '../test/harness/dockerd.ts'
import { Api } from './api.ts'
import { alternate, processMs, timed, type Contestant, type Measured } from './measure.ts'
import { BUSYBOX, podmanOptions, type Peers } from './peers.ts'

export type Target = { text: string; holds: boolean | undefined }
export type Table = { name: string; title: string; unit: string; results: Measured[]; targets: Target[] }
export type Bench = { peers: Peers; scratch: string; rounds: number }

/** podman would raise limits that this machine's root may not raise. */
const PODMAN_RUN = ['run', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

const TRUE = ['--network', 'none', BUSYBOX, 'true']
const MIB = 1024 * 1024
const OUTPUT_BYTES = 64 * MIB

export const MEASUREMENTS: Record<string, (bench: Bench) => Promise<Table>> = {
  run,
  api,
  exec,
  ps,
  many,
  output,
  memory,
}

/** The whole command, client included. */
async function run(bench: Bench): Promise<Table> {
  const { peers, rounds } = bench
  const cli = commands(bench)
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
  return table('run', 'run --rm busybox true, whole command', 'ms', results, [
    atMost('mini-docker', (of) => of('node -e 0') + 30, 'node -e 0 + 30 ms'),
    atMost('mini-docker', (of) => of('docker') / 6, '1/6 of docker'),
    atMost('mini-docker', (of) => of('podman') / 5, '1/5 of podman'),
  ])
}

/** create, start, wait, remove inside the daemon, and the same for the real docker client. */
async function api(bench: Bench): Promise<Table> {
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
  return table('api', 'create + start + wait + remove of true', 'ms', results, [
    atMost('mini-dockerd, API', (of) => of('crun'), 'crun run'),
    atMost('mini-dockerd, API', (of) => of('runc') / 2, '1/2 of runc run'),
    atMost('docker client, mini-dockerd', (of) => of('docker client, dockerd') / 6, '1/6 of dockerd'),
  ])
}

function dockerRun(host: string): Promise<number> {
  return processMs(['docker', '-H', host, 'run', '--rm', ...TRUE], { PATH: peerPath() })
}

async function exec(bench: Bench): Promise<Table> {
  const { peers, rounds } = bench
  const cli = commands(bench)
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
    return table('exec', 'exec of true in a running container', 'ms', results, [
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

async function ps(bench: Bench): Promise<Table> {
  const cli = commands(bench)
  const results = await alternate(
    [
      { name: 'mini-docker', sample: () => processMs([...cli.ours, 'ps']) },
      { name: 'node -e 0', sample: () => processMs([join(repository, 'node_modules/.bin/node'), '-e', '0']) },
      ...optional(cli.docker, 'docker', (words) => processMs([...words, 'ps'])),
      ...optional(cli.podman, 'podman', (words) => processMs([...words, 'ps'], cli.env)),
    ],
    bench.rounds,
  )
  return table('ps', 'ps', 'ms', results, [atMost('mini-docker', (of) => of('node -e 0') * 1.25, '1.25 × node -e 0')])
}

async function many(bench: Bench): Promise<Table> {
  const cli = commands(bench)
  const results = await alternate(
    [
      { name: 'mini-docker', sample: () => fifty([...cli.ours, 'run']) },
      ...optional(cli.docker, 'docker', (words) => fifty([...words, 'run'])),
      ...optional(cli.podman, 'podman', (words) => fifty([...words, ...PODMAN_RUN], cli.env)),
    ],
    Math.min(3, bench.rounds),
  )
  return table('many', '50 containers, 8 at a time', 'ms', results, [
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

/** Lines of 80 bytes: attached to a client that throws them away, and into the log alone. */
async function output(bench: Bench): Promise<Table> {
  const cli = commands(bench)
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
  return table('output', 'output of 64 MiB in lines of 80 bytes', 'MiB/s', results, [
    atLeast('mini-docker, attached', (of) => of('docker, attached'), 'docker'),
    atLeast('mini-docker, log only', (of) => of('docker, log only'), 'docker'),
  ])
}

function rate(ms: number): number {
  return OUTPUT_BYTES / MIB / (ms / 1000)
}

/** Fifty containers that sleep: what each monitor holds for itself, and the daemon. */
async function memory(bench: Bench): Promise<Table> {
  const { ours } = bench.peers
  const ids = await Promise.all(
    Array.from({ length: 50 }, () => ours.ok('run', '-d', '--network', 'none', BUSYBOX, 'sleep', '1000')),
  )
  try {
    const monitors = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isMonitor(name))
    const pss = monitors.map((pid) => pssKb(pid))
    const results: Measured[] = [
      { name: 'monitor, PSS of each', samples: pss, median: pss.reduce((sum, kb) => sum + kb, 0) / pss.length },
      { name: 'daemon, RSS', samples: [rssKb(ours.pid)], median: rssKb(ours.pid) },
    ]
    return table('memory', `memory with 50 containers (${monitors.length} monitors)`, 'kB', results, [
      atMost('monitor, PSS of each', () => 300, '300 kB'),
      atMost('daemon, RSS', () => 100 * 1024, '100 MB'),
    ])
  } finally {
    await ours.ok('rm', '-f', ...ids)
  }
}

function isMonitor(pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).startsWith('/memfd:mini-docker')
  } catch {
    return false
  }
}

function pssKb(pid: string): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])
}

function rssKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
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

/** The words that each command line starts with. */
function commands({ peers, scratch }: Bench): {
  ours: string[]
  docker: string[] | undefined
  podman: string[] | undefined
  env: Record<string, string>
} {
  const path = peerPath()
  return {
    ours: [join(repository, 'mini-docker'), '-H', peers.ours.host],
    docker: peers.docker === undefined ? undefined : ['docker', '-H', `unix://${peers.docker.socket}`],
    podman: peers.podman === undefined ? undefined : [peers.podman, ...podmanOptions(scratch, path)],
    env: { PATH: path },
  }
}

function optional<T>(peer: T | undefined, name: string, sample: (peer: T) => Promise<number>): Contestant[] {
  return peer === undefined ? [] : [{ name, sample: () => sample(peer) }]
}

type Limit = (of: (name: string) => number) => number
type Claim = { who: string; sign: '≤' | '≥'; limit: Limit; text: string }
const atMost = (who: string, limit: Limit, text: string): Claim => ({ who, sign: '≤', limit, text })
const atLeast = (who: string, limit: Limit, text: string): Claim => ({ who, sign: '≥', limit, text })

function table(name: string, title: string, unit: string, results: Measured[], claims: Claim[]): Table {
  const of = (wanted: string) => results.find((result) => result.name === wanted)?.median ?? Number.NaN
  const targets = claims.map(({ who, sign, limit, text }) => {
    const [value, bound] = [of(who), limit(of)]
    const known = !Number.isNaN(value) && !Number.isNaN(bound)
    return {
      text: `${who} ${sign} ${text}${known ? `: ${value.toFixed(1)} ${sign} ${bound.toFixed(1)} ${unit}` : ': not measured'}`,
      holds: known ? (sign === '≤' ? value <= bound : value >= bound) : undefined,
    }
  })
  return { name, title, unit, results, targets }
}
