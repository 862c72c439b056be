/** How long to wait before asking again. */
import { describe, expect, test } from 'vitest'
import { defaultRetryPolicy, delayBefore, parseRetryAfter } from '../../src/registry/http/retry.ts'

const NOW = Date.parse('2026-01-02T03:04:05Z')

describe('Retry-After', () => {
  test('in seconds is that long', () => {
    expect(parseRetryAfter('120', NOW)).toBe(120_000)
    expect(parseRetryAfter(' 0 ', NOW)).toBe(0)
  })

  test('as a date is until then, and nothing when it is past', () => {
    expect(parseRetryAfter('Fri, 02 Jan 2026 03:04:35 GMT', NOW)).toBe(30_000)
    expect(parseRetryAfter('Fri, 02 Jan 2026 03:04:00 GMT', NOW)).toBe(0)
  })

  test.each(['', '-1', '1.5', '1e9', 'soon', '99999999999999999999', 'Fri'])('%j is no time', (text) => {
    expect(parseRetryAfter(text, NOW)).toBeUndefined()
  })
})

describe('the delay', () => {
  test('doubles from try to try, with jitter, up to a limit', () => {
    const policy = { tries: 20, firstMs: 100, longestMs: 1000, retryAfterMaxMs: 60_000 }
    for (const [next, full] of [
      [2, 100],
      [3, 200],
      [4, 400],
      [12, 1000],
    ] as const) {
      const delays = Array.from({ length: 50 }, () => delayBefore(next, policy) ?? -1)
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(full / 2)
      expect(Math.max(...delays)).toBeLessThanOrEqual(full)
      expect(new Set(delays).size).toBeGreaterThan(1)
    }
  })

  test('ends with the tries', () => {
    const { tries } = defaultRetryPolicy
    expect(delayBefore(tries, defaultRetryPolicy)).toBeGreaterThan(0)
    expect(delayBefore(tries + 1, defaultRetryPolicy)).toBeUndefined()
  })

  test('is what the registry asks for, if anybody would wait that long', () => {
    expect(delayBefore(2, defaultRetryPolicy, '7')).toBe(7000)
    expect(delayBefore(2, defaultRetryPolicy, '3600')).toBeUndefined()
  })
})
