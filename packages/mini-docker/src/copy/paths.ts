/**
 * What the two words of `cp` mean, by docker's rules: a container's path has a colon; a slash or `/.` at the end says that a directory is
 * meant, and whether it or only its content.
 */
import { posix } from 'node:path'
import { CliError } from '../cli/errors.ts'

/** A side of the copy as far as it is known. */
export type CopyPoint = {
  path: string
  exists: boolean
  isDirectory: boolean
  /** The name that the archive's entries are to have, where following a link changed it. */
  rebaseName: string
}

/** `CONTAINER:PATH`, or a path of this machine. Whoever has a file with a colon writes `./a:b`. */
export function splitWord(word: string): { container: string; path: string } {
  const colon = word.indexOf(':')
  if (word.startsWith('/') || colon === -1 || word.startsWith('.')) return { container: '', path: word }
  return { container: word.slice(0, colon), path: word.slice(colon + 1) }
}

/** The path without double slashes and `..`, with the end that the user wrote. */
export function keepEnd(clean: string, written: string): string {
  const slash = clean.endsWith('/') ? '' : '/'
  if (meansContent(written) && !meansContent(clean)) return `${clean}${slash}.`
  return written.endsWith('/') ? `${clean}${slash}` : clean
}

/** `.`, or with `/.` at the end: the content of the directory. */
function meansContent(path: string): boolean {
  return posix.basename(path) === '.' || /\/\.\/*$/.test(path)
}

/** Directory and entry; the entry is `.` where only the content is meant. */
export function splitEntry(path: string): { directory: string; entry: string } {
  const clean = cleanPath(path)
  if (/(^|\/)\.$/.test(path)) return { directory: clean, entry: '.' }
  return { directory: posix.dirname(clean), entry: posix.basename(clean) || '/' }
}

function cleanPath(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, '')
}

/** After following a link: the path with the end of the one that was asked for, and the name that was asked for where it is another. */
export function rebaseNameOf(asked: string, resolved: string): { path: string; rebaseName: string } {
  const path = keepEnd(resolved, asked)
  const [wanted, found] = [posix.basename(asked), posix.basename(path)]
  return { path, rebaseName: wanted === found ? '' : wanted }
}

/** Where the archive is unpacked, and how its entries are called instead; `to` is undefined where they keep their names. */
export type Placement = { directory: string; from: string; to: string | undefined }

/**
 * Into an existing directory things go with their names; else they take the name of the destination.
 * @throws CliError where that cannot be, in docker's words.
 */
export function placeCopy(source: CopyPoint, destination: CopyPoint): Placement {
  const from = source.rebaseName || splitEntry(source.path).entry
  if (destination.exists && destination.isDirectory) return { directory: destination.path, from, to: undefined }
  const { directory, entry } = splitEntry(destination.path)
  if (destination.exists && source.isDirectory) throw new CliError('cannot copy directory')
  if (!destination.exists && !source.isDirectory && /(^|\/)\.?$/.test(destination.path))
    throw new CliError('no such directory')
  return { directory, from, to: entry }
}

/** For an archive that the daemon made: its entries have the name of the path that was followed, not of the one that was asked for. */
export function asArchived({ path, rebaseName }: CopyPoint, { directory, to }: Placement): Placement {
  return { directory, from: splitEntry(path).entry, to: to ?? (rebaseName || undefined) }
}

/** An entry's path with another beginning. Entries of the root begin with a slash. */
export function renamed(path: string, { from, to }: Placement): string {
  const old = from === '/' ? '' : from
  return to !== undefined && path.startsWith(old) ? to + path.slice(old.length) : path
}
