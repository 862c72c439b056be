/** A lock on a directory itself: a file for it would be no part of a layout or of a user's home, and stay behind. */
import { open } from 'node:fs/promises'
import { waitForLock } from './lock.ts'

/** flock(2), exclusive, until disposed. @throws UserError `conflict` when another has it for longer than `timeoutMs`. */
export async function lockDirectory(path: string, timeoutMs: number): Promise<AsyncDisposable> {
  const directory = await open(path, 'r')
  try {
    await waitForLock(directory, 'exclusive', path, timeoutMs)
    return directory
  } catch (error) {
    await directory.close()
    throw error
  }
}
