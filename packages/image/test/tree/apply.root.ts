import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lgetxattr, llistxattr, major, minor } from '@mini-docker/syscall'
import { tarHeader } from '../../src/tar/index.ts'
import { inheritDirectories } from '../../src/tree/index.ts'
import { directory, file, hardlink, node, scratch, symlink, unpack } from './tree.ts'

const OPAQUE = 'trusted.overlay.opaque'
/** cap_net_raw+ep, as `setcap` writes it: struct vfs_cap_data, revision 2. */
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex')

describe('applyLayer', () => {
  test('files come out with content, owner, mode, times and attributes', async () => {
    const mtimeNs = 1_234_567_890_123_456_789n
    const xattrs = new Map([
      ['security.capability', CAPABILITY],
      ['user.note', Buffer.from('hello')],
    ])
    const { at, ...applied } = await unpack([
      directory('d', { mode: 0o2751, uid: 7, gid: 8, mtimeNs }),
      file('d/f', 'content', { mode: 0o4755, uid: 1000, gid: 1001, mtimeNs, atimeNs: 5n, xattrs }),
      symlink('d/s', '/outside', { uid: 3, gid: 4, mtimeNs }),
      node('fifo', 'd/p', { mode: 0o622 }),
      node('char', 'd/null', { major: 1, minor: 3, mode: 0o666, uid: 1 }),
      node('block', 'd/disk', { major: 259, minor: 70_000 }),
      hardlink('d/h', 'd/f'),
    ])
    const found = fs.statSync(at('d/f'), { bigint: true })
    expect(found).toMatchObject({ mode: 0o104755n, uid: 1000n, gid: 1001n, mtimeNs, atimeNs: 5n, nlink: 2n, size: 7n })
    expect(lgetxattr(at('d/f'), 'security.capability')).toEqual(CAPABILITY)
    expect(lgetxattr(at('d/f'), 'user.note')?.toString()).toBe('hello')
    expect(fs.readFileSync(at('d/h'), 'utf8')).toBe('content')
    expect(fs.statSync(at('d'), { bigint: true })).toMatchObject({ mode: 0o042751n, uid: 7n, gid: 8n, mtimeNs })
    expect(fs.lstatSync(at('d/s'), { bigint: true })).toMatchObject({ uid: 3n, gid: 4n, mtimeNs })
    expect(fs.readlinkSync(at('d/s'))).toBe('/outside')
    expect(fs.statSync(at('d/p')).mode).toBe(0o010622)
    const device = fs.statSync(at('d/null'))
    expect([
      device.isCharacterDevice(),
      device.mode & 0o7777,
      major(device.rdev),
      minor(device.rdev),
      device.uid,
    ]).toEqual([true, 0o666, 1, 3, 1])
    const disk = fs.statSync(at('d/disk'))
    expect([disk.isBlockDevice(), major(disk.rdev), minor(disk.rdev)]).toEqual([true, 259, 70_000])
    expect(applied).toMatchObject({ files: 7, bytes: 7, warnings: [] })
  })

  test('the umask changes nothing', async () => {
    const before = process.umask(0o077)
    try {
      const { at } = await unpack([
        directory('d', { mode: 0o777 }),
        file('d/f', '', { mode: 0o666 }),
        file('implied/f'),
      ])
      expect(fs.statSync(at('d')).mode & 0o7777).toBe(0o777)
      expect(fs.statSync(at('d/f')).mode & 0o7777).toBe(0o666)
      expect(fs.statSync(at('implied')).mode & 0o7777).toBe(0o755)
    } finally {
      process.umask(before)
    }
  })

  test('an entry for the root sets the owner and mode of the directory itself', async () => {
    const { root } = await unpack([directory('./', { mode: 0o711, uid: 9, mtimeNs: 1_000_000_000n }), file('./x')])
    expect(fs.statSync(root)).toMatchObject({ mode: 0o040711, uid: 9, mtimeMs: 1000 })
  })

  test('names that are no UTF-8 keep their bytes', async () => {
    const { root } = await unpack([file('caf\udce9/f\udcff', 'x'), file('caf\udce9/f\udcff', 'y')])
    const path = Buffer.concat([Buffer.from(`${root}/caf`), Buffer.of(0xe9), Buffer.from('/f'), Buffer.of(0xff)])
    expect(fs.readFileSync(path, 'utf8')).toBe('y')
  })

  test('holes stay holes, and blocks of zeros become some', async () => {
    const size = 4 << 20
    const data = Buffer.from('data')
    const { at } = await unpack([
      { ...tarHeader({ type: 'file', path: 'sparse', size, sparse: [{ offset: 1 << 20, length: 4 }] }), data: [data] },
      file('zeros', Buffer.alloc(size)),
      file('mixed', Buffer.concat([Buffer.from('head'), Buffer.alloc(size), Buffer.from('tail')])),
    ])
    const sparse = fs.readFileSync(at('sparse'))
    expect([sparse.length, sparse.indexOf('data'), sparse.lastIndexOf('data')]).toEqual([size, 1 << 20, 1 << 20])
    expect(fs.readFileSync(at('zeros')).equals(Buffer.alloc(size))).toBe(true)
    const mixed = fs.readFileSync(at('mixed'))
    expect([mixed.length, mixed.subarray(0, 4).toString(), mixed.subarray(-4).toString()]).toEqual([
      size + 8,
      'head',
      'tail',
    ])
    expect(mixed.subarray(4, -4).equals(Buffer.alloc(size))).toBe(true)
    for (const name of ['sparse', 'zeros', 'mixed']) expect(fs.statSync(at(name)).blocks * 512).toBeLessThan(300_000)
  })

  test('an attribute that cannot be set on a link is a warning, those of the overlay are never taken', async () => {
    const { at, warnings } = await unpack([
      symlink('s', 't', { xattrs: new Map([['user.x', Buffer.from('1')]]) }),
      directory('d', {
        xattrs: new Map([
          [OPAQUE, Buffer.from('y')],
          ['trusted.overlay.redirect', Buffer.from('/etc')],
        ]),
      }),
    ])
    expect(warnings).toEqual(['"s": attribute user.x is left out (EPERM)'])
    expect(llistxattr(at('d'))).toEqual([])
  })
})

describe('applyLayer, where something stands already,', () => {
  test('lets the later entry win, whatever the types', async () => {
    const { at } = await unpack([
      file('f', 'old'),
      hardlink('g', 'f'),
      file('f', 'new'),
      directory('d'),
      file('d/deep/er', 'x'),
      file('d', 'now a file'),
      file('e', 'a file'),
      directory('e'),
      file('e/x', 'inside'),
      symlink('l', 'f'),
      file('l', 'not through the link'),
      symlink('m', 'e'),
      directory('m', { mode: 0o700 }),
    ])
    expect(fs.readFileSync(at('f'), 'utf8')).toBe('new')
    expect(fs.readFileSync(at('g'), 'utf8')).toBe('old')
    expect(fs.readFileSync(at('d'), 'utf8')).toBe('now a file')
    expect(fs.readFileSync(at('e/x'), 'utf8')).toBe('inside')
    expect(fs.lstatSync(at('l')).isFile()).toBe(true)
    expect([fs.lstatSync(at('m')).mode, fs.readdirSync(at('m'))]).toEqual([0o040700, []])
  })

  test('merges directories, the later metadata counts', async () => {
    const { at } = await unpack([directory('d', { mode: 0o700 }), file('d/x'), directory('d', { mode: 0o755, uid: 5 })])
    expect(fs.readdirSync(at('d'))).toEqual(['x'])
    expect(fs.statSync(at('d'))).toMatchObject({ mode: 0o040755, uid: 5 })
  })

  test('removes a tree that is deeper than the kernel takes in one path', async () => {
    const half = 'd/'.repeat(1000)
    const { at } = await unpack([
      directory('r'),
      directory(`r/${half}`),
      symlink('s', `r/${half}`.slice(0, -1)),
      directory(`s/${half}`),
      symlink('t', `s/${half}`.slice(0, -1)),
      file(`t/${half}x`, 'deep'),
      file('r', 'gone'),
    ])
    expect(fs.readFileSync(at('r'), 'utf8')).toBe('gone')
  })

  test('takes a hard link to itself, as GNU tar writes for a file given twice', async () => {
    const { at } = await unpack([file('f', 'x'), hardlink('f', 'f')])
    expect(fs.readFileSync(at('f'), 'utf8')).toBe('x')
  })
})

describe('whiteouts', () => {
  test('.wh.NAME becomes a character device 0/0, .wh..wh..opq an attribute', async () => {
    const { at } = await unpack([
      file('.wh.gone'),
      file('d/.wh.gone'),
      directory('o'),
      file('o/.wh..wh..opq'),
      file('o/new'),
    ])
    expect(isWhiteout(at('gone'))).toBe(true)
    expect(isWhiteout(at('d/gone'))).toBe(true)
    expect(opaque(at('o'))).toBe('y')
    expect(fs.readdirSync(at('o'))).toEqual(['new'])
  })

  test.each([
    ['before', ['.wh.x', 'x']],
    ['after', ['x', '.wh.x']],
  ])('%s a file of the same layer leave the file', async (_when, names) => {
    const { at } = await unpack(names.map((name) => file(name, name === 'x' ? 'kept' : '')))
    expect(fs.readFileSync(at('x'), 'utf8')).toBe('kept')
    expect(fs.readdirSync(at('.'))).toEqual(['x'])
  })

  test.each([
    ['before', [file('.wh.d'), directory('d'), file('d/x')]],
    ['before, without an entry for the directory,', [file('.wh.d'), file('d/x')]],
    ['after', [directory('d'), file('d/x'), file('.wh.d')]],
  ])('%s a directory of the same layer hide only what is below', async (_when, entries) => {
    const { at } = await unpack(entries)
    expect(fs.readdirSync(at('d'))).toEqual(['x'])
    expect(opaque(at('d'))).toBe('y')
  })

  test("AUFS's bookkeeping is passed over", async () => {
    const { at } = await unpack([
      directory('.wh..wh.plnk'),
      file('.wh..wh.plnk/1.2', 'x'),
      file('.wh..wh.aufs'),
      file('f'),
    ])
    expect(fs.readdirSync(at('.'))).toEqual(['f'])
  })

  test('the kernel sees the merged tree as the archive meant it', async () => {
    const lower = await unpack([file('keep', '1'), file('gone', '1'), file('dir/old', '1'), file('also/old', '1')])
    const upper = await unpack([
      file('.wh.gone'),
      directory('dir'),
      file('dir/.wh..wh..opq'),
      file('dir/new', '2'),
      file('also/new'),
    ])
    const dir = scratch()
    const merged = spawnSync(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        `mount -t overlay overlay -o lowerdir=${upper.root}:${lower.root} ${dir} && cd ${dir} && find . -type f | sort`,
      ],
      { encoding: 'utf8' },
    )
    expect(merged.stderr).toBe('')
    expect(merged.stdout.trim().split('\n')).toEqual(['./also/new', './also/old', './dir/new', './keep'])
  })
})

test('a directory that is only implied is made like the one below', async () => {
  const bottom = await unpack([directory('tmp', { mode: 0o1777, uid: 12, gid: 13 }), directory('a/b', { mode: 0o500 })])
  const middle = await unpack([file('other')])
  const { at, root, implied } = await unpack([
    file('tmp/x'),
    file('a/b/x'),
    file('new/x'),
    file('own/x'),
    directory('own'),
  ])
  expect(implied).toEqual(['tmp', 'a', 'a/b', 'new'])
  inheritDirectories(root, implied, [middle.root, bottom.root])
  expect(fs.statSync(at('tmp'))).toMatchObject({ mode: 0o041777, uid: 12, gid: 13 })
  expect(fs.statSync(at('a/b')).mode).toBe(0o040500)
  expect(fs.statSync(at('new')).mode).toBe(0o040755)
  expect(join(at('new'), 'x')).toBe(at('new/x'))
})

function isWhiteout(path: string): boolean {
  const stat = fs.lstatSync(path)
  return stat.isCharacterDevice() && stat.rdev === 0
}

function opaque(path: string): string | undefined {
  return lgetxattr(path, OPAQUE)?.toString()
}
