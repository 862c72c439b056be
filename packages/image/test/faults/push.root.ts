/** Pushes to the real registry: what skopeo, umoci and docker make of them, and through a network that cuts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must, run } from '../../../../test/harness/command.ts'
import { Dockerd } from '../../../../test/harness/dockerd.ts'
import { BUSYBOX, busyboxArchive } from '../../../../test/harness/images.ts'
import {
  artifact,
  describe as descriptorOf,
  digestOf,
  dockerImage,
  FaultProxy,
  getManifest,
  inspectBySkopeo,
  mixedCompression,
  multiPlatform,
  pullBySkopeo,
  pushBySkopeo,
  putContent,
  putReferrer,
  Registry,
  request,
  tarOf,
  topOf,
  type Content,
  type Fault,
  type RegistryOptions,
  noisyImage,
} from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { copyImages, type CopyEvent, type CopyOptions } from '../../src/copy/index.ts'
import { parseReference } from '../../src/reference.ts'
import {
  Registry as Client,
  RegistrySink,
  RegistrySource,
  type RegistryOptions as ClientOptions,
} from '../../src/registry/index.ts'
import { StoreSource } from '../../src/media/store-source.ts'
import type { ImageStore } from '../../src/store/store.ts'
import { accessTo, expectSound, failure, FAST, freshStore, pull } from './pull.ts'
import { NEEDS } from './setting.ts'

const image = noisyImage([1_500_000, 400_000, 5_000])
const UPLOAD = /^(PUT|PATCH) .*uploads/

const scratch = mkdtempSync(join(tmpdir(), 'image-push-'))
afterAll(() => rmSync(scratch, { recursive: true }))

async function setUp(faults: Fault[] = [], options: RegistryOptions = {}, content: Content = image) {
  await using stack = new AsyncDisposableStack()
  const origin = stack.use(await Registry.start())
  const registry = stack.use(await Registry.start(options))
  const proxy = stack.use(await FaultProxy.start(registry))
  await putContent(origin, 'team/app', '1', content)
  const store = await freshStore()
  await pull(store, origin, `${origin.host}/team/app:1`)
  proxy.faults = faults
  const kept = stack.move()
  return {
    registry,
    proxy,
    store,
    from: `${origin.host}/team/app:1`,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

type Pushed = { digest: string; events: CopyEvent[] }

async function push(
  store: ImageStore,
  registry: Registry,
  from: string,
  to: string,
  options: ClientOptions & CopyOptions = {},
): Promise<Pushed> {
  using client = new Client({ ...FAST, ...accessTo(registry), ...options })
  const target = parseReference(to)
  await using source = await StoreSource.open(store, [{ image: store.get(from), names: [target] }])
  await using sink = new RegistrySink(client, target)
  const events: CopyEvent[] = []
  const [copied] = await copyImages(source, sink, { ...options, onEvent: (event) => events.push(event) })
  return { digest: copied!.tree.descriptor.digest, events }
}

/** Bytes of the blob as the registry keeps them on its disk. */
function keeps(registry: Registry, bytes: Buffer): boolean {
  return readFileSync(registry.pathOf(digestOf(bytes))).equals(bytes)
}

describeWith(NEEDS, 'a push', () => {
  test.each([
    { auth: 'none', tls: false },
    { auth: 'none', tls: true },
    { auth: 'htpasswd', tls: true },
    { auth: 'token', tls: true },
  ] as const)('(auth $auth, tls $tls) keeps the digest; skopeo and umoci take what it made', async (way) => {
    await using at = await setUp([], way)
    const { digest } = await push(at.store, at.registry, at.from, `${at.registry.host}/new/app:2`)
    expect(digest).toBe(digestOf(topOf(image).bytes))
    expect(await inspectBySkopeo(at.registry, 'new/app:2')).toMatchObject({ Digest: digest, Os: 'linux' })
    const layout = join(scratch, `layout-${way.auth}-${way.tls}`)
    await pullBySkopeo(at.registry, 'new/app:2', `oci:${layout}:app`)
    const bundle = `${layout}-bundle`
    await must(['umoci', 'raw', 'unpack', '--image', `${layout}:app`, bundle])
    expect(readdirSync(bundle).filter((name) => name.startsWith('layer'))).toEqual(['layer0', 'layer1', 'layer2'])
    await expectSound(at.store)
  })

  test('a second time sends no blob; another tag sends only the manifest', async () => {
    await using at = await setUp()
    await push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:1`)
    at.proxy.requests.length = 0
    const { events } = await push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:2`)
    expect(at.proxy.matching(UPLOAD)).toEqual([])
    expect(events.filter((event) => event.kind === 'blob' && event.progress.state === 'present')).toHaveLength(4)
    expect((await getManifest(at.registry, 'new/app', '2')).status).toBe(200)
  })

  test('to another repository of the registry where it came from mounts the blobs', async () => {
    await using registry = await Registry.start({ auth: 'token' })
    await using proxy = await FaultProxy.start(registry)
    await putContent(registry, 'team/app', '1', image)
    const store = await freshStore()
    await pull(store, registry, `${proxy.host}/team/app:1`)
    proxy.requests.length = 0
    const { events } = await push(store, registry, `${proxy.host}/team/app:1`, `${proxy.host}/new/app:1`)
    expect(proxy.matching(UPLOAD)).toEqual([])
    expect(events.filter((event) => event.kind === 'blob' && event.progress.state === 'mounted')).toHaveLength(4)
  })

  test('through a proxy that cuts uploads ends well, with the right bytes', async () => {
    await using at = await setUp([{ kind: 'cut-upload', on: UPLOAD, afterBytes: 300_000, times: 3 }])
    await push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:1`)
    for (const blob of image.blobs) expect(keeps(at.registry, blob)).toBe(true)
    await inspectBySkopeo(at.registry, 'new/app:1')
  })

  test('whose answers are lost (cut before their heads) ends well', async () => {
    await using at = await setUp([{ kind: 'cut', on: /uploads|manifests/, afterBytes: 'headers', times: 5 }])
    await push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:1`)
    await inspectBySkopeo(at.registry, 'new/app:1')
  })

  test.each([429, 500, 503])('to a registry that answers %d a few times waits and ends well', async (status) => {
    await using at = await setUp([{ kind: 'status', status, on: /uploads|manifests/, times: 3 }])
    await push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:1`)
    await inspectBySkopeo(at.registry, 'new/app:1')
  })

  test('to a registry that does not know a blob yet, which it has just taken, asks again; one that never does is an error', async () => {
    const errors = [{ code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown to registry' }]
    const unknown: Fault = { kind: 'status', status: 400, on: /^PUT .*manifests/, body: JSON.stringify({ errors }) }
    await using at = await setUp([{ ...unknown, times: 2 }])
    await push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:1`)
    await inspectBySkopeo(at.registry, 'new/app:1')
    at.proxy.faults = [unknown]
    expect(await failure(push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:2`))).toMatch(
      /manifest blob unknown/,
    )
  })

  test.each([200, 202])(
    'to something that answers %d to whatever is PUT is an error, not a success',
    async (status) => {
      const taken: Fault = { kind: 'answer', on: /^PUT .*manifests/, status, body: '<html>Wi-Fi</html>' }
      await using at = await setUp([taken])
      expect(await failure(push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:1`))).toMatch(
        /not that it was created/,
      )
      at.proxy.faults = [{ ...taken, on: /^PUT .*uploads/ }]
      expect(await failure(push(at.store, at.registry, at.from, `${at.proxy.host}/other/app:1`))).toMatch(
        /not that it was created/,
      )
    },
  )

  test('cut without end fails clearly, no tag appears, and a second one ends well', async () => {
    await using at = await setUp([{ kind: 'cut-upload', on: UPLOAD, afterBytes: 1000 }])
    expect(await failure(push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:1`))).toMatch(
      /EOF|reset|closed/,
    )
    expect((await request(at.registry, 'GET', '/v2/new/app/manifests/1')).status).toBe(404)
    at.proxy.faults = []
    await push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:1`)
    await inspectBySkopeo(at.registry, 'new/app:1')
  })

  test('with a wrong password, or to a registry that is read only: denied, in words', async () => {
    await using at = await setUp([], { auth: 'htpasswd' })
    const credentialsFor = () => Promise.resolve({ username: 'tester', password: 'wrong' })
    const message = await failure(
      push(at.store, at.registry, at.from, `${at.registry.host}/new/app:1`, { credentialsFor }),
    )
    expect(message).toMatch(/unauthorized|denied|401/i)
    await using readOnly = await Registry.start({ readOnly: true })
    expect(await failure(push(at.store, readOnly, at.from, `${readOnly.host}/new/app:1`))).toMatch(/unsupported|405/i)
  })

  test('ten at once of one image all end well', async () => {
    await using at = await setUp()
    const tags = Array.from({ length: 10 }, (_, i) => `t${i}`)
    await Promise.all(tags.map((tag) => push(at.store, at.registry, at.from, `${at.proxy.host}/new/app:${tag}`)))
    const { body } = await request(at.registry, 'GET', '/v2/new/app/tags/list')
    expect((JSON.parse(body.toString()) as { tags: string[] }).tags.toSorted()).toEqual(tags)
  })

  test('of uncompressed, gzip and zstd layers leaves them as they are', async () => {
    const content = mixedCompression()
    await using at = await setUp([], {}, content)
    const { digest } = await push(at.store, at.registry, at.from, `${at.registry.host}/new/app:1`)
    expect(digest).toBe(digestOf(topOf(content).bytes))
    for (const blob of content.blobs) expect(keeps(at.registry, blob)).toBe(true)
  })

  test('of a docker image of schema 2 stays one', async () => {
    const content = dockerImage([tarOf({ a: 'a' })])
    await using at = await setUp([], {}, content)
    await push(at.store, at.registry, at.from, `${at.registry.host}/new/app:1`)
    expect((await getManifest(at.registry, 'new/app', '1')).body).toEqual(topOf(content).bytes)
  })
})

describeWith(NEEDS, 'from registry to registry', () => {
  test.each([false, true])(
    'a whole index goes with all its platforms, digest for digest (docker list: %s)',
    async (docker) => {
      await using one = await Registry.start({ auth: 'token' })
      await using two = await Registry.start({ tls: true, auth: 'htpasswd' })
      const content = multiPlatform(docker)
      await putContent(one, 'team/multi', '1', content)
      using from = new Client({ ...FAST, ...accessTo(one) })
      using to = new Client({ ...FAST, ...accessTo(two) })
      await using source = new RegistrySource(from, parseReference(`${one.host}/team/multi:1`))
      const target = parseReference(`${two.host}/copy/multi:2`)
      await using sink = new RegistrySink(to, target)
      await copyImages(source, sink, { all: true, names: [target] })
      expect((await getManifest(two, 'copy/multi', '2')).body).toEqual(topOf(content).bytes)
      await pullBySkopeo(two, 'copy/multi:2', `oci:${join(scratch, `multi-${docker}`)}:m`, '--all')
      for (const blob of content.blobs) expect(keeps(two, blob)).toBe(true)
    },
  )

  test('an artifact with a subject goes as it is', async () => {
    await using registry = await Registry.start()
    const top = topOf(mixedCompression())
    await putContent(registry, 'app', '1', mixedCompression())
    const content = artifact(descriptorOf(top.mediaType, top.bytes))
    const digest = await putReferrer(registry, 'app', content)
    using client = new Client({ ...FAST, ...accessTo(registry) })
    await using source = new RegistrySource(client, parseReference(`${registry.host}/app@${digest}`))
    const target = parseReference(`${registry.host}/copy:sbom`)
    await using sink = new RegistrySink(client, target)
    await copyImages(source, sink, { all: true, names: [target] })
    expect((await getManifest(registry, 'copy', 'sbom')).body).toEqual(topOf(content).bytes)
  })
})

describeWith([...NEEDS, 'docker', 'dockerd'], 'docker and skopeo', () => {
  const socket = join(scratch, 'docker.sock')
  let dockerd: Dockerd
  beforeAll(async () => {
    dockerd = await Dockerd.start(join(scratch, 'dockerd'), socket, 'host')
    await must(docker('load', '-q', '-i', busyboxArchive()))
  })
  afterAll(() => dockerd.stop('SIGTERM'))
  const docker = (...args: string[]) => ['docker', '--host', `unix://${socket}`, ...args]

  test.each(['docker', 'skopeo'])(
    'what %s pushes we pull, push on under the same digest, and docker runs on',
    async (who) => {
      await using registry = await Registry.start()
      const name = `${registry.host}/by/${who}:1`
      if (who === 'skopeo') await pushBySkopeo(registry, `docker-archive:${busyboxArchive()}`, `by/${who}:1`)
      else {
        await must(docker('tag', BUSYBOX, name))
        await must(docker('push', '-q', name))
        await must(docker('rmi', name))
      }
      const store = await freshStore()
      await pull(store, registry, name)
      await expectSound(store)
      const back = `${registry.host}/by/us:1`
      const { digest } = await push(store, registry, name, back)
      expect((await inspectBySkopeo(registry, `by/${who}:1`))['Digest']).toBe(digest)
      await must(docker('pull', '-q', back))
      const ran = await run(docker('run', '--rm', '--network', 'none', back, 'echo', 'docker runs it'))
      expect(ran.stderr + ran.stdout).toBe('docker runs it\n')
      await must(docker('rmi', back))
    },
  )
})
