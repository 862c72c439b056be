/** Writing into a real registry; skopeo reads what we wrote. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  digestOf,
  FaultProxy,
  inspectBySkopeo,
  mixedCompression,
  multiPlatform,
  pullBySkopeo,
  pushBySkopeo,
  putContent,
  Registry as RealRegistry,
  topOf,
} from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { copyImages } from '../../src/copy/copy.ts'
import type { CopyEvent } from '../../src/copy/medium.ts'
import { parseReference } from '../../src/reference.ts'
import { RegistrySink, RegistrySource } from '../../src/registry/index.ts'
import { collect, stream, temporaryDirectory } from '../support/archives.ts'
import { connect, failureOf, repositoryAt, type Client } from './client.ts'

const NEEDS = ['docker-registry', 'openssl', 'htpasswd', 'skopeo']
const image = mixedCompression()
const bytes = randomBytes(3_000_000)
const blob = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length } as never
const open = (offset: number) => stream(bytes.subarray(offset), 70_001)

/** Copies `team/app:1` of one registry to `other/app:2` of another. */
async function copyBetween(from: Client, fromHost: string, to: Client, toHost: string): Promise<CopyEvent[]> {
  await using source = new RegistrySource(from.registry, parseReference(`${fromHost}/team/app:1`))
  const name = parseReference(`${toHost}/other/app:2`)
  await using sink = new RegistrySink(to.registry, name)
  const events: CopyEvent[] = []
  await copyImages(source, sink, { all: true, names: [name], onEvent: (event) => events.push(event) })
  return events
}

const states = (events: readonly CopyEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'blob' ? [event.progress.state] : []))

describeWith(NEEDS, 'a push', () => {
  test.each([
    { auth: 'none', tls: false },
    { auth: 'none', tls: true },
    { auth: 'htpasswd', tls: false },
    { auth: 'token', tls: true },
  ] as const)('to a registry (auth $auth, TLS $tls) is an image that skopeo reads, index and all', async (options) => {
    await using from = await RealRegistry.start()
    await using to = await RealRegistry.start(options)
    const content = multiPlatform()
    await putContent(from, 'team/app', '1', content)
    using reader = connect(from)
    using writer = connect(to)
    await copyBetween(reader, from.host, writer, to.host)
    const raw = await inspectBySkopeo(to, 'other/app:2', '--raw')
    expect(raw).toEqual(JSON.parse(topOf(content).bytes.toString()))
    const target = join(temporaryDirectory(), 'layout')
    mkdirSync(target)
    await pullBySkopeo(to, 'other/app:2', `oci:${target}:x`, '--all')
    // What is there already is neither sent nor read.
    const events = await copyBetween(reader, from.host, writer, to.host)
    expect(new Set(states(events))).toEqual(new Set(['planned', 'waiting', 'present']))
  })

  test('within one registry mounts the blobs, with the right to both repositories', async () => {
    await using real = await RealRegistry.start({ auth: 'token', tls: true })
    await putContent(real, 'team/app', '1', image)
    using client = connect(real)
    const events = await copyBetween(client, real.host, client, real.host)
    expect(states(events)).toContain('mounted')
    expect(states(events)).not.toContain('transferring')
    expect(client.traces.filter(({ method }) => method === 'PATCH')).toEqual([])
  })

  test('whose mount is not made goes on with the upload that the registry began', async () => {
    await using real = await RealRegistry.start()
    await putContent(real, 'team/app', '1', image)
    await using proxy = await FaultProxy.start(real)
    using client = connect(real)
    const target = await repositoryAt(client, proxy.host, 'other/app', 'pull,push')
    const outcome = await target.mount(digestOf(bytes) as never, parseReference(`${proxy.host}/team/app:1`))
    expect(outcome).not.toBe('mounted')
    if (outcome !== 'mounted') await target.upload(blob, open, { session: outcome })
    expect(proxy.matching(/^POST/)).toHaveLength(1)
    expect(await target.hasBlob(blob)).toBe(true)
  })

  test('that may not read where a blob could be mounted from uploads it, as docker does', async () => {
    await using real = await RealRegistry.start()
    await putContent(real, 'team/app', '1', image)
    await using proxy = await FaultProxy.start(real)
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }] })
    proxy.faults = [{ kind: 'status', on: /mount=/, status: 403, contentType: 'application/json', body }]
    using client = connect(real)
    const events = await copyBetween(client, proxy.host, client, proxy.host)
    expect(proxy.matching(/mount=/).length).toBeGreaterThan(0)
    expect(states(events)).not.toContain('mounted')
    expect(await inspectBySkopeo(real, 'other/app:2', '--raw')).toBeDefined()
  })

  test('of what skopeo pushed is pulled again as the same bytes', async () => {
    await using real = await RealRegistry.start()
    using client = connect(real)
    await putContent(real, 'team/app', '1', image)
    await copyBetween(client, real.host, client, real.host)
    const layout = join(temporaryDirectory(), 'again')
    mkdirSync(layout)
    await pullBySkopeo(real, 'other/app:2', `oci:${layout}:x`)
    await pushBySkopeo(real, `oci:${layout}:x`, 'third/app:3')
    const { digest } = await (await repositoryAt(client, real.host, 'third/app')).resolve('3')
    expect(digest).toBe(digestOf(topOf(image).bytes))
  })

  test('without a login is refused in docker’s words', async () => {
    await using from = await RealRegistry.start()
    await putContent(from, 'team/app', '1', image)
    using reader = connect(from)
    const message = async (to: RealRegistry): Promise<string> => {
      using writer = connect(to, { credentialsFor: () => Promise.resolve(undefined) })
      return (await failureOf(copyBetween(reader, from.host, writer, to.host))).message
    }
    await using passwords = await RealRegistry.start({ auth: 'htpasswd' })
    expect(await message(passwords)).toBe('no basic auth credentials')
    await using tokens = await RealRegistry.start({ auth: 'token', tls: true })
    expect(await message(tokens)).toBe('denied: requested access to the resource is denied')
  })

  test('by digest is refused before anything is asked', () => {
    using client = connect()
    const reference = parseReference(`localhost:1/a@sha256:${'a'.repeat(64)}`)
    expect(() => new RegistrySink(client.registry, reference)).toThrow('cannot push a digest reference')
  })
})

describeWith(NEEDS, 'a blob', () => {
  test('in one piece is one POST and one PUT, and its progress is told', async () => {
    await using at = await setUp()
    const told: number[] = []
    const tell = (event: { state: string; bytes?: number }): void => void told.push(event.bytes ?? -1)
    await at.repository.upload(blob, open, { tell })
    expect(at.proxy.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'PUT'])
    expect(told.at(-1)).toBe(bytes.length)
    expect(digestOf(await collect(at.repository.openBlob(blob)))).toBe(digestOf(bytes))
  })

  test('without anything in it is taken', async () => {
    await using at = await setUp()
    const empty = { mediaType: 'x', digest: digestOf(Buffer.alloc(0)), size: 0 } as never
    await at.repository.upload(empty, () => stream(Buffer.alloc(0)))
    expect(await at.repository.hasBlob(empty)).toBe(true)
  })

  test('cut on its way up is there in the end', async () => {
    await using at = await setUp()
    at.proxy.faults = [{ kind: 'cut-upload', on: /^PUT/, afterBytes: 1_000_000, times: 2 }]
    await at.repository.upload(blob, open)
    expect(digestOf(await collect(at.repository.openBlob(blob)))).toBe(digestOf(bytes))
  })

  test('whose last answer is lost is not sent again', async () => {
    await using at = await setUp()
    at.proxy.faults = [{ kind: 'cut', on: /^PUT/, afterBytes: 'headers', times: 1 }]
    await at.repository.upload(blob, open)
    expect(at.proxy.matching(/^PUT/)).toHaveLength(1)
  })

  test('that is other bytes than its digest is refused by the registry, at once', async () => {
    await using at = await setUp()
    const failure = await failureOf(at.repository.upload(blob, () => stream(Buffer.alloc(bytes.length))))
    expect(failure).toMatchObject({ code: 'invalid', codes: ['DIGEST_INVALID'] })
    expect(at.proxy.matching(/^PUT/)).toHaveLength(1)
  })

  test.each([-1, 1])('whose source is %i bytes off is refused, with the size', async (off) => {
    await using at = await setUp()
    const other = Buffer.alloc(bytes.length + off)
    const failure = await failureOf(at.repository.upload(blob, () => stream(other)))
    expect(failure.message).toMatch(/bytes, expected 3000000/)
  })

  test('whose source fails: that failure, and not one of the network', async () => {
    await using at = await setUp()
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 1000)
      throw new Error('the disk is gone')
    }
    expect((await failureOf(at.repository.upload(blob, broken))).message).toBe('the disk is gone')
  })

  test('whose digest is known at its end is sent while it is made', async () => {
    await using at = await setUp()
    expect(await at.repository.uploadUnknown(open(0))).toEqual({ digest: digestOf(bytes), size: bytes.length })
    expect(at.proxy.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'PATCH', 'PUT'])
    expect(digestOf(await collect(at.repository.openBlob(blob)))).toBe(digestOf(bytes))
  })

  test('whose source takes longer than any silence may is taken', async () => {
    await using at = await setUp({ timeouts: { stallMs: 100, headMs: 2000 } })
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 1000)
      await new Promise((resolve) => setTimeout(resolve, 400))
      yield bytes.subarray(1000)
    }
    await at.repository.upload(blob, slow)
    expect(at.proxy.matching(/^PUT/)).toHaveLength(1)
  })

  test('aborted on its way up ends at once', async () => {
    const controller = new AbortController()
    await using at = await setUp({ signal: controller.signal })
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 1000)
      await new Promise(() => {})
    }
    const upload = failureOf(at.repository.upload(blob, endless))
    setTimeout(() => controller.abort(new Error('enough')), 200)
    expect((await upload).message).toBe('enough')
  })
})

async function setUp(options = {}) {
  const stack = new AsyncDisposableStack()
  const real = stack.use(await RealRegistry.start())
  const proxy = stack.use(await FaultProxy.start(real))
  const client = stack.use(connect(real, { retry: { firstMs: 1 }, ...options }))
  const repository = await repositoryAt(client, proxy.host, 'team/app', 'pull,push')
  // Once, so that the requests of a test are its own: HTTPS is tried first.
  return { proxy, repository, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
