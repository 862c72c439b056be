// Helpers stand beside the tests they are for.
/* oxlint-disable unicorn/consistent-function-scoping */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { lgetxattr } from '@mini-docker/syscall'
import { beforeEach, describe, expect, test } from 'vitest'
import { digestOf, hexOf, type ChainID } from '../../src/digest.ts'
import { flattenLayers } from '../../src/flatten.ts'
import { loadArchive } from '../../src/media/load.ts'
import { ImageStore } from '../../src/store/store.ts'
import { tarHeader, writeTar } from '../../src/tar/index.ts'
import { ended, startImage } from '../support/child.ts'
import { run } from '../support/requires.ts'
import * as make from '../support/archives.ts'

const parent = make.temporaryDirectory()
let count = 0
let root: string
let store: ImageStore

beforeEach(async () => {
  root = join(parent, `store${count++}`)
  store = await ImageStore.open(root)
})

async function load(image: make.TestImage, name: string, unpack: boolean) {
  const [loaded] = await loadArchive(store, make.stream(await make.tar(make.ociFiles(image, name))), { unpack })
  return loaded!.image
}

const diff = (chainID: ChainID): string => join(root, 'layers', hexOf(chainID), 'diff')

describe('unpack', () => {
  test('gives a tree for each layer, named by its chain, with a short link and whiteouts of overlayfs', async () => {
    const base = await make.tar({ 'etc/': '', 'etc/a': 'a', 'etc/b': 'b', 'old/': '', 'old/x': 'x' })
    const top = await make.tar({ 'etc/': '', 'etc/.wh.a': '', 'old/': '', 'old/.wh..wh..opq': '', 'old/y': 'y' })
    const image = await load(make.image([base, top]), 'app:1', false)
    const chains = await store.unpack(image)
    expect(chains).toEqual(image.layers.map(({ chainID }) => chainID))
    const [lower, upper] = chains as [ChainID, ChainID]
    expect(readFileSync(join(diff(lower), 'etc/a'), 'utf8')).toBe('a')
    expect(lstatSync(join(diff(upper), 'etc/a'))).toMatchObject({ rdev: 0 })
    expect(lstatSync(join(diff(upper), 'etc/a')).isCharacterDevice()).toBe(true)
    expect(Buffer.from(lgetxattr(join(diff(upper), 'old'), 'trusted.overlay.opaque') ?? []).toString()).toBe('y')
    expect(store.shortLink(upper)).toBe(`l/${hexOf(upper).slice(0, 16)}`)
    expect(readlinkSync(join(store.layersDir, store.shortLink(upper)))).toBe(`../${hexOf(upper)}/diff`)
    expect(statSync(store.layersDir).mode & 0o777).toBe(0o700)
    expect(await store.verify()).toEqual([])
  })

  test('of images that share layers unpacks those once', async () => {
    const base = await make.tar({ a: 'x'.repeat(1000) })
    const one = await load(make.image([base, await make.tar({ b: 'b' })]), 'one:1', true)
    const before = statSync(diff(one.layers[0]!.chainID)).ino
    const two = await load(make.image([base, await make.tar({ c: 'c' })], 'zstd'), 'two:1', true)
    expect(two.layers[0]!.chainID).toBe(one.layers[0]!.chainID)
    expect(statSync(diff(one.layers[0]!.chainID)).ino).toBe(before)
    expect(readdirSync(join(root, 'layers'))).toHaveLength(4)
  })

  test('twenty times at once, and from three processes, gives each tree once', async () => {
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`d${i}/f`, 'x'.repeat(1000)]))
    const image = await load(make.image([await make.tar(files), await make.tar({ b: 'b' })]), 'app:1', false)
    const other = await ImageStore.open(root)
    const targets = [0, 1, 2].map((i) => join(parent, `out${count}-${i}`))
    const children = targets.map((target) => startImage('--root', root, 'unpack', 'app:1', target))
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).unpack(image)))
    for (const child of children) expect(await ended(child)).toBe(0)
    expect(readdirSync(join(root, 'layers'))).toHaveLength(3)
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
    for (const target of targets) expect(readdirSync(target)).toHaveLength(201)
    expect(await store.verify()).toEqual([])
  })

  test('of a layer that is not its diffID leaves no tree, and says both', async () => {
    const good = await make.tar({ a: 'a' })
    const bad = make.image([good], 'gzip', { rootfs: { type: 'layers', diff_ids: [digestOf('other')] } })
    await expect(load(bad, 'x:1', true)).rejects.toThrow(`the image's config says ${digestOf('other')}`)
    expect(readdirSync(join(root, 'layers'))).toEqual(['l'])
    expect(readdirSync(join(root, 'blobs/sha256'))).toEqual([])
  })

  test('of a blob that was damaged on the disk afterwards fails, and works once the blob is mended', async () => {
    const image = await load(make.image([await make.tar({ a: 'x'.repeat(5000) })], 'plain'), 'x:1', false)
    const path = join(root, 'blobs/sha256', hexOf(image.layers[0]!.digest))
    const bytes = readFileSync(path)
    const changed = Buffer.from(bytes)
    changed[600]! ^= 1
    writeFileSync(path, changed)
    await expect(store.unpack(image)).rejects.toThrow('unpacks to')
    writeFileSync(path, bytes)
    expect(await store.unpack(image)).toHaveLength(1)
  })

  test('of a directory that a layer only uses keeps owner and mode from below', async () => {
    const base = await make.collect(
      writeTar([tarHeader({ type: 'directory', path: 'tmp', mode: 0o1777, uid: 5, gid: 6 })]),
    )
    const image = await load(make.image([base, await make.tar({ 'tmp/x': 'x' })]), 'x:1', true)
    expect(statSync(join(diff(image.layers[1]!.chainID), 'tmp'))).toMatchObject({ mode: 0o41777, uid: 5, gid: 6 })
  })

  test('of an image without layers gives none', async () => {
    expect(await store.unpack(await load(make.image([]), 'none:1', true))).toEqual([])
  })

  test.each([
    ['a hard link to nothing', { x: { hardlink: 'nope' } }],
    ['a file through a file', { a: 'a', 'a/b': 'b' }],
    ['a path that leads out', { '../../../../tmp/mini-image-evil': 'x' }],
  ] as [string, make.Files][])('refuses %s and leaves nothing', async (_, files) => {
    await expect(load(make.image([await make.tar(files)]), 'evil:1', true)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid' }),
    )
    expect(readdirSync(join(root, 'layers'))).toEqual(['l'])
    expect(store.list()).toEqual([])
    expect(existsSync('/tmp/mini-image-evil')).toBe(false)
  })

  test('through a symlink of the same layer stays inside', async () => {
    const outside = join(parent, 'outside')
    mkdirSync(outside, { recursive: true })
    const files: make.Files = { link: { symlink: outside }, 'link/x': 'x' }
    await load(make.image([await make.tar(files)]), 'evil:1', true).catch(() => {})
    expect(readdirSync(outside)).toEqual([])
  })
})

describe('remove', () => {
  test('takes trees and links away, names of any bytes and depths beyond PATH_MAX included', async () => {
    const deep = `${'d'.repeat(200)}/`.repeat(20)
    const odd = tarHeader({ type: 'directory', path: 'a\udcffb' })
    const files = await make.collect(writeTar([odd, tarHeader({ type: 'directory', path: `${deep}x` })]))
    const { layers } = await load(make.image([files]), 'deep:1', true)
    const names = readdirSync(diff(layers[0]!.chainID), { encoding: 'latin1' as BufferEncoding })
    expect(names).toContain('a\xffb')
    expect(run('find', diff(layers[0]!.chainID), '-depth', '-maxdepth', '30', '-name', 'x', '-printf', '%d')).toBe('21')
    await store.remove('deep:1')
    expect(readdirSync(join(root, 'layers'))).toEqual(['l'])
    expect(readdirSync(join(root, 'layers/l'))).toEqual([])
    expect(readdirSync(join(root, 'tmp'))).toEqual([])
  })
})

describe('flattenLayers', () => {
  test('merges as an overlay mount would', async () => {
    const base = await make.tar({
      'keep/': '',
      'keep/a': 'a',
      'gone/': '',
      'gone/x': 'x',
      'opaque/': '',
      'opaque/old': 'old',
      file: 'file',
      link: { symlink: 'keep' },
      one: 'linked',
      two: { hardlink: 'one' },
      'dir/': '',
      'dir/x': 'x',
    })
    const top = await make.tar({
      '.wh.gone': '',
      'opaque/': '',
      'opaque/.wh..wh..opq': '',
      'opaque/new': 'new',
      'link/': '',
      'link/in': 'in',
      'file/': '',
      'file/in': 'in',
      dir: 'now a file',
      'keep/b': 'b',
    })
    const image = await load(make.image([base, top]), 'x:1', true)
    const trees = image.layers.map(({ chainID }) => diff(chainID))
    const target = join(parent, `flat${count}`)
    flattenLayers(trees, target)

    const mounted = join(parent, `mounted${count}`)
    mkdirSync(mounted)
    const lower = trees.toReversed().join(':')
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `ro,lowerdir=${lower}`, mounted])
    try {
      const list = (directory: string) =>
        run('sh', '-c', `cd ${directory} && find . -mindepth 1 -printf '%P %y %m %U %G %l %n\\n' | sort`)
      // An overlay's directories count no links.
      const files = (text: string) => text.replaceAll(/^(\S+ d .*) \d+$/gm, '$1')
      expect(files(list(target))).toBe(files(list(mounted)))
      expect(run('diff', '-r', '--no-dereference', target, mounted)).toBe('')
    } finally {
      execFileSync('umount', [mounted])
    }
    expect(statSync(join(target, 'one')).ino).toBe(statSync(join(target, 'two')).ino)
    expect(() => flattenLayers(trees, target)).toThrow('is not empty')
  })
})

describe('a full disk', () => {
  test('fails with a clear error, and leaves a store that verifies', async () => {
    const mounted = join(parent, 'small')
    mkdirSync(mounted)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', mounted])
    try {
      const small = await ImageStore.open(join(mounted, 'store'))
      const loading = async (bytes: number, unpack: boolean) => {
        const image = make.image([await make.tar({ big: Buffer.alloc(bytes, 'x') })], unpack ? 'gzip' : 'plain')
        return await loadArchive(small, make.stream(await make.tar(make.ociFiles(image, 'big:1'))), { unpack })
      }
      await loading(1_000_000, false)
      for (const unpack of [false, true]) {
        await expect(loading(8_000_000, unpack)).rejects.toThrow(
          expect.objectContaining({
            code: expect.stringMatching(/unavailable|invalid/),
            message: expect.stringMatching(/no space|disk/),
          }),
        )
        expect(await small.verify()).toEqual([])
        expect(readdirSync(join(mounted, 'store/tmp'))).toEqual([])
      }
      expect(small.list().map(({ names }) => names)).toEqual([['big:1']])
      rmSync(join(mounted, 'store'), { recursive: true })
    } finally {
      execFileSync('umount', [mounted])
    }
  })
})
