/** What refers to a manifest: by the API of the spec 1.1, and by the tag that stands in for it. */
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import {
  artifact,
  mixedCompression,
  putContent,
  putReferrer,
  Registry as RealRegistry,
  type Content,
  topOf,
} from '../../../../test/harness/registry/index.ts'
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { copyImages } from '../../src/copy/copy.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../src/media-type.ts'
import { parseReference } from '../../src/reference.ts'
import { RegistrySink, RegistrySource } from '../../src/registry/index.ts'
import { describe as descriptorOf, json } from '../support/archives.ts'
import { connect, repositoryAt } from './client.ts'

const image = mixedCompression()
const manifest = topOf(image)
const subject = descriptorOf(manifest.mediaType, manifest.bytes)

const describeTop = (content: Content) => {
  const { mediaType, bytes } = topOf(content)
  return descriptorOf(mediaType, bytes)
}

describeWith(['docker-registry'], 'referrers', () => {
  test('of a registry without the API are those of the tag', async () => {
    await using real = await RealRegistry.start()
    await putContent(real, 'team/app', '1', image)
    using client = connect(real)
    const repository = await repositoryAt(client, real.host)
    expect(await repository.referrers(subject.digest)).toEqual([])
    await putReferrer(real, 'team/app', artifact(subject))
    expect(await repository.referrers(subject.digest)).toMatchObject([
      { artifactType: 'application/vnd.example.sbom', annotations: { 'org.example.made-by': 'the tests' } },
    ])
  })

  test('of a registry without the API are listed by whoever copies them there', async () => {
    await using from = await RealRegistry.start()
    await using to = await RealRegistry.start()
    for (const registry of [from, to]) await putContent(registry, 'team/app', '1', image)
    const sbom = artifact(subject)
    const signature = artifact(subject, 'application/vnd.example.signature')
    await putContent(from, 'team/app', 'sbom', sbom)
    await putContent(from, 'team/app', 'signature', signature)
    using client = connect(from)
    const copy = async (tag: string): Promise<void> => {
      await using source = new RegistrySource(client.registry, parseReference(`${from.host}/team/app:${tag}`))
      const name = parseReference(`${to.host}/team/app:${tag}`)
      await using sink = new RegistrySink(client.registry, name)
      await copyImages(source, sink, { all: true, names: [name] })
    }
    for (const tag of ['1', 'sbom', 'signature', 'sbom']) await copy(tag)
    const found = await (await repositoryAt(client, to.host)).referrers(subject.digest)
    const annotations = { 'org.example.made-by': 'the tests' }
    expect(found).toEqual([
      { ...describeTop(sbom), artifactType: 'application/vnd.example.sbom', annotations },
      { ...describeTop(signature), artifactType: 'application/vnd.example.signature', annotations },
    ])
  })
})

test('referrers of a registry with the API are those of all its pages', async () => {
  const referrer = (n: number) => descriptorOf(OCI_MANIFEST, json({ n }))
  const server = createServer((request, response) => {
    if (!request.url!.includes('/referrers/')) return void response.end()
    const second = request.url!.includes('page=2')
    const link = { link: `<${request.url}?page=2>; rel="next"` }
    response.writeHead(200, { 'content-type': OCI_INDEX, ...(second ? {} : link) })
    response.end(json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [referrer(second ? 2 : 1)] }))
  })
  const host = `127.0.0.1:${await listenOnLoopback(server)}`
  await using _ = { [Symbol.asyncDispose]: () => closeServer(server) }
  using client = connect()
  const found = await (await repositoryAt(client, host)).referrers(subject.digest)
  expect(found).toEqual([referrer(1), referrer(2)])
})

test('a registry that answers every path with a web page has no referrers', async () => {
  const server = createServer((request, response) => {
    if (request.url!.includes('/manifests/')) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
  })
  const host = `127.0.0.1:${await listenOnLoopback(server)}`
  await using _ = { [Symbol.asyncDispose]: () => closeServer(server) }
  using client = connect()
  expect(await (await repositoryAt(client, host)).referrers(subject.digest)).toEqual([])
})
