/** Pulls into a store of its own with the real client, and what must hold of the store afterwards, whatever happened. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { run } from '../../../../test/harness/command.ts'
import type { Registry as TestRegistry } from '../../../../test/harness/registry/index.ts'
import { copyImages, type CopyOptions } from '../../src/copy/index.ts'
import { flattenLayers } from '../../src/flatten.ts'
import { StoreSink, type Stored } from '../../src/media/store-sink.ts'
import { parseReference } from '../../src/reference.ts'
import { Registry, RegistrySource, type RegistryOptions } from '../../src/registry/index.ts'
import { ImageStore } from '../../src/store/store.ts'

/** Seconds become milliseconds, so that a test of giving up ends. */
export const FAST: Required<Pick<RegistryOptions, 'retry' | 'timeouts'>> = {
  retry: { tries: 5, firstMs: 10, longestMs: 50, retryAfterMaxMs: 3_000 },
  timeouts: { connectMs: 2_000, headMs: 2_000, stallMs: 600 },
}

export type PullOptions = RegistryOptions & CopyOptions & { parallel?: number; unpack?: boolean }

/** `name` is `127.0.0.1:PORT/team/app:1`. Logs in with what the test registry wants, unless told otherwise. */
export async function pull(
  store: ImageStore,
  registry: TestRegistry,
  name: string,
  options: PullOptions = {},
): Promise<Stored[]> {
  const { parallel, unpack, ...rest } = options
  using client = new Registry({ ...FAST, ...accessTo(registry), ...rest })
  await using source = new RegistrySource(client, parseReference(name))
  await using sink = await StoreSink.open(store, {
    digestNames: true,
    ...(parallel !== undefined && { parallel }),
    ...(unpack !== undefined && { unpack }),
  })
  await copyImages(source, sink, rest)
  return sink.stored
}

export function accessTo({ certsDir, credentials }: TestRegistry): RegistryOptions {
  return {
    config: { mirrors: [], insecure: [], certsDirs: [certsDir], proxies: {} },
    credentialsFor: () => Promise.resolve(credentials),
  }
}

/** The message of what a promise fails with. It must be told as an error of ours, with a hint where it is the user's to mend. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught as Error & { hint?: string },
  )
  expect(['RegistryError', 'UserError'], String(error.stack)).toContain(error.name)
  return error.message
}

const parent = mkdtempSync(join(tmpdir(), 'image-faults-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))
let count = 0

export async function freshStore(): Promise<ImageStore> {
  return await ImageStore.open(join(parent, `store${count++}`))
}

/** Nothing of a pull that failed: no name, no blob, no tree. Downloads may stay for the next try, when `partial`. */
export function expectNothing(store: ImageStore, { partial = false } = {}): void {
  expect(store.list()).toEqual([])
  expect(readdirSync(join(store.root, 'blobs/sha256'))).toEqual([])
  const left = readdirSync(join(store.root, 'tmp'))
  expect(partial ? left.filter((name) => !name.startsWith('download-')) : left).toEqual([])
}

/** The store verifies, and skopeo and umoci take it for the OCI layout that it claims to be; umoci unpacks what we unpacked. */
export async function expectSound(store: ImageStore): Promise<void> {
  expect(await store.verify()).toEqual([])
  const listed = await run(['umoci', 'ls', '--layout', store.root])
  expect(listed.stderr + listed.exitCode).toBe('0')
  for (const { names } of store.list()) {
    for (const name of names) {
      const seen = await run(['skopeo', 'inspect', `oci:${store.root}:${name}`])
      expect(seen.exitCode, `skopeo: ${seen.stderr}`).toBe(0)
      expect(await run(['umoci', 'stat', '--image', `${store.root}:${name}`])).toMatchObject({ exitCode: 0 })
    }
  }
}

/** Compares our trees, laid over each other, with umoci's unpacking of the same image in the same store. */
export async function expectSameAsUmoci(store: ImageStore, name: string): Promise<void> {
  const bundle = join(parent, `bundle${count++}`)
  const unpacked = await run(['umoci', 'raw', 'unpack', '--image', `${store.root}:${name}`, bundle])
  expect(unpacked.exitCode, unpacked.stderr).toBe(0)
  const ours = join(parent, `ours${count++}`)
  const chains = await store.unpack(store.get(name))
  flattenLayers(
    chains.map((chain) => join(store.layersDir, store.shortLink(chain))),
    ours,
  )
  const { stdout } = spawnSync('diff', ['-r', '--no-dereference', ours, bundle], { encoding: 'utf8' })
  expect(stdout).toBe('')
}
