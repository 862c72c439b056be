import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { digestOf } from '../../src/digest.ts'
import { Pulls, type Pull } from '../../src/serve/pulls.ts'

const [config, layer] = [digestOf('config'), digestOf('layer')]
const who = { client: '10.0.0.7', agent: 'docker/28', name: 'alpine' }
const QUIET_MS = 1000

describe('pulls', () => {
  let told: Pull[]
  let pulls: Pulls
  beforeEach(() => {
    vi.useFakeTimers()
    told = []
    pulls = new Pulls((pull) => told.push(pull), QUIET_MS)
  })
  afterEach(() => void vi.useRealTimers())

  const manifest = (reference = '3.20', client = who.client) =>
    pulls.begin({ ...who, client, kind: 'manifest', reference })
  const blob = (digest = layer, client = who.client) => pulls.begin({ ...who, client, kind: 'blob', digest })

  test('a manifest and its blobs are one pull, told when nothing more comes', () => {
    manifest().done(500, true)
    manifest(digestOf('the manifest')).done(500, true)
    const [one, two] = [blob(config), blob(layer)]
    vi.advanceTimersByTime(10 * QUIET_MS)
    expect(told).toEqual([])
    one.done(100, true)
    two.done(9000, true)
    vi.advanceTimersByTime(QUIET_MS)
    expect(told).toEqual([
      { ...who, reference: '3.20', blobs: 2, bytes: 10_100, complete: true, durationMs: expect.any(Number) as number },
    ])
  })

  test('a blob that is cut and continued is of one pull; one that is only cut leaves it incomplete', () => {
    manifest().done(500, true)
    blob().done(4000, false)
    blob().done(5000, true)
    vi.advanceTimersByTime(QUIET_MS)
    manifest().done(500, true)
    blob().done(10, false)
    vi.advanceTimersByTime(QUIET_MS)
    expect(told.map(({ bytes, blobs, complete }) => ({ bytes, blobs, complete }))).toEqual([
      { bytes: 9500, blobs: 1, complete: true },
      { bytes: 510, blobs: 0, complete: false },
    ])
  })

  test('two machines behind one address are two pulls; two addresses are two as well', () => {
    for (const client of [who.client, who.client, '10.0.0.8']) {
      manifest('3.20', client).done(500, true)
      blob(config, client).done(100, true)
      blob(layer, client).done(9000, true)
    }
    vi.advanceTimersByTime(QUIET_MS)
    expect(told.map(({ client, bytes }) => [client, bytes])).toEqual([
      ['10.0.0.7', 9600],
      ['10.0.0.7', 9600],
      ['10.0.0.8', 9600],
    ])
  })

  test('at the end those that are open are told', () => {
    manifest().done(500, true)
    blob()
    pulls[Symbol.dispose]()
    expect(told).toMatchObject([{ bytes: 500, complete: false }])
  })
})
