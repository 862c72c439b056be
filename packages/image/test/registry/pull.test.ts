/** Reading from a real registry, in the four ways in which registries are set up. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  digestOf,
  FaultProxy,
  mixedCompression,
  multiPlatform,
  putContent,
  Registry as RealRegistry,
  topOf,
} from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { parseReference } from '../../src/reference.ts'
import { defaultRegistryConfig } from '../../src/registry/config.ts'
import { HttpClient } from '../../src/registry/http/http-client.ts'
import { RegistrySource } from '../../src/registry/index.ts'
import { collect } from '../support/archives.ts'
import { connect, failureOf, repositoryAt } from './client.ts'

const image = mixedCompression()
const manifest = topOf(image)
const digest = digestOf(manifest.bytes)
const layer = { mediaType: 'x', digest: digestOf(image.blobs[0]!), size: image.blobs[0]!.length } as never

describeWith(['docker-registry', 'openssl', 'htpasswd'], 'an image', () => {
  test.each([
    { auth: 'none', tls: false },
    { auth: 'none', tls: true },
    { auth: 'htpasswd', tls: false },
    { auth: 'token', tls: true },
  ] as const)(
    'of a registry (auth $auth, TLS $tls) is found, and its bytes are what was put there',
    async (options) => {
      await using real = await RealRegistry.start(options)
      await putContent(real, 'team/app', '1', image)
      using client = connect(real)
      await using source = new RegistrySource(client.registry, parseReference(`${real.host}/team/app:1`))
      const [root] = await source.roots()
      expect(root?.descriptor).toEqual({ mediaType: manifest.mediaType, digest, size: manifest.bytes.length })
      expect(await source.read('manifest', root!.descriptor)).toEqual(manifest.bytes)
      expect(await collect(source.open(layer, 0))).toEqual(image.blobs[0])
      expect(await collect(source.open(layer, 10))).toEqual(image.blobs[0]!.subarray(10))
    },
  )

  test('costs one request for its name and one for its manifest, when nothing has to be found out', async () => {
    await using real = await RealRegistry.start()
    await putContent(real, 'team/app', '1', image)
    using client = connect(real)
    const repository = await repositoryAt(client, real.host)
    await repository.readManifest(await repository.resolve('1'))
    await repository.resolve('1')
    expect(client.asked()).toEqual([
      // Loopback: HTTPS first, then HTTP.
      'GET - /v2/',
      'GET 200 /v2/',
      'HEAD 200 /v2/team/app/manifests/1',
      `GET 200 /v2/team/app/manifests/${digest}`,
      'HEAD 200 /v2/team/app/manifests/1',
    ])
  })

  test('is resolved by GET where the registry does not answer HEAD', async () => {
    await using real = await RealRegistry.start()
    await putContent(real, 'team/app', '1', image)
    await using proxy = await FaultProxy.start(real)
    proxy.faults = [{ kind: 'status', on: /^HEAD/, status: 405 }]
    using client = connect(real)
    expect((await (await repositoryAt(client, proxy.host)).resolve('1')).digest).toBe(digest)
  })

  test('by a tag that nobody has: not found, in docker’s words', async () => {
    await using real = await RealRegistry.start()
    using client = connect(real)
    await using source = new RegistrySource(client.registry, parseReference(`${real.host}/team/app:9`))
    const failure = await failureOf(source.roots())
    expect(failure.message).toBe(`manifest for ${real.host}/team/app:9 not found: manifest unknown: manifest unknown`)
    expect(failure).toMatchObject({ code: 'not-found', status: 404, codes: ['MANIFEST_UNKNOWN'] })
  })

  test('with all its tags is every tag once', async () => {
    await using real = await RealRegistry.start()
    for (const tag of ['1', '2', 'latest']) await putContent(real, 'team/app', tag, image)
    using client = connect(real)
    const reference = parseReference(`${real.host}/team/app`)
    await using source = new RegistrySource(client.registry, reference, { allTags: true })
    const tags = (await source.roots()).map(({ names }) => names[0]?.tag ?? '')
    expect(new Set(tags)).toEqual(new Set(['1', '2', 'latest']))
    expect(tags).toHaveLength(3)
  })

  test('of a repository that is not there, with all its tags: docker’s words', async () => {
    await using real = await RealRegistry.start()
    using client = connect(real)
    const reference = parseReference(`${real.host}/no/such`)
    await using source = new RegistrySource(client.registry, reference, { allTags: true })
    expect((await failureOf(source.roots())).message).toBe(
      `repository ${real.host}/no/such not found: name unknown: repository name not known to registry`,
    )
  })

  test('for several platforms is an index, read as it is', async () => {
    await using real = await RealRegistry.start()
    const both = [multiPlatform(), multiPlatform(true)]
    using client = connect(real)
    const repository = await repositoryAt(client, real.host)
    for (const content of both) {
      await putContent(real, 'team/app', 'multi', content)
      const { bytes, descriptor } = await repository.fetchManifest('multi')
      expect([bytes, descriptor.mediaType]).toEqual([topOf(content).bytes, topOf(content).mediaType])
    }
  })
})

describeWith(['docker-registry'], 'a list of tags', () => {
  test('in pages is read to its end', async () => {
    await using real = await RealRegistry.start()
    await using proxy = await FaultProxy.start(real)
    const page = (tags: string[], next?: string) =>
      ({
        kind: 'answer',
        status: 200,
        body: JSON.stringify({ name: 'team/app', tags }),
        headers: next === undefined ? {} : { link: `<${next}>; rel="next"` },
      }) as const
    proxy.faults = [
      { on: /list\?n=/, ...page(['a', 'b'], '/v2/team/app/tags/list?last=b') },
      { on: /last=b/, ...page(['c'], `${proxy.url}/v2/team/app/tags/list?last=c&n=2`) },
      { on: /last=c/, ...page(['d', 'a']) },
    ]
    using client = connect(real)
    expect(await (await repositoryAt(client, proxy.host)).tags()).toEqual(['a', 'b', 'c', 'd'])
  })

  test('whose pages never end is given up', async () => {
    await using real = await RealRegistry.start()
    await using proxy = await FaultProxy.start(real)
    const link = '</v2/team/app/tags/list?n=1000>; rel="next"'
    proxy.faults = [{ kind: 'answer', on: /tags/, status: 200, body: '{"tags":["a"]}', headers: { link } }]
    using client = connect(real)
    expect((await failureOf((await repositoryAt(client, proxy.host)).tags())).message).toMatch(/list without end/)
    expect(proxy.matching(/tags/)).toHaveLength(1)
  })

  test('of tags on one page of a million is refused as well', async () => {
    await using real = await RealRegistry.start()
    await using proxy = await FaultProxy.start(real)
    const body = JSON.stringify({ tags: Array.from({ length: 1_000_000 }, () => 'a') })
    proxy.faults = [{ kind: 'answer', on: /tags/, status: 200, headers: { 'content-type': 'application/json' }, body }]
    using client = connect(real)
    expect((await failureOf((await repositoryAt(client, proxy.host)).tags())).message).toMatch(/list without end/)
  })
})

describe('a registry that is not there', () => {
  test.each([
    ['localhost:1', /^Get "http:\/\/localhost:1\/v2\/": dial tcp .*:1: connect: connection refused$/],
    ['no-such-host.invalid', /^Get "https:\/\/no-such-host.invalid\/v2\/": dial tcp: lookup no-such-host.invalid: /],
  ])('%s: an error at once, in docker’s words, with a hint', async (host, words) => {
    using client = connect()
    const start = performance.now()
    const failure = await failureOf((await repositoryAt(client, host)).resolve('1'))
    expect(failure.message).toMatch(words)
    expect(failure.hint).toMatch(/check/)
    expect(failure.code).toBe('unavailable')
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describeWith(['docker-registry', 'openssl'], 'a certificate', () => {
  const ask = async (certsDirs: string[], url: string): Promise<number> => {
    using http = new HttpClient({ config: { ...defaultRegistryConfig, certsDirs } })
    const request = { step: 'image.ping', method: 'GET', url: new URL('/v2/', url), headers: {} } as const
    // Loopback is insecure wherever it is configured, so this asks one floor below.
    await using answer = await http.send(request, { host: request.url.host, verify: true })
    return answer.status
  }

  test('that nobody vouches for is refused, with the place to put its authority', async () => {
    await using real = await RealRegistry.start({ tls: true })
    const failure = await failureOf(ask([], real.url))
    expect(failure.message).toBe(
      `Get "${real.url}/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    )
    expect(failure.hint).toContain(`/etc/docker/certs.d/${real.host}/ca.crt`)
  })

  test('whose authority lies in certs.d is taken; for another name it is not', async () => {
    await using real = await RealRegistry.start({ tls: true })
    expect(await ask([real.certsDir], real.url)).toBe(200)
    const other = `127.0.0.2:${new URL(real.url).port}`
    real.trust(other)
    // Nobody listens there, or the name is wrong; neither is a registry.
    await expect(ask([real.certsDir], `https://${other}`)).rejects.toThrow(/not valid for the name|refused/)
  })

  test('without its key in certs.d is an error that names the file', async () => {
    await using real = await RealRegistry.start({ tls: true })
    writeFileSync(join(real.certsDir, real.host, 'client.cert'), '')
    expect((await failureOf(ask([real.certsDir], real.url))).message).toBe('missing key client.key for client.cert')
  })
})
