/** The files of an archive, however it is read: jumped about in, where it is a file, or put aside as it streams by. */
import { UserError } from '@mini-docker/syscall'
import type { Digest } from '../digest.ts'
import type { Files } from './files.ts'

export interface ArchiveFiles extends Files {
  has(path: string): boolean
  /** Digest and size of a file: known already, or found out by reading it. @throws UserError `invalid` when it is missing. */
  identify(what: string, path: string): Promise<{ digest: Digest; size: number }>
}

export function lacks(what: string): UserError {
  return new UserError('invalid', `the archive lacks ${what}`, { hint: 'it is incomplete: make it again' })
}
