/**
 * The embedded image `demo`: a shell and everyday tools, copied from the machine it is made on, so that a first container
 * needs neither a registry nor the internet. The same machine gives the same bytes.
 */
import { Buffer } from 'node:buffer'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { UserError } from '@mini-docker/syscall'
import { HostTree } from '../elf/index.ts'
import { encodeName, tarHeader, writeTar, type TarSource } from '../tar/index.ts'
import { planRootfs, type DemoOptions, type Part } from './rootfs.ts'

/** How containers of the image run: the `config` of an OCI image configuration. */
export const demoConfig = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Cmd: ['/bin/sh'],
  WorkingDir: '/',
} as const

/**
 * The image's one layer as an uncompressed tar, made while it is read.
 * @throws UserError where the machine has not even a shell that can be taken.
 */
export function demoLayer(options: DemoOptions = {}): AsyncIterable<Uint8Array> {
  return writeTar(demoRootfs(options))
}

/** The entries of the layer, in the order of their paths; owners are root, times and modes fixed. */
export function* demoRootfs(options: DemoOptions = {}): Generator<TarSource, void, undefined> {
  const tree = new HostTree(options.root)
  const rootfs = planRootfs(tree, options)
  const paths = [...rootfs.keys()].toSorted((a, b) => Buffer.compare(encodeName(a), encodeName(b)))
  const linked = new Map<string, string>()
  for (const path of paths) {
    const part = rootfs.get(path)
    if (part !== undefined) yield entry(tree, path, part, linked)
  }
}

/** 2025-01-01, so that the layer's digest does not depend on the day. */
const MTIME_NS = 1_735_689_600n * 1_000_000_000n

function entry(tree: HostTree, absolute: string, part: Part, linked: Map<string, string>): TarSource {
  const path = absolute.slice(1)
  switch (part.kind) {
    case 'directory': {
      const owner = path === 'home/demo' ? 1000 : 0
      return tarHeader({ type: 'directory', path, mode: part.mode, uid: owner, gid: owner, mtimeNs: MTIME_NS })
    }
    case 'symlink':
      return tarHeader({ type: 'symlink', path, linkname: part.target, mtimeNs: MTIME_NS })
    case 'text': {
      const text = Buffer.from(part.text)
      return { ...tarHeader({ type: 'file', path, size: text.length, mtimeNs: MTIME_NS }), data: [text] }
    }
    default:
      return hostFile(tree, absolute, linked)
  }
}

/** A file of the machine; one with several names (busybox, multi-call coreutils) is stored once. */
function hostFile(tree: HostTree, absolute: string, linked: Map<string, string>): TarSource {
  const path = absolute.slice(1)
  const { size, mode, nlink, dev, ino } = statSync(tree.at(absolute))
  const first = linked.get(`${dev}:${ino}`)
  if (nlink > 1 && first !== undefined) return tarHeader({ type: 'hardlink', path, linkname: first, mtimeNs: MTIME_NS })
  linked.set(`${dev}:${ino}`, path)
  // No setuid: root in a container needs none, and nobody else shall have it.
  const permissions = (mode & 0o111) === 0 ? 0o644 : 0o755
  const header = tarHeader({ type: 'file', path, size, mode: permissions, mtimeNs: MTIME_NS })
  return { ...header, data: content(tree.at(absolute), size) }
}

const CHUNK = 256 * 1024

/** Opens the file when its content is asked for, and not before. */
function* content(path: string, size: number): Generator<Uint8Array> {
  const fd = openSync(path, 'r')
  try {
    for (let left = size; left > 0;) {
      // A new buffer each time: the writer passes it on.
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, left))
      const length = readSync(fd, chunk)
      if (length === 0) throw new UserError('conflict', `${JSON.stringify(path)} changed while it was read`)
      left -= length
      yield chunk.subarray(0, length)
    }
  } finally {
    closeSync(fd)
  }
}
