/**
 * Paths in a container, as the API's `path` means them. All are walked by the kernel with the container as the root (openat2(2),
 * RESOLVE_IN_ROOT) and held as descriptors: what was looked at is what is read.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import {
  Fd,
  invoke,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openInRoot,
  SyscallError,
  UserError,
} from '@mini-docker/syscall'
import { encodeGoMode } from './go-mode.ts'

/** Docker's ContainerPathStat, the JSON of the header X-Docker-Container-Path-Stat. */
export type PathStat = { name: string; size: number; mode: number; mtime: string; linkTarget: string }

/** An entry of the container: the open directory it is in, and its name there; `.` for the directory itself. */
export type Place = Disposable & { directory: Fd; name: string; isDirectory: boolean; stat: PathStat }

/**
 * Absolute and clean, but with the slash or `/.` at the end that the user wrote: it says that a directory is meant, and that a link is to
 * be followed.
 */
export function absolutePath(text: string): string {
  const clean = path.posix.join('/', text).replace(/(?<=.)\/$/, '')
  const slash = clean.endsWith('/') ? '' : '/'
  if (/(^|\/)\.$/.test(text)) return `${clean}${slash}.`
  return text.endsWith('/') ? `${clean}${slash}` : clean
}

/**
 * Finds what `text` names. Links on the way are followed; the last component is not, unless a slash stands behind it.
 * @throws UserError `not-found` in docker's words, `invalid` for a way through a file or too many links.
 */
export function findPlace(root: Fd, text: string, containerName: string): Place {
  const absolute = absolutePath(text)
  const cut = absolute.lastIndexOf('/')
  const last = absolute.slice(cut + 1)
  return inWords(text, containerName, () => {
    const directory = openInRoot(root.number, absolute.slice(0, cut + 1), O_PATH | O_DIRECTORY)
    try {
      const name = last === '' || last === '.' ? '.' : last
      using entry = new Fd(invoke('openat', directory.number, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0))
      const stat = fs.fstatSync(entry.number, { bigint: true })
      const linkTarget = stat.isSymbolicLink() ? targetOf(root, absolute) : ''
      return {
        directory,
        name,
        isDirectory: stat.isDirectory(),
        stat: {
          name: path.posix.basename(absolute) || '/',
          size: Number(stat.size),
          mode: encodeGoMode(Number(stat.mode)),
          mtime: formatTime(stat.mtimeNs),
          linkTarget,
        },
        [Symbol.dispose]: () => directory[Symbol.dispose](),
      }
    } catch (error) {
      directory[Symbol.dispose]()
      throw error
    }
  })
}

/** The path of a directory in the container, without links: where an archive is unpacked. @throws UserError as `findPlace`. */
export function findDirectory(root: Fd, text: string, containerName: string): string {
  return inWords(text, containerName, () => {
    using entry = openInRoot(root.number, absolutePath(text))
    if (!fs.fstatSync(entry.number).isDirectory()) throw new UserError('invalid', 'extraction point is not a directory')
    return pathIn(root, entry)
  })
}

function inWords<T>(text: string, containerName: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error
    if (error.code === 'ENOENT')
      throw new UserError('not-found', `Could not find the file ${text} in container ${containerName}`)
    if (error.code === 'ENOTDIR')
      throw new UserError('invalid', `not a directory: ${text} in container ${containerName}`)
    if (error.code === 'ELOOP')
      throw new UserError('invalid', `too many symbolic links: ${text} in container ${containerName}`)
    if (error.code === 'ENAMETOOLONG') throw new UserError('invalid', `file name too long: ${text.slice(0, 100)}…`)
    throw error
  }
}

/** Of the open entry in the tree below `root`. The kernel tells both from the root of the mount namespace or of the detached tree. */
function pathIn(root: Fd, entry: Fd): string {
  const [above, full] = [root, entry].map((fd) => fs.readlinkSync(`/proc/self/fd/${fd.number}`))
  if (above === undefined || full === undefined || above === '/') return full ?? '/'
  return full.startsWith(above) ? full.slice(above.length) || '/' : full
}

const MOST_LINKS = 40

/** Where a link leads in the end, in the container; of a link to nothing, the path that is not there. */
function targetOf(root: Fd, absolute: string): string {
  let current = absolute
  for (let links = 0; links < MOST_LINKS; links++) {
    const [parent, name] = [path.posix.dirname(current), path.posix.basename(current)]
    let directory: Fd
    try {
      directory = openInRoot(root.number, parent, O_PATH | O_DIRECTORY)
    } catch (error) {
      if (error instanceof SyscallError && error.code === 'ENOENT') return current
      throw error
    }
    using _ = directory
    const here = path.posix.join(pathIn(root, directory), name)
    const target = readLink(directory, name)
    if (target === undefined) return here
    current = path.posix.resolve(path.posix.dirname(here), target)
  }
  throw new SyscallError('readlinkat', ELOOP, [absolute])
}

const ELOOP = 40

/** Undefined for what is no link, or nothing. */
function readLink(directory: Fd, name: string): string | undefined {
  try {
    return fs.readlinkSync(`/proc/self/fd/${directory.number}/${name}`)
  } catch {
    return undefined
  }
}

const NS = 1_000_000_000n

/** As Go writes a time: no zeros at the end of the fraction. */
function formatTime(ns: bigint): string {
  const rest = ((ns % NS) + NS) % NS
  const seconds = new Date(Number((ns - rest) / 1_000_000n)).toISOString().slice(0, 19)
  const fraction = String(rest).padStart(9, '0').replace(/0+$/, '')
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`
}
