/** A directory as a layer: the other direction of `apply.ts`. */
import { AT_FDCWD, O_DIRECTORY, O_PATH, openat } from '@mini-docker/syscall'
import type { PackOptions } from './options.ts'
import { Packer } from './packer.ts'

/**
 * The tree as an uncompressed tar: names in byte order, depth first, hard links as links to the first name in that order. The
 * same tree gives the same bytes. Sockets are left out, as tar has none. User names are left empty.
 * Needs root for what others own.
 * @throws UserError for a file that changes while it is read, a name that would be a whiteout, and overlay features that an archive cannot say (redirects, metacopy).
 */
export async function* packTree(dir: string, options: PackOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  using root = openat(AT_FDCWD, dir, O_PATH | O_DIRECTORY)
  yield* new Packer(options).pack(root.number)
}

/**
 * One entry of an open directory as an uncompressed tar, and what is in it when it is a directory, under the name `path`; '' makes
 * absolute paths. A link is not followed. Nothing for a socket. Errors as `packTree`.
 */
export async function* packEntry(
  dirfd: number,
  name: string,
  path: string,
  options: PackOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* new Packer(options).packEntry(dirfd, name, path)
}
