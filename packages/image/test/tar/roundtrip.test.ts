import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '@mini-docker/syscall'
import {
  readTar,
  tarHeader,
  TarParser,
  writeTar,
  type Extent,
  type TarHeader,
  type TarSource,
} from '../../src/tar/index.ts'
import { chunked, collect, readAll, withoutStreams } from './archive.ts'

const component = fc.oneof(
  fc.stringMatching(/^[a-z0-9._ -]{1,30}$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).map((text) => text.replaceAll(/[\0/]/g, '_')),
  // Bytes that are no UTF-8.
  fc.constant('caf\udce9'),
)
const path = fc
  .array(component, { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join('/'))
  .filter((text) => text !== '' && text.isWellFormed() === !/[\ud800-\udfff]/u.test(text))
const owner = fc.oneof(fc.nat(70_000), fc.integer({ min: 0, max: 0xfffffffe }))
const nanoseconds = fc.bigInt({ min: -4_000_000_000_000_000_000n, max: 9_000_000_000_000_000_000n })
const wholeSeconds = fc.nat(2_000_000_000).map((seconds) => BigInt(seconds) * 1_000_000_000n)
const xattrs = fc
  .array(fc.tuple(fc.stringMatching(/^user\.[a-z=%]{1,10}$/), fc.uint8Array({ maxLength: 80 })), { maxLength: 3 })
  .map((pairs) => new Map(pairs.map(([key, value]) => [key, Buffer.from(value)])))

/** A file's sparse map: gaps and lengths by turns. */
const sparse = fc
  .tuple(fc.array(fc.tuple(fc.nat(9000), fc.integer({ min: 1, max: 5000 })), { maxLength: 6 }), fc.nat(3000))
  .map(([gaps, end]) => {
    const extents: Extent[] = []
    let at = 0
    for (const [gap, length] of gaps) {
      extents.push({ offset: at + gap, length })
      at += gap + length
    }
    return { extents, size: at + end }
  })

const common = { path, mode: fc.nat(0o7777), uid: owner, gid: owner, uname: fc.stringMatching(/^[a-z]{0,40}$/) }
const times = { mtimeNs: fc.oneof(wholeSeconds, nanoseconds), xattrs }
const source: fc.Arbitrary<TarSource> = fc.oneof(
  fc.record({ ...common, ...times, content: fc.uint8Array({ maxLength: 3000 }) }).map(({ content, ...rest }) => ({
    ...tarHeader({ ...rest, type: 'file', size: content.length }),
    data: [content],
  })),
  fc.record({ ...common, ...times, map: sparse }).map(({ map, ...rest }) => ({
    ...tarHeader({ ...rest, type: 'file', size: map.size, sparse: map.extents }),
    data: map.extents.map(({ length }) => Buffer.alloc(length, 7)),
  })),
  fc.record({ ...common, ...times, atimeNs: nanoseconds }).map((rest) => tarHeader({ ...rest, type: 'directory' })),
  fc
    .record({ ...common, linkname: path, type: fc.constantFrom('symlink' as const, 'hardlink' as const) })
    .map((rest) => tarHeader(rest)),
  fc
    .record({
      ...common,
      type: fc.constantFrom('char' as const, 'block' as const),
      major: fc.nat(0xfff),
      minor: fc.nat(0xfffff),
    })
    .map((rest) => tarHeader(rest)),
  fc.record(common).map((rest) => tarHeader({ ...rest, type: 'fifo' })),
)

describe('writeTar and readTar', () => {
  test('what is written is read back, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(source, { maxLength: 8 }), fc.integer({ min: 1, max: 3000 }), async (sources, size) => {
        const archive = await collect(writeTar(sources))
        expect(archive.length % 512).toBe(0)
        const headers: TarHeader[] = []
        const contents: Buffer[] = []
        for await (const entry of readTar(chunked(archive, size))) {
          contents.push(await collect(entry.data))
          headers.push(withoutStreams(entry))
        }
        expect(headers).toEqual(sources.map(({ data: _data, ...header }) => header))
        expect(contents).toEqual(await Promise.all(sources.map(({ data }) => collect(data ?? []))))
      }),
      { numRuns: 150 },
    )
  })

  test('an archive read and written again is the same, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(source, { maxLength: 6 }), async (sources) => {
        const archive = await collect(writeTar(sources))
        expect(await collect(writeTar(readTar(chunked(archive))))).toEqual(archive)
      }),
      { numRuns: 50 },
    )
  })

  test('holes of a sparse file read as zeros', async () => {
    const header = tarHeader({ type: 'file', path: 's', size: 300_000, sparse: [{ offset: 200_000, length: 3 }] })
    const [entry] = await readAll(await collect(writeTar([{ ...header, data: [Buffer.from('abc')] }])))
    const expected = Buffer.alloc(300_000)
    expected.write('abc', 200_000)
    expect(entry?.content.equals(expected)).toBe(true)
  })

  test('a body that is not read is passed over', async () => {
    const files = ['a', 'b', 'c'].map((name) => ({
      ...tarHeader({ type: 'file', path: name, size: 10_000 }),
      data: [Buffer.alloc(10_000, name)],
    }))
    const archive = await collect(writeTar(files))
    const names: string[] = []
    for await (const entry of readTar(chunked(archive, 700))) {
      names.push(entry.path)
      if (entry.path === 'b') for await (const _ of entry.body) break
    }
    expect(names).toEqual(['a', 'b', 'c'])
  })

  test('data that is shorter or longer than the header says is refused', async () => {
    const header = tarHeader({ type: 'file', path: 'f', size: 5 })
    await expect(collect(writeTar([{ ...header, data: [Buffer.alloc(4)] }]))).rejects.toThrow('"f" has 1 bytes less')
    await expect(collect(writeTar([{ ...header, data: [Buffer.alloc(6)] }]))).rejects.toThrow('"f" has more data')
  })
})

describe('bytes that are no archive', () => {
  test('random bytes throw only UserError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 4000 }), fc.integer({ min: 1, max: 1000 }), onlyUserErrors),
    )
  })

  test('a true archive with changed bytes and a mended checksum throws only UserError', async () => {
    const samples = await Promise.all(
      fc.sample(fc.array(source, { minLength: 1, maxLength: 4 }), 30).map((s) => collect(writeTar(s))),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 2000 }),
        (archive, changes, size) => {
          const bytes = Buffer.from(archive)
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          mendChecksums(bytes)
          onlyUserErrors(bytes, size)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('an archive cut off anywhere but between entries is refused', async () => {
    const archive = await collect(
      writeTar([{ ...tarHeader({ type: 'file', path: 'x'.repeat(200), size: 700 }), data: [Buffer.alloc(700, 1)] }]),
    )
    const whole = [0, 512 * 5, 512 * 6, 512 * 7]
    // Two blocks of pax and a header, then 700 bytes; their padding may be missing.
    const padding = (length: number) => length >= 512 * 3 + 700 && length < 512 * 5
    for (let length = 0; length < archive.length; length += 32) {
      const cut = () => parse(archive.subarray(0, length), 512)
      if (whole.includes(length) || padding(length)) expect(cut).not.toThrow()
      else expect(cut, `cut at ${length}`).toThrow(/in the middle of an entry/)
    }
  })
})

/** Every 512-byte block gets the checksum it would need as a header. */
function mendChecksums(bytes: Buffer): void {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512)
    if (block.toString('latin1', 257, 262) !== 'ustar') continue
    block.fill(' ', 148, 156)
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    )
  }
}

/** Parses all of it, in pieces of the given size; the number of events. */
function parse(bytes: Uint8Array, size: number): number {
  const parser = new TarParser()
  let events = 0
  for (let at = 0; at < bytes.length; at += size) {
    parser.push(bytes.subarray(at, at + size))
    while (parser.next() !== undefined) events++
  }
  parser.finish()
  return events
}

function onlyUserErrors(bytes: Uint8Array, size: number): void {
  try {
    parse(bytes, size)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
}
