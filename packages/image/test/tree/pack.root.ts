import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lsetxattr, makedev, mknodat, AT_FDCWD, S_IFCHR } from '@mini-docker/syscall'
import { applyLayer, packTree, type PackOptions } from '../../src/tree/index.ts'
import { chunked, collect, readAll } from '../tar/archive.ts'
import { directory, file, hardlink, node, scratch, symlink, unpack } from './tree.ts'

const pack = async (dir: string, options?: PackOptions) => collect(packTree(dir, options))
const paths = async (dir: string, options?: PackOptions) =>
  (await readAll(await pack(dir, options))).map(({ path }) => path)

describe('packTree', () => {
  test('gives back what was unpacked, twice the same', async () => {
    const { root } = await unpack([
      directory('d', { mode: 0o2755, uid: 3, mtimeNs: 5_000_000_000n }),
      file('d/b', 'content', { mode: 0o4711, gid: 9, xattrs: new Map([['user.a', Buffer.from('1')]]) }),
      hardlink('d/a', 'd/b'),
      symlink('d/s', 'nowhere', { uid: 1 }),
      symlink('e/t', '../d/s'),
      hardlink('e/z', 'e/t'),
      node('char', 'zero', { major: 1, minor: 5, mode: 0o666 }),
      node('fifo', 'pipe', { mode: 0o600 }),
      file('caf\udce9', 'latin1'),
    ])
    const archive = await pack(root)
    expect(await pack(root)).toEqual(archive)
    const entries = await readAll(archive)
    expect(entries.map(({ path, type, linkname }) => [path, type, linkname])).toEqual([
      ['caf\udce9', 'file', ''],
      ['d', 'directory', ''],
      ['d/a', 'file', ''],
      ['d/b', 'hardlink', 'd/a'],
      ['d/s', 'symlink', 'nowhere'],
      ['e', 'directory', ''],
      ['e/t', 'symlink', '../d/s'],
      ['e/z', 'hardlink', 'e/t'],
      ['pipe', 'fifo', ''],
      ['zero', 'char', ''],
    ])
    const byPath = new Map(entries.map((entry) => [entry.path, entry]))
    expect(byPath.get('d')).toMatchObject({ mode: 0o2755, uid: 3, mtimeNs: 5_000_000_000n })
    expect(byPath.get('d/a')).toMatchObject({ mode: 0o4711, gid: 9, content: Buffer.from('content') })
    expect(byPath.get('d/a')?.xattrs).toEqual(new Map([['user.a', Buffer.from('1')]]))
    expect(byPath.get('zero')).toMatchObject({ major: 1, minor: 5, mode: 0o666 })
    const again = scratch()
    await applyLayer(chunked(archive), again)
    expect(await pack(again)).toEqual(archive)
  })

  test('is what GNU tar unpacks to the same tree', async () => {
    const { root } = await unpack([
      directory('x'),
      file('x/f', 'one', { uid: 5 }),
      hardlink('x/g', 'x/f'),
      symlink('l', 'x/f'),
    ])
    const out = scratch()
    const { status, stderr } = spawnSync('tar', ['-x', '-p', '-f', '-', '-C', out], { input: await pack(root) })
    expect([status, stderr.toString()]).toEqual([0, ''])
    expect(await pack(out)).toEqual(await pack(root))
  })

  test('times are whole seconds unless asked for', async () => {
    const { root } = await unpack([file('f', '', { mtimeNs: 1_999_999_999n })])
    const mtime = async (options?: PackOptions) => (await readAll(await pack(root, options)))[0]?.mtimeNs
    expect(await mtime()).toBe(1_000_000_000n)
    expect(await mtime({ subSecondTimes: true })).toBe(1_999_999_999n)
  })

  test('the root itself only when asked for, sockets never', async () => {
    const { root } = await unpack([file('f')])
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve))
    try {
      expect(await paths(root)).toEqual(['f'])
      expect(await paths(root, { root: true })).toEqual(['.', 'f'])
    } finally {
      server.close()
    }
  })

  test('holes are kept when asked for', async () => {
    const dir = scratch()
    const fd = fs.openSync(join(dir, 'holes'), 'w')
    fs.writeSync(fd, 'data', 1 << 20)
    fs.ftruncateSync(fd, 8 << 20)
    fs.closeSync(fd)
    fs.writeFileSync(join(dir, 'full'), 'x'.repeat(10_000))
    fs.truncateSync(join(dir, 'full'), 10_000)
    expect((await pack(dir)).length).toBeGreaterThan(8 << 20)
    const archive = await pack(dir, { sparse: true })
    expect(archive.length).toBeLessThan(100_000)
    const [full, holes] = await readAll(archive)
    expect(full?.sparse).toBeUndefined()
    expect(holes?.content.equals(fs.readFileSync(join(dir, 'holes')))).toBe(true)
  })
})

describe('packTree of an overlay upper', () => {
  test('whiteouts, opaque directories and the overlay’s own attributes become what an archive says', async () => {
    const lower = await unpack([file('gone', '1'), file('dir/old', '1'), file('dir/sub/x'), file('changed', '1')])
    const work = scratch()
    for (const name of ['upper', 'work', 'merged']) fs.mkdirSync(join(work, name))
    const script = `mount -t overlay overlay -o lowerdir=${lower.root},upperdir=upper,workdir=work merged && cd merged &&
      rm gone && rm -r dir && mkdir dir && echo 2 > dir/new && echo 3 > added && echo 4 >> changed`
    const { stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { cwd: work, encoding: 'utf8' })
    expect(stderr).toBe('')
    const archive = await pack(join(work, 'upper'), { whiteouts: 'overlay' })
    const entries = await readAll(archive)
    expect(entries.map(({ path }) => path)).toEqual([
      'added',
      'changed',
      'dir',
      'dir/.wh..wh..opq',
      'dir/new',
      '.wh.gone',
    ])
    expect(entries.every(({ xattrs }) => xattrs.size === 0)).toBe(true)
    const again = scratch()
    await applyLayer(chunked(archive), again)
    expect(await pack(again, { whiteouts: 'overlay' })).toEqual(archive)
  })

  test.each([
    ['a redirect', 'trusted.overlay.redirect', '/else'],
    ['a metadata-only copy', 'trusted.overlay.metacopy', ''],
  ])('%s is refused, since a layer has no words for it', async (_what, attribute, value) => {
    const { root, at } = await unpack([directory('d'), file('d/f')])
    lsetxattr(at('d/f'), attribute, Buffer.from(value))
    await expect(pack(root, { whiteouts: 'overlay' })).rejects.toThrow(`"d/f" has the attribute ${attribute}`)
  })

  test('a file called like a whiteout is refused', async () => {
    const dir = scratch()
    fs.writeFileSync(join(dir, '.wh.f'), '')
    await expect(pack(dir, { whiteouts: 'overlay' })).rejects.toThrow('".wh.f" cannot be in a layer')
    expect(await paths(dir)).toEqual(['.wh.f'])
  })

  test('a character device 0/0 of a plain tree stays one', async () => {
    const dir = scratch()
    mknodat(AT_FDCWD, join(dir, 'c'), S_IFCHR | 0o600, makedev(0, 0))
    expect(await readAll(await pack(dir))).toMatchObject([{ path: 'c', type: 'char', mode: 0o600 }])
  })
})
