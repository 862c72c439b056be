/** Registries that lie, babble or mean harm: a clear error, soon, with little memory, and nothing stays. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  describe as descriptorOf,
  digestOf,
  FaultProxy,
  index,
  json,
  MEDIA,
  multiPlatform,
  ociImage,
  putContent,
  Registry,
  tarOf,
  topOf,
  type Content,
  type Fault,
  noisyImage,
} from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { tarHeader, writeTar, type TarSource } from '../../src/tar/index.ts'
import { endless, manifestAnswer, serving, withManifest } from './liar.ts'
import { expectNothing, expectSound, failure, freshStore, pull, type PullOptions } from './pull.ts'

const NEEDS = ['root', 'docker-registry', 'openssl', 'skopeo', 'umoci', 'zstd']
const MANIFEST = /^(GET|HEAD) .*\/manifests\//
const BLOB = /^GET .*\/blobs\//
const image = noisyImage([40_000, 30_000])

describeWith(NEEDS, 'a pull from', () => {
  let registry: Registry
  let proxy: FaultProxy
  beforeAll(async () => {
    registry = await Registry.start()
    proxy = await FaultProxy.start(registry)
    await putContent(registry, 'team/app', '1', image)
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
  })

  /** Tells how a pull fails, and sees that nothing stays and that no more than this was read. */
  async function refused(faults: Fault[], { readBytesMax = 9 << 20, ...options }: Refused = {}): Promise<string> {
    const store = await freshStore()
    proxy.faults = faults
    proxy.requests.length = 0
    const began = performance.now()
    const message = await failure(pull(store, registry, `${proxy.host}/team/app:1`, options))
    expect(performance.now() - began).toBeLessThan(10_000)
    expectNothing(store, { partial: true })
    expect(await store.verify()).toEqual([])
    expect(proxy.requests.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)).toBeLessThan(readBytesMax)
    return message
  }
  type Refused = PullOptions & { readBytesMax?: number }

  const html = { 'Content-Type': 'text/html; charset=utf-8' }
  const page = '<!DOCTYPE html><html><head><title>Hotel Wi-Fi: log in</title></head><body>…</body></html>'

  test.each([
    ['every question', /./, 200],
    ['every question, with 404', /./, 404],
    ['the manifest', MANIFEST, 200],
    ['the manifest, with 502', MANIFEST, 502],
    ['the blobs', BLOB, 200],
  ] as const)('a captive portal that answers %s with HTML: it says so', async (_what, on, status) => {
    const message = await refused([{ kind: 'answer', on, status, headers: html, body: page }], {
      retry: { tries: 2, firstMs: 10 },
    })
    expect(message).toMatch(on === BLOB ? /web page|not JSON|bytes|digest/ : /web page/)
  })

  test('one whose answer to the first question never ends: little is read', async () => {
    await refused([
      { kind: 'answer', on: /GET \/v2\/$/, status: 401, body: endless },
      ...serving(withManifest(image, () => ({}))),
    ])
  })

  test('one whose manifest never ends: 4 MiB are read', async () => {
    const headers = { 'Content-Type': MEDIA.manifest }
    expect(await refused([{ kind: 'answer', on: MANIFEST, status: 200, headers, body: endless }])).toMatch(
      /over 4 MiB|more than the 4194304/,
    )
  })

  test.each([200, 404, 500])('one whose error texts never end (%d)', async (status) => {
    const fault: Fault = { kind: 'answer', on: MANIFEST, status, body: () => endless('<p>') }
    expect((await refused([fault], { retry: { tries: 2, firstMs: 5 } })).length).toBeLessThan(800)
  })

  test('one whose blobs never end: no more than their size is read', async () => {
    const message = await refused([{ kind: 'answer', on: BLOB, status: 200, body: endless }])
    expect(message).toMatch(/bytes|digest/)
  })

  test('one with a manifest of 50 MB', async () => {
    const bytes = Buffer.concat([topOf(image).bytes, Buffer.alloc(50_000_000, ' ')])
    expect(await refused([manifestAnswer('.*', MEDIA.manifest, bytes)], { readBytesMax: 6 << 20 })).toMatch(
      /over 4 MiB|more than the 4194304/,
    )
  })

  test('one with words that would drive a terminal: they are taken out', async () => {
    const errors = [{ code: 'DENIED', message: 'a\u001b[2J\u001b]0;owned\u0007b\r\nc' }]
    const body = JSON.stringify({ errors })
    const message = await refused([{ kind: 'answer', on: MANIFEST, status: 403, headers: {}, body }])
    expect(message).toMatch(/denied/)
    expect(message).not.toMatch(/\p{Cc}/u)
  })

  test.each([
    ['Content-Type says index', { 'Content-Type': MEDIA.index }],
    ['Content-Type says docker', { 'Content-Type': MEDIA.dockerManifest }],
    ['Docker-Content-Digest is of something else', { 'Docker-Content-Digest': `sha256:${'1'.repeat(64)}` }],
    ['Docker-Content-Digest is a path', { 'Docker-Content-Digest': 'sha256:../../../etc/passwd' }],
    ['Content-Encoding says gzip', { 'Content-Encoding': 'gzip' }],
  ])('one whose manifest is right but its %s', async (_what, headers) => {
    const { mediaType, bytes } = topOf(image)
    await refused([manifestAnswer('.*', mediaType, bytes, headers), ...serving(image)])
  })

  test('one whose index says another size or digest of its manifest', async () => {
    const own = topOf(image)
    const entry = { ...descriptorOf(own.mediaType, own.bytes), platform: { os: 'linux', architecture: 'amd64' } }
    for (const change of [{ size: 5 }, { size: 4_000_000 }, { size: 1e15 }, { digest: `sha256:${'2'.repeat(64)}` }]) {
      const bytes = json({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [{ ...entry, ...change }] })
      await refused(serving({ ...image, manifests: [own, { mediaType: MEDIA.index, bytes }] }))
    }
  })

  type Manifest = { config: Record<string, unknown>; layers: Record<string, unknown>[] }
  const layerChange =
    (change: object) =>
    ({ config, layers }: Manifest) => ({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config,
      layers: layers.map((layer, i) => (i === 0 ? { ...layer, ...change } : layer)),
    })
  test.each<[string, (manifest: Manifest) => object]>([
    ['a layer that is smaller than it says', layerChange({ size: 1_000_000_000 })],
    ['a layer that is larger than it says', layerChange({ size: 100 })],
    ['a layer of no bytes', layerChange({ size: 0 })],
    ['a layer of less than no bytes', layerChange({ size: -1 })],
    ['a layer of half a byte', layerChange({ size: 0.5 })],
    ['a layer of more bytes than there are', layerChange({ size: 2 ** 60 })],
    ['a digest that is a path', layerChange({ digest: 'sha256:../../../../etc/passwd' })],
    ['a digest of another algorithm', layerChange({ digest: `md5:${'a'.repeat(32)}` })],
    ['an encrypted layer', layerChange({ mediaType: `${MEDIA.layer}+encrypted` })],
    [
      'a layer that lies elsewhere',
      layerChange({
        mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
        urls: ['file:///etc/passwd'],
      }),
    ],
    [
      'a config of 5 MB',
      ({ config, layers }) => ({ schemaVersion: 2, config: { ...config, size: 5_000_000 }, layers }),
    ],
    ['fewer layers than its config', ({ config, layers }) => ({ schemaVersion: 2, config, layers: layers.slice(1) })],
    [
      'its layers in another order',
      ({ config, layers }) => ({ schemaVersion: 2, config, layers: layers.toReversed() }),
    ],
    ['no config', ({ layers }) => ({ schemaVersion: 2, layers })],
    ['schema 1', () => ({ schemaVersion: 1, name: 'team/app', tag: '1', fsLayers: [], history: [] })],
    ['an index at once', (manifest) => ({ ...manifest, manifests: [] })],
    [
      'a chart for a config',
      ({ config, layers }) => ({
        schemaVersion: 2,
        config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' },
        layers,
      }),
    ],
    ['nothing', () => ({})],
  ])('one whose manifest has %s', async (_what, change) => {
    await refused(serving(withManifest(image, change)))
  })

  test('one with an index that lies ten indexes deep, or has none for this platform', async () => {
    let deep: Content = image
    const platform = { os: 'linux', architecture: 'amd64' }
    for (let depth = 0; depth < 10; depth++) deep = index([{ content: deep, platform }])
    expect(await refused(serving(deep))).toMatch(/deep/)
    const other = ociImage([{ tar: tarOf({ a: 'a' }), compression: 'gzip' }], { os: 'plan9', architecture: 'mips' })
    const message = await refused(serving(index([{ content: other, platform: { os: 'plan9', architecture: 'mips' } }])))
    expect(message).toMatch(/no matching manifest for linux\/\w+/)
    expect(await refused(serving(multiPlatform()), { platform: { os: 'linux', architecture: 's390x' } })).toMatch(
      /no matching manifest for linux\/s390x/,
    )
  })

  test('one that lists endless tags', async () => {
    const store = await freshStore()
    const headers = { 'Content-Type': 'application/json', Link: '</v2/team/app/tags/list?n=1&last=x>; rel="next"' }
    proxy.faults = [
      { kind: 'answer', on: /tags\/list/, status: 200, headers, body: '{"name":"team/app","tags":["1"]}' },
    ]
    const { RegistrySource, Registry: Client } = await import('../../src/registry/index.ts')
    const { parseName } = await import('../../src/reference.ts')
    using client = new Client()
    await using source = new RegistrySource(client, parseName(`${proxy.host}/team/app`), { allTags: true })
    proxy.requests.length = 0
    await failure(source.roots())
    expect(proxy.requests.length).toBeLessThan(1100)
    expectNothing(store)
  })

  const layerOf = (bytes: Buffer, tar = bytes): Content => {
    const content = ociImage([{ tar, compression: 'plain' }])
    const [, config] = content.blobs
    const type = bytes.equals(tar) ? MEDIA.layer : `${MEDIA.layer}+gzip`
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: descriptorOf(MEDIA.config, config!),
      layers: [descriptorOf(type, bytes)],
    }
    return { blobs: [bytes, config!], manifests: [{ mediaType: MEDIA.manifest, bytes: json(manifest) }] }
  }
  const file = (path: string, text = 'x'): TarSource => ({
    ...tarHeader({ type: 'file', path, size: text.length }),
    data: [Buffer.from(text)],
  })
  const link = (type: 'symlink' | 'hardlink', path: string, linkname: string): TarSource =>
    tarHeader({ type, path, linkname })

  test.each<[string, TarSource[]]>([
    ['a path that leads out', [file('../../../../tmp/mini-docker-escape')]],
    ['a link out and a file through it', [link('symlink', 'out', '/tmp'), file('out/mini-docker-escape')]],
    [
      'a link up and a file through it',
      [link('symlink', 'out', '../../../../../../../../tmp'), file('out/mini-docker-escape')],
    ],
    ['a hard link to a file of the host', [link('hardlink', 'h', '../../../../etc/passwd')]],
    ['a whiteout of its parent', [file('.wh...')]],
    [
      'a file of 33 GiB that it does not have',
      [{ ...tarHeader({ type: 'file', path: 'big', size: 33 * 2 ** 30 }), data: broken }],
    ],
    ['links in a circle', [link('symlink', 'a', 'b'), link('symlink', 'b', 'a'), file('a/x')]],
  ])('one with a layer that has %s', async (_what, entries) => {
    const tar = await tarOfEntries(entries)
    await refused(serving(layerOf(tar)))
    expect(existsSync('/tmp/mini-docker-escape')).toBe(false)
  })

  /** As much of an entry as there is: the writer refuses to end in the middle of a file. */
  async function tarOfEntries(entries: TarSource[]): Promise<Buffer> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of writeTar(entries)) chunks.push(Buffer.from(chunk))
    } catch (error) {
      if (error !== BROKEN) throw error
    }
    return Buffer.concat([...chunks, Buffer.alloc(1024)])
  }

  test('one with a layer that is no gzip, is cut gzip, or unpacks to something else than the config says', async () => {
    const tar = tarOf({ a: 'a'.repeat(10_000) })
    await refused(serving(layerOf(Buffer.from('1f8b0800ffffff', 'hex'), tar)))
    await refused(serving(layerOf(gzipSync(tar).subarray(0, 100), tar)))
    await refused(serving(layerOf(gzipSync(tarOf({ a: 'b' })), tar)))
    await refused(serving(layerOf(Buffer.from('not a tar at all'.repeat(100)))))
  })

  test('one with a zstd layer that wants 2 GB of memory to unpack', async () => {
    const input = Buffer.concat([tarOf({ a: 'a' }), Buffer.alloc(1 << 20)])
    const wide = execFileSync('zstd', ['--ultra', '-20', '--long=31', '-c'], { input, maxBuffer: 1 << 26 })
    expect(await refused(serving(layerOf(wide, input)))).toMatch(/memory|damaged|window/i)
  })

  test('one that is right after all: it is pulled', async () => {
    const store = await freshStore()
    proxy.faults = serving(image)
    await pull(store, registry, `${proxy.host}/team/app:1`)
    expect(store.list()).toHaveLength(1)
    expect(store.list()[0]!.repoDigests).toEqual([`${proxy.host}/team/app@${digestOf(topOf(image).bytes)}`])
    await expectSound(store)
  })
})

const BROKEN = new Error('no more data')
/** A file that ends before its size. */
const broken: Iterable<Uint8Array> = {
  *[Symbol.iterator]() {
    yield Buffer.alloc(65_536, 1)
    throw BROKEN
  },
}
