/** The test registries are what they say: skopeo, which is nobody of ours, logs in, pushes and pulls in each of the four ways. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { must, run } from './command.ts'
import * as harness from './registry/index.ts'
import { Registry } from './registry/index.ts'
import { describeWith } from './requires.ts'

const NEEDS = ['docker-registry', 'skopeo', 'openssl', 'htpasswd']
const WAYS = [
  { way: 'open', auth: 'none', tls: false },
  { way: 'TLS with a CA of its own', auth: 'none', tls: true },
  { way: 'passwords', auth: 'htpasswd', tls: true },
  { way: 'tokens', auth: 'token', tls: true },
] as const

const scratch = mkdtempSync(join(tmpdir(), 'mini-docker-registry-test-'))
afterAll(() => rmSync(scratch, { recursive: true }))

describeWith(NEEDS, 'the test registry', () => {
  test.each(WAYS)('$way: skopeo pulls what was put there and pushes it back', async ({ auth, tls }) => {
    await using registry = await Registry.start({ auth, tls })
    const digest = await harness.putContent(registry, 'team/app', '1', harness.multiPlatform())
    const layout = `oci:${scratch}/${auth}-${tls}:app`
    await harness.pullBySkopeo(registry, 'team/app:1', layout, '--all')
    await harness.pushBySkopeo(registry, layout, 'team/copy:2', '--all')
    expect(await harness.inspectBySkopeo(registry, 'team/copy:2')).toMatchObject({ Digest: digest, Os: 'linux' })
  })

  test.each(WAYS.slice(2))('$way: skopeo logs in with the password and with no other', async ({ auth, tls }) => {
    await using registry = await Registry.start({ auth, tls })
    const login = (password: string) => {
      const trust = `--cert-dir=${registry.certsDir}/${registry.host}`
      const file = `--authfile=${scratch}/auth-${auth}.json`
      const words = ['skopeo', 'login', '-u', registry.username, '--password-stdin', trust, file, registry.host]
      return run(words, { input: password })
    }
    expect((await login(registry.password)).exitCode).toBe(0)
    expect((await login('wrong')).stderr).toMatch(/invalid username\/password|unauthorized/)
  })

  test('a registry with TLS is not trusted without its CA', async () => {
    await using registry = await Registry.start({ tls: true })
    const { stderr } = await run(['skopeo', 'inspect', `docker://${registry.host}/a:1`])
    expect(stderr).toMatch(/certificate signed by unknown authority/)
  })

  test('tokens: a public repository is pulled without a name, another is not', async () => {
    await using registry = await Registry.start({ auth: 'token' })
    await harness.putContent(registry, 'public/app', '1', harness.mixedCompression())
    await harness.putContent(registry, 'team/app', '1', harness.mixedCompression())
    const inspect = (name: string) =>
      run(['skopeo', 'inspect', '--no-creds', '--tls-verify=false', `docker://${registry.host}/${name}`])
    expect((await inspect('public/app:1')).stderr).toBe('')
    expect((await inspect('team/app:1')).stderr).toMatch(/denied|unauthorized/)
  })

  test('tokens: an expired one is refused, and a refresh token gets the next', async () => {
    await using registry = await Registry.start({ auth: 'token', tokens: { expiresSeconds: -1 } })
    await expect(harness.putContent(registry, 'team/app', '1', harness.mixedCompression())).rejects.toThrow('401')
    const { url } = registry.tokens!
    registry.tokens!.configure({ expiresSeconds: 60 })
    const ask = async (fields: Record<string, string>) => {
      const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(fields) })
      return { status: answer.status, body: (await answer.json()) as Record<string, string> }
    }
    const { username, password } = registry
    const first = await ask({ grant_type: 'password', username, password, access_type: 'offline' })
    const refresh_token = first.body['refresh_token']!
    const scope = 'repository:team/app:pull'
    const second = await ask({ grant_type: 'refresh_token', refresh_token, scope })
    const headers = { Authorization: `Bearer ${second.body['access_token']}` }
    expect((await fetch(`${registry.url}/v2/team/app/tags/list`, { headers })).status).toBe(404)
    expect((await ask({ grant_type: 'refresh_token', refresh_token: 'stolen' })).status).toBe(401)
  })

  test('read only: a push is refused', async () => {
    await using registry = await Registry.start({ readOnly: true })
    await expect(harness.putBlob(registry, 'a', Buffer.from('x'))).rejects.toThrow('405')
  })

  test('an artifact is found under the tag of its subject', async () => {
    await using registry = await Registry.start()
    const top = harness.topOf(harness.mixedCompression())
    const subject = harness.describe(top.mediaType, top.bytes)
    await harness.putContent(registry, 'app', '1', harness.mixedCompression())
    const digest = await harness.putReferrer(registry, 'app', harness.artifact(subject))
    const { body } = await harness.getManifest(registry, 'app', subject.digest.replace(':', '-'))
    expect(JSON.parse(body.toString())).toMatchObject({ manifests: [{ digest }] })
  })

  test('when a test is through, its process and its files are gone', async () => {
    const registry = await Registry.start({ auth: 'token', tls: true })
    const { pid, directory, url } = registry
    await registry[Symbol.asyncDispose]()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect(() => readFileSync(join(directory, 'log'))).toThrow('ENOENT')
    await expect(must(['curl', '-fsSk', url])).rejects.toThrow(/connect/i)
  })
})
