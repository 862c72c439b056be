import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainIDs, digestOf, hexOf, parseDiffID, parseDigest, Sha256, shortID } from '../src/digest.ts'

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

describe('digests', () => {
  test('of nothing and of bytes are sha256', () => {
    expect(digestOf('')).toBe(EMPTY)
    expect(digestOf(Buffer.from('abc'))).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  test('in pieces equal those of the whole, and count the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const hash = new Sha256()
        for (const chunk of chunks) hash.update(chunk)
        expect(hash.bytes).toBe(Buffer.concat(chunks).length)
        expect(hash.digest()).toBe(digestOf(Buffer.concat(chunks)))
      }),
    )
  })

  test.each([
    ['sha256', 'invalid checksum digest format'],
    ['sha256:', 'invalid checksum digest format'],
    ['sha256:zz', 'invalid checksum digest length'],
    [`sha256:${'Z'.repeat(64)}`, 'invalid checksum digest format'],
    ['crc32:12345678', 'unsupported digest algorithm'],
    ['../../etc/passwd', 'invalid checksum digest format'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'invalid', message }))
  })

  test('of other kinds parse, and are no diffIDs', () => {
    const sha512 = `sha512:${createHash('sha512').digest('hex')}`
    expect(parseDigest(sha512)).toBe(sha512)
    expect(() => parseDiffID(sha512)).toThrow('is not sha256')
  })

  test('shorten to twelve digits', () => expect(shortID(parseDigest(EMPTY))).toBe('e3b0c44298fc'))
})

describe('chainIDs', () => {
  test('follow the formula of the OCI image-spec', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => parseDiffID(digestOf(text)))
    if (!a || !b || !c) throw new Error('unreachable')
    const ab = digestOf(`${a} ${b}`)
    expect(chainIDs([a, b, c])).toEqual([a, ab, digestOf(`${ab} ${c}`)])
    expect(chainIDs([])).toEqual([])
    expect(hexOf(a)).toHaveLength(64)
  })
})
