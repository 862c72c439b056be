/** The paths of an archive, through its own links. Nothing is ever opened under them; but who writes `../` means no good. */
import { posix } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { TarHeader } from '../tar/index.ts'

const LINKS_MAX = 16
const ENTRIES_MAX = 100_000

export class ArchiveEntries<File> {
  readonly #files = new Map<string, File>()
  readonly #links = new Map<string, string>()
  #count = 0

  /** A file by the name a manifest gives it. @throws UserError `invalid` when that leads out of the archive. */
  find(path: string): File | undefined {
    let at = inside(path)
    for (let links = 0; links <= LINKS_MAX; links++) {
      const file = this.#files.get(at)
      if (file !== undefined) return file
      const target = this.#links.get(at)
      if (target === undefined) return undefined
      at = target
    }
    throw new UserError('invalid', `"${path}" leads through more than ${LINKS_MAX} links in the archive`)
  }

  /**
   * Takes the next entry; a later one replaces an earlier one of the same path. What a file holds, `hold` finds out.
   * @throws UserError `invalid` when it leads out of the archive, or there are too many.
   */
  async add(entry: TarHeader, hold: (path: string) => Promise<File> | File): Promise<void> {
    if (++this.#count > ENTRIES_MAX) {
      throw new UserError('invalid', `the archive has more than ${ENTRIES_MAX} entries`)
    }
    const path = inside(entry.path)
    this.#files.delete(path)
    this.#links.delete(path)
    switch (entry.type) {
      case 'file':
        this.#files.set(path, await hold(path))
        return
      case 'symlink':
        this.#links.set(path, inside(posix.join(posix.dirname(path), entry.linkname)))
        return
      case 'hardlink':
        this.#links.set(path, inside(entry.linkname))
        return
      default:
      // Directories say nothing, and devices have no business here.
    }
  }
}

/** The path without `./`, `//` and inner `..`. */
function inside(path: string): string {
  const normal = posix.normalize(path).replace(/^\/+/, '').replace(/\/$/, '')
  if (normal !== '..' && !normal.startsWith('../')) return normal
  throw new UserError('invalid', `"${path}" leads out of the archive`)
}
