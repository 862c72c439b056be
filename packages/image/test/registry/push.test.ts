/** Writing into a real registry; skopeo reads what we wrote. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
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
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { copyImages } from '../../src/copy/copy.ts'
import type { CopyEvent } from '../../src/copy/medium.ts'
import { parseReference } from '../../src/reference.ts'
import { RegistrySink, RegistrySource } from '../../src/registry/index.ts'
import type { Repository } from '../../src/registry/repository.ts'
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

describe('a registry with other habits', () => {
  test('that takes small bodies only gets chunks, of at least the size that it names', async () => {
    const chunks: number[] = []
    await using at = await uploads({ leastBytes: 600_000, mostBytes: 700_000, onChunk: (n) => chunks.push(n) })
    await at.repository.upload(blob, open)
    expect(digestOf(at.received())).toBe(digestOf(bytes))
    expect(Math.max(...chunks)).toBeLessThanOrEqual(700_000)
    expect(Math.min(...chunks.slice(0, -1))).toBeGreaterThanOrEqual(600_000)
  })

  test('that keeps what came before a cut gets the rest only', async () => {
    await using at = await uploads({ cutAfter: 1_200_000 })
    await at.repository.upload(blob, open)
    expect(digestOf(at.received())).toBe(digestOf(bytes))
    expect(at.sentBytes()).toBeLessThan(bytes.length + 200_000)
  })

  test('that keeps what came before a cut gets the rest of a stream that is made only once', async () => {
    await using at = await uploads({ cutAfter: 1_200_000 })
    expect((await at.repository.uploadUnknown(open(0))).digest).toBe(digestOf(bytes))
    expect(digestOf(at.received())).toBe(digestOf(bytes))
  })

  test('that sends the upload to another host: it is told nothing about us', async () => {
    await using at = await uploads({ elsewhere: true, password: true })
    await at.repository.upload(blob, open)
    expect(digestOf(at.received())).toBe(digestOf(bytes))
    expect(at.authorizations()).toEqual([undefined])
  })

  test('that stores another digest is told', async () => {
    await using at = await uploads({ answers: `sha256:${'0'.repeat(64)}` })
    expect((await failureOf(at.repository.upload(blob, open))).message).toMatch(/was stored by .* as sha256:0000/)
    const manifest = topOf(image)
    const descriptor = { mediaType: manifest.mediaType, digest: digestOf(manifest.bytes), size: manifest.bytes.length }
    expect((await failureOf(at.repository.putManifest(manifest.bytes, descriptor as never, '1'))).message).toMatch(
      /was stored by .* as sha256:0000/,
    )
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

type Habits = {
  leastBytes?: number
  /** Larger bodies get 413. */
  mostBytes?: number
  /** The first connection that brings so much breaks. */
  cutAfter?: number
  elsewhere?: boolean
  password?: boolean
  answers?: string
  onChunk?: (bytes: number) => void
}

/** A registry that can do no more than take uploads, by habits that docker-registry does not have. */
async function uploads(habits: Habits) {
  let kept = Buffer.alloc(0)
  let sent = 0
  let cuts = habits.cutAfter === undefined ? 0 : 1
  let location = ''
  const authorizations: (string | undefined)[] = []
  const take = async (request: IncomingMessage): Promise<boolean> => {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      kept = Buffer.concat([kept, chunk])
      sent += chunk.length
      if (cuts > 0 && kept.length > habits.cutAfter!) {
        cuts--
        request.socket.destroy()
        return false
      }
    }
    return true
  }
  const upload = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    authorizations.push(request.headers.authorization)
    const length = Number(request.headers['content-length'] ?? 0)
    const range = { location, range: `0-${Math.max(0, kept.length - 1)}` }
    if (request.method === 'GET') return void response.writeHead(204, range).end()
    if (length > (habits.mostBytes ?? Infinity)) return void response.writeHead(413, { connection: 'close' }).end()
    if (length > 0) habits.onChunk?.(length)
    const start = /^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1]
    if (start !== undefined && Number(start) !== kept.length) return void response.writeHead(416).end()
    if (!(await take(request).catch(() => false))) return
    if (request.method === 'PATCH') {
      response.writeHead(202, { location, range: `0-${kept.length - 1}` }).end()
      return
    }
    const digest = new URL(request.url!, 'http://x').searchParams.get('digest') ?? ''
    response.writeHead(201, { 'docker-content-digest': habits.answers ?? digest }).end()
  }
  const quietly = (request: IncomingMessage, response: ServerResponse): void => {
    upload(request, response).catch(() => response.destroy())
  }
  const other = createServer(quietly)
  const front: RequestListener = (request, response) => {
    if (request.url === '/v2/') {
      if (habits.password !== true || request.headers.authorization !== undefined) return void response.end()
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    }
    if (request.method === 'HEAD') return void response.writeHead(404).end()
    if (request.method === 'POST') {
      kept = Buffer.alloc(0)
      const least = habits.leastBytes === undefined ? {} : { 'oci-chunk-min-length': String(habits.leastBytes) }
      return void response.writeHead(202, { location, ...least }).end()
    }
    if (request.url!.includes('/manifests/')) {
      request.resume()
      return void response.writeHead(201, { 'docker-content-digest': habits.answers ?? '' }).end()
    }
    quietly(request, response)
  }
  const server = createServer(front)
  const host = `127.0.0.1:${await listenOnLoopback(server)}`
  const otherPort = await listenOnLoopback(other)
  location =
    habits.elsewhere === true ? `http://localhost:${otherPort}/up?a=1` : '/v2/team/app/blobs/uploads/1?state=a%2Fb'
  const client = connect(undefined, {
    credentialsFor: () => Promise.resolve(habits.password === true ? { username: 'a', password: 'b' } : undefined),
    retry: { firstMs: 1 },
  })
  const repository: Repository = await repositoryAt(client, host, 'team/app', 'pull,push')
  return {
    repository,
    received: () => kept,
    sentBytes: () => sent,
    authorizations: () => authorizations,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]()
      await closeServer(server)
      await closeServer(other)
    },
  }
}
