// Helpers stand beside the tests they are for.
/* oxlint-disable unicorn/consistent-function-scoping */
import { UserError } from '@mini-docker/syscall'
import * as fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { digestOf, hexOf } from '../../src/digest.ts'
import type { LoadOptions } from '../../src/media/load.ts'
import { OCI_MANIFEST } from '../../src/media-type.ts'
import type { ImageStore } from '../../src/store/store.ts'
import * as make from '../support/archives.ts'
import { expectUntouched, freshStore, load as loadInto } from '../support/store.ts'

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
  ;({ store } = await freshStore())
})

const load = (archive: make.Files | Buffer, options: LoadOptions = {}) => loadInto(store, archive, options)

describe('a bad archive is refused and leaves nothing:', () => {
  const docker = () => make.dockerFiles(one, ['one:1'])
  const oci = () => make.ociFiles(make.image([base, top]), 'app:1')
  const withManifest = (value: unknown) => ({ ...docker(), 'manifest.json': make.json(value) })
  const item = (change: object) => [
    { Config: configName(), RepoTags: ['a:1'], Layers: ['layer0/layer.tar'], ...change },
  ]
  const configName = () => `${hexOf(digestOf(one.config))}.json`

  test.each<[string, () => make.Files, string | RegExp]>([
    ['an empty one', () => ({}), 'neither manifest.json nor index.json'],
    ['a plain root filesystem', () => ({ 'bin/sh': 'x' }), 'neither manifest.json nor index.json'],
    ['one of docker 1.9', () => ({ repositories: '{}' }), 'older than 1.10'],
    ['manifest.json is no JSON', () => ({ ...docker(), 'manifest.json': '{"a":' }), /manifest.json .*is not JSON/],
    ['manifest.json is no list', () => withManifest({}), /manifest.json of the archive is malformed/],
    ['manifest.json has wrong types', () => withManifest(item({ Layers: [7] })), /malformed at 0.Layers.0/],
    ['config outside', () => withManifest(item({ Config: '../../etc/passwd' })), '"../../etc/passwd" leads out'],
    ['config absolute', () => withManifest(item({ Config: '/etc/passwd' })), 'lacks the config "/etc/passwd"'],
    ['layer outside', () => withManifest(item({ Layers: ['a/../../x'] })), '"a/../../x" leads out of the archive'],
    ['layer missing', () => withManifest(item({ Layers: ['nope/layer.tar'] })), 'lacks the layer "nope/layer.tar"'],
    ['fewer layers than the config', () => withManifest(item({})), 'has 1 layers, its config lists 3'],
    [
      'layers in another order',
      () => withManifest(item({ Layers: [1, 0, 2].map((i) => `layer${i}/layer.tar`) })),
      /unpacks to sha256:\w+, the image's config says sha256:\w+/,
    ],
    ['bad tag', () => make.dockerFiles(one, ['UPPER:1']), 'must be lowercase'],
    ['a link to itself', () => ({ ...docker(), 'layer0/layer.tar': { symlink: 'layer.tar' } }), 'more than 16 links'],
    ['a link outside', () => ({ ...docker(), 'layer0/layer.tar': { symlink: '../../../etc/shadow' } }), 'leads out'],
    ['a hard link outside', () => ({ ...docker(), x: { hardlink: '../etc/shadow' } }), 'leads out of the archive'],
    ['an entry outside', () => ({ ...docker(), '../evil': 'x' }), '"../evil" leads out of the archive'],
    ['config is no JSON', () => ({ ...docker(), [configName()]: 'x' }), 'is not JSON'],
    ['config is no config', () => ({ ...docker(), [configName()]: '[]' }), 'is malformed'],
    ['config nests deep', () => ({ ...docker(), [configName()]: '['.repeat(100_000) }), 'nests deeper than 128'],
    [
      'manifest.json of 50 MB',
      () => ({ ...docker(), 'manifest.json': Buffer.alloc(50_000_000, ' ') }),
      'is 50000000 bytes long, more than the 4194304 that are read',
    ],
    [
      'a blob under a wrong name',
      () => ({ ...oci(), [`blobs/sha256/${'0'.repeat(64)}`]: 'x' }),
      /has the digest sha256/,
    ],
    ['no layer', () => without(oci(), digestOf(make.image([base, top]).layers[0]!)), /lacks layer sha256/],
    ['no config', () => without(oci(), digestOf(make.image([base, top]).config)), /lacks config sha256/],
    ['index.json of nothing', () => ({ ...oci(), 'index.json': 'null' }), /index.json of the archive is malformed/],
    [
      'a size that is not so',
      () => ({ ...oci(), 'index.json': indexOf({ ...make.image([base, top]).descriptor, size: 3 }) }),
      /bytes long, expected 3/,
    ],
    [
      'a digest that is a path',
      () => ({ ...oci(), 'index.json': indexOf({ ...one.descriptor, digest: 'sha256:../../../etc/passwd' }) }),
      'malformed at manifests.0.digest',
    ],
    [
      'a digest that is not sha256',
      () => ({ ...oci(), 'index.json': indexOf({ ...one.descriptor, digest: `sha512:${'a'.repeat(128)}` }) }),
      /lacks manifest sha512/,
    ],
    [
      'an unknown media type',
      () => ({ ...oci(), 'index.json': indexOf({ ...make.image([base, top]).descriptor, mediaType: 'text/plain' }) }),
      'unknown media type text/plain',
    ],
    ['a chart', () => artifact({ config: { mediaType: 'application/vnd.cncf.helm.config.v1+json' } }), 'not an image'],
    ['a manifest that is an index too', () => artifact({ manifests: [] }), 'is not the application'],
    [
      'an encrypted layer',
      () => artifact({ layerType: 'application/vnd.oci.image.layer.v1.tar+encrypted' }),
      'not supported',
    ],
    ['a wrong diffID', () => make.ociFiles(make.image([base], 'gzip', lying(top)), 'x:1'), /unpacks to/],
    ['a layer that is no gzip', () => make.ociFiles(nonsense(Buffer.from('1f8b0800ff', 'hex')), 'x:1'), /is damaged/],
    [
      'a layer in xz',
      () => make.ociFiles(nonsense(Buffer.from('fd377a585a000004', 'hex')), 'x:1'),
      /compressed with xz/,
    ],
  ])('%s', async (_, files, message) => {
    const error = await load(files()).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(message)
    expectUntouched(store)
  })

  test('cut off at any byte', async () => {
    const bytes = await make.tar(make.ociFiles(make.image([base], 'gzip'), 'app:1'))
    const property = fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1024 - 512 }), async (length) => {
      await expect(load(bytes.subarray(0, length))).rejects.toBeInstanceOf(UserError)
      expectUntouched(store)
    })
    await fc.assert(property, { numRuns: 40 })
  })

  test('with any byte changed: an error, or a sound store', async () => {
    const bytes = await make.tar(make.ociFiles(make.image([base], 'gzip'), 'app:1'))
    const property = fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= mask
      const result = await load(changed).catch((error: unknown) => error)
      if (!Array.isArray(result)) expect(result).toBeInstanceOf(UserError)
      expect(await store.verify()).toEqual([])
    })
    await fc.assert(property, { numRuns: 150 })
  })

  test('not a tar at all, or one in bzip2', async () => {
    await expect(load(Buffer.alloc(5000, 'not a tar'))).rejects.toThrow('tar archive')
    await expect(load(Buffer.from('BZh91AY&SY rest'))).rejects.toThrow('the archive is compressed with bzip2')
    expectUntouched(store)
  })

  test('any JSON in place of a document is a UserError', async () => {
    const documents = ['manifest.json', configName()]
    const property = fc.asyncProperty(fc.constantFrom(...documents), fc.json({ maxDepth: 3 }), async (path, json) => {
      await load({ ...docker(), [path]: json }).then(
        (loaded) => expect(loaded).toEqual([]),
        (error: unknown) => expect(error).toBeInstanceOf(UserError),
      )
    })
    await fc.assert(property, { numRuns: 60 })
  })
})

function without(files: make.Files, digest: string): make.Files {
  const { [`blobs/sha256/${digest.slice('sha256:'.length)}`]: _gone, ...rest } = files
  return rest
}

function indexOf(descriptor: object): Buffer {
  return make.json({ schemaVersion: 2, manifests: [descriptor] })
}

function lying(tar: Buffer): Record<string, unknown> {
  return { rootfs: { type: 'layers', diff_ids: [digestOf(tar)] } }
}

function nonsense(layer: Buffer): make.TestImage {
  const image = make.image([base], 'plain')
  const manifest = JSON.parse(image.manifest.toString()) as { layers: object[] }
  const bytes = make.json({
    ...manifest,
    layers: [
      { ...manifest.layers[0], ...make.describe('', layer), mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
    ],
  })
  return { ...image, layers: [layer], manifest: bytes, descriptor: make.describe(OCI_MANIFEST, bytes) }
}

function artifact(change: { config?: object; layerType?: string; manifests?: [] }): make.Files {
  const image = make.image([base])
  const manifest = JSON.parse(image.manifest.toString()) as { config: object; layers: object[] }
  const { layerType, config, ...rest } = change
  const layers = layerType === undefined ? manifest.layers : [{ ...manifest.layers[0], mediaType: layerType }]
  const bytes = make.json({ ...manifest, ...rest, config: { ...manifest.config, ...config }, layers })
  return make.ociFiles({ ...image, manifest: bytes, descriptor: make.describe(OCI_MANIFEST, bytes) }, 'x:1')
}
