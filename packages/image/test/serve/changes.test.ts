/** What is served follows the store: images that come and go, artifacts, indexes that others put there, damage, traps. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { digestOf, hexOf } from '../../src/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../src/media-type.ts'
import { parseReference } from '../../src/reference.ts'
import * as make from '../support/archives.ts'
import { artifact, pathOf, put, serve } from '../support/serving.ts'
import { freshStore } from '../support/store.ts'

let alpine: make.TestImage
let other: make.TestImage

beforeAll(async () => {
  alpine = make.image([await make.tar({ hello: 'a'.repeat(100_000) })], 'plain')
  other = make.image([await make.tar({ hello: 'other' })])
})

const layer = () => digestOf(alpine.layers[0]!)

test('an artifact with a subject is listed, filtered by its type, and can be pulled with what it holds', async () => {
  const { store, root } = await freshStore()
  await put(store, alpine, 'alpine:1')
  const empty = make.describe('application/vnd.oci.empty.v1+json', Buffer.from('{}'))
  const note = make.describe('text/plain', Buffer.from('signed'))
  const signature = artifact(alpine.descriptor, empty, note, 'application/vnd.example.signature')
  const untyped = artifact(alpine.descriptor, make.describe(OCI_CONFIG, Buffer.from('{}')), note)
  for (const bytes of [Buffer.from('{}'), Buffer.from('signed'), signature, untyped]) await store.ingestBlob(bytes)
  const path = join(root, 'index.json')
  const index = JSON.parse(readFileSync(path, 'utf8')) as { manifests: unknown[] }
  index.manifests.push(make.describe(OCI_MANIFEST, signature), make.describe(OCI_MANIFEST, untyped))
  writeFileSync(`${path}.new`, JSON.stringify(index))
  renameSync(`${path}.new`, path)

  await using served = await serve(store)
  const all = `/v2/alpine/referrers/${alpine.descriptor.digest}`
  const list = async (path: string) => JSON.parse((await served.ask(path)).body.toString()) as { manifests: object[] }
  expect((await list(all)).manifests).toHaveLength(2)
  const filtered = `${all}?artifactType=application/vnd.example.signature`
  expect((await served.ask(filtered)).headers['oci-filters-applied']).toBe('artifactType')
  expect((await list(filtered)).manifests).toEqual([
    {
      ...make.describe(OCI_MANIFEST, signature),
      artifactType: 'application/vnd.example.signature',
      annotations: { 'org.example.signed': 'yes' },
    },
  ])
  expect((await served.ask(pathOf('alpine', 'blobs', note.digest))).body.toString()).toBe('signed')
  expect((await served.ask(pathOf('alpine', 'manifests', digestOf(signature)))).status).toBe(200)
})

describe('a store that changes', () => {
  test('images come and go while serving; a moved tag is another one at once', async () => {
    const { store } = await freshStore()
    await using served = await serve(store)
    const path = pathOf('app', 'manifests', 'latest')
    expect(await served.refusal(path)).toEqual([404, 'NAME_UNKNOWN'])
    await put(store, alpine, 'app')
    expect((await served.ask(path)).headers['docker-content-digest']).toBe(alpine.descriptor.digest)
    await put(store, other, 'app')
    expect((await served.ask(path)).headers['docker-content-digest']).toBe(other.descriptor.digest)
    await store.remove('app')
    expect(await served.refusal(path)).toEqual([404, 'NAME_UNKNOWN'])
    expect(await served.refusal(pathOf('app', 'blobs', digestOf(other.config)))).toEqual([404, 'NAME_UNKNOWN'])
  })

  test('an index that skopeo put there is served as it is, with the manifests that are there', async () => {
    const { store, root } = await freshStore()
    await put(store, alpine, 'seed')
    const absent = make.describe(OCI_MANIFEST, Buffer.from('for arm64, not copied'))
    const index = make.json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [alpine.descriptor, absent] })
    await store.ingestBlob(index)
    const annotations = { 'org.opencontainers.image.ref.name': 'multi:1' }
    const manifests = [{ ...make.describe(OCI_INDEX, index), annotations }]
    writeFileSync(join(root, 'index.new'), JSON.stringify({ schemaVersion: 2, manifests }))
    renameSync(join(root, 'index.new'), join(root, 'index.json'))
    await using served = await serve(store)
    const { headers, body } = await served.ask(pathOf('multi', 'manifests', '1'))
    expect(headers['content-type']).toBe(OCI_INDEX)
    expect(body.equals(index)).toBe(true)
    expect((await served.ask(pathOf('multi', 'manifests', alpine.descriptor.digest))).status).toBe(200)
    expect((await served.ask(pathOf('multi', 'blobs', layer()))).status).toBe(200)
    expect(await served.refusal(pathOf('multi', 'manifests', absent.digest))).toEqual([404, 'MANIFEST_UNKNOWN'])
  })

  test('only the names that are offered exist', async () => {
    const { store } = await freshStore()
    await put(store, alpine, 'alpine:3.20', 'alpine:latest', 'team/app:1')
    await using served = await serve(store, { offers: ({ path, tag }) => path === 'library/alpine' && tag === '3.20' })
    expect(JSON.parse((await served.ask('/v2/_catalog')).body.toString())).toEqual({ repositories: ['alpine'] })
    expect((await served.ask(pathOf('alpine', 'manifests', '3.20'))).status).toBe(200)
    expect(await served.refusal(pathOf('alpine', 'manifests', 'latest'))).toEqual([404, 'MANIFEST_UNKNOWN'])
    expect(await served.refusal(pathOf('team/app', 'manifests', '1'))).toEqual([404, 'NAME_UNKNOWN'])
  })

  test('a manifest that is corrupt on the disk is an error of the server, told to its owner', async () => {
    const { store, root } = await freshStore()
    await put(store, alpine, 'app')
    const problems: string[] = []
    await using served = await serve(store, { onProblem: ({ message }) => problems.push(message) })
    writeFileSync(join(root, 'blobs/sha256', hexOf(alpine.descriptor.digest)), 'rubbish')
    expect(await served.refusal(pathOf('app', 'manifests', 'latest'))).toEqual([500, 'UNKNOWN'])
    expect(problems.join()).toMatch(/corrupt on the disk/)
    expect(parseReference('app').tag).toBe('latest')
  })
})

test('a layer whose media type says that it is a manifest is only a blob', async () => {
  const { store } = await freshStore()
  await put(store, other, 'hidden')
  const trap = make.json({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: make.describe(OCI_CONFIG, alpine.config),
    layers: [{ ...other.descriptor, mediaType: `${OCI_LAYER}+gzip` }],
  })
  for (const bytes of [alpine.config, trap]) await store.ingestBlob(bytes)
  await store.add(make.describe(OCI_MANIFEST, trap), [parseReference('trap')])
  await using served = await serve(store)
  expect((await served.ask(pathOf('trap', 'manifests', 'latest'))).status).toBe(200)
  expect(await served.refusal(pathOf('trap', 'manifests', other.descriptor.digest))).toEqual([404, 'MANIFEST_UNKNOWN'])
  expect(await served.refusal(pathOf('trap', 'blobs', digestOf(other.layers[0]!)))).toEqual([404, 'BLOB_UNKNOWN'])
})
