/** What went wrong with an entry, in words of the archive. */
import { UserError } from '@mini-docker/syscall'
import { showName } from '../tar/index.ts'

/** The error to throw for one met while unpacking `path`: where the archive or the disk is at fault, a UserError that says so. */
export function explain(error: unknown, path: string): unknown {
  if (error instanceof UserError || !(error instanceof Error) || !('code' in error)) return error
  const name = showName(path)
  const cause = { cause: error }
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError('unavailable', `no space left on the disk while unpacking ${name}`, {
        ...cause,
        hint: 'free some space (df -h, and df -i for inodes), then try again',
      })
    case 'ENAMETOOLONG':
      return new UserError('invalid', `a name in ${name} is longer than the filesystem takes`, cause)
    case 'EFBIG':
      return new UserError('invalid', `${name} is larger than the filesystem takes`, cause)
    case 'ELOOP':
      return new UserError('invalid', `${name}: too many symbolic links`, cause)
    case 'ENOENT':
    case 'ENOTDIR':
      return new UserError('invalid', `a directory on the way to ${name} is missing`, cause)
    case 'EPERM':
    case 'EACCES':
      return new UserError('denied', `not permitted to unpack ${name}: ${error.message}`, {
        ...cause,
        hint: 'unpacking a layer needs root: owners, devices and trusted attributes',
      })
    default:
      return error
  }
}
