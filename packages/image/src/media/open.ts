/** From a location, as a user writes it, to the medium that lies there; and the copy between two of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { decompress, MAGIC_BYTES, sniff } from '../compression.ts'
import { copyImages } from '../copy/copy.ts'
import type { CopyOptions, Planned, Sink, Source } from '../copy/medium.ts'
import { parseReference, type Reference } from '../reference.ts'
import { RegistrySink, RegistrySource, type Registry } from '../registry/index.ts'
import type { Platform } from '../schema.ts'
import { ImageStore } from '../store/store.ts'
import type { ArchiveFiles } from './archive-files.ts'
import { ArchiveSink } from './archive-sink.ts'
import { ArchiveSource } from './archive-source.ts'
import { DirSink } from './dir-sink.ts'
import { DirSource } from './dir-source.ts'
import { FileOutput } from './file-output.ts'
import { DirectoryFiles, openRegular, readFrom } from './files.ts'
import { LayoutSink } from './layout-sink.ts'
import { LayoutSource } from './layout-source.ts'
import { formatLocation, type Choice, type Location } from './location.ts'
import { Spool } from './spool.ts'
import { StoreSink } from './store-sink.ts'
import { StoreSource } from './store-source.ts'
import { TarFile } from './tar-file.ts'

/** What media need that are not just files; all stay the caller's. */
export type MediaContext = {
  /** For `store:`. */
  store?: ImageStore | undefined
  /** For `docker://`. */
  registry?: Registry | undefined
  /** Which image is meant where several have one name; this machine's by default. */
  platform?: Platform | undefined
  /** false: the store only checks layers, which needs no root. Default true. */
  unpack?: boolean
}

/** @throws UserError `not-found` when there is nothing, `invalid` when it is not what the location says. */
export async function openSource(location: Location, context: MediaContext = {}): Promise<Source> {
  const text = formatLocation(location)
  switch (location.medium) {
    case 'docker':
      return new RegistrySource(need(context.registry, text), location.reference)
    case 'oci':
      return new LayoutSource(text, new DirectoryFiles(location.directory), location.choice, context.platform)
    case 'oci-archive':
      return new LayoutSource(text, await openArchive(text, location.file), location.choice, context.platform)
    case 'docker-archive': {
      const { choice } = location
      return new ArchiveSource(text, await openArchive(text, location.file), { choice, platform: context.platform })
    }
    case 'dir':
      return new DirSource(location.directory)
    case 'store': {
      const store = need(context.store, text)
      const { image, by } = store.find(location.name)
      return await StoreSource.open(store, [{ image, names: by === 'id' ? [] : [by] }])
    }
  }
}

/** @throws UserError `invalid` for what cannot be written to: an image by its digest or index. */
export async function openSink(location: Location, context: MediaContext = {}): Promise<Sink> {
  const text = formatLocation(location)
  switch (location.medium) {
    case 'docker':
      return new RegistrySink(need(context.registry, text), location.reference)
    case 'oci':
      return new LayoutSink(location.directory, nameIn(text, location.choice))
    case 'oci-archive': {
      const options = { name: nameIn(text, location.choice), docker: false }
      return new ArchiveSink(text, new FileOutput(location.file), options)
    }
    case 'docker-archive': {
      if (location.choice.by === 'index') throw onlyRead(text)
      return new ArchiveSink(text, new FileOutput(location.file), { docker: true })
    }
    case 'dir':
      return new DirSink(location.directory)
    case 'store': {
      const { unpack = true } = context
      return await StoreSink.open(need(context.store, text), { unpack })
    }
  }
}

/** The names that a location gives to what is copied there; undefined where it keeps its own. */
export function namesAt(location: Location): Reference[] | undefined {
  if (location.medium === 'docker') return [location.reference]
  if (location.medium === 'docker-archive' && location.choice.by === 'reference') return [location.choice.reference]
  if (location.medium !== 'store') return undefined
  const name = parseReference(location.name)
  if (name.digest === undefined) return [name]
  throw new UserError('invalid', 'refusing to create a tag with a digest reference')
}

export type CopyBetween = { from: Location; to: Location; fromContext: MediaContext; toContext: MediaContext }

/** Copies the images at one location to another. @throws UserError; at `to`, no image is then new. */
export async function copyBetween(
  { from, to, fromContext, toContext }: CopyBetween,
  options: Omit<CopyOptions, 'names'> = {},
): Promise<Planned[]> {
  const names = namesAt(to)
  await using source = await openSource(from, { platform: options.platform, ...fromContext })
  await using sink = await openSink(to, toContext)
  if (options.compress !== undefined && sink.writeUnknown === undefined) {
    throw new UserError('not-built', `${sink.location} cannot compress what comes: it must know sizes beforehand`, {
      hint: 'copy into oci: or dir: first',
    })
  }
  if (options.all === true && sink.onePlatform) {
    throw new UserError('not-built', `${sink.location} keeps images of one platform`, {
      hint: 'leave --all out, or copy into oci:, dir: or a registry',
    })
  }
  return await copyImages(source, sink, { ...options, ...(names !== undefined && { names }) })
}

/** An archive that is a plain tar is read where it lies; a compressed one is put aside first. */
async function openArchive(text: string, path: string): Promise<ArchiveFiles> {
  const file = await openRegular(text, path)
  try {
    const head = Buffer.alloc(MAGIC_BYTES)
    await file.read(head, 0, MAGIC_BYTES, 0)
    if (sniff(text, head) === 'none') return await TarFile.open(file)
  } catch (error) {
    await file.close()
    throw error
  }
  await using _file = file
  return await spoolAside(decompress(text, readFrom(file, 0)))
}

/** Puts aside in a store that lives as long as the files. */
async function spoolAside(input: AsyncIterable<Uint8Array>): Promise<ArchiveFiles> {
  await using resources = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'mini-docker-archive-'))
  resources.defer(() => rm(directory, { recursive: true, force: true }))
  const spool = resources.use(await Spool.read(await ImageStore.open(directory), input))
  const kept = resources.move()
  return {
    has: (path) => spool.has(path),
    identify: (what, path) => spool.identify(what, path),
    document: (what, path) => spool.document(what, path),
    open: (what, path, offset) => spool.open(what, path, offset),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function nameIn(text: string, choice: Choice): string | undefined {
  if (choice.by === 'digest') throw onlyRead(text)
  return choice.by === 'name' ? choice.name : undefined
}

function onlyRead(text: string): UserError {
  return new UserError('invalid', `${text} can only be read`, { hint: 'give the image a name' })
}

function need<T>(thing: T | undefined, text: string): T {
  if (thing !== undefined) return thing
  throw new Error(`${text} was opened without what it needs`)
}
