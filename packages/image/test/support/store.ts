/** Stores for tests, each a new one, and what the tests of load ask of them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { loadArchive, type Loaded, type LoadOptions } from '../../src/media/load.ts'
import { ImageStore } from '../../src/store/store.ts'
import * as make from './archives.ts'

const parent = make.temporaryDirectory()
let count = 0

/** An empty store in a directory of its own. */
export async function freshStore(): Promise<{ root: string; store: ImageStore }> {
  const root = join(parent, `store${count++}`)
  return { root, store: await ImageStore.open(root) }
}

/** Loads an archive without unpacking, which needs no root. */
export async function load(
  store: ImageStore,
  archive: make.Files | Buffer,
  options: LoadOptions = {},
): Promise<Loaded[]> {
  const bytes = Buffer.isBuffer(archive) ? archive : await make.tar(archive)
  return await loadArchive(store, make.stream(bytes), { unpack: false, ...options })
}

/** A load that failed has left nothing at all. */
export function expectUntouched(store: ImageStore): void {
  expect(store.list()).toEqual([])
  expect(readdirSync(join(store.root, 'tmp'))).toEqual([])
  expect(readdirSync(join(store.root, 'blobs/sha256'))).toEqual([])
}
