/** Images of docker's schema 2 keep their manifest, and skopeo and umoci find them in the store all the same. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dockerImage, tarOf, topOf } from '../../../../test/harness/registry/index.ts'
import { digestOf } from '../../src/digest.ts'
import { DOCKER_MANIFEST } from '../../src/media-type.ts'
import { DirectoryFiles } from '../../src/media/files.ts'
import { LayoutSource } from '../../src/media/layout-source.ts'
import { parseReference } from '../../src/reference.ts'
import { ImageStore } from '../../src/store/store.ts'
import { describeWith, run } from '../support/requires.ts'
import { freshStore } from '../support/store.ts'

const image = dockerImage([tarOf({ hello: 'from docker\n' })])
const { bytes } = topOf(image)
const digest = digestOf(bytes)

async function withDockerImage(...names: string[]): Promise<ImageStore> {
  const { store } = await freshStore()
  await store.adding(async () => {
    for (const blob of [...image.blobs, bytes]) await store.ingestBlob(blob)
    await store.add({ mediaType: DOCKER_MANIFEST, digest, size: bytes.length }, names.map(parseReference))
  })
  return store
}

const inspect = (store: ImageStore, name: string) =>
  JSON.parse(run('skopeo', 'inspect', `oci:${store.root}:${name}`)) as { Layers: string[] }
const umociNames = (store: ImageStore) => run('umoci', 'ls', '--layout', store.root).trim().split('\n').toSorted()
const indexOf = (store: ImageStore) =>
  JSON.parse(readFileSync(join(store.root, 'index.json'), 'utf8')) as { manifests: { mediaType: string }[] }

describeWith(['skopeo', 'umoci'], 'an image of schema 2', () => {
  test('is one image here, under its own digest, and skopeo and umoci find it by name', async () => {
    const store = await withDockerImage('app:1', `app@${digest}`)
    expect(store.list()).toMatchObject([
      { names: ['app:1'], repoDigests: [`app@${digest}`], manifestDigest: digest, manifestMediaType: DOCKER_MANIFEST },
    ])
    expect(inspect(store, 'app:1').Layers).toEqual([digestOf(image.blobs[0]!)])
    expect(umociNames(store)).toContain('app:1')
    run('umoci', 'stat', '--image', `${store.root}:app:1`)
    expect(await store.verify()).toEqual([])
  })

  test('keeps that through gc, tag, a second process, untag and rm', async () => {
    const store = await withDockerImage('app:1')
    await store.gc()
    const other = await ImageStore.open(store.root)
    await other.tag(other.get('app:1'), parseReference('other:2'))
    await store.gc()
    expect(store.get('other:2').names).toEqual(['app:1', 'other:2'])
    for (const name of ['app:1', 'other:2']) inspect(store, name)
    await store.untag(parseReference('app:1'))
    expect(umociNames(store)).toEqual(['other:2'])
    expect(await store.remove('other:2')).toMatchObject([{ Untagged: 'other:2' }, {}, {}])
    expect(indexOf(store).manifests).toEqual([])
    expect((await store.gc()).blobs).toEqual([])
    expect(await store.verify()).toEqual([])
  })

  test('gets and loses names while gc runs beside: no name fails, nothing is missing', async () => {
    const store = await withDockerImage('app:1')
    const other = await ImageStore.open(store.root)
    const named = new AbortController()
    const collecting = (async () => {
      while (!named.signal.aborted) await other.collectIfIdle()
    })()
    for (let i = 0; i < 60; i++) {
      await store.tag(store.get('app:1'), parseReference(`name${i}:1`))
      if (i % 2 === 0) await store.untag(parseReference(`name${i}:1`))
    }
    named.abort()
    await collecting
    expect(store.get('app:1').names).toHaveLength(31)
    inspect(store, 'name59:1')
    expect(await store.verify()).toEqual([])
  })

  test('without a name stays an image, and needs no twin', async () => {
    const store = await withDockerImage()
    expect(store.list()).toMatchObject([{ names: [], manifestDigest: digest }])
    expect(indexOf(store).manifests).toHaveLength(1)
    await store.tag(store.list()[0]!, parseReference('named:1'))
    inspect(store, 'named:1')
  })

  test('loses its name to what skopeo copies over it', async () => {
    const store = await withDockerImage('app:1', 'app:2')
    const { store: source } = await freshStore()
    const newer = dockerImage([tarOf({ hello: 'newer\n' })])
    await source.adding(async () => {
      for (const blob of [...newer.blobs, topOf(newer).bytes]) await source.ingestBlob(blob)
      const top = topOf(newer).bytes
      await source.add({ mediaType: DOCKER_MANIFEST, digest: digestOf(top), size: top.length }, [
        parseReference('app:1'),
      ])
    })
    run('skopeo', '--insecure-policy', 'copy', '-q', `oci:${source.root}:app:1`, `oci:${store.root}:app:1`)
    expect(store.get('app:1').id).toBe(source.get('app:1').id)
    expect(store.get('app:2')).toMatchObject({ names: ['app:2'], manifestDigest: digest })
    await store.tag(store.get('app:1'), parseReference('again:1'))
    expect(store.get('app:1').id).toBe(source.get('app:1').id)
    expect(umociNames(store)).toEqual(['again:1', 'app:1', 'app:2'])
    expect(await store.verify()).toEqual([])
  })

  test('read as a layout by us, it has its own digest and is there once', async () => {
    const store = await withDockerImage('app:1')
    for (const choice of [{ by: 'name', name: 'app:1' }, { by: 'only' }, { by: 'all' }] as const) {
      await using source = new LayoutSource('oci:store', new DirectoryFiles(store.root), choice)
      expect(await source.roots()).toMatchObject([{ descriptor: { digest }, names: [{ tag: '1' }] }])
    }
  })

  test('writes nothing when nothing changes', async () => {
    const store = await withDockerImage('app:1')
    const before = readFileSync(join(store.root, 'index.json'), 'utf8')
    await store.tag(store.get('app:1'), parseReference('app:1'))
    expect(readFileSync(join(store.root, 'index.json'), 'utf8')).toBe(before)
  })
})
