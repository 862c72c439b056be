/**
 * Unpacked layers merged into one directory, as a container that changes nothing would see them: what an overlay mount shows,
 * without a mount. Each layer is copied over the ones below; whiteouts and opaque directories take away what those had.
 */
import { constants, copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import {
  AT_FDCWD,
  Fd,
  invoke,
  makedev,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openat,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  UserError,
} from '@mini-docker/syscall'
import { cName, type TarHeader } from './tar/index.ts'
import { inspect, list, type Found } from './tree/inspect.ts'
import { setOwnerAndMode, setTimes, type Place } from './tree/metadata.ts'
import { removeTree } from './tree/remove.ts'
import { childPath, kindAt, OPAQUE_XATTR } from './tree/whiteout.ts'

/**
 * Copies the trees of `layers` (bottom first) into `target`, which must be empty or absent: content, owners, modes, attributes,
 * times, hard links. Synchronous. Follows no link of an image. Needs root.
 * @throws UserError `conflict` when `target` holds something.
 */
export function flattenLayers(layers: readonly string[], target: string): void {
  mkdirSync(target, { recursive: true })
  if (readdirSync(target).length > 0) {
    throw new UserError('conflict', `${target} is not empty`, { hint: 'give a new directory' })
  }
  for (const layer of layers) {
    using from = openat(AT_FDCWD, layer, O_PATH | O_DIRECTORY)
    using to = openat(AT_FDCWD, target, O_PATH | O_DIRECTORY)
    const root = inspect(from.number, '.', '')
    new Merge(to.number).children(from.number, to.number, '')
    if (root !== undefined) finish({ dirfd: to.number, name: '.' }, root.header)
  }
}

/** One layer going over what is there. */
class Merge {
  readonly #root: number
  /** The first path of each file that has several. All directories on it are this layer's own, so it leads nowhere else. */
  readonly #linked = new Map<string, string>()

  constructor(root: number) {
    this.#root = root
  }

  children(from: number, to: number, prefix: string): void {
    for (const name of list(from)) {
      const found = inspect(from, name, prefix + name)
      if (found === undefined) continue
      if (isWhiteout(found.header)) remove(to, name)
      else if (found.header.type === 'directory') this.#directory(from, { dirfd: to, name }, found.header)
      else this.#file(from, { dirfd: to, name }, found)
    }
  }

  #directory(from: number, to: Place, header: TarHeader): void {
    const { dirfd, name } = to
    const opaque = header.xattrs.get(OPAQUE_XATTR)?.[0] === 0x79
    if (opaque || kindAt(dirfd, name) !== 'directory') {
      remove(dirfd, name)
      invoke('mkdirat', dirfd, cName(name), 0o700)
    }
    {
      using fromChild = openDirectory(from, name)
      using toChild = openDirectory(dirfd, name)
      this.children(fromChild.number, toChild.number, `${header.path}/`)
    }
    finish(to, header)
  }

  #file(from: number, to: Place, { header, device, inode, links }: Found): void {
    remove(to.dirfd, to.name)
    const key = `${device}:${inode}`
    const first = this.#linked.get(key)
    if (first !== undefined) {
      invoke('linkat', this.#root, cName(first), to.dirfd, cName(to.name), 0)
      return
    }
    make(from, to, header)
    finish(to, header)
    if (links > 1n) this.#linked.set(key, header.path)
  }
}

function make(from: number, { dirfd, name }: Place, header: TarHeader): void {
  switch (header.type) {
    case 'file':
      copyFileSync(childPath(from, name), childPath(dirfd, name), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
      return
    case 'symlink':
      invoke('symlinkat', cName(header.linkname), dirfd, cName(name))
      return
    case 'char':
    case 'block':
    case 'fifo':
      invoke('mknodat', dirfd, cName(name), NODE[header.type] | 0o600, makedev(header.major, header.minor))
      return
    default:
      throw new UserError('invalid', `${name} is a ${header.type}, which a tree cannot hold here`)
  }
}

const NODE = { char: S_IFCHR, block: S_IFBLK, fifo: S_IFIFO }

/** Times last: making files in a directory changes its own. */
function finish(place: Place, header: TarHeader): void {
  setOwnerAndMode(place, header, () => {})
  setTimes(place, header)
}

function remove(dirfd: number, name: string): void {
  if (kindAt(dirfd, name) !== 'absent') removeTree(dirfd, name)
}

function isWhiteout({ type, major, minor }: TarHeader): boolean {
  return type === 'char' && major === 0 && minor === 0
}

function openDirectory(dirfd: number, name: string): Fd {
  return new Fd(invoke('openat', dirfd, cName(name), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0))
}
