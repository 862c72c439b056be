import { gzipSync, zstdCompressSync } from 'node:zlib'
import { UserError } from '@mini-docker/syscall'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decompress, sniff } from '../src/compression.ts'
import { collect, stream } from './support/archives.ts'

const BZIP2 = Buffer.from('425a6839314159265359', 'hex')
const XZ = Buffer.from('fd377a585a000004e6d6b446', 'hex')

describe('decompress', () => {
  test('gives back what was compressed, in whatever chunks it comes', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 5000 }),
      fc.constantFrom(gzipSync, zstdCompressSync),
      fc.integer({ min: 1, max: 600 }),
      async (bytes, compress, chunkBytes) => {
        const got = await collect(decompress('x', stream(compress(bytes), chunkBytes)))
        expect(got.equals(Buffer.from(bytes))).toBe(true)
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })

  test('passes on what is not compressed, nothing at all included', async () => {
    for (const text of ['', 'a', 'hello', 'x'.repeat(100_000)]) {
      expect((await collect(decompress('x', stream(Buffer.from(text))))).toString()).toBe(text)
    }
  })

  test('reads all members of a gzip file and all frames of a zstd file', async () => {
    for (const compress of [gzipSync, zstdCompressSync]) {
      const both = Buffer.concat([compress(Buffer.from('one ')), compress(Buffer.from('two'))])
      expect((await collect(decompress('x', stream(both)))).toString()).toBe('one two')
    }
  })

  test.each([
    ['gzip cut off', gzipSync(Buffer.alloc(100_000, 'abcdefg')).subarray(0, 60)],
    ['zstd cut off', zstdCompressSync(Buffer.from('some text that is long enough')).subarray(0, 14)],
    ['gzip with a wrong checksum', flip(gzipSync(Buffer.from('some text')), -6)],
    ['gzip with nonsense behind its header', Buffer.from('1f8b0800000000000003ffffffffffffffffffff', 'hex')],
  ])('%s is a UserError that names the object', async (_, bytes) => {
    const error = await collect(decompress('layer sha256:12', stream(bytes))).catch((one: unknown) => one)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(/^layer sha256:12 is damaged: /)
  })

  test.each([
    ['bzip2', BZIP2],
    ['xz', XZ],
  ])('%s is refused by name', (name, bytes) => {
    expect(() => sniff('the archive', bytes)).toThrow(`the archive is compressed with ${name}, which is not supported`)
  })

  test('an error of the input passes through as it is, and the input is closed', async () => {
    const failure = new Error('the network is gone')
    for (const head of [gzipSync(Buffer.alloc(1_000_000)).subarray(0, 500), Buffer.from('plain text')]) {
      const failing = async function* () {
        yield head
        throw failure
      }
      await expect(collect(decompress('x', failing()))).rejects.toBe(failure)
    }
  })

  test('a reader that stops early closes the input', async () => {
    for (const bytes of [gzipSync(Buffer.alloc(3_000_000, 'x')), Buffer.alloc(100_000, 'x'), XZ]) {
      let closed = false
      const input = async function* () {
        try {
          yield* stream(bytes, 100)
        } finally {
          closed = true
        }
      }
      try {
        for await (const _ of decompress('x', input())) break
      } catch {
        // xz: refused before its first byte
      }
      expect(closed).toBe(true)
    }
  })
})

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  const index = at < 0 ? copy.length + at : at
  copy[index] = (copy[index] ?? 0) ^ 0xff
  return copy
}
