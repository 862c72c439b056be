/** The fault proxy does what it is told, seen with curl and fetch. */
import { expect, test } from 'vitest'
import { run } from './command.ts'
import * as harness from './registry/index.ts'
import { FaultProxy, Registry, type Fault } from './registry/index.ts'
import { describeWith } from './requires.ts'

const BLOB = Buffer.alloc(300_000, 'some bytes of a layer ')

async function setUp(faults: Fault[] = [], options: harness.RegistryOptions = {}) {
  const stack = new AsyncDisposableStack()
  const registry = stack.use(await Registry.start(options))
  const proxy = stack.use(await FaultProxy.start(registry))
  const digest = await harness.putBlob(registry, 'app', BLOB)
  proxy.faults = faults
  const url = `${proxy.url}/v2/app/blobs/${digest}`
  return { registry, proxy, digest, url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function body(url: string, init?: RequestInit): Promise<Buffer> {
  return Buffer.from(await (await fetch(url, init)).arrayBuffer())
}

describeWith(['docker-registry', 'openssl', 'curl', 'skopeo'], 'the fault proxy', () => {
  test('without faults nothing is changed, and requests are counted', async () => {
    await using at = await setUp()
    expect(await body(at.url)).toEqual(BLOB)
    expect(at.proxy.requests).toMatchObject([{ method: 'GET', status: 200, receivedBytes: BLOB.length }])
  })

  test('skopeo looks through it, with TLS and a password', async () => {
    await using at = await setUp([], { tls: true, auth: 'htpasswd' })
    const through = Object.assign(Object.create(at.registry) as Registry, { host: at.proxy.host })
    await harness.putContent(at.registry, 'app', '1', harness.multiPlatform())
    expect(await harness.inspectBySkopeo(through, 'app:1')).toMatchObject({ Os: 'linux' })
    expect(at.proxy.matching(/^GET \/v2\/app\/manifests\/1/).map(({ status }) => status)).toContain(200)
  })

  test('cut: exactly so many bytes arrive, once; Range gets the rest', async () => {
    await using at = await setUp([{ kind: 'cut', afterBytes: 70_000, times: 1 }])
    const cut = await run(['curl', '-sS', '-o', '-', at.url])
    expect(cut.exitCode).toBe(18)
    expect(cut.stdout.length).toBe(70_000)
    expect(await body(at.url, { headers: { Range: 'bytes=70000-' } })).toEqual(BLOB.subarray(70_000))
  })

  test('cut with dice: the same places for the same seed, another place each time', async () => {
    const places = async () => {
      await using at = await setUp([{ kind: 'cut', afterBytes: { seed: 7, below: BLOB.length } }])
      for (let i = 0; i < 3; i++) await run(['curl', '-s', '-o', '/dev/null', at.url])
      return at.proxy.requests.map(({ receivedBytes }) => receivedBytes)
    }
    const first = await places()
    expect(new Set(first).size).toBe(3)
    expect(await places()).toEqual(first)
  })

  test('stall: the connection stays open and silent', async () => {
    await using at = await setUp([{ kind: 'stall', afterBytes: 1000 }])
    const stalled = await run(['curl', '-sS', '--max-time', '0.5', '-o', '-', at.url])
    expect(stalled.exitCode).toBe(28)
    expect(stalled.stdout.length).toBe(1000)
  })

  test('corrupt: one bit of one byte; truncate and append: well-formed, with another length', async () => {
    await using at = await setUp([{ kind: 'corrupt', atByte: 123_456, times: 1 }])
    const corrupt = await body(at.url)
    expect([...corrupt.entries()].filter(([i, byte]) => byte !== BLOB[i])).toEqual([[123_456, BLOB[123_456]! ^ 1]])
    at.proxy.faults = [{ kind: 'truncate', toBytes: 1000 }]
    expect(await body(at.url)).toEqual(BLOB.subarray(0, 1000))
    at.proxy.faults = [{ kind: 'append', bytes: Buffer.from('more') }]
    expect(await body(at.url)).toEqual(Buffer.concat([BLOB, Buffer.from('more')]))
  })

  test('status: two times, with Retry-After, then the registry answers', async () => {
    await using at = await setUp([{ kind: 'status', status: 429, retryAfter: '1', times: 2 }])
    const answers = [await fetch(at.url), await fetch(at.url), await fetch(at.url)]
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 200])
    expect(answers[0]!.headers.get('retry-after')).toBe('1')
  })

  test('delay and slow take their time', async () => {
    await using at = await setUp([{ kind: 'delay', ms: 150 }])
    const began = performance.now()
    await body(at.url)
    expect(performance.now() - began).toBeGreaterThan(140)
    at.proxy.faults = [{ kind: 'slow', bytesPerSecond: 1_000_000 }]
    await body(at.url)
    expect(performance.now() - began).toBeGreaterThan(400)
  })

  test('no-range: the whole body with 200', async () => {
    await using at = await setUp([{ kind: 'no-range' }])
    const answer = await fetch(at.url, { headers: { Range: 'bytes=1000-' } })
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, BLOB.length])
  })

  test('redirect: the blob comes from another host, which tells what headers it got', async () => {
    await using at = await setUp([{ kind: 'redirect', on: /^GET .*\/blobs\// }])
    const { stdout } = await run(['curl', '-sSL', '-H', 'Range: bytes=299990-', '-H', 'X-Probe: 1', at.url])
    expect(stdout).toBe(BLOB.subarray(299_990).toString())
    expect(at.proxy.elsewhere.requests).toMatchObject([{ method: 'GET', headers: { 'x-probe': '1' } }])
  })

  test('answer: HTML, and a body without end', async () => {
    const html = { 'Content-Type': 'text/html' }
    await using at = await setUp([{ kind: 'answer', status: 200, headers: html, body: '<html>', times: 1 }])
    expect((await body(at.url)).toString()).toBe('<html>')
    at.proxy.faults = [{ kind: 'answer', status: 200, body: endless }]
    const got = await run(['curl', '-sS', '--max-time', '0.5', '-o', '/dev/null', '-w', '%{size_download}', at.url])
    expect(got.exitCode).toBe(28)
    expect(Number(got.stdout)).toBeGreaterThan(1_000_000)
  })

  test('cut-upload: the registry gets no blob', async () => {
    await using at = await setUp([{ kind: 'cut-upload', on: /^PUT/, afterBytes: 10_000 }])
    const started = await fetch(`${at.proxy.url}/v2/app/blobs/uploads/`, { method: 'POST' })
    const url = new URL(started.headers.get('location')!, at.proxy.url)
    const bytes = Buffer.alloc(100_000, 1)
    url.searchParams.set('digest', harness.digestOf(bytes))
    await expect(fetch(url, { method: 'PUT', body: bytes })).rejects.toThrow('fetch failed')
    const asked = `/v2/app/blobs/${harness.digestOf(bytes)}`
    expect((await harness.request(at.registry, 'HEAD', asked)).status).toBe(404)
  })
})

function* endless(): Generator<Uint8Array> {
  const zeros = Buffer.alloc(65_536)
  for (;;) yield zeros
}
