/**
 * A pack: one tar with everything that a class without a network needs. The same checkout and images give the same bytes: entries are
 * sorted, owned by root, and of one time, chosen so that `./mini-docker` finds itself ready:
 *
 *   node_modules/.installed  is newer than  pnpm-lock.yaml       (so it is a second younger than everything else)
 *   packages/…/src           is not newer than  dist/stamp
 */
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { tarHeader, writeTar, type TarSource } from '@mini-docker/image'
import { CliError } from '../cli/errors.ts'
import { itemOf, sourceItems, type Item } from './checkout.ts'
import { dependencyItems } from './dependencies.ts'
import { PACK_DIRECTORY, PACK_WORDS, thirdParty, type PackFacts } from './pack-words.ts'

/** 2026-01-01T00:00:00Z: older than any change that a learner makes. */
const TIME_NS = 1_767_225_600_000_000_000n
const SECOND_NS = 1_000_000_000n

/** The archive of the images: its size, counted before, since a tar tells it first. */
export type ImagesFile = { size: number; open: () => AsyncIterable<Uint8Array> }

export type Pack = {
  entries: readonly TarSource[]
  /** Bytes of all contents. */
  bytes: number
}

/** What the pack of a checkout holds. `except` are files that are never taken. Nothing of the files is read yet but their sizes. */
export function planPack(
  root: string,
  facts: PackFacts,
  images: ImagesFile | undefined,
  except: readonly string[] = [],
): Pack {
  const { items, packages } = dependencyItems(root)
  const pages: [string, string][] = [
    ['START-HERE.md', PACK_WORDS.en.startHere(facts)],
    ['START-HERE.ja.md', PACK_WORDS.ja.startHere(facts)],
    ['THIRD-PARTY.md', thirdParty(packages)],
  ]
  const entries = [
    directory(''),
    ...pages.map(([path, content]) => text(path, content)),
    ...[...sourceItems(root, except), ...bundleItems(root), ...withParents(items)].map((item) =>
      fromCheckout(root, item),
    ),
    // Both are made here: the real ones hold the hour of their making.
    text('dist/stamp', `${new Date(Number(TIME_NS / 1_000_000n)).toISOString()}\n`),
    { ...text('node_modules/.installed', ''), mtimeNs: TIME_NS + SECOND_NS },
    ...(images === undefined ? [] : [{ ...file('images.tar', images.size), data: images.open() }]),
  ]
  return { entries, bytes: entries.reduce((sum, { size }) => sum + size, 0) }
}

/** The bytes of a pack; `tell` hears how many of the contents have been read. */
export function packArchive({ entries }: Pack, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let done = 0
  const counted = async function* (data: NonNullable<TarSource['data']>): AsyncGenerator<Uint8Array> {
    for await (const chunk of data) {
      yield chunk
      tell((done += chunk.length))
    }
  }
  return writeTar(entries.map((entry) => (entry.data === undefined ? entry : { ...entry, data: counted(entry.data) })))
}

/** The built programs, without the compile cache, which Node makes anew. */
function bundleItems(root: string): Item[] {
  const names = readdirSync(join(root, 'dist')).filter((name) =>
    /^(?:[\w.-]+\.(?:js|mjs|wasm)|koffi\.node|package\.json)$/.test(name),
  )
  return [itemOf(root, 'dist'), ...names.toSorted().map((name) => itemOf(root, `dist/${name}`))]
}

/** A directory without an entry would get the time of unpacking, and one under `src` look like a change. */
function withParents(items: readonly Item[]): Item[] {
  const known = new Set(items.flatMap(({ path, kind }) => (kind === 'directory' ? [path] : [])))
  return items.flatMap((item) => {
    const parents = item.path
      .split('/')
      .slice(0, -1)
      .map((_, i, parts) => parts.slice(0, i + 1).join('/'))
    const missing = parents.filter((path) => !known.has(path) && /(?:^|\/)node_modules(?:\/|$)/.test(path))
    for (const path of missing) known.add(path)
    return [...missing.map((path): Item => ({ path, kind: 'directory' })), item]
  })
}

function fromCheckout(root: string, item: Item): TarSource {
  switch (item.kind) {
    case 'directory':
      return directory(item.path)
    case 'link':
      return { ...tarHeader({ type: 'symlink', path: inPack(item.path), linkname: item.target }), mtimeNs: TIME_NS }
    case 'file':
      return { ...file(item.path, item.size, item.executable), data: readWhole(join(root, item.path), item.size) }
  }
}

/** Opened when its turn comes. A file that is being written would shift everything behind it. */
async function* readWhole(path: string, size: number): AsyncGenerator<Uint8Array> {
  let read = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>) {
    read += chunk.length
    if (read > size) break
    yield chunk
  }
  if (read !== size) throw new CliError(`${path} changed while it was packed: try again`)
}

function directory(path: string): TarSource {
  return tarHeader({ type: 'directory', path: inPack(path), mtimeNs: TIME_NS })
}

function file(path: string, size: number, executable = false): TarSource {
  return tarHeader({ type: 'file', path: inPack(path), size, mode: executable ? 0o755 : 0o644, mtimeNs: TIME_NS })
}

function text(path: string, content: string): TarSource {
  const bytes = Buffer.from(content)
  return { ...file(path, bytes.length), data: [bytes] }
}

function inPack(path: string): string {
  return path === '' ? PACK_DIRECTORY : `${PACK_DIRECTORY}/${path}`
}
