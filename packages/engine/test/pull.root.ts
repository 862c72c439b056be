/** Pulls through the API, from the real registry. Root, since layers are unpacked with owners. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  digestOf,
  dockerImage,
  FaultProxy,
  multiPlatform,
  ociImage,
  putContent,
  Registry,
  tarOf,
  topOf,
} from '../../../test/harness/registry/index.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { DEFAULT_CONFIG } from '../src/config/config.ts'
import { TestDaemon } from './support/daemon.ts'
import { auth, pull, steady } from './support/registry.ts'

const short = (digest: string): string => digest.slice(7, 19)

describeWith(['root', 'docker-registry'], 'POST /images/create from a registry', () => {
  let registry: Registry
  let docker: TestDaemon
  const layers = [tarOf({ 'etc/lower': 'lower\n' }), tarOf({ 'etc/upper': 'upper\n' })]
  const image = dockerImage(layers)
  beforeAll(async () => {
    registry = await Registry.start()
    docker = await TestDaemon.start()
    await putContent(registry, 'team/app', '1.0', image)
    await putContent(registry, 'team/multi', 'latest', multiPlatform())
    await putContent(registry, 'team/multi', 'old', image)
  })
  afterAll(async () => {
    await docker[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
  })

  test('tells each layer from first line to last, then the digest; again, it is up to date', async () => {
    const name = `${registry.host}/team/app:1.0`
    const first = await pull(docker, name)
    const [lower = '', upper = ''] = image.blobs.slice(0, 2).map((blob) => short(digestOf(blob)))
    const digest = digestOf(topOf(image).bytes)
    const lines = steady(first)
    expect(lines.slice(0, 3)).toEqual([
      '1.0: Pulling from team/app',
      `${lower}: Pulling fs layer`,
      `${upper}: Pulling fs layer`,
    ])
    expect(lines.slice(-2)).toEqual([`Digest: ${digest}`, `Status: Downloaded newer image for ${name}`])
    for (const id of [lower, upper]) {
      const own = first.lines.filter((line) => line.id === id).map(({ status }) => status)
      expect([...new Set(own)]).toEqual([
        'Pulling fs layer',
        'Downloading',
        'Download complete',
        'Extracting',
        'Pull complete',
      ])
    }
    expect(first.headers['content-type']).toBe('application/json')
    expect(first.text.endsWith('\r\n')).toBe(true)
    expect(steady(await pull(docker, name))).toEqual([
      '1.0: Pulling from team/app',
      `Digest: ${digest}`,
      `Status: Image is up to date for ${name}`,
    ])
    const { json } = await docker.request('GET', `/images/${name}/json`)
    expect(json).toMatchObject({ RepoTags: [name], RepoDigests: [`${registry.host}/team/app@${digest}`] })
    const lowerDir = (json.GraphDriver.Data as { LowerDir: string }).LowerDir
    expect(fs.readFileSync(path.join(lowerDir, 'etc/lower'), 'utf8')).toBe('lower\n')
  })

  test('of an index takes the image for this machine, and keeps the digest of the index', async () => {
    const name = `${registry.host}/team/multi:latest`
    const digest = digestOf(topOf(multiPlatform()).bytes)
    expect(steady(await pull(docker, name)).at(-2)).toBe(`Digest: ${digest}`)
    const { json } = await docker.request('GET', `/images/${name}/json`)
    expect(json).toMatchObject({ Architecture: 'amd64', RepoDigests: [`${registry.host}/team/multi@${digest}`] })
    const other = await pull(docker, name, { platform: 'linux/arm/v7' })
    expect(steady(other).at(-1)).toBe(`Status: Downloaded newer image for ${name}`)
    expect((await docker.request('GET', `/images/${name}/json`)).json).toMatchObject({
      Architecture: 'arm',
      Variant: 'v7',
    })
    const none = await pull(docker, name, { platform: 'linux/s390x' })
    expect(none.status).toBe(200)
    expect(steady(none).map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'latest: Pulling from team/multi',
      'no matching manifest for linux/s390x in the manifest list entries',
    ])
  })

  test('by digest has no tag, and by no tag has all of them', async () => {
    const digest = digestOf(topOf(image).bytes)
    const name = `${registry.host}/team/app@${digest}`
    expect(steady(await pull(docker, name))[0]).toBe(`${name}: Pulling from team/app`)
    const lines = steady(await pull(docker, `${registry.host}/team/multi`))
    expect(lines.filter((line) => line.includes('Pulling from')).toSorted()).toEqual([
      'latest: Pulling from team/multi',
      'old: Pulling from team/multi',
    ])
    expect(lines.at(-1)).toMatch(`Downloaded newer image for ${registry.host}/team/multi`)
    const { json } = await docker.request('GET', '/images/json')
    expect((json as { RepoTags: string[] }[]).flatMap(({ RepoTags }) => RepoTags)).toContain(
      `${registry.host}/team/multi:old`,
    )
  })

  test.each([
    ['HOST/team/app:nope', 404, 'manifest for HOST/team/app:nope not found: manifest unknown: manifest unknown'],
    ['HOST/none:1', 404, 'manifest for HOST/none:1 not found: manifest unknown: manifest unknown'],
    ['HOST/none', 404, 'repository HOST/none not found: name unknown: repository name not known to registry'],
    [
      `HOST/team/app@sha256:${'0'.repeat(64)}`,
      404,
      `manifest for HOST/team/app@sha256:${'0'.repeat(64)} not found: manifest unknown: manifest unknown`,
    ],
    ['127.0.0.1:1/a:1', 500, 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'],
    ['UPPER:1', 400, 'invalid reference format: repository name (library/UPPER) must be lowercase'],
    ['a:-bad-', 400, 'invalid tag format'],
    ['scratch:latest', 403, "'scratch' is a reserved name"],
  ])('of %s is %i, in the words of dockerd', async (name, status, message) => {
    const answer = await pull(docker, name.replace('HOST', registry.host))
    expect(answer.status).toBe(status)
    expect(answer.json.message.replace(/ \(".*$/, '')).toBe(message.replaceAll('HOST', registry.host))
  })

  test('with a bad platform is 400', async () => {
    const answer = await pull(docker, `${registry.host}/team/app:1.0`, { platform: 'x/y/z/k' })
    expect(answer).toMatchObject({
      status: 400,
      json: { message: '"x/y/z/k": cannot parse platform specifier: invalid argument' },
    })
  })

  test('tells an event', async () => {
    const name = `${registry.host}/team/app:1.0`
    await pull(docker, name)
    const { text } = await docker.request('GET', `/events?since=1&until=${Math.ceil(Date.now() / 1000)}`)
    const event = JSON.parse(text.trim().split('\n').at(-1) ?? '') as object
    expect(event).toMatchObject({
      Type: 'image',
      Action: 'pull',
      Actor: { ID: name, Attributes: { name: `${registry.host}/team/app` } },
    })
  })
})

describeWith(['root', 'docker-registry'], 'credentials', () => {
  const image = ociImage([{ tar: tarOf({ file: 'x' }), compression: 'gzip' }])
  test.each(['htpasswd', 'token'] as const)(
    'of the client reach a registry with %s, and wrong ones are refused',
    async (kind) => {
      await using registry = await Registry.start({ auth: kind })
      await putContent(registry, 'team/app', '1.0', image)
      await using docker = await TestDaemon.start()
      const name = `${registry.host}/team/app:1.0`
      const good = await pull(docker, name, { headers: auth(registry.credentials) })
      expect(steady(good).at(-1)).toBe(`Status: Downloaded newer image for ${name}`)
      const bad = await pull(docker, name, { headers: auth({ username: 'tester', password: 'wrong' }) })
      expect(bad.status).toBe(500)
      expect(bad.json.message).toMatch(
        kind === 'htpasswd' ? /^unauthorized: authentication required$/ : /unauthorized|401/,
      )
      const none = await pull(docker, name, { headers: { 'X-Registry-Auth': '!!! no base64' } })
      expect(none.json.message).toMatch(
        kind === 'htpasswd'
          ? `Head "http://${registry.host}/v2/team/app/manifests/1.0": no basic auth credentials`
          : /denied|unauthorized/,
      )
      expect(docker.lines.join('\n')).not.toContain(registry.password)
    },
  )
})

describeWith(['root', 'docker-registry'], 'the daemon’s configuration', () => {
  const image = ociImage([{ tar: tarOf({ file: 'x' }), compression: 'gzip' }])
  test('of a mirror serves Docker Hub’s names, without the credentials for the Hub', async () => {
    await using registry = await Registry.start()
    await using proxy = await FaultProxy.start(registry)
    await putContent(registry, 'library/mirrored', '1.0', image)
    await using docker = await TestDaemon.start({ config: { ...DEFAULT_CONFIG, registryMirrors: [`${proxy.url}/`] } })
    const pulled = await pull(docker, 'mirrored:1.0', { headers: auth({ username: 'hub', password: 'secret' }) })
    expect(steady(pulled).at(-1)).toBe('Status: Downloaded newer image for mirrored:1.0')
    expect(proxy.requests.some(({ path: asked }) => asked.startsWith('/v2/library/mirrored/blobs/'))).toBe(true)
    expect(proxy.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
    const { json } = await docker.request('GET', '/images/mirrored:1.0/json')
    expect(json.RepoDigests).toEqual([`mirrored@${digestOf(topOf(image).bytes)}`])
  })
  test('of certificates is read where it says: half a client certificate is refused', async () => {
    await using registry = await Registry.start({ tls: true })
    fs.writeFileSync(path.join(registry.certsDir, registry.host, 'client.cert'), '')
    await using docker = await TestDaemon.start({ config: { ...DEFAULT_CONFIG, certsDirs: [registry.certsDir] } })
    const { status, json } = await pull(docker, `${registry.host}/team/app:1.0`)
    expect([status, json.message]).toEqual([400, 'missing key client.key for client.cert'])
  })
  test('of one download at a time makes the others wait', async () => {
    await using registry = await Registry.start()
    await using proxy = await FaultProxy.start(registry)
    const layers = [1, 2, 3].map((at) => ({ tar: tarOf({ [`${at}`]: `${at}` }), compression: 'gzip' as const }))
    await putContent(registry, 'three', '1', ociImage(layers))
    proxy.faults = [{ kind: 'delay', on: /blobs/, ms: 100 }]
    await using docker = await TestDaemon.start({ config: { ...DEFAULT_CONFIG, maxConcurrentDownloads: 1 } })
    const { lines } = await pull(docker, `${proxy.host}/three:1`)
    expect(lines.filter(({ status }) => status === 'Waiting').length).toBeGreaterThan(1)
    const times = proxy.requests.filter(({ path: asked }) => asked.includes('/blobs/'))
    for (const [at, { startedMs }] of times.slice(1).entries())
      expect(startedMs).toBeGreaterThanOrEqual((times[at]?.endedMs ?? Infinity) - 5)
  })
})
