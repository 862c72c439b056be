import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { digestOf, hexOf } from '../../src/digest.ts'
import { loadArchive } from '../../src/media/load.ts'
import { saveArchive } from '../../src/media/save.ts'
import { parseReference } from '../../src/reference.ts'
import { ImageStore } from '../../src/store/store.ts'
import { readTar } from '../../src/tar/index.ts'
import { describeWith, run } from '../support/requires.ts'
import * as make from '../support/archives.ts'

const parent = make.temporaryDirectory()
let count = 0
let store: ImageStore
let app: make.TestImage
let tool: make.TestImage

beforeAll(async () => {
  const base = await make.tar({ 'bin/': '', 'bin/sh': 'shell' })
  app = make.image([base, await make.tar({ 'app/': '', 'app/x': 'x' })], 'gzip')
  tool = make.image([base], 'gzip', { created: '2020-01-01T00:00:00Z' })
})

beforeEach(async () => {
  store = await freshStore()
  await load(store, await make.tar(make.ociFiles(app, 'app:1')))
  await load(store, await make.tar(make.ociFiles(tool, 'tool:1')))
  await store.tag(store.get('app:1'), parseReference('app:2'))
})

describe('saveArchive', () => {
  test('and loadArchive together change nothing: names, IDs, digests', async () => {
    const other = await freshStore()
    await load(other, await save('app', 'tool:1'))
    expect(other.list()).toEqual(store.list())
    expect(await other.verify()).toEqual([])
  })
  test('gives the same bytes each time, whatever else the store holds', async () => {
    const other = await freshStore()
    await load(other, await save('tool:1'))
    expect(await make.collect(saveArchive(other, ['tool:1']))).toEqual(await save('tool:1'))
  })
  test('writes each blob once', async () => {
    const paths = await entries(await save('app', 'tool:1', 'app:1'))
    const blobs = [...paths.keys()].filter((path) => /sha256\/./.test(path))
    expect(blobs).toHaveLength(new Set(blobs).size)
    expect(blobs).toHaveLength(2 * 2 + 2)
  })
  test.each([
    [['app:1'], [['app:1']]],
    [['app'], [['app:1', 'app:2']]],
    [['app:2', 'app:1'], [['app:2', 'app:1']]],
    [
      ['tool', 'app:1'],
      [['tool:1'], ['app:1']],
    ],
  ])('of %j has the names %j', async (refs, names) => {
    const files = await entries(await save(...refs))
    const manifest = JSON.parse(files.get('manifest.json') ?? '') as { RepoTags: string[] }[]
    expect(manifest.map(({ RepoTags }) => RepoTags)).toEqual(names)
  })
  test('by ID has no names, and still loads', async () => {
    const archive = await save(hexOf(digestOf(tool.config)).slice(0, 12))
    expect(JSON.parse((await entries(archive)).get('manifest.json') ?? '')).toMatchObject([{ RepoTags: null }])
    const other = await freshStore()
    await load(other, archive)
    expect(other.list().map(({ id, names }) => [id, names])).toEqual([[digestOf(tool.config), []]])
  })
  test('of what is not there fails before the first byte', () => {
    expect(() => saveArchive(store, ['app:1', 'nosuch'])).toThrow('No such image: nosuch:latest')
  })
  test('of a corrupt blob fails before its end', async () => {
    const layer = app.layers[1] as Buffer
    const changed = Buffer.from(layer)
    changed[20]! ^= 1
    writeFileSync(join(store.root, 'blobs/sha256', hexOf(digestOf(layer))), changed)
    await expect(save('app:1')).rejects.toThrow(`blob ${digestOf(layer)} is corrupt on the disk`)
  })
  test('keeps gc away until it has ended', async () => {
    const archive = saveArchive(store, ['tool:1'])
    await archive.next()
    await store.remove('tool:1')
    await make.collect(archive)
    expect((await store.gc()).blobs).toHaveLength(2)
  })
})

describeWith(['skopeo'], 'skopeo', () => {
  test('reads what is saved as docker-archive and as oci-archive, and what it makes of them loads with the same content', async () => {
    const path = join(parent, 'saved.tar')
    writeFileSync(path, await save('app:1', 'tool'))
    const compressed = store.get('app:1')
    for (const source of [`docker-archive:${path}:app:1`, `oci-archive:${path}:app:1`]) {
      for (const target of ['docker-archive', 'oci-archive']) {
        const copy = join(parent, `${source.slice(0, 3)}-${target}.tar`)
        run('skopeo', 'copy', '-q', source, `${target}:${copy}:copied:7`)
        const other = await freshStore()
        const [loaded] = await loadArchive(other, make.stream(readFileSync(copy)), { unpack: false })
        expect(loaded?.names).toEqual(['copied:7'])
        expect(loaded?.image.layers.map(({ diffID }) => diffID)).toEqual(compressed.layers.map(({ diffID }) => diffID))
        expect(await other.verify()).toEqual([])
      }
    }
  })
  test('and names without image need no name when there is one image', async () => {
    const path = join(parent, 'one.tar')
    writeFileSync(path, await save('tool:1'))
    expect(JSON.parse(run('skopeo', 'inspect', '--raw', `oci-archive:${path}`))).toEqual(
      JSON.parse(tool.manifest.toString()),
    )
    expect(JSON.parse(run('skopeo', 'inspect', '--config', `docker-archive:${path}`))).toMatchObject({ os: 'linux' })
  })
  test('images with the same layer several times, and with none', async () => {
    const empty = await make.tar({})
    const repeated = make.image([empty, await make.tar({ a: 'a' }), empty], 'plain')
    await load(store, await make.tar(make.ociFiles(repeated, 'repeated:1')))
    await load(store, await make.tar(make.ociFiles(make.image([]), 'none:1')))
    const path = join(parent, 'repeated.tar')
    writeFileSync(path, await save('repeated:1', 'none:1'))
    for (const name of ['repeated:1', 'none:1']) {
      for (const kind of ['docker-archive', 'oci-archive']) {
        const layers = JSON.parse(run('skopeo', 'inspect', '--config', `${kind}:${path}:${name}`)).rootfs.diff_ids ?? []
        expect(layers).toEqual(store.get(name).layers.map(({ diffID }) => diffID))
      }
    }
  })
})

async function freshStore(): Promise<ImageStore> {
  return await ImageStore.open(join(parent, `store${count++}`))
}

async function load(into: ImageStore, archive: Buffer): Promise<void> {
  await loadArchive(into, make.stream(archive), { unpack: false })
}

function save(...refs: string[]): Promise<Buffer> {
  return make.collect(saveArchive(store, refs))
}

async function entries(archive: Buffer): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for await (const entry of readTar(make.stream(archive)))
    files.set(entry.path, (await make.collect(entry.body)).toString())
  return files
}
