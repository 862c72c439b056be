/** What else a process has: ids of its user namespace, limits, open files, root and program, its host name. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { AT_FDCWD, CLONE_NEWUTS, invoke, O_CLOEXEC, O_RDONLY, openat } from '@mini-docker/syscall'
import { missing, procPath, readProc } from './proc.ts'

/** `count` ids, from `inside` on, are those from `outside` on in the reader's user namespace. user_namespaces(7) */
export type IdRange = { inside: number; outside: number; count: number }
export type IdMaps = { uids: IdRange[]; gids: IdRange[]; setgroups: string }

/** @throws UserError `not-found` */
export function readIdMaps(pid: number): IdMaps {
  return {
    uids: parseIdMap(readProc(pid, 'uid_map')),
    gids: parseIdMap(readProc(pid, 'gid_map')),
    setgroups: missing(() => readFileSync(procPath(pid, 'setgroups'), 'utf8'))?.trim() ?? '',
  }
}

function parseIdMap(text: string): IdRange[] {
  return text.split('\n').flatMap((line) => {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number)
    return inside === undefined || outside === undefined || count === undefined ? [] : [{ inside, outside, count }]
  })
}

/** `soft` and `hard` as the kernel prints them: a number or `unlimited`. */
export type LimitFact = { resource: string; soft: string; hard: string; unit: string }

/** getrlimit(2)'s names for the words of proc_pid_limits(5). */
const RESOURCES: Record<string, string> = {
  'Max cpu time': 'RLIMIT_CPU',
  'Max file size': 'RLIMIT_FSIZE',
  'Max data size': 'RLIMIT_DATA',
  'Max stack size': 'RLIMIT_STACK',
  'Max core file size': 'RLIMIT_CORE',
  'Max resident set': 'RLIMIT_RSS',
  'Max processes': 'RLIMIT_NPROC',
  'Max open files': 'RLIMIT_NOFILE',
  'Max locked memory': 'RLIMIT_MEMLOCK',
  'Max address space': 'RLIMIT_AS',
  'Max file locks': 'RLIMIT_LOCKS',
  'Max pending signals': 'RLIMIT_SIGPENDING',
  'Max msgqueue size': 'RLIMIT_MSGQUEUE',
  'Max nice priority': 'RLIMIT_NICE',
  'Max realtime priority': 'RLIMIT_RTPRIO',
  'Max realtime timeout': 'RLIMIT_RTTIME',
}

/** @throws UserError `not-found` or `denied` */
export function readLimits(pid: number): LimitFact[] {
  return readProc(pid, 'limits')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [words = '', soft, hard, unit = ''] = line.trimEnd().split(/ {2,}/)
      return soft === undefined || hard === undefined ? [] : [{ resource: RESOURCES[words] ?? words, soft, hard, unit }]
    })
}

/** `closesAtExec`: it has the flag O_CLOEXEC. */
export type FdFact = { fd: number; target: string; closesAtExec: boolean }

/**
 * Open descriptors in their order, at most so many. One that is closed meanwhile is left out; of another user's process none are seen.
 * @throws UserError `not-found`
 */
export function readFds(pid: number, most = Infinity): { count: number; shown: FdFact[] } {
  readProc(pid, 'stat')
  const numbers = (missing(() => readdirSync(procPath(pid, 'fd'))) ?? []).map(Number).toSorted((a, b) => a - b)
  const shown = numbers.slice(0, most).flatMap((fd) => {
    const target = missing(() => readlinkSync(procPath(pid, `fd/${fd}`)))
    const info = missing(() => readFileSync(procPath(pid, `fdinfo/${fd}`), 'utf8'))
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info ?? '')?.[1] ?? '0', 8)
    return target === undefined ? [] : [{ fd, target, closesAtExec: (flags & O_CLOEXEC) !== 0 }]
  })
  return { count: numbers.length, shown }
}

/** The words of its command line; empty for a kernel thread. */
export function readCommand(pid: number): string[] {
  const text = missing(() => readFileSync(procPath(pid, 'cmdline'), 'utf8')) ?? ''
  return text === '' ? [] : text.replace(/\0$/, '').split('\0')
}

export type Places = { root?: string; cwd?: string; exe?: string }

/** Where its `/` is, where it is, and its program. Paths of another mount namespace are as they look from inside. */
export function readPlaces(pid: number): Places {
  return Object.fromEntries(
    ['root', 'cwd', 'exe'].flatMap((name) => {
      const target = missing(() => readlinkSync(procPath(pid, name)))
      return target === undefined ? [] : [[name, target]]
    }),
  )
}

/**
 * The host name in the process's UTS namespace. This thread goes there and comes back before anything else can run on it; needs
 * CAP_SYS_ADMIN where the namespace is another one. Undefined where that is not allowed.
 */
export function readHostname(pid: number): string | undefined {
  return missing(() => {
    if (readlinkSync(procPath(pid, 'ns/uts')) === readlinkSync('/proc/thread-self/ns/uts')) return hostname()
    using own = openat(AT_FDCWD, '/proc/thread-self/ns/uts', O_RDONLY)
    using other = openat(AT_FDCWD, procPath(pid, 'ns/uts'), O_RDONLY)
    invoke('setns', other.number, CLONE_NEWUTS)
    try {
      return hostname()
    } finally {
      invoke('setns', own.number, CLONE_NEWUTS)
    }
  })
}
