/** Uploads to registries that have other habits than docker-registry: small bodies only, pieces that are kept, another host. */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { digestOf, mixedCompression, topOf } from '../../../../test/harness/registry/index.ts'
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import type { Repository } from '../../src/registry/repository.ts'
import { stream } from '../support/archives.ts'
import { connect, failureOf, repositoryAt } from './client.ts'

const bytes = randomBytes(3_000_000)
const blob = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length } as never
const open = (offset: number) => stream(bytes.subarray(offset), 70_001)
const manifest = topOf(mixedCompression())

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
    const descriptor = { mediaType: manifest.mediaType, digest: digestOf(manifest.bytes), size: manifest.bytes.length }
    expect((await failureOf(at.repository.putManifest(manifest.bytes, descriptor as never, '1'))).message).toMatch(
      /was stored by .* as sha256:0000/,
    )
  })
})

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
