// Helpers stand beside the tests they are for.
/* oxlint-disable unicorn/consistent-function-scoping */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chainIDs, digestOf, hexOf, parseDiffID } from '../../src/digest.ts'
import { describeLoaded, loadArchive, type LoadOptions } from '../../src/media/load.ts'
import { OCI_INDEX } from '../../src/media-type.ts'
import { hostPlatform } from '../../src/platform.ts'
import { ImageStore } from '../../src/store/store.ts'
import * as make from '../support/archives.ts'
import { expectUntouched, freshStore, load as loadInto } from '../support/store.ts'

const HOST = hostPlatform()
const OTHER = { os: 'linux', architecture: HOST.architecture === 'amd64' ? 'arm64' : 'amd64' }
let root: string
let store: ImageStore
let base: Buffer
let top: Buffer
let one: make.TestImage

beforeAll(async () => {
  base = await make.tar({ 'bin/': '', 'bin/sh': 'shell' })
  top = await make.tar({ 'etc/': '', 'etc/motd': 'x'.repeat(400_000) })
  one = make.image([base, top, base], 'plain')
})

beforeEach(async () => {
  ;({ root, store } = await freshStore())
})

const load = (archive: make.Files | Buffer, options: LoadOptions = {}) => loadInto(store, archive, options)

describe('an archive of docker before 25', () => {
  test('gives its images, with symlinked layers and many names', async () => {
    const [loaded, ...more] = await load(make.dockerFiles(one, ['one:1', 'localhost:5000/uno:2']))
    expect(more).toEqual([])
    expect(loaded?.image.id).toBe(digestOf(one.config))
    expect(loaded?.image.names).toEqual(['localhost:5000/uno:2', 'one:1'])
    expect(loaded?.image.layers.map(({ diffID }) => diffID)).toEqual(one.diffIDs)
    expect(loaded?.image.layers.map(({ chainID }) => chainID)).toEqual(chainIDs(one.diffIDs.map(parseDiffID)))
    expect(describeLoaded(loaded!)).toEqual(['Loaded image: one:1', 'Loaded image: localhost:5000/uno:2'])
    expect(await store.verify()).toEqual([])
  })
  test('without names is loaded by ID', async () => {
    const [loaded] = await load(make.dockerFiles(one, null))
    expect(describeLoaded(loaded!)).toEqual([`Loaded image ID: ${digestOf(one.config)}`])
    expect(store.list()).toHaveLength(1)
  })
  test('takes a name from the image that had it, and says so', async () => {
    await load(make.dockerFiles(one, ['one:1']))
    const [loaded] = await load(make.dockerFiles(make.image([base]), ['one:1']))
    expect(describeLoaded(loaded!)).toEqual([
      `The image one:1 already exists, renaming the old one with ID ${digestOf(one.config)} to empty string`,
      'Loaded image: one:1',
    ])
    expect(store.list().map(({ names }) => names)).toEqual(expect.arrayContaining([[], ['one:1']]))
  })
  test('with compressed layers keeps them as they are', async () => {
    const zstd = make.image([base, top], 'zstd')
    const [loaded] = await load(make.dockerFiles(zstd, ['z']))
    expect(loaded?.image.layers.map(({ digest }) => digest)).toEqual(zstd.layers.map(digestOf))
    expect(loaded?.image.layers[0]?.mediaType).toMatch(/\+zstd$/)
  })
  test('in any order of entries, with ./ before the names, is the same', async () => {
    const files = Object.entries(make.dockerFiles(one, ['one:1']))
    const digests = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(files, { minLength: files.length }), async (shuffled) => {
        const [loaded] = await load(Object.fromEntries(shuffled.map(([path, content]) => [`./${path}`, content])))
        digests.add(loaded!.image.manifestDigest)
      }),
      { numRuns: 8 },
    )
    expect(digests.size).toBe(1)
  })
})

describe('an OCI archive', () => {
  test.each(['plain', 'gzip', 'zstd'] as const)('with %s layers keeps its manifest', async (how) => {
    const image = make.image([base, top], how)
    const [loaded] = await load(make.ociFiles(image, 'app:2'))
    expect(loaded?.image.manifestDigest).toBe(image.descriptor.digest)
    expect(loaded?.names).toEqual(['app:2'])
    expect(await store.verify()).toEqual([])
  })
  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('may be compressed with %s as a whole', async (_, compress) => {
    const [loaded] = await load(compress(await make.tar(make.ociFiles(one, 'app:2'))))
    expect(loaded?.names).toEqual(['app:2'])
  })
  test('whose ref.name is only a tag has no name', async () => {
    expect((await load(make.ociFiles(one, 'latest')))[0]?.names).toEqual([])
  })
  test('that has a manifest.json too takes the names of both', async () => {
    const both = {
      ...make.ociFiles(one, 'latest'),
      'manifest.json': make.json([
        { Config: `blobs/sha256/${hexOf(digestOf(one.config))}`, RepoTags: ['both:1'], Layers: [] },
      ]),
    }
    const [loaded] = await load(both)
    expect(loaded?.names).toEqual(['both:1'])
    expect(loaded?.image.manifestDigest).toBe(one.descriptor.digest)
  })
  test('with several images gives all; a layer they share is one blob', async () => {
    const two = make.image([base], 'plain', { author: 'two' })
    const manifests = [one, two].map(({ descriptor }, i) => {
      return { ...descriptor, annotations: { 'io.containerd.image.name': `docker.io/library/app:${i}` } }
    })
    const files = {
      ...make.ociFiles(one),
      ...make.ociFiles(two),
      'index.json': make.json({ schemaVersion: 2, manifests }),
    }
    expect((await load(files)).map(({ names }) => names)).toEqual([['app:0'], ['app:1']])
    expect(readdirSync(join(root, 'blobs/sha256'))).toHaveLength(6)
  })
})

describe('an index of several platforms', () => {
  function indexed(manifests: object[], ...images: make.TestImage[]): make.Files {
    const inner = make.json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })
    const outer = make.describe(OCI_INDEX, inner)
    const annotations = { 'org.opencontainers.image.ref.name': 'multi:1' }
    return {
      ...Object.assign({}, ...images.map((image) => make.ociFiles(image))),
      ...make.blobs(inner),
      'index.json': make.json({ schemaVersion: 2, manifests: [{ ...outer, annotations }] }),
    }
  }
  const other = () => make.image([base], 'gzip', { architecture: OTHER.architecture })

  test('gives this machine’s, and with --platform another’s', async () => {
    const files = indexed(
      [
        { ...other().descriptor, platform: OTHER },
        { ...one.descriptor, platform: HOST },
      ],
      other(),
      one,
    )
    expect((await load(files))[0]?.image.id).toBe(digestOf(one.config))
    expect((await load(files, { platform: OTHER }))[0]?.image.config.architecture).toBe(OTHER.architecture)
  })
  test('without one that fits says what there is', async () => {
    const files = indexed([{ ...other().descriptor, platform: OTHER }], other())
    const error = await load(files).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'not-found', hint: `it has: linux/${OTHER.architecture}` })
    expectUntouched(store)
  })
  test('that does not say its platforms is decided by the configs', async () => {
    const files = indexed([other().descriptor, one.descriptor], other(), one)
    expect((await load(files))[0]?.image.id).toBe(digestOf(one.config))
  })
  test('passes over attestations', async () => {
    const attestation = { ...other().descriptor, platform: { os: 'unknown', architecture: 'unknown' } }
    const files = indexed([attestation, { ...one.descriptor, platform: HOST }], other(), one)
    expect((await load(files))[0]?.image.id).toBe(digestOf(one.config))
  })
  test('in itself twenty times over is refused', async () => {
    let files: make.Files = make.ociFiles(one)
    let descriptor: object = one.descriptor
    for (let i = 0; i < 20; i++) {
      const inner = make.json({ schemaVersion: 2, manifests: [descriptor], i })
      files = { ...files, ...make.blobs(inner) }
      descriptor = make.describe(OCI_INDEX, inner)
    }
    files['index.json'] = make.json({ schemaVersion: 2, manifests: [descriptor] })
    await expect(load(files)).rejects.toThrow('lies more than 8 indexes deep')
    expectUntouched(store)
  })
  test('for another platform alone, named directly, is loaded: it was asked for', async () => {
    const files = make.ociFiles(other(), 'foreign:1')
    expect((await load(files))[0]?.image.config.architecture).toBe(OTHER.architecture)
    expect(store.get('foreign:1').names).toEqual(['foreign:1'])
  })
})

describe('loading what is there already', () => {
  test('changes nothing', async () => {
    const files = make.ociFiles(make.image([base, top]), 'app:1')
    await load(files)
    const before = readFileSync(join(root, 'index.json'))
    await load(files)
    expect(readFileSync(join(root, 'index.json'))).toEqual(before)
  })
  test('ten times at once gives one image and a sound store', async () => {
    const bytes = await make.tar(make.ociFiles(make.image([base, top]), 'app:1'))
    const other = await ImageStore.open(root)
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => loadArchive(i % 2 ? store : other, make.stream(bytes), { unpack: false })),
    )
    expect(store.list().map(({ names }) => names)).toEqual([['app:1']])
    expect(await store.verify()).toEqual([])
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
  })
})

test('an archive that can be aborted is not kept in memory', async () => {
  const archive = await make.tar(make.dockerFiles(one, ['one:1']))
  const before = process.memoryUsage().arrayBuffers
  let pieces = 0
  let mostBytes = 0
  const long = async function* (): AsyncGenerator<Uint8Array> {
    yield archive
    // Behind the end of an archive there may be any number of zeros.
    for (; pieces < 1500; pieces++) {
      yield Buffer.alloc(1 << 20)
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - before)
    }
  }
  await loadArchive(store, long(), { unpack: false, signal: new AbortController().signal })
  expect(pieces).toBe(1500)
  // When the collector comes is its own business; what is kept would be all of it.
  expect(mostBytes).toBeLessThan(800 << 20)
})
