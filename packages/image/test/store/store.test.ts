// Helpers stand beside the tests they are for.
/* oxlint-disable unicorn/consistent-function-scoping */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { digestOf, hexOf, type Digest } from '../../src/digest.ts'
import { loadArchive } from '../../src/media/load.ts'
import { familiarReference, parseReference } from '../../src/reference.ts'
import { ImageStore } from '../../src/store/store.ts'
import { describeWith, run } from '../support/requires.ts'
import * as make from '../support/archives.ts'

const parent = make.temporaryDirectory()
let count = 0
let root: string
let store: ImageStore
let first: make.TestImage
let second: make.TestImage

beforeAll(async () => {
  const base = await make.tar({ 'bin/': '', 'bin/sh': 'shell' })
  first = make.image([base, await make.tar({ 'etc/': '', 'etc/a': 'a' })])
  second = make.image([base, await make.tar({ 'etc/': '', 'etc/b': 'b' })], 'gzip', { created: '2026-02-02T00:00:00Z' })
})

beforeEach(async () => {
  root = join(parent, `store${count++}`)
  store = await ImageStore.open(root)
})

describe('a new store', () => {
  test('is an empty OCI layout', async () => {
    expect(JSON.parse(readFileSync(join(root, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' })
    expect(JSON.parse(readFileSync(join(root, 'index.json'), 'utf8'))).toMatchObject({
      schemaVersion: 2,
      manifests: [],
    })
    expect(store.list()).toEqual([])
    expect(await store.verify()).toEqual([])
  })
  test('opened again keeps what it has', async () => {
    await load(first, 'one:1')
    expect((await ImageStore.open(root)).get('one:1').names).toEqual(['one:1'])
  })
  test('refuses a layout of another version, and a half-written index', async () => {
    writeFileSync(join(root, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}')
    await expect(ImageStore.open(root)).rejects.toThrow('is of version 2.0.0, only 1.x is known')
    writeFileSync(join(root, 'index.json'), '{"schemaVersion":2,"manif')
    expect(() => store.list()).toThrow(/the list of images cannot be read: .*index.json is not JSON/)
  })
})

describe('ingestBlob', () => {
  const bytes = Buffer.from('some bytes')
  const digest = digestOf(bytes)

  test('stores under the digest; a second time changes nothing', async () => {
    expect(await store.ingestBlob(make.stream(bytes, 3))).toEqual({ digest, size: 10 })
    const stat = readFileSync(join(root, 'blobs/sha256', hexOf(digest)))
    expect(await store.ingestBlob(bytes, { digest, size: 10 })).toEqual({ digest, size: 10 })
    expect(stat).toEqual(bytes)
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
  })
  test.each([
    ['wrong digest', { digest: digestOf('other') }, `blob ${digestOf('other')} has the digest ${digest}`],
    ['short', { size: 11 }, 'is 10 bytes long, expected 11'],
    ['long', { size: 9 }, 'is longer than the 9 bytes expected'],
  ])('%s data leaves nothing behind', async (_, expected, message) => {
    await expect(store.ingestBlob(bytes, expected)).rejects.toThrow(message)
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
    expect(readdirSync(join(root, 'blobs/sha256'))).toEqual([])
  })
  test('an input that fails leaves nothing behind', async () => {
    const failing = async function* () {
      yield bytes
      throw new Error('connection reset')
    }
    await expect(store.ingestBlob(failing())).rejects.toThrow('connection reset')
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
  })
  test('twenty at once of the same bytes store one', async () => {
    await Promise.all(Array.from({ length: 20 }, () => store.ingestBlob(make.stream(bytes, 1))))
    expect(readdirSync(join(root, 'blobs/sha256'))).toEqual([hexOf(digest)])
  })
})

describe('resolve', () => {
  beforeEach(async () => {
    await load(first, 'one:1')
    await load(second, 'localhost:5000/two')
  })

  test('finds by name, ID, start of an ID and manifest digest', () => {
    const id = digestOf(first.config)
    const texts = [
      'one:1',
      'docker.io/library/one:1',
      id,
      hexOf(id),
      hexOf(id).slice(0, 12),
      `sha256:${hexOf(id).slice(0, 8)}`,
    ]
    for (const text of [...texts, first.descriptor.digest, `one@${first.descriptor.digest}`]) {
      expect([text, store.resolve(text)?.id]).toEqual([text, id])
    }
    expect(store.resolve('localhost:5000/two:latest')?.id).toBe(digestOf(second.config))
  })
  test('finds nothing else', () => {
    for (const text of [
      'one',
      'two',
      'one:2',
      `one@${digestOf('x')}`,
      digestOf('x'),
      `two@${first.descriptor.digest}`,
    ]) {
      expect([text, store.resolve(text)]).toEqual([text, undefined])
    }
    expect(() => store.get('one')).toThrow(
      expect.objectContaining({ code: 'not-found', message: 'No such image: one:latest' }),
    )
    expect(() => store.get(digestOf('x'))).toThrow(`No such image: ${digestOf('x')}`)
  })
  test('says so when it can be no reference, or fits several', () => {
    expect(() => store.resolve('A B')).toThrow(expect.objectContaining({ code: 'invalid' }))
    expect(() => store.resolve('sha256:')).toThrow('invalid reference format')
  })
  test('prefers a name to the start of an ID', async () => {
    const name = hexOf(digestOf(first.config)).slice(0, 4)
    await store.tag(store.get('localhost:5000/two'), parseReference(name))
    expect(store.get(name).id).toBe(digestOf(second.config))
  })
})

describe('list', () => {
  test('gives each image once, newest first, with all names', async () => {
    await load(first, 'one:1')
    await load(second, 'two')
    await store.tag(store.get('one:1'), parseReference('localhost/uno'))
    expect(store.list().map(({ names }) => names)).toEqual([['two:latest'], ['localhost/uno:latest', 'one:1']])
    const image = store.get('one:1')
    expect(image).toMatchObject({ id: digestOf(first.config), manifestDigest: first.descriptor.digest })
    expect(image.layers.map(({ diffID }) => diffID)).toEqual(first.diffIDs)
    expect(image.sizeBytes).toBe(first.layers.reduce((sum, layer) => sum + layer.length, 0))
  })
  test('leaves out an image that is damaged, and verify names it', async () => {
    await load(first, 'one:1')
    await load(second, 'two')
    writeFileSync(blobPath(digestOf(first.config)), '{}')
    const again = await ImageStore.open(root)
    expect(again.list().map(({ names }) => names)).toEqual([['two:latest']])
    expect((await again.verify()).map(({ object }) => object)).toContain(digestOf(first.config))
  })
})

describe('tag and untag', () => {
  test('move a name from one image to another', async () => {
    await load(first, 'one:1')
    await load(second, 'two')
    await store.tag(store.get('two'), parseReference('one:1'))
    expect(store.get('one:1').id).toBe(digestOf(second.config))
    expect(store.list().map(({ names }) => names)).toEqual([['one:1', 'two:latest'], []])
    await store.untag(parseReference('two'))
    await expect(store.untag(parseReference('two'))).rejects.toThrow('No such image: two:latest')
  })
  test('a digest is no tag', async () => {
    await load(first, 'one:1')
    const name = parseReference(`x@${digestOf('x')}`)
    await expect(store.tag(store.get('one:1'), name)).rejects.toThrow(
      'refusing to create a tag with a digest reference',
    )
  })
  test('fifty at once all arrive', async () => {
    await load(first, 'one:1')
    const names = Array.from({ length: 50 }, (_, i) => parseReference(`n${i}`))
    const other = await ImageStore.open(root)
    await Promise.all(names.map((name, i) => (i % 2 ? store : other).tag(store.get('one:1'), name)))
    expect(store.get('one:1').names).toHaveLength(51)
    expect(await store.verify()).toEqual([])
  })
})

describe('remove', () => {
  test('by name untags, then deletes with what only this image had', async () => {
    await load(first, 'one:1')
    await load(second, 'two')
    await store.tag(store.get('one:1'), parseReference('uno'))
    const [, top] = store.get('one:1').layers
    expect(await store.remove('uno')).toEqual([{ Untagged: 'uno:latest' }])
    expect(await store.remove('one:1')).toEqual([
      { Untagged: 'one:1' },
      { Deleted: digestOf(first.config) },
      { Deleted: top?.chainID },
    ])
    expect(existsSync(blobPath(digestOf(first.config)))).toBe(false)
    expect(existsSync(blobPath(digestOf(first.layers[0] as Buffer)))).toBe(true)
    expect(await store.verify()).toEqual([])
    expect(await store.remove('two')).toHaveLength(4)
    expect(readdirSync(join(root, 'blobs/sha256'))).toEqual([])
  })
  test('by ID of an image with two names is a conflict until forced', async () => {
    await load(first, 'one:1')
    await store.tag(store.get('one:1'), parseReference('uno'))
    const { id } = store.get('uno')
    await expect(store.remove(id)).rejects.toThrow(expect.objectContaining({ code: 'conflict' }))
    const events = await store.remove(hexOf(id).slice(0, 12), { force: true })
    expect(events).toMatchObject([{ Untagged: 'one:1' }, { Untagged: 'uno:latest' }, { Deleted: id }, {}, {}])
  })
  test('of what is not there is not-found', async () => {
    await expect(store.remove('nosuch:1')).rejects.toThrow(
      expect.objectContaining({ code: 'not-found', message: 'No such image: nosuch:1' }),
    )
  })
  test('keeps the layers that containers use', async () => {
    await load(first, 'one:1')
    const { layers } = store.get('one:1')
    for (const { chainID } of layers) fakeTree(chainID)
    const using = await ImageStore.open(root, { layersInUse: () => [layers[0]!.chainID] })
    const events = await using.remove('one:1')
    expect(events.filter((event) => 'Deleted' in event)).toHaveLength(2)
    expect(readdirSync(join(root, 'layers')).toSorted()).toEqual([hexOf(layers[0]!.chainID), 'l'].toSorted())
    expect(readdirSync(join(root, 'layers/l'))).toHaveLength(1)
  })
})

describe('gc', () => {
  test('removes what nothing refers to and what a dead process left, and nothing else', async () => {
    await load(first, 'one:1')
    await store.ingestBlob(Buffer.from('garbage'))
    writeFileSync(join(root, 'tmp/blob-1-dead'), 'half')
    mkdirSync(join(root, 'tmp/layer-1-dead/diff/deep'), { recursive: true })
    writeFileSync(join(root, '.index.json.1-dead.tmp'), '{')
    symlinkSync('../0000/diff', join(root, 'layers/l/0000000000000000'))
    fakeTree(digestOf('no image'))
    expect(await store.gc()).toEqual({
      blobs: [hexOf(digestOf('garbage'))],
      layers: [hexOf(digestOf('no image'))],
      temporary: 3,
      bytes: 7,
    })
    expect(await store.gc()).toEqual({ blobs: [], layers: [], temporary: 0, bytes: 0 })
    expect(readdirSync(join(root, 'layers/l'))).toEqual([])
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
    expect(await store.verify()).toEqual([])
  })
  test('waits for whoever is adding, and gives up with a conflict', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const adding = store.adding(async () => {
      const blob = await store.ingestBlob(Buffer.from('not referred to yet'))
      await promise
      return blob.digest
    })
    await expect(store.gc({ timeoutMs: 30 })).rejects.toThrow(expect.objectContaining({ code: 'conflict' }))
    const patient = store.gc({ timeoutMs: 5000 })
    resolve()
    expect((await patient).blobs).toEqual([hexOf(await adding)])
  })
  test('keeps all children of an index that someone else wrote', async () => {
    const index = make.json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [first.descriptor],
    })
    for (const blob of [...first.layers, first.config, first.manifest, index]) await store.ingestBlob(blob)
    const descriptor = { ...make.describe('application/vnd.oci.image.index.v1+json', index) }
    const annotations = { 'org.opencontainers.image.ref.name': 'multi' }
    writeFileSync(
      join(root, 'index.json'),
      make.json({ schemaVersion: 2, manifests: [{ ...descriptor, annotations }] }),
    )
    expect((await store.gc()).blobs).toEqual([])
    expect(store.get('multi').id).toBe(digestOf(first.config))
  })
})

describe('verify finds', () => {
  test('a flipped bit, a missing layer and a layer that is not its diffID', async () => {
    await load(first, 'one:1')
    const [bottom, top] = first.layers as [Buffer, Buffer]
    rmSync(blobPath(digestOf(bottom)))
    const flipped = Buffer.from(top)
    flipped[top.length - 1]! ^= 1
    writeFileSync(blobPath(digestOf(top)), flipped)
    const problems = await store.verify()
    expect(problems.map(({ object }) => object).toSorted()).toEqual([digestOf(bottom), digestOf(top)].toSorted())
    expect(problems.find(({ object }) => object === digestOf(bottom))?.message).toBe('is missing')
  })
  test('a layer tree without its layer.json or its link', async () => {
    mkdirSync(join(root, 'layers', hexOf(digestOf('a')), 'diff'), { recursive: true })
    expect((await store.verify()).map(({ message }) => message)).toEqual([
      'has no layer.json',
      expect.stringMatching('ENOENT'),
    ])
  })
})

describeWith(['skopeo'], 'skopeo reads the store', () => {
  test('after load, tag, move of a name, remove and gc', async () => {
    const names = (): string[] => JSON.parse(run('skopeo', 'inspect', `oci:${root}:uno:latest`)).Digest
    await load(first, 'one:1')
    expect(JSON.parse(run('skopeo', 'inspect', `oci:${root}:one:1`)).Digest).toBe(first.descriptor.digest)
    await store.tag(store.get('one:1'), parseReference('uno'))
    expect(names()).toBe(first.descriptor.digest)
    await load(second, 'uno')
    expect(names()).toBe(second.descriptor.digest)
    await store.remove('one:1')
    await store.gc()
    expect(names()).toBe(second.descriptor.digest)
    expect(() => run('skopeo', 'inspect', `oci:${root}:one:1`)).toThrow()
  })
  test('and writes into it', async () => {
    await load(first, 'one:1')
    run('skopeo', 'copy', `oci:${root}:one:1`, `oci:${root}:copy:2`)
    expect(store.get('copy:2').id).toBe(store.get('one:1').id)
    await store.remove('one:1')
    expect(store.list().map(({ names }) => names)).toEqual([['copy:2']])
    expect(await store.verify()).toEqual([])
  })
})

async function load(image: make.TestImage, name: string): Promise<void> {
  const files = make.ociFiles(image, familiarReference(parseReference(name)))
  await loadArchive(store, make.stream(await make.tar(files)), { unpack: false })
}

function fakeTree(chainID: string): void {
  const hex = chainID.slice('sha256:'.length)
  mkdirSync(join(root, 'layers', hex, 'diff'), { recursive: true })
  const info = { chainID, diffID: chainID, digest: chainID, files: 0, bytes: 0 }
  writeFileSync(join(root, 'layers', hex, 'layer.json'), JSON.stringify(info))
  symlinkSync(`../${hex}/diff`, join(root, 'layers/l', hex.slice(0, 16)))
}

function blobPath(digest: Digest): string {
  return join(root, 'blobs/sha256', hexOf(digest))
}
