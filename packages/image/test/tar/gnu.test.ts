/** GNU tar as the oracle: it reads what we write, and we read what it writes, in all its formats. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lgetxattr, lsetxattr } from '@mini-docker/syscall'
import { tarHeader, writeTar, type TarSource } from '../../src/tar/index.ts'
import { collect, readAll } from './archive.ts'

const gnuTar = spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU tar') ?? false
if (!gnuTar) console.warn('skipped: GNU tar is not installed')

const LONG = `${'deep/'.repeat(30)}${'n'.repeat(120)}`
const TIME = new Date('2024-02-03T04:05:06Z')
let dir = ''

beforeAll(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'mini-docker-tar-'))
  const tree = join(dir, 'tree')
  fs.mkdirSync(join(tree, 'deep/'.repeat(30)), { recursive: true })
  fs.writeFileSync(join(tree, 'plain'), 'hello\n', { mode: 0o640 })
  fs.writeFileSync(join(tree, LONG), 'long name')
  fs.writeFileSync(join(tree, 'grüße'), 'utf8')
  fs.writeFileSync(Buffer.concat([Buffer.from(join(tree, 'caf')), Buffer.of(0xe9)]), 'latin1')
  fs.linkSync(join(tree, 'plain'), join(tree, 'second'))
  fs.linkSync(join(tree, LONG), join(tree, 'a-link-to-the-long-name'))
  fs.symlinkSync('../elsewhere', join(tree, 'symlink'))
  fs.symlinkSync('t'.repeat(200), join(tree, 'longlink'))
  spawnSync('mkfifo', [join(tree, 'fifo')])
  const sparse = fs.openSync(join(tree, 'sparse'), 'w')
  // More than 4 + 21 pieces, so that the old format needs its extension blocks.
  for (let piece = 0; piece < 40; piece++) fs.writeSync(sparse, Buffer.alloc(4096, piece + 1), 0, 4096, piece * 65_536)
  fs.ftruncateSync(sparse, 40 * 65_536 + 12_345)
  fs.closeSync(sparse)
  for (const name of ['plain', 'sparse', LONG, 'grüße', '.']) fs.utimesSync(join(tree, name), TIME, TIME)
})

afterAll(() => fs.rmSync(dir, { recursive: true, force: true }))

describe.skipIf(!gnuTar)('archives made by GNU tar', () => {
  const variants: [name: string, options: string[]][] = [
    ['gnu', ['--format=gnu']],
    ['oldgnu', ['--format=oldgnu']],
    ['pax', ['--format=pax']],
    ['gnu sparse', ['--format=gnu', '-S']],
    ['oldgnu sparse', ['--format=oldgnu', '-S']],
    ['pax sparse 0.0', ['--format=pax', '-S', '--sparse-version=0.0']],
    ['pax sparse 0.1', ['--format=pax', '-S', '--sparse-version=0.1']],
    ['pax sparse 1.0', ['--format=pax', '-S', '--sparse-version=1.0']],
  ]
  test.each(variants)('%s: names, links, content and holes are those of the tree', async (_name, options) => {
    const entries = await readAll(tar(['-c', '--sort=name', ...options, '-C', join(dir, 'tree'), '.']), 1000)
    const byPath = new Map(entries.map((entry) => [entry.path, entry]))
    expect(byPath.get('./plain')).toMatchObject({
      type: 'file',
      mode: 0o640,
      size: 6,
      mtimeNs: BigInt(TIME.getTime()) * 1_000_000n,
    })
    expect(byPath.get('./plain')?.uid).toBe(process.getuid?.())
    expect(byPath.get('./plain')?.content.toString()).toBe('hello\n')
    expect(byPath.get('./second')).toMatchObject({ type: 'hardlink', linkname: './plain' })
    expect(byPath.get('./a-link-to-the-long-name')?.content.toString()).toBe('long name')
    expect(byPath.get(`./${LONG}`)).toMatchObject({ type: 'hardlink', linkname: './a-link-to-the-long-name' })
    expect(byPath.get('./symlink')).toMatchObject({ type: 'symlink', linkname: '../elsewhere' })
    expect(byPath.get('./longlink')).toMatchObject({ type: 'symlink', linkname: 't'.repeat(200) })
    expect(byPath.get('./fifo')).toMatchObject({ type: 'fifo' })
    expect(byPath.get('./grüße')?.content.toString()).toBe('utf8')
    expect(byPath.get('./caf\udce9')?.content.toString()).toBe('latin1')
    expect(byPath.get('.')).toMatchObject({ type: 'directory' })
    const sparse = byPath.get('./sparse')
    expect(sparse?.content.equals(fs.readFileSync(join(dir, 'tree/sparse')))).toBe(true)
    if (options.includes('-S')) expect(sparse?.sparse).toHaveLength(40)
  })

  test.each(['ustar', 'v7'])('%s, for the files it can express', async (format) => {
    const entries = await readAll(
      tar(['-c', `--format=${format}`, '-C', join(dir, 'tree'), 'plain', 'second', 'symlink']),
    )
    expect(entries.map(({ path, type }) => [path, type])).toEqual([
      ['plain', 'file'],
      ['second', 'hardlink'],
      ['symlink', 'symlink'],
    ])
  })

  test('ustar splits a long name into prefix and name', async () => {
    const path = `${'directory/'.repeat(12)}file`
    fs.mkdirSync(join(dir, 'ustar', 'directory/'.repeat(12)), { recursive: true })
    fs.writeFileSync(join(dir, 'ustar', path), '')
    const [entry] = await readAll(tar(['-c', '--format=ustar', '-C', join(dir, 'ustar'), path]))
    expect(entry?.path).toBe(path)
  })

  test('sub-second times, large numbers and extended attributes of pax', async () => {
    const file = join(dir, 'attributes')
    fs.writeFileSync(file, '')
    lsetxattr(file, 'user.a=b%', Buffer.of(0, 1, 0x0a, 255))
    const options = [
      '--format=pax',
      '--xattrs',
      '--owner=:3000000',
      '--group=:3000001',
      '--mtime=@1700000000.123456789',
    ]
    const [entry] = await readAll(tar(['-c', ...options, '-C', dir, 'attributes']))
    expect(entry).toMatchObject({ uid: 3_000_000, gid: 3_000_001, mtimeNs: 1_700_000_000_123_456_789n })
    expect(entry?.xattrs.get('user.a=b%')).toEqual(Buffer.of(0, 1, 0x0a, 255))
  })

  test('base-256 numbers of the GNU format', async () => {
    const options = ['--format=gnu', '--owner=:3000000', '--group=:3000001', '--mtime=@-5']
    const [entry] = await readAll(tar(['-c', ...options, '-C', join(dir, 'tree'), 'plain']))
    expect(entry).toMatchObject({ uid: 3_000_000, gid: 3_000_001, mtimeNs: -5_000_000_000n })
  })

  test('a volume label is passed over, global pax headers hold for all files', async () => {
    const labelled = await readAll(tar(['-c', '--format=gnu', '-V', 'label', '-C', join(dir, 'tree'), 'plain']))
    expect(labelled.map(({ path }) => path)).toEqual(['plain'])
    const options = ['--format=pax', '--pax-option=uname=somebody,globexthdr.name=g']
    const global = await readAll(tar(['-c', ...options, '-C', join(dir, 'tree'), 'plain', 'symlink']))
    expect(global.map(({ uname }) => uname)).toEqual(['somebody', 'somebody'])
  })
})

describe.skipIf(!gnuTar)('archives read by GNU tar', () => {
  test('names, types, times, attributes and holes come out as written', async () => {
    const content = Buffer.alloc(8192, 5)
    const sources: TarSource[] = [
      { ...tarHeader({ type: 'directory', path: 'd', mode: 0o750, mtimeNs: 1_000_000_000n }) },
      { ...tarHeader({ type: 'file', path: `d/${'x'.repeat(180)}`, size: 2 }), data: [Buffer.from('ab')] },
      {
        ...tarHeader({ type: 'file', path: 'd/caf\udce9', size: 1, mtimeNs: 1_500_000_000n }),
        data: [Buffer.from('c')],
      },
      {
        ...tarHeader({
          type: 'file',
          path: 'grüße',
          mtimeNs: 7_123_456_789n,
          xattrs: new Map([['user.k=', Buffer.from('v\n')]]),
        }),
      },
      tarHeader({ type: 'hardlink', path: 'hard', linkname: 'grüße' }),
      tarHeader({ type: 'symlink', path: 'soft', linkname: 'l'.repeat(300) }),
      tarHeader({ type: 'fifo', path: 'fifo', mode: 0o600 }),
      {
        ...tarHeader({ type: 'file', path: 'sparse', size: 1_000_000, sparse: [{ offset: 131_072, length: 8192 }] }),
        data: [content],
      },
    ]
    const out = join(dir, 'out')
    fs.mkdirSync(out)
    const archive = await collect(writeTar(sources))
    tar(['-x', '-p', '--xattrs', '--xattrs-include=*', '--no-same-owner', '-C', out], archive)
    expect(fs.statSync(join(out, 'd')).mode & 0o7777).toBe(0o750)
    expect(fs.readFileSync(join(out, 'd', 'x'.repeat(180)), 'utf8')).toBe('ab')
    expect(fs.readFileSync(Buffer.from(`${out}/d/caf\xe9`, 'latin1'), 'utf8')).toBe('c')
    expect(fs.statSync(join(out, 'grüße'), { bigint: true }).mtimeNs).toBe(7_123_456_789n)
    expect(lgetxattr(join(out, 'grüße'), 'user.k=')).toEqual(Buffer.from('v\n'))
    expect(fs.statSync(join(out, 'hard')).ino).toBe(fs.statSync(join(out, 'grüße')).ino)
    expect(fs.readlinkSync(join(out, 'soft'))).toBe('l'.repeat(300))
    expect(fs.statSync(join(out, 'fifo')).isFIFO()).toBe(true)
    const expected = Buffer.alloc(1_000_000)
    content.copy(expected, 131_072)
    expect(fs.readFileSync(join(out, 'sparse')).equals(expected)).toBe(true)
    expect(fs.statSync(join(out, 'sparse')).blocks * 512).toBeLessThan(100_000)
  })

  test('large owners, old times and devices are listed as written', async () => {
    const archive = await collect(
      writeTar([
        tarHeader({ type: 'char', path: 'null', major: 1, minor: 3, uid: 4_000_000_000, gid: 5 }),
        tarHeader({ type: 'block', path: 'disk', major: 259, minor: 1_000_000 }),
        tarHeader({ type: 'file', path: 'old', mtimeNs: -86_400_000_000_000n }),
      ]),
    )
    const listing = tar(['-t', '-v', '--numeric-owner', '--utc'], archive).toString()
    expect(listing).toMatch(/^crw-r--r-- 4000000000\/5 +1,3 .* null$/m)
    expect(listing).toMatch(/^brw-r--r-- 0\/0 +259,1000000 .* disk$/m)
    expect(listing).toMatch(/1969-12-31 00:00 old$/m)
  })
})

/** Runs tar with the archive on its standard input or output. Complaints fail the test. */
function tar(args: string[], input?: Buffer): Buffer {
  const { stdout, stderr, status } = spawnSync('tar', [...args, '-f', '-'], { input, maxBuffer: 1 << 30 })
  // GNU tar warns of keywords it does not know and of times in the past of 1970.
  const complaints = stderr
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !/unknown extended header keyword|implausibly old/.test(line))
  expect(complaints).toEqual([])
  expect(status).toBe(0)
  return stdout
}
