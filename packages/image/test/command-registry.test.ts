/** The command `image` at real registries: what a user types, reads and gets. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Registry } from '../../../test/harness/registry/index.ts'
import { main } from '../src/command.ts'
import { digestOf } from '../src/digest.ts'
import * as make from './support/archives.ts'
import { multiFiles, writeFiles } from './support/media.ts'
import { describeWith, run } from './support/requires.ts'
import { startImage } from './support/child.ts'

const parent = make.temporaryDirectory()
let count = 0
let home: string
let root: string
let one: make.TestImage
let multi: string

beforeAll(async () => {
  one = make.image([await make.tar({ 'bin/': '', 'bin/sh': 'x' }), await make.tar({ big: 'x'.repeat(500_000) })])
  const other = make.image([await make.tar({ other: 'y' })], 'zstd', { architecture: 'arm64' })
  multi = writeFiles(join(parent, 'multi'), multiFiles({ amd64: one, arm64: other }, 'multi'))
  writeFileSync(join(parent, 'one.tar'), await make.tar(make.ociFiles(one, 'one:1')))
})

beforeEach(() => {
  home = join(parent, `home${count++}`)
  mkdirSync(home)
  root = join(home, 'store')
})

async function image(args: string[], input = '') {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const io = { stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]), stdout, stderr, env: { HOME: home } }
  const code = await main(['--root', root, ...args], io)
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
}

async function succeed(...args: string[]): Promise<string> {
  const { code, out, err } = await image(args)
  expect([code, code === 0 ? '' : err]).toEqual([0, ''])
  return out
}

describeWith(['docker-registry'], 'image, at an open registry', () => {
  let registry: Registry
  let name: string
  beforeAll(async () => {
    registry = await Registry.start()
  })
  afterAll(() => registry[Symbol.asyncDispose]())
  beforeEach(async () => {
    name = `${registry.host}/team/app${count}:1`
    await succeed('load', '--no-unpack', join(parent, 'one.tar'))
    await succeed('tag', 'one:1', name)
  })

  test('push and pull bring the same image, and say so as docker does', async () => {
    const { size, digest } = one.descriptor
    const { out, err } = await image(['push', name])
    expect(out).toBe(`1: digest: ${digest} size: ${size}\n`)
    expect(err).toContain(`The push refers to repository [${name.replace(/:1$/, '')}]\n`)
    expect(err).toMatch(/Done \(config\) \d+B\n/)
    root = join(home, 'second')
    expect(await succeed('pull', '--no-unpack', name)).toBe(
      `Digest: ${digest}\nStatus: Downloaded newer image for ${name}\n${name}\n`,
    )
    expect(await succeed('pull', '--no-unpack', name)).toContain(`Status: Image is up to date for ${name}`)
    expect(JSON.parse(await succeed('inspect', name))).toMatchObject({
      id: digestOf(one.config),
      repoDigests: [`${name.replace(/:1$/, '')}@${digest}`],
    })
    expect(await succeed('verify')).toBe('the store is sound\n')
  })
  test('piped progress is a line for each blob that is through; -q is silent', async () => {
    const { err } = await image(['push', name])
    expect(err.trim().split('\n').slice(1)).toHaveLength(3)
    const again = await image(['push', '-q', name])
    expect(again.err).toBe('')
    expect((await image(['push', name])).err.match(/Already exists/g)).toHaveLength(3)
  })
  test('push -a and pull -a take all tags; with a tag they are refused', async () => {
    await succeed('tag', name, name.replace(/:1$/, ':2'))
    const repository = name.replace(/:1$/, '')
    expect(await succeed('push', '-q', '-a', repository)).toMatch(/^1: digest: sha256:\w+ size: \d+\n2: digest/)
    root = join(home, 'second')
    const pulled = await succeed('pull', '-q', '-a', '--no-unpack', repository)
    expect(new Set(pulled.trim().split('\n'))).toEqual(new Set([name, name.replace(/:1$/, ':2')]))
    for (const verb of ['pull', 'push']) {
      expect((await image([verb, '-a', name])).err).toContain("tag can't be used with --all-tags/-a")
    }
  })
  test('--trace prints each request with its answer', async () => {
    const { err } = await image(['push', '--trace', '-q', name])
    expect(err).toMatch(/^0\.000000 image\.ping +GET https:\S+\/v2\/ = -1 <\d\.\d{6}> \(.*\)$/m)
    expect(err).toMatch(/ PUT http:\S+\/manifests\/1 = 201 0 bytes \(\d+ sent\) <\d\.\d{6}>$/m)
    expect(err).not.toMatch(/_state=[^*]/)
  })
  test('copy brings all platforms with --all, one without, and says the digest', async () => {
    const index = (JSON.parse(readFileSync(join(multi, 'index.json'), 'utf8')) as { manifests: { digest: string }[] })
      .manifests[0]!.digest
    const to = `docker://${name.replace(/:1$/, ':multi')}`
    expect(await succeed('copy', '-q', '--all', `oci:${multi}`, to)).toBe('')
    expect(await succeed('copy', '--platform', 'linux/amd64', to, `dir:${join(home, 'dir')}`)).toBe(
      `${one.descriptor.digest}\n`,
    )
    expect(await succeed('copy', '--all', to, `oci:${join(home, 'all')}:x`)).toBe(`${index}\n`)
    const raw = await succeed('manifest', 'inspect', to.replace('docker://', ''))
    expect(digestOf(raw)).toBe(index)
    const whole = JSON.parse(await succeed('manifest', 'inspect', '--verbose', to)) as { Manifests: unknown[] }
    expect(whole).toMatchObject({ Descriptor: { digest: index } })
    expect(whole.Manifests).toHaveLength(2)
  })
  test('copy --compress makes smaller layers and another manifest', async () => {
    const plain = join(home, 'plain')
    const big = make.image([await make.tar({ big: 'x'.repeat(500_000) })], 'plain')
    writeFiles(plain, make.ociFiles(big, 'a'))
    const digest = (await succeed('copy', '--compress', 'zstd', `oci:${plain}`, `docker://${name}`)).trim()
    expect(digest).not.toBe(big.descriptor.digest)
    const manifest = JSON.parse(await succeed('manifest', 'inspect', name)) as {
      layers: { mediaType: string; size: number }[]
    }
    expect(manifest.layers[0]).toMatchObject({ mediaType: expect.stringMatching(/\+zstd$/) as string })
    expect(manifest.layers[0]!.size).toBeLessThan(10_000)
    await succeed('pull', '-q', '--no-unpack', name)
    expect(JSON.parse(await succeed('inspect', name))).toMatchObject({ id: digestOf(big.config) })
    const { code, err } = await image([
      'copy',
      '--compress',
      'gzip',
      `oci:${plain}`,
      `oci-archive:${join(home, 'x.tar')}`,
    ])
    expect([code, err]).toEqual([1, expect.stringContaining('cannot compress what comes')])
  })
  test('inspect says of a registry what skopeo says', async () => {
    await succeed('push', '-q', name)
    const ours = JSON.parse(await succeed('inspect', `docker://${name}`)) as Record<string, unknown>
    expect(ours).toMatchObject({ Digest: one.descriptor.digest, RepoTags: ['1'], Os: 'linux', Env: ['PATH=/bin'] })
    const theirs = JSON.parse(run('skopeo', 'inspect', '--tls-verify=false', `docker://${name}`)) as typeof ours
    for (const [key, value] of Object.entries(ours)) {
      if (key !== 'LayersData' && key in theirs) expect([key, theirs[key]]).toEqual([key, value])
    }
  })
  test('search finds repositories by a word', async () => {
    await succeed('push', '-q', name)
    expect(await succeed('search', `${registry.host}/app${count}`)).toMatch(new RegExp(`^NAME .*\nteam/app${count} `))
    expect((await image(['search', '--limit', '0', 'x'])).err).toContain('outside the range')
  })
  test.each([
    [['pull', 'HOST/team/nope'], /manifest for HOST\/team\/nope:latest not found/],
    [['push', 'HOST/team/nope:9'], /No such image: HOST\/team\/nope:9/],
    [['push', '-a', 'HOST/team/nope'], /An image does not exist locally with the tag: HOST\/team\/nope/],
    [['pull', '--platform', 'x', 'HOST/team/a'], /platform "x" is malformed/],
    [['copy', 'HOST/a', 'dir:x'], /invalid image name|unknown transport/],
    [['copy', 'oci:/nonexistent', 'docker://HOST/a'], /oci-layout of oci:\/nonexistent is missing/],
    [['copy', 'store:nope', 'docker://HOST/a'], /No such image: nope:latest/],
    [['copy', 'docker://HOST/a', 'docker-archive:x.tar:@0'], /docker-archive:x.tar:@0 can only be read/],
    [['copy', 'a', 'b', '--compress', 'xz'], /"xz" is no compression/],
    [['copy', 'a', 'b', '--tls-verify', 'maybe'], /"maybe" is neither true nor false/],
    [['inspect', 'docker://HOST/team/nope'], /not found/],
  ])('%j fails with 1 and words', async (args, message) => {
    const { code, out, err } = await image(args.map((word) => word.replace('HOST', registry.host)))
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(new RegExp(message.source.replaceAll('HOST', registry.host)))
  })
})

describeWith(['docker-registry'], 'image, at a registry with TLS and passwords', () => {
  let registry: Registry
  let name: string
  let certs: string[]
  const directory = mkdtempSync(join(tmpdir(), 'image-certs-'))
  beforeAll(async () => {
    registry = await Registry.start({ auth: 'htpasswd', tls: true })
    certs = ['--cert-dir', directory]
    writeFileSync(join(directory, 'ca.crt'), readFileSync(registry.certificates!.ca))
    name = `${registry.host}/team/app:1`
  })
  afterAll(async () => {
    await registry[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true })
  })
  const creds = () => `${registry.username}:${registry.password}`

  test('login keeps the password in config.json for nobody else to read; push, pull and logout use it', async () => {
    await succeed('load', '--no-unpack', join(parent, 'one.tar'))
    await succeed('tag', 'one:1', name)
    expect((await image(['push', ...certs, name])).err).toMatch(/no basic auth credentials|unauthorized|denied/)
    const login = ['login', ...certs, '-u', registry.username, '--password-stdin', registry.host]
    const wrong = await image(login, 'wrong\n')
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/unauthorized|incorrect/i)])
    const right = await image(login, `${registry.password}\n`)
    expect([right.code, right.out]).toEqual([0, 'Login Succeeded\n'])
    expect(right.err).toContain('WARNING! Your credentials are stored unencrypted')
    expect(statSync(join(home, '.docker/config.json')).mode & 0o777).toBe(0o600)
    await succeed('push', '-q', ...certs, name)
    await succeed('pull', '-q', '--no-unpack', ...certs, name)
    expect(await succeed('logout', registry.host)).toBe(`Removing login credentials for ${registry.host}\n`)
    expect(await succeed('logout', registry.host)).toBe(`Not logged in to ${registry.host}\n`)
    expect((await image(['pull', ...certs, name])).code).toBe(1)
  })
  test('copy takes credentials for each side', async () => {
    const from = `oci:${multi}`
    const to = `docker://${name}`
    expect((await image(['copy', ...certs, from, to])).code).toBe(1)
    expect((await image(['copy', ...certs, '--src-creds', creds(), from, to])).code).toBe(1)
    await succeed('copy', '-q', ...certs, '--dest-creds', creds(), from, to)
    await succeed('copy', '-q', ...certs, '--src-creds', creds(), to, `dir:${join(home, 'd')}`)
    await succeed('copy', '-q', '--src-cert-dir', directory, '--src-creds', creds(), to, `dir:${join(home, 'e')}`)
    const { err } = await image(['inspect', '--trace', ...certs, '--creds', creds(), to])
    expect(err).not.toContain(registry.password)
  })
  test('--authfile is another config.json', async () => {
    const file = join(home, 'auth.json')
    const auth = Buffer.from(creds()).toString('base64')
    writeFileSync(file, JSON.stringify({ auths: { [registry.host]: { auth } } }))
    await succeed('copy', '-q', ...certs, '--authfile', file, `oci:${multi}`, `docker://${name}`)
  })
  test('--cert-dir must be there', async () => {
    expect((await image(['inspect', '--cert-dir', '/nonexistent', `docker://${name}`])).err).toContain(
      'there is no directory /nonexistent',
    )
  })
  test('login without a terminal asks nothing', async () => {
    const { code, err } = await image(['login', registry.host])
    expect([code, err]).toEqual([1, expect.stringContaining('standard input is no terminal')])
    expect((await image(['login', '-p', 'x', '--password-stdin', '-u', 'u'])).err).toContain('conflicting options')
    expect((await image(['login', '--password-stdin'])).err).toContain('requires --username')
  })
})

describe('image, in its store', () => {
  beforeEach(() => succeed('load', '--no-unpack', join(parent, 'one.tar')))

  test('save --all has every image, the nameless too', async () => {
    const nameless = make.image([await make.tar({ n: 'n' })])
    writeFileSync(join(home, 'n.tar'), await make.tar(make.ociFiles(nameless)))
    await succeed('load', '--no-unpack', join(home, 'n.tar'))
    await succeed('save', '--all', '-o', join(home, 'all.tar'))
    root = join(home, 'second')
    const loaded = await succeed('load', '--no-unpack', join(home, 'all.tar'))
    expect(new Set(loaded.trim().split('\n'))).toEqual(
      new Set(['Loaded image: one:1', `Loaded image ID: ${digestOf(nameless.config)}`]),
    )
    for (const args of [['save'], ['save', '--all', 'one:1']]) expect((await image(args)).code).toBe(1)
  })
  test('prune removes what has no name, and nothing beside containers', async () => {
    const { id } = JSON.parse(await succeed('inspect', 'one:1')) as { id: string }
    writeFileSync(
      join(home, 'again.tar'),
      await make.tar(make.ociFiles(make.image([await make.tar({ z: 'z' })]), 'one:1')),
    )
    await succeed('load', '--no-unpack', join(home, 'again.tar'))
    mkdirSync(join(root, 'containers/0123'), { recursive: true })
    expect((await image(['prune'])).err).toContain('containers lie beside the store')
    rmSync(join(root, 'containers'), { recursive: true })
    expect(await succeed('prune')).toMatch(new RegExp(`^Deleted: ${id}\n[^]*Total reclaimed space: \\d`))
    expect(await succeed('ls', '-q')).toMatch(/^\w{12}\n$/)
    await succeed('prune', '--all')
    expect(await succeed('ls', '-q')).toBe('')
  })
  test('tree and diff show files, as lines and as JSON', async () => {
    expect(await succeed('tree', 'one:1')).toContain('bin/sh')
    expect(JSON.parse(await succeed('tree', '--json', 'one:1'))).toMatchObject({ layers: [{}, {}] })
    expect((await image(['tree', '--layer', '3', 'one:1'])).err).toContain('has 2 layers, none is number 3')
    expect(await succeed('diff', 'one:1', 'one:1')).toContain('no file differs')
  })
  test('serve lets others pull until it is stopped', async () => {
    const child = startImage('--root', root, 'serve', '--port', '0')
    const [line] = (await child.stdout!.setEncoding('utf8').take(1).toArray()) as [string]
    const host = /http:\/\/(\S+)/.exec(line)![1]!
    root = join(home, 'second')
    await succeed('pull', '-q', '--no-unpack', `${host}/library/one:1`)
    child.kill('SIGTERM')
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
  })
})
