/** Paths of an archive: always relative to the root of the tree, whatever they look like. */
import { UserError } from '@mini-docker/syscall'
import { showName } from '../tar/index.ts'

/** PATH_MAX with its NUL; see path_resolution(7). */
const PATH_MAX = 4096

/**
 * A path of an archive as `a/b/c`: no leading slash, no empty, `.` or `..` component; the root itself is ''. `..` is taken
 * lexically, as docker does.
 * @throws UserError for a path that leads out of the root, or is longer than the kernel takes.
 */
export function cleanPath(path: string): string {
  if (path.length >= PATH_MAX) {
    throw new UserError(
      'invalid',
      `path ${showName(path)} has ${path.length} characters; the kernel takes ${PATH_MAX - 1}`,
    )
  }
  const start = path.startsWith('./') ? path.slice(2) : path
  return UNCLEAN.test(start) ? cleanComponents(start) : start
}

/** A component that is empty, `.` or `..`. */
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/

function cleanComponents(path: string): string {
  const clean: string[] = []
  for (const component of path.split('/')) {
    if (component === '' || component === '.') continue
    if (component !== '..') clean.push(component)
    else if (clean.pop() === undefined) {
      throw new UserError('invalid', `path ${showName(path)} leads out of the layer`, {
        hint: 'the archive is hostile or was made with absolute parent paths: it is not unpacked',
      })
    }
  }
  return clean.join('/')
}

/** Everything before the last slash; '' for a name in the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

/** Everything after the last slash. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
