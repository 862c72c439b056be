/**
 * The two things one does with cgroups: make a directory and write a control file. Planned as data, then either turned
 * into system calls for the launcher (`workCalls`), shown as shell (`workShell`), or done here and now (`performWork`).
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_WRONLY,
  SyscallError,
  call,
  ref,
  shellWord,
  tell,
  type Call,
  type Errno,
} from '@mini-docker/syscall'

export type Mkdir = { do: 'mkdir'; path: string; mayExist?: true }
export type Write = { do: 'write'; path: string; value: string; allow?: Errno[] }
export type Work = Mkdir | Write

/** One control file of a group and what goes into it, before it is known which group. */
export type Setting = { file: string; value: string; allow?: Errno[] }

/** Settings for the files of one group directory. */
export function settingWork(directory: string, settings: readonly Setting[]): Write[] {
  return settings.map(({ file, ...rest }) => ({ do: 'write', path: `${directory}/${file}`, ...rest }))
}

/** `keepOpen`: the process will execve soon and every descriptor is close-on-exec; one call fewer for each file. */
export function workCalls(stepId: string, work: readonly Work[], { keepOpen = false } = {}): Call[] {
  return work.flatMap((item, index): Call[] => {
    if (item.do === 'mkdir')
      return [call('mkdirat', [AT_FDCWD, item.path, 0o755], item.mayExist ? { allow: ['EEXIST'] } : {})]
    const fd = `${stepId}.${index}`
    const bytes = Buffer.from(item.value)
    return [
      call('openat', [AT_FDCWD, item.path, O_WRONLY | O_CLOEXEC, 0], { as: fd }),
      call('write', [ref(fd), bytes, bytes.length], item.allow ? { allow: item.allow } : {}),
      ...(keepOpen ? [] : [call('close', [ref(fd)])]),
    ]
  })
}

export function workShell(work: readonly Work[]): string[] {
  return work.map((item) => {
    if (item.do === 'mkdir') return `mkdir${item.mayExist ? ' -p' : ''} ${shellWord(item.path)}`
    return `echo ${shellWord(item.value)} > ${shellWord(item.path)}`
  })
}

/**
 * Does the work in this process, in order.
 * @throws SyscallError naming the file and the value.
 */
export function performWork(work: readonly Work[]): void {
  for (const item of work) {
    if (item.do === 'mkdir') makeDirectory(item)
    else writeControl(item.path, item.value, item.allow)
  }
}

function makeDirectory({ path, mayExist }: Mkdir): void {
  try {
    mkdirSync(path, 0o755)
  } catch (error) {
    if (mayExist && errnoCode(error) === 'EEXIST') return
    throw asSyscallError('mkdirat', error, [path])
  }
}

/** Writes a control file with one write(2): the kernel takes each write as a whole command. */
export function writeControl(path: string, value: string, allow: readonly Errno[] = []): void {
  try {
    tell(
      'cgroup.write',
      () => `write("${path}", ${JSON.stringify(value)})`,
      () => writeOnce(path, value),
    )
  } catch (error) {
    if (allow.includes(errnoCode(error) as Errno)) return
    throw asSyscallError('write', error, [path, JSON.stringify(value)])
  }
}

function writeOnce(path: string, value: string): void {
  const fd = openSync(path, 'r+')
  try {
    writeSync(fd, value)
  } finally {
    closeSync(fd)
  }
}

/** Errors of Node's fs in the words of this house; anything else comes back as it is. */
export function asSyscallError(syscall: string, error: unknown, args: string[], hint?: string): unknown {
  if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') return error
  return new SyscallError(syscall, Math.abs(error.errno), args, hint)
}

/** `ENOENT` and so on, of an error of Node's fs or of ours. */
export function errnoCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
