/** A copy into the store, with real trees: cuts and resumes, several at once, layers in any order, hostile bytes. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { copyImages, type CopyEvent } from '../../src/copy/index.ts'
import { digestOf, hexOf } from '../../src/digest.ts'
import { StoreSink, type Stored } from '../../src/media/store-sink.ts'
import { tarHeader, writeTar } from '../../src/tar/index.ts'
import { ImageStore } from '../../src/store/store.ts'
import * as make from '../support/archives.ts'
import { MemorySource } from '../support/source.ts'
import { expectUntouched, freshStore } from '../support/store.ts'

const noise = (bytes: number): string => randomBytes(bytes / 2).toString('hex')

async function threeLayers(): Promise<make.TestImage> {
  const tmp = { ...tarHeader({ type: 'directory', path: 'tmp', mode: 0o1777, uid: 7, gid: 8 }) }
  return make.image([
    await make.collect(writeTar([tmp])),
    await make.tar({ a: noise(60_000), 'tmp/x': 'x' }),
    await make.tar({ b: noise(30_000), '.wh.a': '' }),
  ])
}

async function pull(store: ImageStore, source: MemorySource, onEvent?: (event: CopyEvent) => void): Promise<Stored[]> {
  await using sink = await StoreSink.open(store, { digestNames: true })
  await copyImages(source, sink, { ...(onEvent && { onEvent }) })
  return sink.stored
}

const partial = (store: ImageStore, blob: Buffer): string =>
  join(store.root, 'tmp', `download-${hexOf(digestOf(blob))}`)

test('a copy gives trees, a name, a name by digest, and a store that verifies', async () => {
  const { store, root } = await freshStore()
  const image = await threeLayers()
  const events: string[] = []
  const [stored] = await pull(store, new MemorySource({ 'app:1': image }), (event) => {
    if (event.kind === 'blob') events.push(`${event.role} ${event.progress.state}`)
  })
  expect(stored).toMatchObject({ names: ['app:1'], replaced: [] })
  expect(store.get('app:1').repoDigests).toEqual([`app@${image.descriptor.digest}`])
  const [, second] = store.get('app:1').layers
  const tree = join(root, 'layers', hexOf(second!.chainID), 'diff')
  expect(statSync(join(tree, 'tmp'))).toMatchObject({ mode: 0o041777, uid: 7, gid: 8 })
  expect(events).toContain('layer transferring')
  expect(events.filter((event) => event === 'layer done')).toHaveLength(3)
  expect(await store.verify()).toEqual([])
  expect(readdirSync(join(root, 'tmp'))).toEqual([])
})

test('a second copy reads no layer', async () => {
  const { store } = await freshStore()
  const image = await threeLayers()
  await pull(store, new MemorySource({ 'app:1': image }))
  const again = new MemorySource({ 'app:2': image })
  const states: string[] = []
  await pull(store, again, (event) => event.kind === 'blob' && states.push(event.progress.state))
  expect(again.given.size).toBe(0)
  expect(states.filter((state) => state === 'present')).toHaveLength(4)
  expect(store.get('app:1').id).toBe(store.get('app:2').id)
})

test('the lowest layer may come last: those above wait for it, and inherit from it', async () => {
  const { store, root } = await freshStore()
  const image = await threeLayers()
  const source = new MemorySource({ 'app:1': image })
  const others = new Set<string>()
  source.onChunk = async (digest) => {
    if (digest !== digestOf(image.layers[0]!)) return void others.add(digest)
    while (others.size < 2) await sleep(2)
    await sleep(50)
    expect(readdirSync(join(root, 'layers'))).toEqual(['l'])
  }
  const [stored] = await pull(store, source)
  const tree = join(root, 'layers', hexOf(stored!.image.layers[1]!.chainID), 'diff')
  expect(statSync(join(tree, 'tmp')).mode).toBe(0o041777)
  expect(await store.verify()).toEqual([])
})

test('a copy that is cut names nothing, and the next one goes on where it was cut', async () => {
  const { store } = await freshStore()
  const image = await threeLayers()
  const big = image.layers[1]!
  const cut = new MemorySource({ 'app:1': image })
  cut.onChunk = (digest, at) => {
    if (digest === digestOf(big) && at >= 20_000) throw new Error('the cable is cut')
  }
  await expect(pull(store, cut)).rejects.toThrow('the cable is cut')
  expect(store.list()).toEqual([])
  expect(statSync(partial(store, big)).size).toBe(20_000)
  const rest = new MemorySource({ 'app:1': image })
  await pull(store, rest)
  expect(rest.given.get(digestOf(big))).toBe(big.length - 20_000)
  expect(existsSync(partial(store, big))).toBe(false)
  expect(await store.verify()).toEqual([])
})

test('a part that was damaged on the disk is dropped, and the blob fetched anew', async () => {
  const { store } = await freshStore()
  const image = await threeLayers()
  const big = image.layers[1]!
  writeFileSync(partial(store, big), Buffer.alloc(5000))
  const source = new MemorySource({ 'app:1': image })
  await pull(store, source)
  expect(source.given.get(digestOf(big))).toBeGreaterThanOrEqual(big.length)
  expect(await store.verify()).toEqual([])
})

test('ten copies at once read each layer once', async () => {
  const { store, root } = await freshStore()
  const image = await threeLayers()
  const source = new MemorySource({ 'app:1': image })
  const other = await ImageStore.open(root)
  await Promise.all(Array.from({ length: 10 }, (_, i) => pull(i % 2 ? store : other, source)))
  for (const layer of image.layers) expect(source.given.get(digestOf(layer))).toBe(layer.length)
  expect(await store.verify()).toEqual([])
  expect(readdirSync(join(root, 'tmp'))).toEqual([])
})

test('one of two copies is cut: the other fetches the rest itself', async () => {
  const { store } = await freshStore()
  const image = await threeLayers()
  const big = digestOf(image.layers[1]!)
  const bad = new MemorySource({ 'app:1': image })
  bad.onChunk = async (digest, at) => {
    if (digest !== big) return
    await sleep(1)
    if (at >= 30_000) throw new Error('the cable is cut')
  }
  const good = new MemorySource({ 'app:1': image })
  const [first, second] = await Promise.allSettled([pull(store, bad), pull(store, good)])
  expect(first.status).toBe('rejected')
  expect(second.status).toBe('fulfilled')
  expect((good.given.get(big) ?? 0) + (bad.given.get(big) ?? 0)).toBe(image.layers[1]!.length)
  expect(await store.verify()).toEqual([])
})

test('one blob in several places of an image is read once and unpacked at each', async () => {
  const { store } = await freshStore()
  const same = await make.tar({ f: noise(4000) })
  const image = make.image([same, await make.tar({ '.wh.f': '' }), same])
  const source = new MemorySource({ 'app:1': image })
  const [stored] = await pull(store, source)
  expect(source.given.get(digestOf(image.layers[0]!))).toBe(image.layers[0]!.length)
  expect(new Set(stored!.image.layers.map(({ chainID }) => chainID)).size).toBe(3)
  expect(await store.verify()).toEqual([])
})

test.each([
  ['other bytes of the same length', (bytes: Buffer) => Buffer.alloc(bytes.length, 7), 'digest'],
  ['more bytes', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(10)]), 'bytes long, expected'],
  ['fewer bytes', (bytes: Buffer) => bytes.subarray(0, -10), 'bytes long, expected'],
  ['no bytes', () => Buffer.alloc(0), 'bytes long, expected'],
])('a source that gives %s is refused, and nothing of it stays', async (_title, change, message) => {
  const { store } = await freshStore()
  const plain = make.image([await make.tar({ f: noise(4000) })], 'plain')
  const [layer] = plain.layers
  const source = new MemorySource({ 'app:1': plain })
  const open = source.open.bind(source)
  source.open = async function* (descriptor, offset) {
    if (descriptor.digest !== digestOf(layer!)) return yield* open(descriptor, offset)
    yield change(layer!).subarray(offset)
  }
  await expect(pull(store, source)).rejects.toThrow(message)
  expectUntouched(store)
})

test('a hostile layer is refused, and nothing of it stays', async () => {
  const { store } = await freshStore()
  const source = new MemorySource({ 'app:1': make.image([await make.tar({ '../../etc/x': 'x' })]) })
  await expect(pull(store, source)).rejects.toThrow('leads out of the layer')
  expectUntouched(store)
})

test('without unpacking, layers are checked against the config all the same', async () => {
  const { store } = await freshStore()
  const image = make.image([await make.tar({ f: '1' })])
  const lying = make.image([await make.tar({ f: '2' })], 'gzip', {
    rootfs: { type: 'layers', diff_ids: image.diffIDs },
  })
  await using sink = await StoreSink.open(store, { unpack: false })
  await expect(copyImages(new MemorySource({ 'app:1': lying }), sink)).rejects.toThrow("the image's config says")
  expect(store.list()).toEqual([])
  expect(readFileSync(join(store.root, 'index.json'), 'utf8')).toContain('"manifests": []')
})

test('manifests and configs that the store has are not asked for again', async () => {
  const { store } = await freshStore()
  const image = await threeLayers()
  await pull(store, new MemorySource({ 'app:1': image }))
  const again = new MemorySource({ 'app:1': image })
  again.read = () => Promise.reject(new Error('nothing is to be read'))
  const [stored] = await pull(store, again)
  expect(stored?.image.manifestDigest).toBe(image.descriptor.digest)
})

test('a blob that a config calls by the diffID of an unpacked layer is checked all the same', async () => {
  const { store } = await freshStore()
  const image = make.image([await make.tar({ f: '1' })])
  await pull(store, new MemorySource({ 'app:1': image }))
  const lying = make.image([await make.tar({ f: '2' })], 'gzip', {
    rootfs: { type: 'layers', diff_ids: image.diffIDs },
  })
  await expect(pull(store, new MemorySource({ 'bad:1': lying }))).rejects.toThrow("the image's config says")
  expect(store.list().flatMap(({ names }) => names)).toEqual(['app:1'])
  expect(await store.verify()).toEqual([])
})
