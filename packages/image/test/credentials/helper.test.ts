/** Credential helpers are real programs: what they are asked, and what happens when they are missing, slow, loud or wrong. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { KEEPER, testConfig } from './config.ts'

const ALICE = { username: 'alice', password: 'p"s\\s wörd' }

describe('credsStore', () => {
  test('the helper keeps the secret, the file only that one is logged in', async () => {
    const at = testConfig({ credsStore: 'keeper', other: 1 })
    at.helper('keeper', KEEPER)
    expect(await at.config.store('https://r.example/v2/', ALICE)).toEqual({ in: 'helper', helper: 'keeper' })
    expect(at.json()).toEqual({ credsStore: 'keeper', other: 1, auths: { 'r.example': {} } })
    expect(await at.config.read('r.example')).toEqual(ALICE)
    expect(await at.config.read('other.example')).toBeUndefined()
    expect(await at.config.erase('r.example')).toBe(true)
    expect(await at.config.read('r.example')).toBeUndefined()
    expect(await at.config.erase('r.example')).toBe(false)
    expect(at.json()).toEqual({ credsStore: 'keeper', other: 1, auths: {} })
    expect(at.asked().slice(0, 5)).toEqual([
      'store r.example',
      'get r.example',
      'get other.example',
      'erase r.example',
      'erase http://r.example',
    ])
  })

  test('an identity token is kept with the user <token>; Docker Hub under its URL; list tells all', async () => {
    const at = testConfig({ credsStore: 'keeper' })
    at.helper('keeper', KEEPER)
    await at.config.store('docker.io', { username: 'alice', identityToken: 'tok' })
    await at.config.store('r', ALICE)
    expect(await at.config.read('index.docker.io')).toEqual({ identityToken: 'tok' })
    expect(Object.fromEntries(await at.config.list())).toEqual({ 'https://index.docker.io/v1/': '<token>', r: 'alice' })
  })

  test('what the file itself has does not count beside a helper, as with docker', async () => {
    const at = testConfig({ credsStore: 'keeper', auths: { r: { auth: 'YTpi' } } })
    at.helper('keeper', KEEPER)
    expect(await at.config.read('r')).toBeUndefined()
  })
})

test('credHelpers: the host has its own helper, the others are in the file', async () => {
  const at = testConfig({ credHelpers: { 'r.example': 'keeper' }, credsStore: '' })
  at.helper('keeper', KEEPER)
  expect(await at.config.store('r.example', ALICE)).toEqual({ in: 'helper', helper: 'keeper' })
  expect(await at.config.store('file.example', ALICE)).toEqual({ in: 'file', unencrypted: true })
  expect(await at.config.read('r.example')).toEqual(ALICE)
  expect(await at.config.read('file.example')).toEqual(ALICE)
  expect(Object.fromEntries(await at.config.list())).toEqual({ 'r.example': 'alice', 'file.example': 'alice' })
  expect(await at.config.erase('r.example')).toBe(true)
  expect(at.json()).toMatchObject({ auths: { 'file.example': {} }, credHelpers: { 'r.example': 'keeper' } })
})

describe('without a helper in the file', () => {
  test('one on the PATH is taken and written down, as docker does, when there are no credentials yet', async () => {
    const bin = testConfig()
    bin.helper('secretservice', KEEPER)
    const { directory } = bin
    const at = testConfig(undefined, {
      detectOn: directory,
      env: { PATH: `${directory}:/usr/bin:/bin`, HELPER_DIRECTORY: directory },
    })
    expect(await at.config.store('r', ALICE)).toEqual({ in: 'helper', helper: 'secretservice' })
    expect(at.json()).toEqual({ auths: { r: {} }, credsStore: 'secretservice' })
    expect(await at.config.read('r')).toEqual(ALICE)
  })

  test('none is looked for when the file has credentials, or the caller gave no PATH', async () => {
    const at = testConfig({ auths: { o: { auth: 'YTpi' } } }, { detectOn: '/usr/bin' })
    expect(await at.config.store('r', ALICE)).toMatchObject({ in: 'file' })
    expect(await testConfig().config.store('r', ALICE)).toMatchObject({ in: 'file' })
  })
})

describe('a helper that is', () => {
  const withHelper = (script: string, timeoutMs?: number) => {
    const at = testConfig({ credsStore: 'bad' })
    at.helper('bad', script)
    return timeoutMs === undefined ? at : testConfigWithTimeout(at.directory, timeoutMs)
  }
  const testConfigWithTimeout = (directory: string, timeoutMs: number) =>
    testConfig({ credsStore: 'bad' }, { timeoutMs, env: { PATH: `${directory}:/usr/bin:/bin` } })

  test('missing: the login fails in docker’s words and the file stays', async () => {
    const at = testConfig({ credsStore: 'nope' })
    await expect(at.config.store('r', ALICE)).rejects.toMatchObject({
      code: 'unavailable',
      message:
        'error storing credentials - err: exec: "docker-credential-nope": executable file not found in $PATH, out: ``',
    })
    expect(at.json()).toEqual({ credsStore: 'nope' })
  })

  test('failing: its words are told, without what would drive a terminal', async () => {
    const at = withHelper(`printf 'locked \\033[31mkeyring\\n'; echo 'gpg: no pinentry' >&2; exit 3`)
    await expect(at.config.read('r')).rejects.toMatchObject({
      message: 'error getting credentials - err: exit status 3, out: `locked  [31mkeyring`',
      hint: 'gpg: no pinentry',
    })
  })

  test.each(['echo garbage secret', `echo '{"Username": 5}'`, `echo '[]'`])(
    'talking nonsense (%s): an error that does not repeat it',
    async (script) => {
      const error = (await withHelper(script)
        .config.read('r')
        .catch((caught: unknown) => caught)) as Error
      expect(error.message).toMatch(/what docker-credential-bad get printed is (not JSON|malformed)/)
      expect(error.message + String(error.cause)).not.toContain('secret')
    },
  )

  test('endless: is stopped at 1 MiB', async () => {
    await expect(withHelper('cat /dev/zero').config.read('r')).rejects.toThrow('prints more than 1 MiB')
  })

  test('slow: is killed, and a child of it with the pipes does not hold us', async () => {
    const at = withHelper('echo $$ > "$(dirname "$0")/pid"; sleep 30 & sleep 30', 300)
    const began = performance.now()
    await expect(at.config.read('r')).rejects.toThrow('docker-credential-bad get did not end within 0.3 seconds')
    expect(performance.now() - began).toBeLessThan(3000)
  })

  test('not reading its input, and ending: no error of ours', async () => {
    const at = withHelper('exit 0')
    await at.config.store('r', { username: 'u', password: 'x'.repeat(1_000_000) })
    expect(at.json()).toMatchObject({ auths: { r: {} } })
  })
})

test.each(['../../bin/sh', '/bin/sh', 'a b', 'x;reboot', '-rf', '.', 'a/b', '$(touch x)'])(
  'a helper by the name %j is refused and nothing is started',
  async (name) => {
    const at = testConfig({ credsStore: name })
    await expect(at.config.read('r')).rejects.toMatchObject({ code: 'invalid' })
    await sleep(10)
    expect(existsSync(join(at.directory, 'x'))).toBe(false)
  },
)

test('secrets are on no command line and in no environment', async () => {
  const at = testConfig({ credsStore: 'spy' })
  at.helper(
    'spy',
    `cat >/dev/null; tr '\\0' ' ' < /proc/$$/cmdline > "$HELPER_DIRECTORY/seen"; env >> "$HELPER_DIRECTORY/seen"`,
  )
  await at.config.store('r', { username: 'alice', password: 'hunter2' })
  expect(readFileSync(join(at.directory, 'seen'), 'utf8')).not.toMatch(/hunter2|alice/)
})
