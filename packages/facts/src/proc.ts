/** /proc/PID, read without surprises: what is gone, and what may not be read, are two errors of ours; everything else is the kernel's own. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { UserError } from '@mini-docker/syscall'

/** `/proc/123/status`. A number of the reader's own pid namespace. */
export function procPath(pid: number, name: string): string {
  return `/proc/${pid}/${name}`
}

/**
 * What makes a process this one and no later one with the same number: when it was started, in clock ticks since boot. proc_pid_stat(5).
 * @throws UserError `not-found` where there is none
 */
export function startTime(pid: number): string {
  const stat = missing(() => readFileSync(procPath(pid, 'stat'), 'utf8'))
  if (stat === undefined) throw noProcess(pid)
  // The name is in parentheses and may hold blanks and parentheses itself: the 22nd field is the 20th behind it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

export function noProcess(pid: number): UserError {
  return new UserError('not-found', `no process ${pid}`, {
    hint: 'it has ended, or the number is of another pid namespace',
  })
}

/** The text of a file of the process. @throws UserError `not-found` or `denied` */
export function readProc(pid: number, name: string): string {
  return explained(pid, () => readFileSync(procPath(pid, name), 'utf8'))
}

/** Where a link of the process points. @throws UserError `not-found` or `denied` */
export function readProcLink(pid: number, name: string): string {
  return explained(pid, () => readlinkSync(procPath(pid, name)))
}

/** Numbers of all processes that the reader sees, in their order. */
export function allProcesses(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
}

/** Undefined for what is not there, went away meanwhile, or may not be read: facts then lack a part. */
export function missing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isGone(error) || isDenied(error)) return undefined
    throw error
  }
}

function explained<T>(pid: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isGone(error)) throw noProcess(pid)
    if (!isDenied(error)) throw error
    throw new UserError('denied', `permission denied to look at process ${pid}`, {
      hint: 'processes of others need root (CAP_SYS_PTRACE)',
      cause: error,
    })
  }
}

/** A zombie has no mounts and namespaces any more (EINVAL, ENOENT); a group that was removed while it was read is ENODEV. */
function isGone(error: unknown): boolean {
  const code = codeOf(error)
  return (
    code === 'ENOENT' ||
    code === 'ESRCH' ||
    code === 'EINVAL' ||
    code === 'ENODEV' ||
    code === 'EOPNOTSUPP' ||
    code === 'not-found'
  )
}

function isDenied(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'EACCES' || code === 'EPERM' || code === 'denied'
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
