/** Memory of what stays while containers run. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import type { Measured } from '../measure.ts'
import { BUSYBOX } from '../peers.ts'
import { atMost, table, type Table } from '../table.ts'

/** The daemon clears up when nobody asked for anything for two seconds. */
const REST_MS = 4_000

/** Fifty containers that sleep: what each monitor holds for itself, and the daemon at rest. */
export async function* memory(bench: Bench): AsyncGenerator<Table> {
  const { ours } = bench.peers
  const ids = await Promise.all(
    Array.from({ length: 50 }, () => ours.ok('run', '-d', '--network', 'none', BUSYBOX, 'sleep', '1000')),
  )
  try {
    await sleep(REST_MS)
    const monitors = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isMonitor(name))
    const pss = monitors.map((pid) => pssKb(pid))
    const results: Measured[] = [
      { name: 'monitor, PSS of each', samples: pss, median: pss.reduce((sum, kb) => sum + kb, 0) / pss.length },
      { name: 'daemon, RSS', samples: [rssKb(ours.pid)], median: rssKb(ours.pid) },
    ]
    yield table('memory', `memory with 50 containers (${monitors.length} monitors)`, 'kB', results, [
      atMost('monitor, PSS of each', () => 300, '300 kB'),
      atMost('daemon, RSS', () => 100e6 / 1024, '100 MB'),
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
