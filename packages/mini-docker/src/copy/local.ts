/** The side of a copy that is on this machine: what is there, packed and unpacked with this user's rights. */
import * as fs from 'node:fs'
import { posix } from 'node:path'
import { AT_FDCWD, O_DIRECTORY, O_PATH, openat } from '@mini-docker/syscall'
import { extractTree, packEntry } from '@mini-docker/image'
import { CliError } from '../cli/errors.ts'
import { keepEnd, rebaseNameOf, renamed, splitEntry, type CopyPoint, type Placement } from './paths.ts'

/** Absolute, with the end that the user wrote. */
export function absolute(path: string): string {
  return keepEnd(posix.resolve(path), path)
}

/** What is to be copied. Links on the way are followed, the last only with `followLink`. @throws CliError: `lstat …`. */
export function sourcePoint(path: string, followLink: boolean): CopyPoint {
  try {
    const { path: found, rebaseName } = followLink ? rebaseNameOf(path, fs.realpathSync(path)) : withRealDirectory(path)
    return { path: found, exists: true, isDirectory: fs.lstatSync(found).isDirectory(), rebaseName }
  } catch (error) {
    throw systemError(error, 'lstat', path)
  }
}

function withRealDirectory(path: string): { path: string; rebaseName: string } {
  const cut = path.lastIndexOf('/')
  const found = `${fs.realpathSync(path.slice(0, cut + 1))}/${path.slice(cut + 1)}`
  const differs = path.endsWith('/') && posix.basename(path) !== posix.basename(found)
  return { path: found, rebaseName: differs ? posix.basename(path) : '' }
}

const MOST_LINKS = 10

/** Where the copy goes: links are followed to what they mean, which need not exist, but its parent must. */
export function destinationPoint(asked: string): CopyPoint {
  let path = asked
  for (let links = 0; ; links++) {
    const stat = lstat(path)
    if (stat === undefined) {
      const { directory } = splitEntry(path)
      if (!statDirectory(directory).isDirectory()) throw new CliError('not a directory')
      return { path, exists: false, isDirectory: false, rebaseName: '' }
    }
    if (!stat.isSymbolicLink()) return { path, exists: true, isDirectory: stat.isDirectory(), rebaseName: '' }
    if (links > MOST_LINKS) throw new CliError(`too many symlinks in ${asked}`)
    const target = fs.readlinkSync(path)
    path = target.startsWith('/') ? target : posix.join(splitEntry(path).directory, target)
  }
}

/** Says before anything is asked for that the destination cannot be. @throws CliError in docker's words. */
export function checkOutput(path: string): void {
  const directory = posix.dirname(posix.normalize(path).replace(/(?<=.)\/$/, ''))
  if (!fs.existsSync(directory))
    throw new CliError(`invalid output path: directory ${JSON.stringify(directory)} does not exist`)
  const stat = fs.statSync(path, { throwIfNoEntry: false })
  if (stat?.isCharacterDevice() === true || stat?.isBlockDevice() === true)
    throw new CliError(
      `invalid output path: ${JSON.stringify(path)} must be a directory or a regular file: got a device`,
    )
}

/** The source as a tar, its entries named as the placement says. */
export async function* packLocal(source: CopyPoint, placement: Placement): AsyncGenerator<Uint8Array, void, undefined> {
  const { directory, entry } = splitEntry(source.path)
  using parent = openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY)
  const name = renamed(placement.from, placement)
  yield* packEntry(parent.number, entry === '/' ? '.' : entry, name === '/' ? '' : name, { live: true })
}

/** Unpacks; what is made belongs to who runs this. Nothing outside of the placement's directory is touched, whatever the archive says. */
export async function unpackLocal(tar: AsyncIterable<Uint8Array>, placement: Placement): Promise<void> {
  using directory = openat(AT_FDCWD, placement.directory, O_PATH | O_DIRECTORY)
  await extractTree(tar, directory.number, {
    owner: 'creator',
    keepKinds: true,
    rename: (path) => renamed(path, placement),
  })
}

function lstat(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw systemError(error, 'lstat', path)
  }
}

function statDirectory(path: string): fs.Stats {
  try {
    return fs.statSync(path)
  } catch (error) {
    throw systemError(error, 'stat', path)
  }
}

const WORDS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ELOOP: 'too many levels of symbolic links',
}

/** Go's words. */
function systemError(error: unknown, call: string, path: string): CliError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'ENOTDIR') return new CliError('not a directory')
  return new CliError(`${call} ${path}: ${WORDS[code] ?? String(error)}`)
}
