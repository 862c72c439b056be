/** The shell lines of a planned pull are a real script: pasted into a shell, they do the pull, at open registries and others. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../../test/harness/command.ts'
import {
  dockerImage,
  mixedCompression,
  multiPlatform,
  ociImage,
  pushBySkopeo,
  putContent,
  Registry,
  tarOf,
  topOf,
  digestOf,
  inspectBySkopeo,
  type RegistryOptions,
} from '../../../../test/harness/registry/index.ts'
import { hexOf, type Digest } from '../../src/digest.ts'
import { messages } from '../../src/messages.ts'
import { hostPlatform } from '../../src/platform.ts'
import { parseReference } from '../../src/reference.ts'
import { planPull, planPush } from '../../src/registry/by-hand/plan.ts'
import { StoreSink } from '../../src/media/store-sink.ts'
import { Registry as Client, RegistrySource } from '../../src/registry/index.ts'
import { ImageStore } from '../../src/store/store.ts'
import { copyImages } from '../../src/copy/copy.ts'
import { flattenLayers } from '../../src/flatten.ts'
import { describeWith, sharedImage } from '../support/requires.ts'

/** Runs the printed script in a shell, as one pastes it. */
async function pullByHand(registry: Registry, name: string, shell = 'sh') {
  const steps = planPull({
    reference: parseReference(`${registry.host}/${name}`),
    endpoints: [`https://${registry.host}`, `http://${registry.host}`],
    platform: hostPlatform(),
  })
  const directory = mkdtempSync(join(tmpdir(), 'by-hand-'))
  const { username, password } = registry.credentials ?? {}
  const env = {
    PULL: directory,
    ...(username === undefined ? {} : { LOGIN: `${username}:${password}` }),
    ...(registry.certificates === undefined ? {} : { CURL_CA_BUNDLE: registry.certificates.ca }),
  }
  const script = steps.flatMap((step) => step.shell).join('\n')
  const { stdout, stderr, exitCode } = await run([shell], { input: `${script}\n`, env })
  const file = (path: string): string => readFileSync(join(directory, path), 'utf8')
  const files = (): string[] =>
    execFileSync('find', ['rootfs', '-type', 'f', '-printf', '%P\n'], { cwd: directory, encoding: 'utf8' })
      .trim()
      .split('\n')
      .toSorted()
  return {
    directory,
    stdout,
    stderr,
    exitCode,
    file,
    files,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
}

/** The upper layer takes files and whole directories of the lower one away. */
const WHITEOUTS = [
  tarOf({ 'a/gone': '1', 'a/kept': '1', 'b/gone': '1', 'with space/gone x': '1' }),
  tarOf({ 'a/.wh.gone': '', 'b/.wh..wh..opq': '', 'b/new': '2', 'with space/.wh.gone x': '', 'c/.wh..wh..opq': '' }),
]

describeWith(['docker-registry', 'curl', 'jq', 'tar', 'skopeo'], 'a pull by hand', () => {
  test.each<[string, RegistryOptions]>([
    ['an open registry', {}],
    ['one with passwords', { auth: 'htpasswd' }],
    ['one with tokens', { auth: 'token' }],
    ['one with tokens and TLS', { auth: 'token', tls: true }],
  ])('of an image for several machines from %s ends in its digests and its tree', async (_what, options) => {
    await using registry = await Registry.start(options)
    const content = multiPlatform()
    await putContent(registry, 'team/app', '1.0', content)
    using pulled = await pullByHand(registry, 'team/app:1.0')
    expect(pulled).toMatchObject({ stderr: '', exitCode: 0 })
    expect(pulled.stdout).toContain(`Digest: ${digestOf(topOf(content).bytes)}\n`)
    expect(pulled.files()).toEqual(['etc/shared', 'platform'])
    expect(pulled.file('rootfs/platform')).toBe(
      `linux/${hostPlatform().architecture}${process.arch === 'arm64' ? '/v8' : ''}\n`,
    )
    const inspected = await run([
      'skopeo',
      'inspect',
      '--config',
      `oci:${pulled.directory}:${registry.host}/team/app:1.0`,
    ])
    expect(inspected).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"Cmd"') })
  })
  test('takes plain, gzip and zstd layers, and lets files of lower layers go', async () => {
    await using registry = await Registry.start()
    await putContent(registry, 'mixed', 'latest', mixedCompression())
    using mixed = await pullByHand(registry, 'mixed')
    expect(mixed).toMatchObject({ stderr: '', exitCode: 0 })
    expect(mixed.files()).toEqual(['gzip.txt', 'plain.txt', 'zstd.txt'])
    await putContent(registry, 'whiteouts', 'latest', dockerImage(WHITEOUTS))
    using whiteouts = await pullByHand(registry, 'whiteouts', 'bash')
    expect(whiteouts).toMatchObject({ stderr: '', exitCode: 0 })
    expect(whiteouts.files()).toEqual(['a/kept', 'b/new'])
  })
  test('makes the tree that our own pull makes: owners, modes, times, links, whiteouts', async () => {
    await using registry = await Registry.start()
    const archive = sharedImage('alpine-3.20.oci.tar')
    if (archive === undefined) await putContent(registry, 'tree', 'latest', dockerImage(WHITEOUTS))
    else await pushBySkopeo(registry, `oci-archive:${archive}`, 'tree:latest')
    using pulled = await pullByHand(registry, 'tree')
    expect(pulled).toMatchObject({ stderr: '', exitCode: 0 })
    const root = mkdtempSync(join(tmpdir(), 'by-pull-'))
    using _root = { [Symbol.dispose]: () => rmSync(root, { recursive: true }) }
    const store = await ImageStore.open(join(root, 'store'))
    using client = new Client()
    await using source = new RegistrySource(client, parseReference(`${registry.host}/tree`))
    await using sink = await StoreSink.open(store)
    await copyImages(source, sink)
    const [stored] = sink.stored
    expect(pulled.stdout).toContain(`Image ID: ${stored?.image.id}\n`)
    const dirs = (stored?.image.layers ?? []).map(({ chainID }) => join(store.layersDir, hexOf(chainID), 'diff'))
    flattenLayers(dirs, join(root, 'tree'))
    const listing = (directory: string): string =>
      execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P %y %m %U:%G %s %l %Ts\\n'], {
        cwd: directory,
        encoding: 'utf8',
      })
    const lines = (directory: string): string[] =>
      // The size and time of a directory are those of its making, where no layer tells them.
      listing(directory)
        .trim()
        .split('\n')
        .map((line) => line.replace(/^(\S+ d \d+ \d+:\d+) .*/, '$1'))
        .toSorted()
    expect(lines(join(pulled.directory, 'rootfs'))).toEqual(lines(join(root, 'tree')))
    expect(lines(join(root, 'tree')).length).toBeGreaterThan(3)
  })
  test('of a digest takes that image, whatever the tag says now', async () => {
    await using registry = await Registry.start()
    const old = ociImage([{ tar: tarOf({ old: '' }), compression: 'gzip' }])
    await putContent(registry, 'app', 'latest', old)
    await putContent(registry, 'app', 'latest', ociImage([{ tar: tarOf({ new: '' }), compression: 'gzip' }]))
    const digest = digestOf(topOf(old).bytes)
    using pulled = await pullByHand(registry, `app@${digest}`)
    expect(pulled).toMatchObject({ stderr: '', exitCode: 0, stdout: expect.stringContaining(digest) })
    expect(pulled.files()).toEqual(['old'])
  })
  test('of what is not there says so, and makes no tree', async () => {
    await using registry = await Registry.start()
    using pulled = await pullByHand(registry, 'none')
    expect(pulled.stderr).toContain('404')
    expect(pulled.files()).toEqual([''])
  })
})

describeWith(['docker-registry', 'curl', 'jq', 'skopeo'], 'a push by hand', () => {
  test.each<[string, RegistryOptions]>([
    ['an open registry', {}],
    ['one with passwords', { auth: 'htpasswd' }],
    ['one with tokens', { auth: 'token' }],
  ])('to %s sends what is not there, and what arrives is the same image', async (_what, options) => {
    await using registry = await Registry.start(options)
    const content = dockerImage([tarOf({ lower: '' }), tarOf({ upper: '' })])
    await putContent(registry, 'team/app', '1.0', content)
    const directory = mkdtempSync(join(tmpdir(), 'by-hand-'))
    using _directory = { [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
    const top = topOf(content)
    for (const bytes of [...content.blobs, top.bytes])
      writeFileSync(join(directory, hexOf(digestOf(bytes) as Digest)), bytes)
    const blobs = content.blobs.map((bytes) => digestOf(bytes) as Digest)
    const steps = planPush({
      reference: parseReference(`${registry.host}/copy:2`),
      endpoints: [`https://${registry.host}`, registry.url],
      manifest: { digest: digestOf(top.bytes) as Digest, mediaType: top.mediaType },
      blobs,
      blobsDirectory: directory,
      mountFrom: ['team/app'],
    })
    const { username, password } = registry.credentials ?? {}
    const env = username === undefined ? {} : { LOGIN: `${username}:${password}` }
    const script = steps.flatMap((step) => step.shell).join('\n')
    const first = await run(['sh'], { input: script, env })
    expect(first).toMatchObject({ stderr: '', exitCode: 0 })
    expect(first.stdout).toBe(`2: digest: ${digestOf(top.bytes)} size: ${top.bytes.length}\n`)
    expect((await inspectBySkopeo(registry, 'copy:2'))['Digest']).toBe(digestOf(top.bytes))
    const uploads = (): number => registry.log.match(/http.request.method=PUT.*blobs/g)?.length ?? 0
    const before = uploads()
    expect(before).toBeGreaterThan(0)
    expect(await run(['sh'], { input: script, env })).toMatchObject({ stderr: '', exitCode: 0 })
    expect(uploads()).toBe(before)
    for (const { id } of steps) expect(messages[id]?.ja.why, id).toMatch(/ます|です|ません/)
  })
})

test('each step has words in both languages, and all requests say why', () => {
  const reference = parseReference('alpine')
  const steps = planPull({ reference, endpoints: ['https://registry-1.docker.io'], platform: hostPlatform() })
  expect(steps.map(({ id }) => id)).toMatchInlineSnapshot(`
    [
      "image.ping",
      "image.token",
      "image.manifest",
      "image.config",
      "image.layer",
      "image.unpack",
      "image.name",
    ]
  `)
  for (const { id, requests } of steps) {
    expect(messages[id]?.ja.why, id).toMatch(/ます|です/)
    for (const { why } of requests) expect([why.en, why.ja].every((words) => words.length > 10)).toBe(true)
  }
  expect(steps.flatMap(({ requests }) => requests.map(({ method, url }) => `${method} ${url}`))).toMatchInlineSnapshot(`
    [
      "GET https://registry-1.docker.io/v2/",
      "GET $REALM?service=$SERVICE&scope=repository:library/alpine:pull",
      "HEAD https://registry-1.docker.io/v2/library/alpine/manifests/latest",
      "GET https://registry-1.docker.io/v2/library/alpine/manifests/$DIGEST",
      "GET https://registry-1.docker.io/v2/library/alpine/manifests/$MANIFEST",
      "GET https://registry-1.docker.io/v2/library/alpine/blobs/$CONFIG",
      "GET https://registry-1.docker.io/v2/library/alpine/blobs/$LAYER",
    ]
  `)
})
