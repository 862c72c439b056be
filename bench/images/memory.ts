/**
 * What a pull costs a daemon in memory, over what it holds when idle: the peak of the daemon itself as the kernel counts it (VmHWM, reset
 * before; see clear_refs in proc(5)), and the largest sum of the processes below it, looked at every 20 ms. Each sample is a daemon's first pull.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository, startDaemon } from '../../test/harness/daemon.ts'
import { Dockerd } from '../../test/harness/dockerd.ts'
import { sleep } from '../../test/harness/eventually.ts'
import { Registry, pushBySkopeo } from '../../test/harness/registry/index.ts'
import type { Bench } from '../bench.ts'
import { alternate } from '../measure.ts'
import { atMost, table, type Table } from '../table.ts'
import { Keeper } from './keeper.ts'
import { prepareImages } from './prepare.ts'

const ROUNDS_MAX = 3
const LOOK_EVERY_MS = 20
/** Until a new daemon has done what it does at its start. */
const IDLE_AFTER_MS = 2000

export async function* pullMemory(bench: Bench): AsyncGenerator<Table> {
  await using registry = await Registry.start()
  for (const image of await prepareImages(bench)) {
    const name = `bench/${image.name}:latest`
    await pushBySkopeo(registry, `oci:${image.layout}:bench`, name)
    const reference = `${registry.host}/${name}`
    const contestants = [
      { name: 'mini-dockerd', sample: () => ofOurs(reference) },
      ...(bench.peers.docker === undefined
        ? []
        : [{ name: 'dockerd', sample: () => ofDocker(bench.scratch, reference) }]),
    ]
    const results = await alternate(contestants, Math.min(ROUNDS_MAX, bench.rounds))
    yield table(`pull-memory ${image.name}`, `daemon's peak over idle in a pull: ${image.title}`, 'MB', results, [
      atMost('mini-dockerd', () => 150, '150 MB'),
    ])
  }
}

async function ofOurs(reference: string): Promise<number> {
  await using daemon = await startDaemon({}, { network: 'shared' })
  return await peakMB(
    daemon.pid,
    new Keeper('mini-docker', [join(repository, 'mini-docker'), '-H', daemon.host], {}),
    reference,
  )
}

async function ofDocker(scratch: string, reference: string): Promise<number> {
  const directory = mkdtempSync(join(scratch, 'dockerd-'))
  const daemon = await Dockerd.start(directory, join(directory, 'docker.sock'), 'host')
  try {
    return await peakMB(daemon.pid, new Keeper('docker', ['docker', '-H', `unix://${daemon.socket}`], {}), reference)
  } finally {
    await daemon.stop('SIGTERM')
    rmSync(directory, { recursive: true })
  }
}

async function peakMB(pid: number, keeper: Keeper, reference: string): Promise<number> {
  await sleep(IDLE_AFTER_MS)
  const idle = { own: statusKb(pid, 'VmRSS'), below: belowKb(pid) }
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  let below = idle.below
  const looking = setInterval(() => (below = Math.max(below, belowKb(pid))), LOOK_EVERY_MS)
  try {
    await keeper.pull(reference)
  } finally {
    clearInterval(looking)
  }
  return ((statusKb(pid, 'VmHWM') - idle.own + below - idle.below) * 1024) / 1e6
}

/** Resident memory of all processes below one. */
function belowKb(pid: number): number {
  return childrenOf(pid).reduce((sum, child) => sum + statusKb(child, 'VmRSS') + belowKb(child), 0)
}

function childrenOf(pid: number): number[] {
  return ended([], () =>
    readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      ended([], () =>
        readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
      ),
    ),
  )
}

/** Zero for a process that has ended and only waits to be waited for. */
function statusKb(pid: number, field: string): number {
  const status = ended('', () => readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
}

/** Processes end while one looks. */
function ended<T>(instead: T, look: () => T): T {
  try {
    return look()
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'ENOENT' || code === 'ESRCH') return instead
    throw error
  }
}
