/** Every endpoint of the pull half of the distribution-spec, over HTTP, with what its conformance tests ask and more. */
import { beforeAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/digest.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../src/media-type.ts'
import type { ImageStore } from '../../src/store/store.ts'
import * as make from '../support/archives.ts'
import { pathOf, put, serve, type Served } from '../support/serving.ts'
import { freshStore } from '../support/store.ts'

const INDEX_DIGEST = digestOf('an index that nobody kept')
let alpine: make.TestImage
let other: make.TestImage
let store: ImageStore
let served: Served

beforeAll(async () => {
  alpine = make.image([await make.tar({ hello: 'a'.repeat(100_000) })], 'plain')
  other = make.image([await make.tar({ hello: 'other' })])
  store = (await freshStore()).store
  await put(store, alpine, 'alpine:3.20', 'alpine:latest', `alpine@${INDEX_DIGEST}`, 'team/app:1')
  await put(store, other, 'ghcr.io/team/app:2', 'localhost:5000/app:3', 'docker.io/library/zoo:1')
  served = await serve(store)
  return () => served[Symbol.asyncDispose]()
})

const layer = () => digestOf(alpine.layers[0]!)
const errors = (body: Buffer) =>
  (JSON.parse(body.toString()) as { errors: { message: string; detail: object }[] }).errors

describe('the base', () => {
  test('/v2/ answers 200 and names the API', async () => {
    const { status, headers } = await served.ask('/v2/')
    expect(status).toBe(200)
    expect(headers['docker-distribution-api-version']).toBe('registry/2.0')
  })

  test.each([
    '/',
    '/v1/',
    '/v2/alpine',
    '/v2/../etc/passwd',
    '/v2/%zz/tags/list',
    '//v2/',
    '/v2/alpine/blobs/uploads/1',
  ])('%s is no path of the API', async (path) => {
    expect(await served.refusal(path)).toEqual([404, 'UNSUPPORTED'])
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s is refused with 405 and what is allowed', async (method) => {
    for (const path of ['/v2/alpine/blobs/uploads/', '/v2/alpine/manifests/x', pathOf('alpine', 'blobs', layer())]) {
      expect(await served.refusal(path, { method })).toEqual([405, 'UNSUPPORTED'])
      expect((await served.ask(path, { method })).headers.allow).toBe('GET, HEAD')
    }
  })
})

describe('manifests', () => {
  test.each(['3.20', 'latest'])(
    'by tag %s: the bytes, the media type, the digest, to be asked for again',
    async (tag) => {
      const { status, headers, body } = await served.ask(pathOf('alpine', 'manifests', tag))
      expect(status).toBe(200)
      expect(body.equals(alpine.manifest)).toBe(true)
      expect(headers).toMatchObject({
        'content-type': OCI_MANIFEST,
        'content-length': String(alpine.manifest.length),
        'docker-content-digest': alpine.descriptor.digest,
        etag: `"${alpine.descriptor.digest}"`,
        'cache-control': 'no-cache',
      })
    },
  )

  test('by digest: the same, for ever', async () => {
    const { status, headers, body } = await served.ask(pathOf('alpine', 'manifests', alpine.descriptor.digest))
    expect(status).toBe(200)
    expect(body.equals(alpine.manifest)).toBe(true)
    expect(headers['cache-control']).toMatch(/immutable/)
  })

  test('HEAD has the head of GET and no body', async () => {
    for (const reference of ['3.20', alpine.descriptor.digest]) {
      const path = pathOf('alpine', 'manifests', reference)
      const { date: _a, ...get } = (await served.ask(path)).headers
      const { status, headers, body } = await served.ask(path, { method: 'HEAD' })
      const { date: _b, ...head } = headers
      expect([status, body.length, head]).toEqual([200, 0, get])
    }
  })

  test('If-None-Match (the digest) answers 304', async () => {
    const headers = { 'if-none-match': `"${alpine.descriptor.digest}"` }
    const reply = await served.ask(pathOf('alpine', 'manifests', '3.20'), { headers })
    expect([reply.status, reply.body.length]).toEqual([304, 0])
  })

  test.each([
    ['/v2/alpine/manifests/none', 404, 'MANIFEST_UNKNOWN'],
    [`/v2/alpine/manifests/${digestOf('none')}`, 404, 'MANIFEST_UNKNOWN'],
    ['/v2/none/manifests/latest', 404, 'NAME_UNKNOWN'],
    ['/v2/alpine/manifests/sha256:abc', 400, 'DIGEST_INVALID'],
    ['/v2/UPPER/manifests/latest', 400, 'NAME_INVALID'],
    [`/v2/${'a'.repeat(300)}/manifests/latest`, 400, 'NAME_INVALID'],
    ['/v2/a%2F..%2Fb/manifests/latest', 400, 'NAME_INVALID'],
  ])('%s is refused', async (path, status, code) => {
    expect(await served.refusal(path)).toEqual([status, code])
    const head = await served.ask(path, { method: 'HEAD' })
    expect([head.status, head.body.length]).toEqual([status, 0])
  })

  test('a layer is no manifest', async () => {
    expect(await served.refusal(pathOf('alpine', 'manifests', layer()))).toEqual([404, 'MANIFEST_UNKNOWN'])
  })

  test('the digest of an index of which one manifest is here: refused, and told what is here', async () => {
    const { status, body } = await served.ask(pathOf('alpine', 'manifests', INDEX_DIGEST))
    expect(status).toBe(404)
    expect(errors(body)[0]).toMatchObject({
      message: expect.stringContaining(`alpine@${alpine.descriptor.digest}`) as string,
      detail: { available: alpine.descriptor.digest },
    })
  })
})

describe('names', () => {
  test.each([
    ['alpine', ''],
    ['library/alpine', ''],
    ['library/alpine', '?ns=docker.io'],
    ['team/app', ''],
    ['team/app', '?ns=docker.io'],
  ])('%s%s leads to docker.io', async (name, query) => {
    const tag = name === 'team/app' ? '1' : '3.20'
    const { status, headers } = await served.ask(`/v2/${name}/manifests/${tag}${query}`)
    expect([status, headers['docker-content-digest']]).toEqual([200, alpine.descriptor.digest])
  })

  test.each([
    ['ghcr.io/team/app', '2', ''],
    ['team/app', '2', '?ns=ghcr.io'],
    ['app', '3', '?ns=localhost:5000'],
  ])('%s:%s%s leads to another domain', async (name, tag, query) => {
    const { status, headers } = await served.ask(`/v2/${name}/manifests/${tag}${query}`)
    expect([status, headers['docker-content-digest']]).toEqual([200, other.descriptor.digest])
  })

  test('an image of one domain is not that of another', async () => {
    expect(await served.refusal('/v2/library/alpine/manifests/3.20?ns=ghcr.io')).toEqual([404, 'NAME_UNKNOWN'])
    expect(await served.refusal('/v2/team/app/manifests/2')).toEqual([404, 'MANIFEST_UNKNOWN'])
    expect(await served.refusal('/v2/localhost:5000/app/manifests/3')).toEqual([400, 'NAME_INVALID'])
  })

  test('where docker.io has the same path as a name with its domain, docker.io is meant', async () => {
    const { store } = await freshStore()
    await put(store, alpine, 'docker.io/ghcr.io/x:1')
    await put(store, other, 'ghcr.io/x:1')
    await using served = await serve(store)
    const digestAt = async (path: string) => (await served.ask(path)).headers['docker-content-digest']
    expect(await digestAt('/v2/ghcr.io/x/manifests/1')).toBe(alpine.descriptor.digest)
    expect(await digestAt('/v2/x/manifests/1?ns=ghcr.io')).toBe(other.descriptor.digest)
    const catalog = (await served.ask('/v2/_catalog')).body.toString()
    expect(JSON.parse(catalog)).toEqual({ repositories: ['ghcr.io/x'] })
  })
})

describe('blobs', () => {
  test('config and layers: the bytes, the digest, for ever, in parts if wanted', async () => {
    for (const bytes of [alpine.config, ...alpine.layers]) {
      const { status, headers, body } = await served.ask(pathOf('alpine', 'blobs', digestOf(bytes)))
      expect(status).toBe(200)
      expect(body.equals(bytes)).toBe(true)
      expect(headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-length': String(bytes.length),
        'docker-content-digest': digestOf(bytes),
        etag: `"${digestOf(bytes)}"`,
        'accept-ranges': 'bytes',
      })
      expect(headers['cache-control']).toMatch(/immutable/)
    }
  })

  test('HEAD has the head of GET, whatever Range says', async () => {
    const headers = { range: 'bytes=1-2' }
    const reply = await served.ask(pathOf('alpine', 'blobs', layer()), { method: 'HEAD', headers })
    expect([reply.status, reply.body.length]).toEqual([200, 0])
    expect(reply.headers['content-length']).toBe(String(alpine.layers[0]!.length))
  })

  test('a range answers 206 with its place, and continues a download that was cut', async () => {
    const whole = alpine.layers[0]!
    const headers = { range: 'bytes=70000-', 'if-range': `"${layer()}"` }
    const reply = await served.ask(pathOf('alpine', 'blobs', layer()), { headers })
    expect(reply.status).toBe(206)
    expect(reply.headers['content-range']).toBe(`bytes 70000-${whole.length - 1}/${whole.length}`)
    expect(reply.body.equals(whole.subarray(70_000))).toBe(true)
  })

  test('If-Range (another thing) answers the whole', async () => {
    const headers = { range: 'bytes=5-', 'if-range': '"sha256:other"' }
    const reply = await served.ask(pathOf('alpine', 'blobs', layer()), { headers })
    expect([reply.status, reply.body.length]).toEqual([200, alpine.layers[0]!.length])
  })

  test('a range behind the end answers 416 with the size', async () => {
    const options = { headers: { range: 'bytes=900000-' } }
    const path = pathOf('alpine', 'blobs', layer())
    expect(await served.refusal(path, options)).toEqual([416, 'RANGE_INVALID'])
    expect((await served.ask(path, options)).headers['content-range']).toBe(`bytes */${alpine.layers[0]!.length}`)
  })

  test('blobs of another repository, of a load that runs, and malformed digests are refused', async () => {
    const loose = await store.ingestBlob(Buffer.from('nobody names me yet'))
    for (const digest of [digestOf(other.layers[0]!), loose.digest, digestOf('none'), `sha512:${'a'.repeat(128)}`])
      expect(await served.refusal(pathOf('alpine', 'blobs', digest))).toEqual([404, 'BLOB_UNKNOWN'])
    for (const digest of ['abc', 'sha256:..', `sha256:${'A'.repeat(64)}`])
      expect(await served.refusal(pathOf('alpine', 'blobs', digest))).toEqual([400, 'DIGEST_INVALID'])
    for (const path of ['/v2/alpine/blobs/..%2F..%2Findex.json', '/v2/alpine/blobs/index.json'])
      expect((await served.ask(path)).status).toBeGreaterThanOrEqual(400)
  })
})

describe('lists', () => {
  const list = async (path: string) => {
    const { status, headers, body } = await served.ask(path)
    return { status, link: headers.link, ...(JSON.parse(body.toString()) as object) }
  }

  test('tags are sorted, in pages, with the way to the next one', async () => {
    expect(await list('/v2/alpine/tags/list')).toEqual({ status: 200, name: 'alpine', tags: ['3.20', 'latest'] })
    expect(await list('/v2/library/alpine/tags/list?n=1')).toEqual({
      status: 200,
      name: 'library/alpine',
      tags: ['3.20'],
      link: '</v2/library/alpine/tags/list?last=3.20&n=1>; rel="next"',
    })
    expect(await list('/v2/alpine/tags/list?last=3.20&n=1')).toMatchObject({ tags: ['latest'], link: undefined })
    expect(await list('/v2/alpine/tags/list?n=0')).toMatchObject({ tags: [], link: undefined })
    expect(await list('/v2/alpine/tags/list?last=zzz')).toMatchObject({ tags: [] })
    expect(await served.refusal('/v2/alpine/tags/list?n=x')).toEqual([400, 'PAGINATION_NUMBER_INVALID'])
    expect(await served.refusal('/v2/none/tags/list')).toEqual([404, 'NAME_UNKNOWN'])
  })

  test('_catalog has the names that lead somewhere, in pages; with ns those of a domain', async () => {
    expect(await list('/v2/_catalog')).toMatchObject({
      repositories: ['alpine', 'ghcr.io/team/app', 'team/app', 'zoo'],
    })
    const first = await list('/v2/_catalog?n=3')
    expect(first).toMatchObject({ repositories: ['alpine', 'ghcr.io/team/app', 'team/app'] })
    const next = /^<(.+)>; rel="next"$/.exec(first.link as string)?.[1] ?? ''
    expect(await list(next)).toEqual({ status: 200, repositories: ['zoo'] })
    expect(await list('/v2/_catalog?ns=localhost:5000')).toMatchObject({ repositories: ['app'] })
  })

  test('referrers (none) are an empty index', async () => {
    for (const digest of [alpine.descriptor.digest, digestOf('none')]) {
      const { status, headers, body } = await served.ask(`/v2/alpine/referrers/${digest}`)
      expect([status, headers['content-type']]).toEqual([200, OCI_INDEX])
      expect(JSON.parse(body.toString())).toEqual({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] })
    }
    expect(await served.refusal('/v2/alpine/referrers/abc')).toEqual([400, 'DIGEST_INVALID'])
  })
})
