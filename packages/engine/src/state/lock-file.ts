/** One daemon per data root: an flock(2) held for as long as the daemon lives, also freed when it is killed. */
import { ftruncateSync, readFileSync, writeSync } from 'node:fs'
import {
  AT_FDCWD,
  flock,
  LOCK_EX,
  LOCK_NB,
  O_CLOEXEC,
  O_CREAT,
  O_RDWR,
  openat,
  UserError,
  type Fd,
} from '@mini-docker/syscall'

/**
 * Takes the lock and writes this process's id into the file.
 * @throws UserError `conflict` naming the process that holds it.
 */
export function lockFile(file: string): Fd {
  const fd = openat(AT_FDCWD, file, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
  if (!flock(fd.number, LOCK_EX | LOCK_NB)) {
    fd[Symbol.dispose]()
    throw new UserError('conflict', `another daemon (pid ${holder(file)}) already holds ${file}`, {
      hint: 'stop it, or give this one its own data root and run root',
    })
  }
  ftruncateSync(fd.number)
  writeSync(fd.number, `${process.pid}\n`, 0)
  return fd
}

function holder(file: string): string {
  return readFileSync(file, 'utf8').trim() || 'unknown'
}
