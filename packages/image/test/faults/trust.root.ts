/** Whom a pull trusts, who it says it is, and what it says when a name leads nowhere. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { eventually } from '../../../../test/harness/eventually.ts'
import { putContent, Registry, noisyImage } from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { ImageStore } from '../../src/store/store.ts'
import { expectNothing, expectSound, failure, freshStore, pull } from './pull.ts'
import { argumentsFor, runPull } from './program.ts'
import { BLOB, bytesOf, NEEDS, setUp } from './setting.ts'

const image = noisyImage([1_000_000, 50_000])
const totalBytes = bytesOf(image)

const scratch = mkdtempSync(join(tmpdir(), 'image-trust-'))
afterAll(() => rmSync(scratch, { recursive: true }))

describeWith(NEEDS, 'whom a pull trusts', () => {
  /** Here registry.test is this machine, which is not loopback by its name: certificates count. */
  const named = (): string[] => {
    const hosts = join(scratch, 'hosts')
    writeFileSync(hosts, '127.0.0.1 localhost registry.test other.test\n')
    return ['unshare', '--mount', 'sh', '-c', `mount --bind ${hosts} /etc/hosts && exec "$@"`, 'sh']
  }
  const port = (host: string) => host.split(':')[1]!
  const quick = { retry: { tries: 2, firstMs: 5 } }

  test('a registry with a certificate of its own authority: not, until certs.d has it', async () => {
    await using registry = await Registry.start({ tls: true })
    await putContent(registry, 'team/app', '1', image)
    const store = await freshStore()
    const host = `registry.test:${port(registry.host)}`
    const name = `${host}/team/app:1`
    const untrusted = await runPull({ root: store.root, name, ...quick }, named())
    expect(untrusted.failure?.message).toMatch(/certificate signed by unknown authority/)
    expect(untrusted.failure?.hint).toMatch(new RegExp(`certs.d/${host}/ca.crt`))
    expectNothing(store)
    const insecure = await runPull({ root: (await freshStore()).root, name, insecure: [host], ...quick }, named())
    expect(insecure.names).toEqual([name])
    registry.trust(host)
    const trusted = await runPull({ root: store.root, name, certsDir: registry.certsDir, ...quick }, named())
    expect(trusted.names).toEqual([name])
    await expectSound(store)
  })

  test('a right certificate of another name, or of another authority: not', async () => {
    await using registry = await Registry.start({ tls: true })
    await using other = await Registry.start({ tls: true })
    const store = await freshStore()
    const wrongName = `other.test:${port(registry.host)}`
    registry.trust(wrongName)
    const named1 = await runPull(
      { root: store.root, name: `${wrongName}/a:1`, certsDir: registry.certsDir, ...quick },
      named(),
    )
    expect(named1.failure?.message).toMatch(/not valid for the name/)
    const host = `registry.test:${port(registry.host)}`
    other.trust(host)
    const wrongCa = await runPull(
      { root: store.root, name: `${host}/a:1`, certsDir: other.certsDir, ...quick },
      named(),
    )
    expect(wrongCa.failure?.message).toMatch(/unknown authority/)
    expectNothing(store)
  })

  test('a registry without TLS that is not loopback: not, and no password is sent', async () => {
    await using registry = await Registry.start({ auth: 'htpasswd' })
    const store = await freshStore()
    const parameters = { ...argumentsFor(registry, store.root, `registry.test:${port(registry.host)}/a:1`), ...quick }
    const result = await runPull(parameters, named())
    expect(result.failure?.message).toMatch(/server gave HTTP response to HTTPS client/)
    expect(registry.log).not.toMatch(/GET \/v2\/a/)
  })
})

describeWith(NEEDS, 'a pull with a wrong', () => {
  const wrong = () => Promise.resolve({ username: 'tester', password: 'wrong' })

  test.each(['htpasswd', 'token'] as const)('password (%s): denied, and no image', async (auth) => {
    await using at = await setUp(image, [], { auth })
    const message = await failure(pull(at.store, at.registry, at.name, { credentialsFor: wrong }))
    expect(message).toMatch(/unauthorized|incorrect|denied|401/i)
    expect(message).not.toContain('wrong')
    expectNothing(at.store)
    const nobody = { credentialsFor: () => Promise.resolve(undefined) }
    expect(await failure(pull(at.store, at.registry, at.name, nobody))).toMatch(
      /no basic auth credentials|pull access denied for .*team\/app/,
    )
    await pull(at.store, at.registry, at.name)
    await expectSound(at.store)
  })

  test('tag, repository, digest, port or host: says which', async () => {
    await using at = await setUp(image)
    const host = at.registry.host
    const told = async (name: string) =>
      await failure(pull(at.store, at.registry, name, { retry: { tries: 2, firstMs: 5 } }))
    expect(await told(`${host}/team/app:nope`)).toMatch(/manifest for .*team\/app:nope not found/)
    expect(await told(`${host}/team/nope:1`)).toMatch(/not found/)
    expect(await told(`${host}/team/app@sha256:${'0'.repeat(64)}`)).toMatch(/not found/)
    expect(await told('127.0.0.1:1/team/app:1')).toMatch(/dial tcp 127.0.0.1:1: connect: connection refused/)
    expect(await told('no-such-host.invalid/team/app:1')).toMatch(
      /lookup no-such-host.invalid: (no such host|server misbehaving)/,
    )
    expectNothing(at.store)
  })

  test('idea of time: a pull that is aborted ends at once and keeps what came', async () => {
    await using at = await setUp(image, [{ kind: 'slow', on: BLOB, bytesPerSecond: 300_000 }])
    const abort = new AbortController()
    const pulling = pull(at.store, at.registry, at.name, { signal: abort.signal })
    pulling.catch(() => {})
    await eventually('some came', () => at.blobBytes() > 100_000)
    const began = performance.now()
    abort.abort(new Error('the user pressed Ctrl-C'))
    await expect(pulling).rejects.toThrow('the user pressed Ctrl-C')
    expect(performance.now() - began).toBeLessThan(1000)
    expectNothing(at.store, { partial: true })
    const kept = readdirSync(join(at.store.root, 'tmp')).reduce(
      (sum, file) => sum + statSync(join(at.store.root, 'tmp', file)).size,
      0,
    )
    expect(kept).toBeGreaterThan(50_000)
    at.proxy.faults = []
    await pull(at.store, at.registry, at.name)
    expect(at.blobBytes()).toBeLessThan(totalBytes + 400_000)
    await expectSound(await ImageStore.open(at.store.root))
  })
})
