/** What happens to the machine during a pull: kill -9, ten pulls at once, a full disk, bombs that want memory. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { eventually, sleep } from '../../../../test/harness/eventually.ts'
import {
  describe as descriptorOf,
  digestOf,
  FaultProxy,
  json,
  MEDIA,
  putContent,
  tarOf,
  type Content,
  noise,
  noisyImage,
} from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { expectSameAsUmoci, expectSound, pull } from './pull.ts'
import { kill, runPull, startPull } from './program.ts'
import { BLOB, bytesOf, NEEDS, setUp } from './setting.ts'

const image = noisyImage([3_000_000, 2_000_000, 50_000, 1_000])
const totalBytes = bytesOf(image)

const scratch = mkdtempSync(join(tmpdir(), 'image-machine-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** No layer was asked for from its start twice. What was in buffers of a process that was killed may come again. */
function expectResumed(proxy: FaultProxy): void {
  for (const layer of image.blobs.slice(0, -1)) {
    const asked = proxy.matching(new RegExp(`^GET .*${digestOf(layer)}`))
    const fromStart = asked.filter(
      ({ headers, receivedBytes }) => headers.range === undefined && receivedBytes > 100_000,
    )
    expect(fromStart.length, `layer of ${layer.length} bytes`).toBeLessThanOrEqual(1)
    expect(asked.length).toBeLessThanOrEqual(2)
  }
}

describeWith(NEEDS, 'kill -9 in the middle', () => {
  test.each([0.3, 0.6, 0.95])(
    'after %d of the bytes: the next pull goes on there and the store verifies',
    async (part) => {
      await using at = await setUp(image, [{ kind: 'slow', on: BLOB, bytesPerSecond: 2_000_000 }])
      const child = startPull(at.program)
      await eventually('some came', () => at.blobBytes() >= totalBytes * part)
      await kill(child)
      const before = at.blobBytes()
      expect(at.store.list()).toEqual([])
      expect(await at.store.verify()).toEqual([])
      at.proxy.faults = []
      expect(await runPull(at.program)).toMatchObject({ names: [at.name] })
      expect(at.blobBytes() - before).toBeLessThan(totalBytes)
      expectResumed(at.proxy)
      await expectSound(at.store)
      await expectSameAsUmoci(at.store, at.name)
      // Half a tree is of no use to anybody; the next collection takes it.
      await at.store.gc()
      expect(readdirSync(join(at.store.root, 'tmp'))).toEqual([])
    },
  )

  test('again and again, at any moment: in the end it is there', async () => {
    await using at = await setUp(image, [{ kind: 'slow', on: BLOB, bytesPerSecond: 4_000_000 }])
    for (let round = 0; round < 6; round++) {
      const child = startPull(at.program)
      await sleep(250 + round * 130)
      await kill(child)
      expect(await at.store.verify()).toEqual([])
    }
    expect(await runPull(at.program)).toMatchObject({ names: [at.name] })
    await expectSound(at.store)
    await expectSameAsUmoci(at.store, at.name)
  })
})

describeWith(NEEDS, 'many pulls of one image at once', () => {
  test('ten in one process fetch each blob once', async () => {
    await using at = await setUp(image, [{ kind: 'delay', on: BLOB, ms: { seed: 5, below: 100 } }])
    await Promise.all(Array.from({ length: 10 }, () => pull(at.store, at.registry, at.name)))
    expect(at.blobBytes()).toBeLessThan(totalBytes + 10 * image.blobs.at(-1)!.length)
    for (const layer of image.blobs.slice(0, -1))
      expect(at.proxy.matching(new RegExp(`^GET .*${digestOf(layer)}`))).toHaveLength(1)
    await expectSound(at.store)
  })

  test('six processes fetch each layer once, also when one of them is killed', async () => {
    await using at = await setUp(image, [{ kind: 'slow', on: BLOB, bytesPerSecond: 3_000_000 }])
    const victim = startPull(at.program)
    await eventually('the first is at work', () => at.blobBytes() > 100_000)
    const others = Array.from({ length: 5 }, () => runPull(at.program))
    await sleep(400)
    await kill(victim)
    for (const result of await Promise.all(others)) expect(result).toMatchObject({ names: [at.name] })
    expectResumed(at.proxy)
    await expectSound(at.store)
    await expectSameAsUmoci(at.store, at.name)
  })

  test('while one of them has a bad network: the others end well', async () => {
    await using at = await setUp(image)
    await using bad = await FaultProxy.start(at.registry)
    bad.faults = [{ kind: 'cut', on: BLOB, afterBytes: 100_000 }]
    const all = [bad.host, at.proxy.host, at.proxy.host, bad.host].map((host) =>
      pull(at.store, at.registry, `${host}/team/app:1`, { retry: { tries: 2, firstMs: 5 } }),
    )
    const [, second, third] = await Promise.allSettled(all)
    expect([second?.status, third?.status]).toEqual(['fulfilled', 'fulfilled'])
    await expectSound(at.store)
  })

  test('of two images that share a layer fetch it once', async () => {
    await using at = await setUp(image)
    const other: Content = { ...image, manifests: [] }
    const shared = image.blobs[0]!
    const tar = tarOf({ 'layer0/noise': noise(3_000_000, 1), 'layer0/name': 'layer 0 of seed 1\n' })
    const top = tarOf({ top: 'another' })
    const config = json({
      os: 'linux',
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      rootfs: { type: 'layers', diff_ids: [digestOf(tar), digestOf(top)] },
    })
    const layers = [descriptorOf(`${MEDIA.layer}+gzip`, shared), descriptorOf(MEDIA.layer, top)]
    const manifest = json({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: descriptorOf(MEDIA.config, config),
      layers,
    })
    await putContent(at.registry, 'team/other', '1', {
      ...other,
      blobs: [shared, top, config],
      manifests: [{ mediaType: MEDIA.manifest, bytes: manifest }],
    })
    await Promise.all(['app', 'other'].map((name) => pull(at.store, at.registry, `${at.proxy.host}/team/${name}:1`)))
    const asked = at.proxy.matching(new RegExp(`^GET .*${digestOf(shared)}`))
    expect(asked.map(({ receivedBytes }) => receivedBytes)).toEqual([shared.length])
    await expectSound(at.store)
  })
})

describeWith(NEEDS, 'a disk', () => {
  /** Runs the program on a small tmpfs, then again when it has been made larger, and shows what there is between. */
  const onSmallDisk = (directory: string, sizes: readonly [string, string]) => [
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount -t tmpfs -o size=${sizes[0]} tmpfs ${directory} || exit 9
     "$@" > ${scratch}/first
     find ${directory} -type f -path '*blobs*' > ${scratch}/blobs
     find ${directory} -path '*/layers/*/diff' > ${scratch}/trees
     cat ${directory}/store/index.json > ${scratch}/index
     mount -o remount,size=${sizes[1]} ${directory} || exit 9
     exec "$@"`,
    'sh',
  ]
  const readScratch = (name: string) => readFileSync(join(scratch, name), 'utf8')

  test.each(['2m', '9m'])(
    'of %s that gets full: an error that says so, no image; with more room it is pulled',
    async (size) => {
      await using at = await setUp(image)
      const directory = join(scratch, `disk-${size}`)
      mkdirSync(directory)
      const root = join(directory, 'store')
      const result = await runPull({ ...at.program, root }, onSmallDisk(directory, [size, '64m']))
      const first = JSON.parse(readScratch('first')) as typeof result
      expect(first.failure).toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/no space left on the disk/) as unknown,
        hint: expect.stringMatching(/free|space/) as unknown,
      })
      expect(readScratch('blobs')).toBe('')
      expect(readScratch('trees')).toBe('')
      expect(JSON.parse(readScratch('index'))).toMatchObject({ manifests: [] })
      expect(result).toMatchObject({ names: [at.name] })
    },
  )

  test('that a small layer would fill (a gzip bomb): an error that says so, and its room is given back', async () => {
    const tar = tarOf({ bomb: Buffer.alloc(100_000_000, 'A') })
    await using at = await setUp(imageOfLayer(tar, gzipSync(tar, { level: 9 }), 'gzip'))
    const directory = join(scratch, 'disk-bomb')
    mkdirSync(directory)
    const root = join(directory, 'store')
    const result = await runPull({ ...at.program, root }, onSmallDisk(directory, ['20m', '30m']))
    expect(result.failure).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/no space left/) as unknown,
    })
    expect(readScratch('trees')).toBe('')
    expect(result.maxRssBytes).toBeLessThan(250_000_000)
  })
})

describeWith(NEEDS, 'memory', () => {
  test.each(['gzip', 'zstd'] as const)('stays small for a layer of 250 MB of zeros in a few kB of %s', async (how) => {
    const tar = Buffer.concat([tarOf({ a: 'a' }).subarray(0, -1024), Buffer.alloc(250_000_000)])
    const packed = how === 'gzip' ? gzipSync(tar, { level: 9 }) : zstdCompressSync(tar)
    await using at = await setUp(imageOfLayer(tar, packed, how))
    const result = await runPull(at.program)
    expect(result.maxRssBytes).toBeLessThan(240_000_000)
    expect(result.names ?? result.failure?.message).toEqual([at.name])
    expect(await at.store.verify()).toEqual([])
  })
})

function imageOfLayer(tar: Buffer, packed: Buffer, how: 'gzip' | 'zstd'): Content {
  const config = json({
    os: 'linux',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
  })
  const layers = [descriptorOf(`${MEDIA.layer}+${how}`, packed)]
  const manifest = json({
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: descriptorOf(MEDIA.config, config),
    layers,
  })
  return { blobs: [packed, config], manifests: [{ mediaType: MEDIA.manifest, bytes: manifest }] }
}
