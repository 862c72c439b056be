/**
 * The union as plain files: where the kernel has no overlay, or the disk cannot carry one, a container's root is a copy.
 * Also fills a new volume with what the image has at its place.
 *
 * Files are never hard links to those of a layer: a container that writes would change the image of all others. Where the
 * filesystem has reflinks (btrfs, xfs), the blocks are shared until one side writes.
 */
import { mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import {
  AT_FDCWD,
  AT_SYMLINK_FOLLOW,
  linkat,
  mknodat,
  O_NOFOLLOW,
  O_PATH,
  openInRoot,
  RESOLVE_NO_SYMLINKS,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFSOCK,
  SyscallError,
  UserError,
} from '@mini-docker/syscall'
import { copyAttributes, isUtf8, type Place } from './attributes.ts'
import { copyContent } from './content.ts'
import { checkDepth, lookupChild, unionNames } from './lookup.ts'
import { unionRoot, type UnionNode } from './union-node.ts'
import { Pinned, toBytes, toText } from './pinned.ts'
import { LayerView } from './view.ts'

/** What was copied. `lostXattrs` were refused by the target's filesystem, file capabilities among them perhaps. */
export type CopyResult = { entries: number; bytes: number; lostXattrs: number }

/**
 * Materialises the union of `lower` (directories of layers, topmost first) in the empty directory `target`: the root filesystem
 * of a container on a machine without overlay. Everything as it shows: owners, modes, times, xattrs, devices, hard links.
 * Needs root.
 * @throws UserError `unavailable` when the disk is full, `conflict` when something is in the way; what was made stays.
 */
export function copyFallback(lower: readonly string[], target: string): Promise<CopyResult> {
  return copyTree(new LayerView(lower), '/', target)
}

/**
 * Copies what shows at the directory `path` of a view into the empty directory `target`, which gets its attributes too.
 * Another container may work in `target` meanwhile: no symbolic link is followed there.
 * @throws UserError as `copyFallback`; `not-found` or `invalid` when `path` is no directory of the view.
 */
export async function copyTree(view: LayerView, path: string, target: string): Promise<CopyResult> {
  using root = unionRoot(view.layers)
  using start = view.openAt(root, path)
  if (start === undefined) throw new UserError('not-found', `no such directory: ${path}`)
  if (start.node.stat.type !== 'directory') throw new UserError('invalid', `not a directory: ${path}`)
  using destination = Pinned.root(target)
  const copy = new Copy(view, root, destination)
  await copy.directory(start.node, destination, [])
  copy.attributes(
    { file: start.node.top.file, directory: start.node.top.file, name: '.' },
    {
      file: destination,
      directory: destination,
      name: '.',
    },
  )
  return copy.result
}

class Copy {
  readonly result: CopyResult = { entries: 0, bytes: 0, lostXattrs: 0 }
  readonly #view: LayerView
  readonly #root: UnionNode
  readonly #target: Pinned
  /** Files with several names: device and inode, to the path of the first copy. */
  readonly #links = new Map<string, string[]>()

  constructor(view: LayerView, root: UnionNode, target: Pinned) {
    this.#view = view
    this.#root = root
    this.#target = target
  }

  async directory(from: UnionNode, to: Pinned, names: string[]): Promise<void> {
    checkDepth(names)
    for (const { name } of unionNames(from)) {
      using child = lookupChild(this.#root, from, name, this.#view.redirects)
      if (child === undefined) continue
      try {
        await this.#entry({ file: child.top.file, directory: parentOf(from, child), name }, child, to, [...names, name])
      } catch (error) {
        throw explain(error, toText(`/${[...names, name].join('/')}`))
      }
      this.result.entries += 1
      if (this.result.entries % 64 === 0) await setImmediate()
    }
  }

  async #entry(from: Place, node: UnionNode, to: Pinned, names: string[]): Promise<void> {
    const { name } = from
    if (this.#linked(node, to, names)) return
    if (node.stat.type === 'directory') {
      mkdirSync(toBytes(`${to.path}/${name}`), 0o700)
      using made = open(to, name)
      await this.directory(node, made, names)
      this.attributes(from, { file: made, directory: to, name })
      return
    }
    await this.#make(from, to)
    using made = open(to, name)
    this.attributes(from, { file: made, directory: to, name })
  }

  /** Makes another name for a file that was copied before; false when there is none, or its path is not UTF-8. */
  #linked(node: UnionNode, to: Pinned, names: string[]): boolean {
    if (node.stat.type === 'directory' || node.stat.nlink < 2) return false
    const key = `${node.stat.dev}:${node.stat.ino}`
    const first = this.#links.get(key)
    const name = names.at(-1) ?? ''
    if (first === undefined || ![...first, name].every(isUtf8)) {
      this.#links.set(key, names)
      return false
    }
    using file = openInRoot(this.#target.fd, toText(first.join('/')), O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS)
    linkat(AT_FDCWD, `/proc/self/fd/${file.number}`, to.fd, toText(name), AT_SYMLINK_FOLLOW)
    return true
  }

  async #make({ file, name }: Place, to: Pinned): Promise<void> {
    const path = toBytes(`${to.path}/${name}`)
    switch (file.stat.type) {
      case 'file':
        this.result.bytes += await copyContent(file, to, name)
        return
      case 'symlink':
        symlinkSync(toBytes(file.readlink()), path)
        return
      case 'char':
        makeNode(to, name, S_IFCHR, file.stat.rdev)
        return
      case 'block':
        makeNode(to, name, S_IFBLK, file.stat.rdev)
        return
      case 'fifo':
        makeNode(to, name, S_IFIFO, 0)
        return
      case 'socket':
        makeNode(to, name, S_IFSOCK, 0)
        return
      case 'directory':
        throw new TypeError('a directory is made by its own step')
    }
  }

  attributes(from: Place, to: Place): void {
    this.result.lostXattrs += copyAttributes(from, to)
  }
}

/** mknod(2) takes text; a name that is not UTF-8 is given by a rename. */
function makeNode(directory: Pinned, name: string, type: number, rdev: number): void {
  const text = isUtf8(name) ? toText(name) : '.mini-docker-node'
  mknodat(directory.fd, text, type | 0o600, rdev)
  if (!isUtf8(name)) renameSync(`${directory.path}/${text}`, toBytes(`${directory.path}/${name}`))
}

/** The directory that the shown file lies in: redirects lead only to what is further down, never to what shows. */
function parentOf(directory: UnionNode, child: UnionNode): Pinned {
  return (directory.parts.find(({ layer }) => layer === child.top.layer) ?? directory.top).file
}

function open(directory: Pinned, name: string): Pinned {
  const made = directory.child(name)
  if (made === undefined) throw new UserError('conflict', `disappeared while it was copied: ${toText(name)}`)
  return made
}

/** Errors of node:fs and of system calls name descriptors; what the user needs is the path in the container. */
function explain(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError || !('code' in error)) return error
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError('unavailable', `the disk is full while copying ${path}`, { cause: error })
    case 'EEXIST':
      return new UserError('conflict', `already there: ${path}`, { cause: error, hint: 'copy into an empty directory' })
    default:
      if (error instanceof SyscallError || !('syscall' in error) || !('errno' in error)) return error
      return new SyscallError(String(error.syscall), Math.abs(Number(error.errno)), [path])
  }
}
