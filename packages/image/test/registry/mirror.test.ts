/** Mirrors of docker.io: asked in their order, for pulls; one that fails is left for the next, in the middle of a blob if need be. */
import { expect, test } from 'vitest'
import {
  digestOf,
  FaultProxy,
  mixedCompression,
  putBlob,
  putContent,
  Registry as RealRegistry,
  topOf,
} from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { parseReference } from '../../src/reference.ts'
import { RegistrySource } from '../../src/registry/index.ts'
import { connect, failureOf } from './client.ts'

const image = mixedCompression()
const manifest = topOf(image)

async function setUp(faults: FaultProxy['faults']) {
  const stack = new AsyncDisposableStack()
  const [first, second] = [stack.use(await RealRegistry.start()), stack.use(await RealRegistry.start())]
  await putContent(first, 'library/app', '1', image)
  await putContent(second, 'library/app', '1', image)
  const proxy = stack.use(await FaultProxy.start(first))
  proxy.faults = faults
  const settings = { mirrors: [proxy.url, `${second.url}/`] }
  const client = stack.use(connect(undefined, { settings, retry: { tries: 2, firstMs: 1 } }))
  const source = new RegistrySource(client.registry, parseReference('app:1'))
  const hosts = (): string[] => [...new Set(client.traces.map(({ url }) => new URL(url).host))]
  return { first, second, proxy, source, hosts, client, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describeWith(['docker-registry'], 'an image of docker.io with mirrors', () => {
  test('comes from the first, and keeps its name', async () => {
    await using at = await setUp([])
    const [root] = await at.source.roots()
    expect(root?.names).toEqual([parseReference('docker.io/library/app:1')])
    expect(await at.source.read('manifest', root!.descriptor)).toEqual(manifest.bytes)
    expect(at.hosts()).toEqual([at.proxy.host])
  })

  test.each([
    ['has trouble', { kind: 'status', status: 500 } as const],
    ['does not have it', { kind: 'status', status: 404, on: /manifests/ } as const],
    ['is no registry', { kind: 'answer', status: 200, body: '<html>', on: /manifests/ } as const],
    ['closes connections', { kind: 'cut', afterBytes: 'headers' } as const],
  ])('whose first %s comes from the second', async (_, fault) => {
    await using at = await setUp([fault])
    expect((await at.source.roots())[0]?.descriptor.digest).toBe(digestOf(manifest.bytes))
    expect(at.hosts()).toEqual([at.proxy.host, at.second.host])
  })

  test('whose first breaks in the middle of a blob goes on at the second where it was', async () => {
    await using at = await setUp([])
    const bytes = Buffer.alloc(1_000_000, 'some bytes ')
    for (const real of [at.first, at.second]) await putBlob(real, 'library/app', bytes)
    await at.source.roots()
    at.proxy.faults = [{ kind: 'cut', on: /blobs/, afterBytes: 300_000 }]
    const blob = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length } as never
    const chunks: Uint8Array[] = []
    for await (const chunk of at.source.open(blob, 0)) {
      chunks.push(chunk)
      at.proxy.faults = [{ kind: 'status', on: /blobs/, status: 503 }]
    }
    expect(digestOf(Buffer.concat(chunks))).toBe(digestOf(bytes))
    expect(at.client.traces.at(-1)).toMatchObject({ status: 206, bytes: 700_000 })
  })

  test('is not asked for at the next when the pull was aborted', async () => {
    const controller = new AbortController()
    await using at = await setUp([])
    using client = connect(undefined, {
      settings: { mirrors: [at.proxy.url, at.second.url] },
      signal: controller.signal,
    })
    controller.abort(new Error('enough'))
    await using source = new RegistrySource(client.registry, parseReference('app:1'))
    expect((await failureOf(source.roots())).message).toBe('enough')
    expect(client.traces).toEqual([])
  })

  test('of another registry is not asked for at a mirror', async () => {
    await using at = await setUp([])
    await using source = new RegistrySource(at.client.registry, parseReference(`${at.second.host}/library/app:1`))
    await source.roots()
    expect(at.proxy.requests).toEqual([])
  })
})
