/** Docker's config.json: what is found under which name, and what a login and a logout leave of the file. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { credentialsFrom, DockerConfig, unencryptedWarning } from '../../src/credentials/index.ts'
import { testConfig } from './config.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const ALICE = { username: 'alice', password: 'a:b c/ö+=' }
const HUB = 'https://index.docker.io/v1/'

describe('read', () => {
  test('a file that is not there, or empty, knows nobody', async () => {
    expect(await testConfig().config.read('registry.example')).toBeUndefined()
    expect(await testConfig('').config.read('registry.example')).toBeUndefined()
    expect(await testConfig({}).config.read('constructor')).toBeUndefined()
  })

  test('auth is base64 of user and password; the first colon parts them', async () => {
    const { config } = testConfig({ auths: { 'r:5000': { auth: base64('alice:a:b c/ö+=') } } })
    expect(await config.read('r:5000')).toEqual(ALICE)
    expect(await config.read('r')).toBeUndefined()
  })

  test('username and password in the clear are taken, as old files have them', async () => {
    const { config } = testConfig({ auths: { r: { username: 'alice', password: 'p' } } })
    expect(await config.read('r')).toEqual({ username: 'alice', password: 'p' })
  })

  test('an identity token comes before the password', async () => {
    const { config } = testConfig({ auths: { r: { auth: base64('alice:'), identitytoken: 'tok' } } })
    expect(await config.read('r')).toEqual({ username: 'alice', identityToken: 'tok' })
  })

  test('an empty entry knows nobody', async () => {
    expect(await testConfig({ auths: { r: {} } }).config.read('r')).toBeUndefined()
  })

  test.each(['docker.io', 'index.docker.io', 'registry-1.docker.io', '', HUB, 'https://docker.io/'])(
    'Docker Hub by the name %j is kept under its old URL',
    async (host) => {
      const { config } = testConfig({ auths: { [HUB]: { auth: base64('alice:p') } } })
      expect(await config.read(host)).toEqual({ username: 'alice', password: 'p' })
    },
  )

  test.each(['https://r.example', 'http://r.example', 'https://r.example/v1/', 'r.example/v2'])(
    'the key %s is found by its host, but the host itself comes first',
    async (key) => {
      const at = testConfig({ auths: { [key]: { auth: base64('old:p') } } })
      expect(await at.config.read('r.example')).toEqual({ username: 'old', password: 'p' })
      at.write({ auths: { [key]: { auth: base64('old:p') }, 'r.example': { auth: base64('new:p') } } })
      expect(await at.config.read('r.example')).toEqual({ username: 'new', password: 'p' })
      expect(await at.config.read(key)).toEqual({ username: 'new', password: 'p' })
    },
  )

  test.each([
    ['{"auths": {"r": {"auth": "c2VjcmV0OnNlY3JldA=="}}', /is not JSON/],
    ['{"auths": {"r": {"auth": c2VjcmV0}}}', /is not JSON/],
    ['{"auths": {"r": 5}}', /malformed at auths.r: .*expected object/],
    ['{"credsStore": 5}', /malformed at credsStore/],
    ['{"auths": {"r": {"auth": "!!"}}}', /auth of r in .* is not base64 of "user:password"/],
    [`{"auths": {"r": {"auth": "${base64('nocolon')}"}}}`, /auth of r in .* is not base64 of "user:password"/],
    ['[]', /malformed/],
  ])('%s is an error that names the file and quotes no secret', async (text, message) => {
    const at = testConfig(text)
    const error = (await at.config.read('r').catch((caught: unknown) => caught)) as Error
    expect(error).toMatchObject({ code: 'invalid', message: expect.stringMatching(message) as unknown })
    expect(error.message).toContain(at.path)
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain('c2VjcmV0')
  })

  test('one entry that is malformed does not hide the others', async () => {
    const { config } = testConfig({ auths: { bad: { auth: '!!' }, r: { auth: base64('alice:p') } } })
    expect(await config.read('r')).toEqual({ username: 'alice', password: 'p' })
  })
})

describe('store', () => {
  test('a new file has mode 0600 in a directory of mode 0700, and reads back', async () => {
    const at = testConfig()
    const path = join(at.directory, 'deep/docker/config.json')
    const config = new DockerConfig(path)
    expect(await config.store('r:5000', ALICE)).toEqual({ in: 'file', unencrypted: true })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ auths: { 'r:5000': { auth: base64('alice:a:b c/ö+=') } } })
    expect(await config.read('r:5000')).toEqual(ALICE)
  })

  test('what others keep in the file stays, in its order', async () => {
    const content = {
      HttpHeaders: { X: 'y' },
      zzz: [1, { b: null }],
      auths: { o: { auth: 'YTpi', extra: 1 } },
      detachKeys: 'ctrl-a',
    }
    const at = testConfig(content)
    await at.config.store('docker.io', { username: 'alice', identityToken: 'tok' })
    const entry = { auth: base64('alice:'), identitytoken: 'tok' }
    const expected = { ...content, auths: { ...content.auths, [HUB]: entry } }
    expect(at.text()).toBe(`${JSON.stringify(expected, undefined, '\t')}\n`)
  })

  test('mode and symbolic links stay, also a link to a file that is not there yet', async () => {
    const at = testConfig()
    mkdirSync(join(at.directory, 'real'))
    symlinkSync('real/config.json', at.path)
    await at.config.store('r', ALICE)
    chmodSync(at.path, 0o640)
    await at.config.store('r2', ALICE)
    expect(lstatSync(at.path).isSymbolicLink()).toBe(true)
    expect(statSync(join(at.directory, 'real/config.json')).mode & 0o777).toBe(0o640)
    expect(await at.config.read('r2')).toEqual(ALICE)
    expect(readdirSync(join(at.directory, 'real'))).toEqual(['config.json'])
  })

  test('the same again leaves the file alone and does not warn again; an identity token never warns', async () => {
    const at = testConfig()
    await at.config.store('r', ALICE)
    const before = statSync(at.path).ino
    expect(await at.config.store('r', ALICE)).toEqual({ in: 'file', unencrypted: false })
    expect(statSync(at.path).ino).toBe(before)
    expect(await at.config.store('r', { identityToken: 'tok' })).toEqual({ in: 'file', unencrypted: false })
    expect(await at.config.read('r')).toEqual({ identityToken: 'tok' })
  })

  test('a file that is not understood is not replaced', async () => {
    const at = testConfig('{"auths": {')
    await expect(at.config.store('r', ALICE)).rejects.toMatchObject({ code: 'invalid' })
    await expect(at.config.erase('r')).rejects.toMatchObject({ code: 'invalid' })
    expect(at.text()).toBe('{"auths": {')
  })

  test('twenty logins at once are all kept', async () => {
    const at = testConfig({ auths: {} })
    const hosts = Array.from({ length: 20 }, (_, i) => `r${i}.example`)
    await Promise.all(hosts.map((host) => new DockerConfig(at.path).store(host, ALICE)))
    expect(Object.keys((at.json() as { auths: object }).auths).toSorted()).toEqual(hosts.toSorted())
    expect(readdirSync(at.directory)).toEqual(['config.json'])
  })

  test("the warning has docker's words", () => {
    expect(unencryptedWarning('c1/config.json')).toMatch(
      /^\nWARNING! Your credentials are stored unencrypted in 'c1\/config.json'.\nConfigure a credential helper/,
    )
  })
})

describe('erase', () => {
  test('takes the entry under each spelling, and leaves the rest', async () => {
    const keys = ['r.example', 'https://r.example/v1/', 'http://r.example', 'other.example']
    const at = testConfig({ auths: Object.fromEntries(keys.map((key) => [key, { auth: 'YTpi' }])), zzz: 1 })
    expect(await at.config.erase('https://r.example')).toBe(true)
    expect(at.json()).toEqual({ auths: { 'other.example': { auth: 'YTpi' } }, zzz: 1 })
    expect(await at.config.erase('r.example')).toBe(false)
  })

  test('without a file there is nothing to do, and none is made', async () => {
    const at = testConfig()
    expect(await at.config.erase('docker.io')).toBe(false)
    expect(readdirSync(at.directory)).toEqual([])
  })
})

test('list tells the users in the file by server', async () => {
  const auths = { a: { auth: base64('alice:p') }, b: {}, c: { identitytoken: 'tok' } }
  expect([...(await testConfig({ auths }).config.list())]).toEqual([
    ['a', 'alice'],
    ['c', '<token>'],
  ])
})

describe('credentialsFrom', () => {
  test('a file that is broken is told once for each question, and the registry is asked without a name', async () => {
    const at = testConfig()
    writeFileSync(at.path, '{')
    const problems: unknown[] = []
    const credentials = credentialsFrom(at.path, { onProblem: (problem) => problems.push(problem) })
    expect(await credentials('r')).toBeUndefined()
    expect(problems).toMatchObject([{ code: 'invalid' }])
    at.write({ auths: { r: { auth: base64('alice:p') } } })
    expect(await credentials('r')).toEqual({ username: 'alice', password: 'p' })
  })
})
