/**
 * Starts that were under way when a daemon was killed. Their launchers know nothing of it and go on: within milliseconds there is a container, or there never
 * was one. Who looks too early would take away what is not there yet, and leave behind what comes.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const PATIENCE_MS = 10_000
const LOOK_EVERY_MS = 10

/**
 * Waits while a launcher is at work on the container of this folder, or on one that cannot be told yet. `processes`: of the container's cgroup.
 * @returns whether they were done in time
 */
export async function launchersDone(dir: string, processes: () => readonly number[]): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS
  while (isUnderway(dir, processes())) {
    if (performance.now() > deadline) return false
    await delay(LOOK_EVERY_MS)
  }
  return true
}

function isUnderway(dir: string, inside: readonly number[]): boolean {
  // A command runs in it: what follows is the monitor's.
  if (inside.some((pid) => executes(pid))) return false
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => isStray(pid) || isMonitorOf(pid, dir))
}

/** Its own program, and no launcher's any more. */
function executes(pid: number): boolean {
  const program = quietly(() => fs.readlinkSync(`/proc/${pid}/exe`))
  return program !== undefined && !program.startsWith('/memfd:')
}

/** A launcher that has made no call yet, or the server that forks them, and the daemon that started it is gone. Other daemons' are not waited for. */
function isStray(pid: string): boolean {
  if (nameOf(pid) !== 'mini-launcher') return false
  const parent = /^PPid:\s+(\d+)$/m.exec(quietly(() => fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '')?.[1]
  return parent === '1' || (parent !== undefined && nameOf(parent) === undefined)
}

/** The launcher's first call gives it the name, its second opens the container's folder. */
function isMonitorOf(pid: string, dir: string): boolean {
  if (nameOf(pid) !== 'mini-monitor') return false
  const descriptors = quietly(() => fs.readdirSync(`/proc/${pid}/fd`)) ?? []
  return descriptors.some((fd) => quietly(() => fs.readlinkSync(`/proc/${pid}/fd/${fd}`)) === path.resolve(dir))
}

function nameOf(pid: string): string | undefined {
  return quietly(() => fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd())
}

/** What ends while one looks at it is done. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
