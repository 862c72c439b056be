/**
 * Locks between processes: flock(2) on a file that is never removed. The kernel lets go when the holder dies, however it dies.
 * A lock belongs to the open file, so two takers in one process exclude each other as well.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { flock, LOCK_EX, LOCK_NB, LOCK_SH, UserError } from '@mini-docker/syscall'

const POLL_MIN_MS = 2
const POLL_MAX_MS = 50

export type LockMode = 'shared' | 'exclusive'

/**
 * Waits up to `timeoutMs` for the lock; `timeoutMs` 0 only tries. Polls, because a blocking flock would stop the whole event loop.
 * @throws UserError `conflict` when another keeps it.
 */
export async function takeLock(path: string, mode: LockMode, timeoutMs = 60_000): Promise<AsyncDisposable> {
  const lock = await tryLock(path, mode, timeoutMs)
  if (lock !== undefined) return lock
  throw isLocked(path)
}

/** The same, with undefined instead of an error. */
export async function tryLock(path: string, mode: LockMode, timeoutMs = 0): Promise<AsyncDisposable | undefined> {
  const file = await open(path, 'a', 0o600)
  try {
    if (await poll(file, mode, timeoutMs)) return { [Symbol.asyncDispose]: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return undefined
}

/** Locks an open file, until it is closed. `path` is its name in the error. @throws UserError `conflict` */
export async function waitForLock(file: FileHandle, mode: LockMode, path: string, timeoutMs: number): Promise<void> {
  if (!(await poll(file, mode, timeoutMs))) throw isLocked(path)
}

async function poll(file: FileHandle, mode: LockMode, timeoutMs: number): Promise<boolean> {
  const operation = (mode === 'shared' ? LOCK_SH : LOCK_EX) | LOCK_NB
  const deadline = Date.now() + timeoutMs
  for (let pause = POLL_MIN_MS; !flock(file.fd, operation); pause = Math.min(pause * 2, POLL_MAX_MS)) {
    if (Date.now() >= deadline) return false
    await sleep(pause)
  }
  return true
}

function isLocked(path: string): UserError {
  return new UserError('conflict', `${path} is locked by another process`, {
    hint: 'a load, import, pull or gc is running on this store: wait for it and try again',
  })
}
