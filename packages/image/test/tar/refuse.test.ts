/** What the reader refuses, and with which words. */
import { describe, expect, test } from 'vitest'
import { tarHeader, writeTar, type TarSource } from '../../src/tar/index.ts'
import { collect, readAll } from './archive.ts'

const file: TarSource = { ...tarHeader({ type: 'file', path: 'name', size: 3 }), data: [Buffer.from('abc')] }

describe('readTar refuses', () => {
  test('a wrong checksum', async () => {
    const archive = await collect(writeTar([file, { ...file, path: 'second' }]))
    archive[1024] = 0x58
    await expect(readAll(archive)).rejects.toThrow(
      /^tar archive at byte 1024: the header's checksum is \d+, its bytes give \d+$/,
    )
  })

  test('text that is no archive', async () => {
    await expect(readAll(Buffer.alloc(2000, 'hello '))).rejects.toThrow(/byte 0: the checksum "o hello " is no octal/)
  })

  test('an unknown type', async () => {
    await expect(readAll(await patched((block) => block.write('M', 156)))).rejects.toThrow(
      'tar archive at byte 0: "name" is of type "M", which is not known',
    )
  })

  test('a size that is negative, or past 2^53', async () => {
    await expect(readAll(await patched((block) => block.fill(0xff, 124, 136)))).rejects.toThrow(
      'the size of "name" is negative: -1',
    )
    const huge = await patched((block) => void block.fill(0x7f, 124, 136).writeUInt8(0x80, 124))
    await expect(readAll(huge)).rejects.toThrow('the size is too large')
  })

  test('an extended header of 2 MiB, before reading it', async () => {
    const huge = await patched((block) => block.write('x', 156) + block.write('00010000000', 124))
    await expect(readAll(huge.subarray(0, 512))).rejects.toThrow(
      'an extended header of 2097152 bytes; the limit is 1048576',
    )
  })

  test.each([
    ['99 path=x\n', 'malformed pax record "99 path=x'],
    ['path=x\n', 'malformed pax record'],
    ['10 path x\n', 'malformed pax record'],
    ['11 path=x\0\n', 'the pax path holds a NUL byte'],
    ['12 size=-5e\n', 'the pax size "-5e" is no number that can be used'],
    ['13 mtime=now\n', 'the pax mtime "now" is no time'],
    ['22 GNU.sparse.major=2\n', 'the sparse format 2.0 is not known'],
    ['24 GNU.sparse.map=1,two\n', 'the sparse map is no list of numbers'],
    ['22 GNU.sparse.map=0,9\n22 GNU.sparse.size=20\n', 'the sparse map has 9 bytes of data, the archive 3'],
    ['22 GNU.sparse.map=9,3\n21 GNU.sparse.size=5\n', 'the sparse piece 9+3 overlaps another or passes the file'],
  ])('the pax records %j', async (records, message) => {
    await expect(readAll(await withPax(records))).rejects.toThrow(message)
  })

  test('an extended header without a file', async () => {
    const archive = await withPax('11 path=xx\n')
    const cut = Buffer.concat([archive.subarray(0, 1024), Buffer.alloc(1024)])
    await expect(readAll(cut)).rejects.toThrow('an extended header without a file')
  })

  test('an entry behind a lone zero block, which some readers see and others not', async () => {
    const archive = await collect(writeTar([file]))
    await expect(readAll(Buffer.concat([Buffer.alloc(512), archive]))).rejects.toThrow(
      'an entry follows a lone zero block',
    )
  })

  test('a link to nothing and an entry without a name', async () => {
    await expect(readAll(await patched((block) => block.write('2', 156)))).rejects.toThrow(
      'the symlink "name" has no target',
    )
    await expect(readAll(await patched((block) => block.fill(0, 0, 100)))).rejects.toThrow('an entry without a name')
  })
})

describe('readTar takes', () => {
  test('nothing at all, as an archive without entries', async () => {
    expect(await readAll(Buffer.alloc(0))).toEqual([])
  })

  test('what follows the end of the archive, without looking at it', async () => {
    const archive = await collect(writeTar([file]))
    expect(await readAll(Buffer.concat([archive, Buffer.alloc(5000, 1)]))).toHaveLength(1)
  })

  test('a file whose name ends in a slash as a directory, as before POSIX', async () => {
    const [entry] = await readAll(await patched((block) => block.write('name/', 0)))
    expect(entry).toMatchObject({ type: 'directory', path: 'name', size: 0 })
  })

  test('a global pax value, until an empty one takes it back', async () => {
    const global = await withPax('14 uname=foot\n', 'g')
    const back = await withPax('9 uname=\n')
    const entries = await readAll(Buffer.concat([global.subarray(0, -1024), back]))
    expect(entries.map(({ uname }) => uname)).toEqual(['foot', ''])
  })
})

/** The archive of one file, its header changed by `edit` and the checksum set right. */
async function patched(edit: (block: Buffer) => unknown): Promise<Buffer> {
  const archive = await collect(writeTar([file]))
  const block = archive.subarray(0, 512)
  edit(block)
  seal(block)
  return archive
}

function seal(block: Buffer): void {
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}

/** The archive of one file with these records before it. */
async function withPax(records: string, flag = 'x'): Promise<Buffer> {
  const side = { ...tarHeader({ type: 'file', path: 'pax', size: records.length }), data: [Buffer.from(records)] }
  const archive = await collect(writeTar([side, file]))
  archive.write(flag, 156)
  seal(archive.subarray(0, 512))
  return archive
}
