import { beforeAll, describe, expect, test } from 'vitest'
import { diffConfig } from '../../src/inspect/diff-config.ts'
import { imageDiff } from '../../src/inspect/diff.ts'
import type { DiffEntry, ImageDiff } from '../../src/inspect/diff-model.ts'
import { ImageConfig } from '../../src/schema.ts'
import type { ImageStore } from '../../src/store/store.ts'
import { freshStore } from '../support/store.ts'
import { addImage, type LayerFiles } from './images.ts'

let store: ImageStore
let count = 0

beforeAll(async () => {
  ;({ store } = await freshStore())
})

async function diffOf(a: LayerFiles[], b: LayerFiles[]): Promise<ImageDiff> {
  const [left, right] = [await addImage(store, `a:${count}`, a), await addImage(store, `b:${count++}`, b)]
  return await imageDiff(store, left, right)
}

/** `changed etc/passwd 0→1 content,size`. */
function lines(files: readonly DiffEntry[]): string[] {
  return files.map((file) => {
    if (file.change === 'added') return `added ${file.path} →${file.b.layer}`
    if (file.change === 'removed') return `removed ${file.path} ${file.a.layer}→${file.removedBy ?? ''}`
    return `changed ${file.path} ${file.a.layer}→${file.b.layer} ${file.differs.join()}`
  })
}

const BASE: LayerFiles = { 'etc/': '', 'etc/passwd': 'root', 'etc/motd': 'hello', 'bin/sh': 'shell' }

describe('imageDiff', () => {
  test('of an image with itself is empty, and all layers are shared', async () => {
    const diff = await diffOf([BASE, { x: '1' }], [BASE, { x: '1' }])
    expect(diff).toMatchObject({ sharedLayers: 2, files: [], config: [], counts: { added: 0, removed: 0, changed: 0 } })
  })

  test('tells what one layer more adds, changes and removes, and in which layers', async () => {
    const diff = await diffOf([BASE], [BASE, { 'etc/': '', 'etc/passwd': 'toor', 'etc/.wh.motd': '', 'srv/new': '' }])
    expect(lines(diff.files)).toEqual([
      'removed etc/motd 0→1',
      'changed etc/passwd 0→1 content',
      'added srv →1',
      'added srv/new →1',
    ])
    expect(diff.a.layers.map(({ shared }) => shared)).toEqual([true])
    expect(diff.b.layers.map(({ shared }) => shared)).toEqual([true, false])
  })

  test('turned around is the opposite', async () => {
    const diff = await diffOf([BASE, { 'etc/.wh.motd': '', new: '' }], [BASE])
    expect(lines(diff.files)).toEqual(['added etc/motd →0', 'removed new 1→'])
  })

  test('a file that a layer writes again with the same bytes and only another time is no difference', async () => {
    const again = { 'etc/passwd': { content: 'root', mtimeNs: 5_000_000_000n } }
    expect((await diffOf([BASE], [BASE, again])).files).toEqual([])
  })

  test('images that share no layer are compared by content, wherever it lies', async () => {
    const diff = await diffOf([{ a: 'same', b: 'left' }], [{ a: 'same' }, { b: 'right', c: '' }])
    expect(diff.sharedLayers).toBe(0)
    expect(lines(diff.files)).toEqual(['changed b 0→1 size,content', 'added c →1'])
  })

  test('tells mode, owner, link target, device, type and attributes apart', async () => {
    const facts = (mode: number, uid: number, target: string, minor: number, xattr: string): LayerFiles => ({
      attr: { xattrs: new Map([['user.x', Buffer.from(xattr)]]) },
      dev: { type: 'char', major: 1, minor },
      'dir/': { mode },
      link: { type: 'symlink', linkname: target },
      owner: { uid },
      type: uid === 0 ? { content: 'file' } : { type: 'symlink', linkname: 'file' },
    })
    const diff = await diffOf([facts(0o755, 0, 'x', 3, '1')], [facts(0o700, 7, 'y', 5, '2')])
    expect(lines(diff.files)).toEqual([
      'changed attr 0→0 xattrs',
      'changed dev 0→0 device',
      'changed dir 0→0 mode',
      'changed link 0→0 link',
      'changed owner 0→0 owner',
      'changed type 0→0 type',
    ])
  })

  test('a hard link is compared as the file that it names', async () => {
    const link = { type: 'hardlink', linkname: 'a' } as const
    expect((await diffOf([{ a: 'x', b: link }], [{ a: 'x', b: 'x' }])).files).toEqual([])
    const changed = await diffOf([{ a: 'x', b: link }], [{ a: 'y', b: link }])
    expect(lines(changed.files)).toEqual(['changed a 0→0 content', 'changed b 0→0 content'])
  })

  test('what lay in a removed directory was removed by the layer with its whiteout', async () => {
    const diff = await diffOf([{ 'd/e/f': 'x' }], [{ 'd/e/f': 'x' }, { other: '' }, { '.wh.d': '' }])
    expect(lines(diff.files)).toEqual(['removed d 0→2', 'removed d/e 0→2', 'removed d/e/f 0→2', 'added other →1'])
  })

  test('files of the two own sides carry the digest of their content', async () => {
    const { files } = await diffOf([BASE, { x: 'hello' }], [BASE])
    expect(files).toMatchObject([
      { a: { digest: 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', size: 5 } },
    ])
  })
})

describe('diffConfig', () => {
  const config = (run: Record<string, unknown>, outer: Record<string, unknown> = {}): ImageConfig =>
    ImageConfig.parse({
      architecture: 'amd64',
      os: 'linux',
      config: run,
      rootfs: { type: 'layers', diff_ids: [] },
      ...outer,
    })

  test('tells variables, labels and ports one by one, and lists as a whole', () => {
    const a = config({ Env: ['PATH=/bin', 'A=1'], Cmd: ['sh'], Labels: { v: '1' }, ExposedPorts: { '80/tcp': {} } })
    const b = config({ Env: ['A=2=3', 'PATH=/bin', 'B='], Cmd: ['sh', '-l'], Labels: { v: '1', w: '' } })
    expect(diffConfig(a, b)).toEqual([
      { field: 'Cmd', a: ['sh'], b: ['sh', '-l'] },
      { field: 'Env', key: 'A', a: '1', b: '2=3' },
      { field: 'Env', key: 'B', b: '' },
      { field: 'ExposedPorts', key: '80/tcp', a: {} },
      { field: 'Labels', key: 'w', b: '' },
    ])
  })

  test('does not tell null, empty and absent apart', () => {
    expect(diffConfig(config({ Cmd: null, User: '', Labels: {} }), config({ Volumes: null, Tty: false }))).toEqual([])
  })

  test('tells another platform and fields that it does not know', () => {
    const a = config({ ArgsEscaped: true })
    expect(diffConfig(a, config({}, { architecture: 'arm64', variant: 'v8' }))).toEqual([
      { field: 'architecture', a: 'amd64', b: 'arm64' },
      { field: 'variant', b: 'v8' },
      { field: 'ArgsEscaped', a: true },
    ])
  })
})
