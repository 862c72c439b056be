import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'
import { digestOf } from '../../src/digest.ts'
import { etagOf, hasAlready, isStillSame, parseRange } from '../../src/serve/range.ts'

describe('Range', () => {
  test.each([
    ['bytes=0-9', { start: 0, end: 10 }],
    ['bytes=90-', { start: 90, end: 100 }],
    ['bytes=90-1000', { start: 90, end: 100 }],
    ['bytes=-1', { start: 99, end: 100 }],
    ['bytes=-1000', { start: 0, end: 100 }],
    ['BYTES=5-5', { start: 5, end: 6 }],
  ])('%s of 100 bytes is a part', (header, span) => {
    expect(parseRange(header, 100)).toEqual(span)
  })

  test.each(['bytes=100-', 'bytes=100-200', 'bytes=-0'])('%s of 100 bytes cannot be satisfied', (header) => {
    expect(parseRange(header, 100)).toBe('unsatisfiable')
  })

  test.each([undefined, '', 'bytes=', 'bytes=-', 'bytes=9-3', 'bytes=0-1,5-6', 'lines=0-1', 'bytes=a-b', 'bytes=1-2x'])(
    '%s means the whole',
    (header) => {
      expect(parseRange(header, 100)).toBeUndefined()
    },
  )

  test('nothing of an empty blob can be a part', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable')
    expect(parseRange('bytes=-5', 0)).toBe('unsatisfiable')
  })

  test('any range (property) lies within the blob and is not empty', () => {
    const number = fc.oneof(fc.constant(''), fc.nat(200).map(String))
    fc.assert(
      fc.property(number, number, fc.nat(150), (first, last, size) => {
        const span = parseRange(`bytes=${first}-${last}`, size)
        if (span === undefined || span === 'unsatisfiable') return
        expect(span.start).toBeGreaterThanOrEqual(0)
        expect(span.end).toBeGreaterThan(span.start)
        expect(span.end).toBeLessThanOrEqual(size)
      }),
    )
  })
})

describe('conditions', () => {
  const digest = digestOf('x')
  test('If-Range (the digest as entity tag) is the same; a date or a weak tag is not', () => {
    expect(isStillSame(undefined, digest)).toBe(true)
    expect(isStillSame(etagOf(digest), digest)).toBe(true)
    for (const other of [`W/${etagOf(digest)}`, etagOf(digestOf('y')), 'Wed, 21 Oct 2015 07:28:00 GMT', digest])
      expect(isStillSame(other, digest)).toBe(false)
  })

  test('If-None-Match (one of several, weak ones too, or any) is had already', () => {
    for (const held of ['*', etagOf(digest), `"a", W/${etagOf(digest)}`]) expect(hasAlready(held, digest)).toBe(true)
    for (const other of [undefined, '', '"a"', digest]) expect(hasAlready(other, digest)).toBe(false)
  })
})
