/**
 * What the kernel holds that a container could leave behind: mounts, cgroups, links, namespaces, nft tables, processes.
 * Read before a test and compared after it; only what is new counts, so other programs' things do no harm unless they
 * appear meanwhile (names of other container engines are left out).
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { isOwnContainer } from './own-containers.ts'
import { findProgram } from './requires.ts'

/** Each thing by a stable name; the value is what a person wants to know of it. */
export type KernelState = Map<string, string>

/** Reads all of it. About 10 ms. */
export function snapshot(): KernelState {
  return new Map([...mounts(), ...cgroups(), ...links(), ...namespaces(), ...tables(), ...processes()])
}

/**
 * Throws, naming each thing that is there now and was not in `before`. A daemon that was started again meanwhile, and the
 * process that forks launchers for it (its child), are no leftovers: `daemonPid` says which it is. Gives the kernel two
 * seconds to tear namespaces down.
 */
export async function assertNothingLeft(before: KernelState, daemonPid?: number): Promise<void> {
  await eventually(
    'something is left behind',
    () => {
      const left = leftovers(before, snapshot()).filter((line) => !isDaemon(line, daemonPid))
      if (left.length > 0) throw new Error(`left behind:\n  ${left.join('\n  ')}`)
      return true
    },
    { timeoutMs: 2_000, everyMs: 50 },
  ).catch((error: unknown) => {
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error
  })
}

function isDaemon(line: string, daemonPid: number | undefined): boolean {
  const pid = Number(/^process (\d+) /.exec(line)?.[1])
  return pid === daemonPid || (daemonPid !== undefined && parentOf(pid) === daemonPid)
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(quietly(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '')?.[1])
}

/** The lines that describe what is new, sorted. */
export function leftovers(before: KernelState, after: KernelState): string[] {
  return [...after]
    .filter(([name]) => !before.has(name))
    .map(([name, about]) => `${name} ${about}`.trim())
    .toSorted()
}

/** proc_pid_mountinfo(5): mount id, root and mount point. */
function mounts(): KernelState {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n')
  return new Map(
    lines.map((line) => {
      const fields = line.split(' ')
      return [`mount ${fields[4]} (${fields[0]})`, line.split(' - ')[1] ?? '']
    }),
  )
}

/** Every directory of every hierarchy that is in mini-docker's group; those of containers, where our daemons made them. */
function cgroups(): KernelState {
  const roots = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4]!)
  const found: KernelState = new Map()
  for (const root of roots) {
    for (const path of directoriesBelow(root, 6))
      // The parent group itself is the machine's, made once and kept.
      if (path.includes('mini-docker/') && !isForeign(path)) found.set(`cgroup ${path}`, '')
  }
  return found
}

/** Of a container of somebody else's daemon on the same machine. */
function isForeign(cgroup: string): boolean {
  const id = /\/mini-docker\/([0-9a-f]{64})(?:\/|$)/.exec(cgroup)?.[1]
  return id !== undefined && !isOwnContainer(id)
}

function* directoriesBelow(directory: string, depth: number): Generator<string> {
  if (depth === 0) return
  for (const entry of quietly(() => readdirSync(directory, { withFileTypes: true })) ?? []) {
    if (!entry.isDirectory()) continue
    const path = join(directory, entry.name)
    yield path
    yield* directoriesBelow(path, depth - 1)
  }
}

/** Links of this process's network namespace. Not /sys/class/net: that is of the namespace in which /sys was mounted. */
function links(): KernelState {
  const [, , ...lines] = readFileSync('/proc/self/net/dev', 'utf8').trimEnd().split('\n')
  return new Map(lines.map((line) => [`link ${line.slice(0, line.indexOf(':')).trim()}`, '']))
}

/** Namespaces that a living process of ours is in; one kept alive by a bind mount alone shows among the mounts. */
function namespaces(): KernelState {
  const found: KernelState = new Map()
  for (const pid of ourPids()) {
    for (const kind of ['mnt', 'pid', 'net', 'uts', 'ipc', 'cgroup']) {
      const name = quietly(() => readlinkSync(`/proc/${pid}/ns/${kind}`))
      if (name !== undefined) found.set(`namespace ${name}`, '')
    }
  }
  return found
}

function tables(): KernelState {
  const nft = findProgram('nft')
  if (nft === undefined) return new Map()
  const text =
    quietly(() => execFileSync(nft, ['list', 'tables'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) ??
    ''
  return new Map(
    text
      .split('\n')
      .filter((line) => line.includes('mini-docker'))
      .map((line) => [`nft ${line}`, '']),
  )
}

/** Launchers and monitors, daemons, and whatever runs in one of our cgroups. */
function processes(): KernelState {
  return new Map(ourPids().map((pid) => [`process ${pid}`, commandLine(pid)]))
}

function ourPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isOurs(pid))
}

/** A zombie has ended: it only waits for its parent, and PID 1 of a sandbox may be slow at that. */
function isOurs(pid: number): boolean {
  const status = quietly(() => readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (status === undefined || /^State:\s+Z/m.test(status)) return false
  const exe = quietly(() => readlinkSync(`/proc/${pid}/exe`)) ?? ''
  const cgroup = quietly(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? ''
  return (
    /^\/memfd:.*(launcher|mini-docker)/.test(exe) ||
    cgroup.includes('mini-docker/') ||
    /dist\/main\.js .*daemon/.test(commandLine(pid))
  )
}

function commandLine(pid: number): string {
  return (quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').replaceAll('\0', ' ').trim()
}

/** What vanishes while one looks at it was not left behind. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
