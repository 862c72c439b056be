import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/digest.ts'
import { history } from '../../src/media/history.ts'
import { importRootfs, type ImportOptions } from '../../src/media/import.ts'
import { loadArchive } from '../../src/media/load.ts'
import type { ImageStore } from '../../src/store/store.ts'
import * as make from '../support/archives.ts'
import { freshStore } from '../support/store.ts'

const CREATED = new Date('2026-03-04T05:06:07.890Z')
let root: string
let store: ImageStore

beforeEach(async () => {
  ;({ root, store } = await freshStore())
})

async function importing(bytes: Buffer, options: ImportOptions = {}) {
  return await importRootfs(store, make.stream(bytes), { unpack: false, created: CREATED, ...options })
}

describe('importRootfs', () => {
  test('makes an image of one layer, configured by changes', async () => {
    const tar = await make.tar({ 'bin/': '', 'bin/sh': 'x' })
    const image = await importing(tar, { repo: 'timp:1', message: 'imp', changes: ['CMD ["sh"]', 'ENV A=1'] })
    expect(image.names).toEqual(['timp:1'])
    expect(image.layers).toMatchObject([{ digest: digestOf(tar), diffID: digestOf(tar), size: tar.length }])
    expect(image.config).toMatchObject({
      os: 'linux',
      created: '2026-03-04T05:06:07.890Z',
      config: { Cmd: ['sh'], Env: ['A=1'] },
      history: [{ created: '2026-03-04T05:06:07.890Z', comment: 'imp' }],
    })
    expect(await store.verify()).toEqual([])
  })
  test('of the same tar at the same time is the same image, compressed or not', async () => {
    const tar = await make.tar({ a: 'a' })
    const ids = new Set<string>()
    for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar)]) ids.add((await importing(bytes)).id)
    expect(ids.size).toBe(1)
  })
  test.each<[ImportOptions, string[]]>([
    [{}, []],
    [{ repo: '' }, []],
    [{ repo: 'a' }, ['a:latest']],
    [{ repo: 'a', tag: 'b' }, ['a:b']],
    [{ repo: 'localhost:5000/a:1', tag: 'b' }, ['localhost:5000/a:b']],
  ])('with %j has the names %j', async (options, names) => {
    expect((await importing(await make.tar({}), options)).names).toEqual(names)
  })
  test('says where it came from when there is no message', async () => {
    expect((await importing(await make.tar({}), { source: 'http://x/y.tar' })).config.history[0]?.comment).toBe(
      'Imported from http://x/y.tar',
    )
  })
  test.each<[string, ImportOptions, string]>([
    ['a bad name', { repo: 'UPPER' }, 'must be lowercase'],
    ['a bad tag', { repo: 'a', tag: '-' }, 'invalid tag format'],
    ['a tag alone', { tag: 'x' }, 'tag "x" has no repository'],
    ['a digest', { repo: `a@${digestOf('x')}` }, 'cannot import digest reference'],
    ['a bad change', { changes: ['RUN x'] }, 'RUN is not a valid change command'],
  ])('%s is refused before anything is read', async (_, options, message) => {
    const unread = {
      [Symbol.asyncIterator]: () => {
        throw new Error('was read')
      },
    }
    await expect(importRootfs(store, unread, { ...options, unpack: false })).rejects.toThrow(message)
  })
  test('what is no tar leaves nothing', async () => {
    for (const bytes of [Buffer.alloc(2000, 'nonsense'), (await make.tar({ a: 'x'.repeat(5000) })).subarray(0, 3000)]) {
      await expect(importing(bytes, { repo: 'x' })).rejects.toThrow('tar archive')
    }
    expect(store.list()).toEqual([])
    expect(readdirSync(join(root, 'blobs/sha256'))).toEqual([])
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
  })
})

describe('history', () => {
  test('is newest first; only the newest has ID and tags; sizes go to what made layers', async () => {
    const image = make.image([await make.tar({ a: 'a' }), await make.tar({ b: 'bb' })], 'plain', {
      history: [
        { created: '2026-01-01T00:00:00.5Z', created_by: 'ADD a' },
        { created: '2026-01-01T00:00:01Z', created_by: 'ENV x', empty_layer: true },
        { created: '2026-01-01T00:00:02+01:00', created_by: 'ADD b', comment: 'c' },
        { created_by: 'CMD', empty_layer: true },
      ],
    })
    await loadArchive(store, make.stream(await make.tar(make.ociFiles(image, 'x:1'))), { unpack: false })
    const seconds = Date.parse('2026-01-01T00:00:00Z') / 1000
    const size = image.layers.map(({ length }) => length)
    expect(history(store, store.get('x:1'))).toEqual([
      { Comment: '', Created: 0, CreatedBy: 'CMD', Id: digestOf(image.config), Size: 0, Tags: ['x:1'] },
      { Comment: 'c', Created: seconds - 3598, CreatedBy: 'ADD b', Id: '<missing>', Size: size[1], Tags: null },
      { Comment: '', Created: seconds + 1, CreatedBy: 'ENV x', Id: '<missing>', Size: 0, Tags: null },
      { Comment: '', Created: seconds, CreatedBy: 'ADD a', Id: '<missing>', Size: size[0], Tags: null },
    ])
  })
})
