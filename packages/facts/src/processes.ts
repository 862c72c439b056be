/** The processes of a container: those of its pid namespace, or, where that is the reader's own, those below the process. */
import { readlinkSync } from 'node:fs'
import { allProcesses, missing, procPath, readProcLink } from './proc.ts'
import { readCommand } from './process.ts'
import { readStatus, type StatusFact } from './status.ts'

export type ProcessFact = {
  pid: number
  /** Its number in its own pid namespace. */
  inner: number
  parent: number
  name: string
  state: string
  uid: number
  threads: number
  residentBytes: number
  command: string[]
}

/** In the order of their numbers. Looks at every process that the reader sees. @throws UserError `not-found` or `denied` */
export function readProcesses(pid: number): ProcessFact[] {
  const own = readProcLink(pid, 'ns/pid')
  const statuses = new Map<number, StatusFact>()
  for (const one of allProcesses()) {
    const status = missing(() => readStatus(one))
    if (status !== undefined) statuses.set(one, status)
  }
  const isReaders = own === readlinkSync('/proc/thread-self/ns/pid')
  const members = new Set(
    isReaders
      ? [pid]
      : [...statuses.keys()].filter((one) => missing(() => readlinkSync(procPath(one, 'ns/pid'))) === own),
  )
  members.add(pid)
  // Namespaces nest: what runs in one made inside belongs to it, too.
  for (const one of statuses.keys()) if (isBelow(one, members, statuses)) members.add(one)
  return [...members]
    .toSorted((a, b) => a - b)
    .flatMap((one) => {
      const status = statuses.get(one)
      return status === undefined ? [] : [processOf(one, status)]
    })
}

function processOf(pid: number, status: StatusFact): ProcessFact {
  return {
    pid,
    inner: status.pids.at(-1) ?? pid,
    parent: status.parent,
    name: status.name,
    state: status.state,
    uid: status.uids[1] ?? 0,
    threads: status.threads,
    residentBytes: status.residentBytes,
    command: readCommand(pid),
  }
}

function isBelow(pid: number, members: ReadonlySet<number>, statuses: ReadonlyMap<number, StatusFact>): boolean {
  const passed = new Set<number>()
  for (
    let at = statuses.get(pid)?.parent;
    at !== undefined && at !== 0 && !passed.has(at);
    at = statuses.get(at)?.parent
  ) {
    if (members.has(at)) return true
    passed.add(at)
  }
  return false
}
