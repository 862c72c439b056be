import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '@mini-docker/syscall'
import {
  filterFlag,
  filterUntil,
  matchLabels,
  queryFilters,
  queryFlag,
  queryInteger,
  queryTime,
} from '../src/api/query.ts'
import { formatNs, parseRfc3339, parseTimeQuery } from '../src/clock.ts'

const query = (text: string): URLSearchParams => new URLSearchParams(text)

describe('booleans in a query', () => {
  test.each(['1', 'true', 'yes', 'anything'])('%s is true', (value) =>
    expect(queryFlag(query(`a=${value}`), 'a')).toBe(true),
  )
  test.each(['', '0', 'no', 'false', 'none', 'False'])('%j is false', (value) =>
    expect(queryFlag(query(`a=${value}`), 'a')).toBe(false),
  )
  test('a missing one is its default', () => expect(queryFlag(query(''), 'a', true)).toBe(true))
})

test('a number that is none is refused', () => {
  expect(queryInteger(query('t=-1'), 't')).toBe(-1)
  expect(() => queryInteger(query('t=1.5'), 't')).toThrow(UserError)
})

describe('filters', () => {
  test('both of docker’s forms are read', () => {
    expect(
      queryFilters(query(`filters=${encodeURIComponent('{"label":{"a=b":true,"c":false}}')}`), ['label']).get('label'),
    ).toEqual(['a=b'])
    expect(queryFilters(query(`filters=${encodeURIComponent('{"label":["a=b"]}')}`), ['label']).get('label')).toEqual([
      'a=b',
    ])
  })
  test('an unknown name is refused', () => {
    expect(() => queryFilters(query('filters={"nope":{"a":true}}'), ['label'])).toThrow("invalid filter 'nope'")
  })
  test('labels must all hold', () => {
    const filters = new Map([['label', ['a=1', 'b']]])
    expect(matchLabels(filters, { a: '1', b: '' })).toBe(true)
    expect(matchLabels(filters, { a: '1' })).toBe(false)
    expect(matchLabels(filters, { a: '2', b: '' })).toBe(false)
  })
  test('a truth value that is none is refused', () => {
    expect(() => filterFlag(new Map([['dangling', ['perhaps']]]), 'dangling')).toThrow(UserError)
  })
  test('any text gives filters or a UserError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        try {
          queryFilters(query(`filters=${encodeURIComponent(text)}`), ['label'])
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    )
  })
})

describe('times', () => {
  test('seconds, fractions and RFC 3339 mean the same', () => {
    expect(parseTimeQuery('1795203302')).toBe(1795203302000000000n)
    expect(parseTimeQuery('1795203302.000000001')).toBe(1795203302000000001n)
    expect(parseTimeQuery('2026-11-20T19:35:02Z')).toBe(1795203302000000000n)
    expect(parseTimeQuery('0')).toBeUndefined()
  })
  test('formatting and parsing are inverse', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }), (ns) => parseRfc3339(formatNs(ns)) === ns),
    )
  })
  test('trailing zeros of the fraction are left out', () => {
    expect(formatNs(1795203302120000000n)).toBe('2026-11-20T19:35:02.12Z')
  })
})

describe('until, of the prunes', () => {
  const now = 1_000_000_000_000
  const until = (...values: string[]) => filterUntil(new Map([['until', values]]), now)
  test.each([
    ['24h', BigInt(now - 86_400_000) * 1_000_000n],
    ['1h30m', BigInt(now - 5_400_000) * 1_000_000n],
    ['1.5s', BigInt(now - 1500) * 1_000_000n],
    ['1700000000', 1_700_000_000_000_000_000n],
    ['2026-01-02T03:04:05Z', BigInt(Date.UTC(2026, 0, 2, 3, 4, 5)) * 1_000_000n],
    ['2026-01-02', BigInt(Date.UTC(2026, 0, 2)) * 1_000_000n],
    ['0', 0n],
  ])('%s', (text, expected) => expect(until(text)).toBe(expected))
  test('not given is no limit', () => expect(filterUntil(new Map())).toBeUndefined())
  test.each(['', 'x', 'h', '24hours', '24h x', '2026-99-99'])('%j is refused: it must not mean everything', (text) =>
    expect(() => until(text)).toThrow('is no time and no duration'),
  )
})

test('a time that is none is refused', () =>
  expect(() => queryTime(query('since=yesterday'), 'since')).toThrow('invalid value for since: "yesterday"'))
