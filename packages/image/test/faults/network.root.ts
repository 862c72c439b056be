/** Pulls through a network that cuts, stalls, delays, reorders and spoils: they end well, or clearly, and fetch little twice. */
import { expect, test } from 'vitest'
import {
  digestOf,
  type Content,
  type Fault,
  type RegistryOptions,
  noisyImage,
} from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { expectNothing, expectSameAsUmoci, expectSound, failure, pull, type PullOptions } from './pull.ts'
import { BLOB, bytesOf, NEEDS, setUp, type Setting } from './setting.ts'

const image = noisyImage([1_500_000, 900_000, 30_000])
const totalBytes = bytesOf(image)
const start = (faults: Fault[] = [], options: RegistryOptions = {}) => setUp(image, faults, options)
const pullFrom = ({ store, registry, name }: Setting, options: PullOptions = {}) => pull(store, registry, name, options)

/** One cut of each blob, wherever it falls. */
function cutEachBlob(content: Content, afterBytes: number): Fault[] {
  return content.blobs.map((bytes) => ({
    kind: 'cut',
    on: new RegExp(`^GET .*/blobs/${digestOf(bytes)}`),
    afterBytes,
    times: 1,
  }))
}

describeWith(NEEDS, 'a pull', () => {
  test.each([
    { auth: 'none', tls: false },
    { auth: 'none', tls: true },
    { auth: 'htpasswd', tls: true },
    { auth: 'token', tls: true },
  ] as const)('without faults (auth $auth, tls $tls) fetches each blob once and is what umoci unpacks', async (way) => {
    await using at = await start([], way)
    await pullFrom(at)
    expect(at.blobBytes()).toBe(totalBytes)
    await expectSound(at.store)
    await expectSameAsUmoci(at.store, at.name)
  })

  test('of which each blob is cut once goes on where it was, and fetches nothing twice', async () => {
    await using at = await start(cutEachBlob(image, 20_000))
    await pullFrom(at)
    const ranges = at.blobs().map(({ headers }) => headers.range)
    expect(ranges.filter((range) => range === 'bytes=20000-').length).toBe(3)
    expect(at.blobBytes()).toBe(totalBytes)
    await expectSound(at.store)
  })

  test('cut again and again at random places ends well, and fetches no byte twice', async () => {
    await using at = await start([{ kind: 'cut', on: BLOB, afterBytes: { seed: 3, below: 400_000 } }])
    await pullFrom(at)
    expect(at.blobs().length).toBeGreaterThan(6)
    expect(at.blobBytes()).toBe(totalBytes)
    await expectSound(at.store)
  })

  test('cut before the first byte of every answer, a few times, ends well', async () => {
    await using at = await start([{ kind: 'cut', afterBytes: 'headers', times: 3 }])
    await pullFrom(at)
    await expectSound(at.store)
  })

  test('that is cut without end fails clearly; a second one goes on and the store verifies', async () => {
    await using at = await start([
      { kind: 'cut', on: BLOB, afterBytes: 200_000, times: 3 },
      { kind: 'cut', on: BLOB, afterBytes: 'headers' },
    ])
    expect(await failure(pullFrom(at, { parallel: 1 }))).toMatch(/EOF|reset/)
    expectNothing(at.store, { partial: true })
    const before = at.blobBytes()
    at.proxy.faults = []
    await pullFrom(at)
    expect(before).toBeGreaterThan(0)
    expect(at.blobBytes()).toBeLessThanOrEqual(totalBytes + image.blobs.at(-2)!.length + 5000)
    await expectSound(at.store)
  })

  test('that stalls gives up waiting, asks again, and fetches nothing twice', async () => {
    await using at = await start([{ kind: 'stall', on: BLOB, afterBytes: 100_000, times: 2 }])
    await pullFrom(at)
    expect(at.blobBytes()).toBe(totalBytes)
    await expectSound(at.store)
  })

  test('from a registry that is silent for ever ends with words about time', async () => {
    await using at = await start([{ kind: 'stall', on: /manifests/, afterBytes: 0 }])
    expect(await failure(pullFrom(at, { retry: { tries: 2, firstMs: 10 } }))).toMatch(/timeout/)
    expectNothing(at.store)
  })

  test('whose blobs come in any order is the same image', async () => {
    await using at = await start([{ kind: 'delay', on: BLOB, ms: { seed: 9, below: 400 } }])
    await pullFrom(at)
    await expectSound(at.store)
    await expectSameAsUmoci(at.store, at.name)
  })

  test('whose lowest layer comes last is the same image', async () => {
    const lowest = new RegExp(`blobs/${digestOf(image.blobs[0]!)}`)
    await using at = await start([{ kind: 'delay', on: lowest, ms: 800 }])
    await pullFrom(at)
    await expectSameAsUmoci(at.store, at.name)
  })

  test('cut where Range is not honoured starts anew, skips what it has, and ends well', async () => {
    await using at = await start([{ kind: 'no-range', on: BLOB }, ...cutEachBlob(image, 300_000)])
    await pullFrom(at)
    await expectSound(at.store)
  })

  test.each(['plain', 'TLS'])(
    'over a slow network (%s) lasts longer than any silence may, and ends well',
    async (how) => {
      await using at = await start([{ kind: 'slow', on: BLOB, bytesPerSecond: 900_000 }], { tls: how === 'TLS' })
      const began = performance.now()
      await pullFrom(at)
      expect(performance.now() - began).toBeGreaterThan(1000)
      await expectSound(at.store)
    },
  )

  test('with tokens that live shorter than it lasts gets new ones', async () => {
    await using at = await start([{ kind: 'slow', on: BLOB, bytesPerSecond: 600_000 }], {
      auth: 'token',
      tokens: { expiresSeconds: 1 },
    })
    await pullFrom(at, { parallel: 1 })
    expect(at.registry.tokens!.requests.length).toBeGreaterThan(1)
    await expectSound(at.store)
  })
})

describeWith(NEEDS, 'a registry that is busy', () => {
  test.each([429, 500, 502, 503, 504])('answers %d twice: the pull waits and ends well', async (status) => {
    await using at = await start([{ kind: 'status', on: /blobs|manifests/, status, times: 2 }])
    await pullFrom(at)
    await expectSound(at.store)
  })

  test('says Retry-After: 1: no request comes sooner', async () => {
    await using at = await start([{ kind: 'status', on: BLOB, status: 429, retryAfter: '1', times: 1 }])
    await pullFrom(at, { parallel: 1 })
    const refused = at.blobs().find(({ status }) => status === 429)!
    const next = at.blobs().find(({ path, startedMs }) => path === refused.path && startedMs > refused.startedMs)!
    expect(next.startedMs - refused.endedMs!).toBeGreaterThan(950)
  })

  test('says Retry-After with a date: it is kept too', async () => {
    const date = new Date(Date.now() + 2000).toUTCString()
    await using at = await start([{ kind: 'status', on: /manifests/, status: 503, retryAfter: date, times: 1 }])
    await pullFrom(at)
    await expectSound(at.store)
  })

  test('says Retry-After: 86400: the pull does not wait for a day, and tells why', async () => {
    await using at = await start([{ kind: 'status', on: /manifests/, status: 429, retryAfter: '86400' }])
    expect(await failure(pullFrom(at))).toMatch(/429 Too Many Requests/)
    expectNothing(at.store)
  })

  test('answers 429 for ever: a few tries, then words', async () => {
    await using at = await start([{ kind: 'status', on: /manifests/, status: 429 }])
    expect(await failure(pullFrom(at))).toMatch(/429 Too Many Requests/)
    expect(at.proxy.matching(/manifests/).length).toBeLessThan(15)
  })
})

describeWith(NEEDS, 'a registry that redirects its blobs to another host', () => {
  test.each(['htpasswd', 'token'] as const)('(auth %s): the other host never hears who we are', async (auth) => {
    await using at = await start([{ kind: 'redirect', on: BLOB }], { auth })
    await pullFrom(at)
    const { requests } = at.proxy.elsewhere
    expect(requests.length).toBeGreaterThanOrEqual(4)
    for (const { headers } of requests) {
      expect(headers.authorization).toBeUndefined()
      expect(headers.cookie).toBeUndefined()
      expect(JSON.stringify(headers)).not.toContain(at.registry.password)
    }
    await expectSound(at.store)
  })

  test('and cuts before it: the rest is asked for with Range, at the registry again', async () => {
    await using at = await start([{ kind: 'redirect', on: BLOB }])
    const partial = await start(cutEachBlob(image, 50_000))
    await using _ = partial
    await expect(pullFrom(partial, { retry: { tries: 1 } })).rejects.toThrow()
    await pull(partial.store, at.registry, at.name)
    expect(at.proxy.elsewhere.requests.map(({ headers }) => headers.range)).toContain('bytes=50000-')
    await expectSound(partial.store)
  })

  test('in a loop: an error, soon', async () => {
    await using at = await start()
    at.proxy.faults = [{ kind: 'redirect', on: BLOB, to: `${at.proxy.url}/v2/team/app/blobs/loop` }]
    expect(await failure(pullFrom(at))).toMatch(/redirects in a loop/)
    expectNothing(at.store)
  })

  test.each([
    'file:///etc/passwd',
    'ftp://localhost/x',
    'http://127.0.0.1:1/',
    'javascript:alert(1)',
    '//',
    'http://[::1',
  ])('to %s: an error, and nothing is read there', async (to) => {
    await using at = await start([{ kind: 'redirect', on: BLOB, to }])
    expect(await failure(pullFrom(at))).toMatch(/redirect|refused|no URL/)
    expectNothing(at.store, { partial: true })
  })

  test('which sends the manifest elsewhere: the digest is checked all the same', async () => {
    await using at = await start([{ kind: 'redirect', on: /GET .*manifests/ }])
    await pullFrom(at)
    expect(at.proxy.elsewhere.requests.some(({ path }) => path.includes('/manifests/'))).toBe(true)
    await expectSound(at.store)
  })
})

describeWith(NEEDS, 'bytes that are changed on the way', () => {
  test.each([
    ['one bit of a layer', { kind: 'corrupt', atByte: 700_000 }],
    ['the first byte of each blob', { kind: 'corrupt', atByte: 0 }],
    ['a longer body', { kind: 'append', bytes: Buffer.alloc(5000, 1) }],
    ['no body', { kind: 'truncate', toBytes: 0 }],
  ] as const)('%s: refused, and nothing stays', async (_what, deed) => {
    await using at = await start([{ ...deed, on: BLOB }])
    expect(await failure(pullFrom(at))).toMatch(/digest|bytes|EOF|corrupt|damaged|gzip|malformed|unexpected|not JSON/)
    expectNothing(at.store, { partial: deed.kind === 'truncate' })
    expect(await at.store.verify()).toEqual([])
  })

  test('a body that ends too soon, though it says so, is gone on with like one that was cut', async () => {
    await using at = await start([{ kind: 'truncate', on: BLOB, toBytes: 200_000 }])
    await pullFrom(at)
    expect(at.blobBytes()).toBe(totalBytes)
    await expectSound(at.store)
  })

  test('after a change the next pull, without it, ends well', async () => {
    await using at = await start([{ kind: 'corrupt', on: BLOB, atByte: 700_000 }])
    await expect(pullFrom(at)).rejects.toThrow()
    at.proxy.faults = []
    await pullFrom(at)
    await expectSound(at.store)
  })

  test('in the part that a resumed download asks for: refused, dropped, and the next pull ends well', async () => {
    await using at = await start([
      ...cutEachBlob(image, 200_000),
      { kind: 'corrupt', on: /^GET .*blobs/, atByte: 1000 },
    ])
    await expect(pullFrom(at)).rejects.toThrow()
    at.proxy.faults = []
    await pullFrom(at)
    await expectSound(at.store)
  })
})
