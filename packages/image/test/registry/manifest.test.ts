/** Manifests that lie: about their digest, size, type, or what they are at all. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { describe as descriptorOf, json } from '../support/archives.ts'
import { digestOf } from '../../src/digest.ts'
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/media-type.ts'
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import { connect, failureOf, repositoryAt } from './client.ts'

const config = descriptorOf(OCI_CONFIG, json({}))
const manifest = json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] })
const untyped = json({ schemaVersion: 2, config, layers: [] })

type Answers = { headers?: Record<string, string>; body?: Buffer | string; chunked?: boolean }

/** What our client makes of a manifest that is answered so. */
async function fetched(answers: Answers, name = '1') {
  const server = createServer((request, response) => {
    if (request.url === '/v2/') return void response.end()
    if (request.method === 'HEAD') return void response.writeHead(405).end()
    const body = Buffer.from(answers.body ?? manifest)
    const length = answers.chunked === true ? {} : { 'content-length': body.length }
    response.writeHead(200, { 'content-type': OCI_MANIFEST, ...length, ...answers.headers }).end(body)
  })
  const host = `127.0.0.1:${await listenOnLoopback(server)}`
  await using _ = { [Symbol.asyncDispose]: () => closeServer(server) }
  using client = connect(undefined, { retry: { tries: 1 } })
  const outcome = await (await repositoryAt(client, host)).fetchManifest(name).then(
    ({ descriptor }) => descriptor.mediaType,
    (error: Error) => error.message,
  )
  return { outcome, read: client.traces.at(-1)?.bytes ?? 0 }
}

test.each([
  ['is what all say', {}, OCI_MANIFEST],
  ['has no type of its own', { body: untyped }, OCI_MANIFEST],
  [
    'has no type of its own, and a Content-Type for anything',
    { body: untyped, headers: { 'content-type': 'text/plain' } },
    OCI_MANIFEST,
  ],
  ['comes as application/json', { headers: { 'content-type': 'application/json; charset=utf-8' } }, OCI_MANIFEST],
])('a manifest that %s is taken', async (_, answers, mediaType) => {
  expect((await fetched(answers)).outcome).toBe(mediaType)
})

test.each([
  ['says another type than the registry', { headers: { 'content-type': DOCKER_MANIFEST } }, /and the registry says/],
  [
    'says it is an index',
    {
      body: json({ schemaVersion: 2, mediaType: OCI_INDEX, config, layers: [] }),
      headers: { 'content-type': OCI_INDEX },
    },
    /does not look like one/,
  ],
  ['is announced as an index', { body: untyped, headers: { 'content-type': DOCKER_LIST } }, /does not look like one/],
  [
    'is an image and an index',
    { body: json({ schemaVersion: 2, config, layers: [], manifests: [] }) },
    /an image and an index at once/,
  ],
  [
    'is of schema 1',
    { headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' } },
    /schema 1 support has been removed/,
  ],
  [
    'is of schema 1 and does not say so',
    { body: json({ schemaVersion: 1, name: 'x', fsLayers: [] }), headers: { 'content-type': 'application/json' } },
    /schema 1 support has been removed/,
  ],
  [
    'is a web page',
    { body: '<!doctype html><title>x</title>', headers: { 'content-type': 'text/html' } },
    /is a web page/,
  ],
  ['is no object', { body: '[]' }, /no JSON object/],
  ['is null', { body: 'null' }, /no JSON object/],
  ['is empty', { body: '' }, /no JSON object/],
  ['is something else', { body: '{"a":1}', headers: { 'content-type': 'application/json' } }, /unknown type/],
  ['has other bytes than its digest', { headers: { 'docker-content-digest': digestOf('x') } }, /has the digest/],
  ['has a digest that is none', { headers: { 'docker-content-digest': 'sha256:x' } }, /answered with the digest/],
  ['is compressed on the way', { headers: { 'content-encoding': 'gzip' } }, /Content-Encoding: gzip/],
])('a manifest that %s is refused', async (_, answers, words) => {
  expect((await fetched(answers as Answers)).outcome).toMatch(words)
})

test('a manifest is checked against the digest that was asked for', async () => {
  expect((await fetched({}, digestOf(manifest))).outcome).toBe(OCI_MANIFEST)
  expect((await fetched({}, digestOf('x'))).outcome).toMatch(/has the digest/)
})

test('a manifest of 50 MB is not read; one that does not tell its length, no further than 4 MiB', async () => {
  const large = Buffer.alloc(50_000_000, ' ')
  const told = await fetched({ body: large })
  expect([told.outcome, told.read]).toEqual([expect.stringMatching(/over 4 MiB \(50000000 bytes\)/), 0])
  const chunked = await fetched({ body: large, chunked: true })
  expect(chunked.outcome).toMatch(/over 4 MiB/)
  expect(chunked.read).toBeLessThan(6 << 20)
})

test('a descriptor of 50 MB is refused before anything is asked', async () => {
  using client = connect()
  const repository = await repositoryAt(client, 'localhost:1')
  const large = { ...descriptorOf(OCI_MANIFEST, manifest), size: 50_000_000 }
  expect((await failureOf(repository.readManifest(large))).message).toMatch(/50000000 bytes/)
  expect((await failureOf(repository.readBlob(large))).message).toMatch(/50000000 bytes/)
})

test('sha512 digests are checked too', async () => {
  const right = `sha512:${createHash('sha512').update(manifest).digest('hex')}`
  expect((await fetched({}, right)).outcome).toBe(OCI_MANIFEST)
  expect((await fetched({ body: untyped }, right)).outcome).toMatch(/has the digest sha512:/)
})
