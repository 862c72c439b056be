/** Who we are: passwords, tokens, identity tokens; told to whom it belongs, and asked for no more often than needed. */
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import {
  digestOf,
  FaultProxy,
  mixedCompression,
  putContent,
  Registry as RealRegistry,
  topOf,
} from '../../../../test/harness/registry/index.ts'
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { parseReference } from '../../src/reference.ts'
import { RegistrySource } from '../../src/registry/index.ts'
import { collect } from '../support/archives.ts'
import { connect, failureOf, repositoryAt } from './client.ts'

const NEEDS = ['docker-registry', 'openssl', 'htpasswd']
const image = mixedCompression()
const digest = digestOf(topOf(image).bytes)
const layers = image.blobs.map((bytes) => ({ mediaType: 'x', digest: digestOf(bytes), size: bytes.length }) as never)
const nobody = { credentialsFor: () => Promise.resolve(undefined) }
const wrong = { credentialsFor: () => Promise.resolve({ username: 'tester', password: 'wrong' }) }

describeWith(NEEDS, 'a registry with passwords', () => {
  test('gets ours with each request, and no trace has it', async () => {
    await using real = await RealRegistry.start({ auth: 'htpasswd' })
    await putContent(real, 'team/app', '1', image)
    using client = connect(real)
    expect((await (await repositoryAt(client, real.host)).resolve('1')).digest).toBe(digest)
    const shown = JSON.stringify(client.traces, (_, value: unknown) => (typeof value === 'bigint' ? '' : value))
    expect(shown).toContain('Basic ***')
    expect(shown).not.toContain(Buffer.from(`${real.username}:${real.password}`).toString('base64'))
  })

  test('and nobody to tell it: docker’s words, and how to log in', async () => {
    await using real = await RealRegistry.start({ auth: 'htpasswd' })
    using client = connect(real, nobody)
    const failure = await failureOf((await repositoryAt(client, real.host)).resolve('1'))
    expect(failure.message).toMatch(/^(Get|Head) "http:.*\/v2\/team\/app\/manifests\/1": no basic auth credentials$/)
    expect(failure).toMatchObject({ code: 'denied', hint: expect.stringContaining('login') as string })
  })

  test('and a wrong one: denied, after one request', async () => {
    await using real = await RealRegistry.start({ auth: 'htpasswd' })
    using client = connect(real, wrong)
    expect(await failureOf((await repositoryAt(client, real.host)).resolve('1'))).toMatchObject({ code: 'denied' })
    expect(client.asked().slice(1)).toEqual(['GET 401 /v2/', 'HEAD 401 /v2/team/app/manifests/1'])
  })
})

describeWith(NEEDS, 'a registry with tokens', () => {
  test('is asked with one token for all that goes on at the same time', async () => {
    await using real = await RealRegistry.start({ auth: 'token', tls: true })
    await putContent(real, 'team/app', '1', image)
    const before = real.tokens!.requests.length
    using client = connect(real)
    const repository = await repositoryAt(client, real.host)
    await Promise.all(layers.map((layer) => collect(repository.openBlob(layer))))
    expect(real.tokens!.requests.length - before).toBe(1)
  })

  test('whose token expires in the middle gets another, once, and nothing fails', async () => {
    await using real = await RealRegistry.start({ auth: 'token', tokens: { expiresSeconds: 2 } })
    await putContent(real, 'team/app', '1', image)
    await using proxy = await FaultProxy.start(real)
    using client = connect(real)
    const repository = await repositoryAt(client, proxy.host)
    await repository.resolve('1')
    // The clock of the registry is ahead: to us the token is still good.
    const unauthorized = { 'www-authenticate': `Bearer realm="${real.tokens!.url}",service="s",error="invalid_token"` }
    proxy.faults = [{ kind: 'answer', on: /blobs/, status: 401, headers: unauthorized, body: '', times: 1 }]
    expect(await collect(repository.openBlob(layers[0]!))).toEqual(image.blobs[0])
    expect(proxy.matching(/blobs/).map(({ status }) => status)).toEqual([401, 200])
  })

  test('that refuses a new token is not asked for ever', async () => {
    await using real = await RealRegistry.start({ auth: 'token' })
    await using proxy = await FaultProxy.start(real)
    const headers = { 'www-authenticate': `Bearer realm="${real.tokens!.url}",service="s"` }
    proxy.faults = [{ kind: 'answer', on: /./, status: 401, headers, body: '' }]
    using client = connect(real)
    expect(await failureOf((await repositoryAt(client, proxy.host)).resolve('1'))).toMatchObject({ code: 'denied' })
    expect(proxy.requests.length).toBeLessThan(6)
  })

  test('lets everybody pull what is public, without credentials', async () => {
    await using real = await RealRegistry.start({ auth: 'token', tls: true })
    await putContent(real, 'public/app', '1', image)
    using client = connect(real, nobody)
    expect((await (await repositoryAt(client, real.host, 'public/app')).resolve('1')).digest).toBe(digest)
    expect(real.tokens!.requests.at(-1)?.authorization).toBeUndefined()
  })

  test('and nobody there to pull what is private: docker’s words', async () => {
    await using real = await RealRegistry.start({ auth: 'token', tls: true })
    using client = connect(real, nobody)
    await using source = new RegistrySource(client.registry, parseReference(`${real.host}/team/app:1`))
    expect((await failureOf(source.roots())).message).toBe(
      `pull access denied for ${real.host}/team/app, repository does not exist or may require 'docker login': ` +
        'denied: requested access to the resource is denied',
    )
  })

  test('and a wrong password: the token server’s words, as the failure of the request', async () => {
    await using real = await RealRegistry.start({ auth: 'token', tls: true })
    using client = connect(real, wrong)
    expect((await failureOf((await repositoryAt(client, real.host)).resolve('1'))).message).toMatch(
      /^(Get|Head) "https:.*\/manifests\/1": unauthorized: incorrect username or password$/,
    )
  })

  test('takes an identity token instead of a password, which is sent in no URL and shown in no trace', async () => {
    await using real = await RealRegistry.start({ auth: 'token', tls: true })
    await putContent(real, 'team/app', '1', image)
    using client = connect(real)
    const { identityToken = '' } = await client.registry.checkLogin(real.host, real.credentials!)
    expect(identityToken).not.toBe('')
    using later = connect(real, { credentialsFor: () => Promise.resolve({ identityToken }) })
    expect((await (await repositoryAt(later, real.host)).resolve('1')).digest).toBe(digest)
    const asked = real.tokens!.requests.at(-1)
    expect([asked?.method, asked?.fields.get('refresh_token')]).toEqual(['POST', identityToken])
    for (const { traces } of [client, later]) for (const { url } of traces) expect(url).not.toContain(identityToken)
  })

  test('that is busy is asked again', async () => {
    await using real = await RealRegistry.start({ auth: 'token' })
    await putContent(real, 'team/app', '1', image)
    let refusals = 2
    const server = createServer((request, response) => {
      if (refusals-- > 0) response.writeHead(503).end()
      else response.writeHead(307, { location: `${real.tokens!.url}?${request.url!.split('?')[1]}` }).end()
    })
    const realm = `http://127.0.0.1:${await listenOnLoopback(server)}/token`
    await using _ = { [Symbol.asyncDispose]: () => closeServer(server) }
    await using proxy = await FaultProxy.start(real)
    const challenge = `Bearer realm="${realm}",service="mini-docker test registry"`
    proxy.faults = [{ kind: 'headers', on: /v2\/$/, headers: { 'WWW-Authenticate': challenge } }]
    using client = connect(real, nobody)
    await failureOf((await repositoryAt(client, proxy.host)).resolve('1'))
    expect(client.traces.filter(({ id }) => id === 'image.token').map(({ status }) => status)).toEqual(
      expect.arrayContaining([503, 503, 307]),
    )
  })
})

describe('a token server', () => {
  test.each([
    ['realm="ftp://x/"', /names no server/],
    ['service="s"', /names no server/],
    ['realm="file:///etc/passwd"', /names no server/],
  ])('that is none (%s) is told', async (parameters, words) => {
    const server = createServer((_, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer ${parameters}` }).end()
    })
    const host = `127.0.0.1:${await listenOnLoopback(server)}`
    await using _ = { [Symbol.asyncDispose]: () => closeServer(server) }
    using client = connect()
    expect((await failureOf((await repositoryAt(client, host)).resolve('1'))).message).toMatch(words)
  })

  test.each([
    ['{}', /answered without a token/],
    ['{"token":"a\\r\\nX-Evil: 1"}', /answered without a token/],
    ['<html>', /answered without a token/],
    [`{"token":"${'x'.repeat(2 << 20)}"}`, /answered without a token/],
  ])('that answers something else is told', async (body, words) => {
    const server = createServer((request, response) => {
      if (request.url!.startsWith('/token')) return void response.end(body)
      const realm = `http://${request.headers.host}/token`
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end()
    })
    const host = `127.0.0.1:${await listenOnLoopback(server)}`
    await using _ = { [Symbol.asyncDispose]: () => closeServer(server) }
    using client = connect()
    expect((await failureOf((await repositoryAt(client, host)).resolve('1'))).message).toMatch(words)
  })
})

describeWith(NEEDS, 'a login', () => {
  test.each(['htpasswd', 'token', 'none'] as const)('with the right password (auth %s) succeeds', async (auth) => {
    await using real = await RealRegistry.start({ auth, tls: true })
    using client = connect(real)
    const credentials = real.credentials ?? { username: 'a', password: 'b' }
    const outcome = await client.registry.checkLogin(real.host, credentials)
    expect(outcome.identityToken !== undefined).toBe(auth === 'token')
  })

  test('with a wrong password is refused in docker’s words', async () => {
    await using passwords = await RealRegistry.start({ auth: 'htpasswd' })
    await using tokens = await RealRegistry.start({ auth: 'token', tls: true })
    const message = async (real: RealRegistry): Promise<string> => {
      using client = connect(real)
      return (await failureOf(client.registry.checkLogin(real.host, { username: 'a', password: 'b' }))).message
    }
    expect(await message(passwords)).toBe(
      `login attempt to http://${passwords.host}/v2/ failed with status: 401 Unauthorized`,
    )
    expect(await message(tokens)).toBe(`Get "https://${tokens.host}/v2/": unauthorized: incorrect username or password`)
  })
})
