/** Where a request is sent on to, and what goes along. */
import { createServer, type RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { digestOf, FaultProxy, putBlob, Registry as RealRegistry } from '../../../../test/harness/registry/index.ts'
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { follow } from '../../src/registry/http/follow.ts'
import { collect } from '../support/archives.ts'
import { connect, failureOf, repositoryAt } from './client.ts'

const bytes = Buffer.from('a small blob')
const blob = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length } as never

describeWith(['docker-registry', 'htpasswd', 'openssl'], 'a redirect', () => {
  test('to another host takes no Authorization along, and the trace tells where it went', async () => {
    await using real = await RealRegistry.start({ auth: 'htpasswd' })
    await putBlob(real, 'team/app', bytes)
    await using proxy = await FaultProxy.start(real)
    proxy.faults = [{ kind: 'redirect', on: /blobs/ }]
    using client = connect(real)
    expect(await collect((await repositoryAt(client, proxy.host)).openBlob(blob))).toEqual(bytes)
    expect(proxy.matching(/blobs/)[0]?.headers.authorization).toMatch(/^Basic /)
    expect(proxy.elsewhere.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
    expect(client.traces.some(({ note }) => note?.startsWith(`redirected to ${proxy.elsewhere.url}`))).toBe(true)
  })

  test('of HEAD, which has no body, is in the trace as well', async () => {
    await using real = await RealRegistry.start()
    await using proxy = await FaultProxy.start(real)
    proxy.faults = [{ kind: 'redirect', on: /^HEAD/ }]
    using client = connect(real)
    const repository = await repositoryAt(client, proxy.host)
    await repository.hasBlob(blob).catch(() => false)
    expect(client.traces.find(({ method }) => method === 'HEAD')?.note).toMatch(/^redirected to /)
  })

  test('on the same host keeps it', async () => {
    await using real = await RealRegistry.start({ auth: 'htpasswd' })
    await putBlob(real, 'team/app', bytes)
    await using proxy = await FaultProxy.start(real)
    proxy.faults = [
      {
        kind: 'redirect',
        on: /blobs\/sha256:[0-9a-f]+$/,
        times: 1,
        to: `${proxy.url}/v2/team/app/blobs/${digestOf(bytes)}?again`,
      },
    ]
    using client = connect(real)
    expect(await collect((await repositoryAt(client, proxy.host)).openBlob(blob))).toEqual(bytes)
    expect(proxy.matching(/blobs/).map(({ headers }) => headers.authorization?.slice(0, 5))).toEqual(['Basic', 'Basic'])
  })

  test.each([
    ['in a loop', (n: number) => `/v2/team/app/blobs/loop${n % 2}`, /redirects in a loop/],
    ['without end', (n: number) => `/v2/team/app/blobs/${n}`, /stopped after 10 redirects/],
    ['to what is no URL', () => 'http://[', /no URL of HTTP/],
    ['to a file', () => 'file:///etc/passwd', /no URL of HTTP/],
  ])('%s is refused', async (_, to, words) => {
    let n = 0
    await using server = await serve((_, response) => response.writeHead(302, { location: to(n++) }).end())
    using client = connect()
    expect((await failureOf(collect((await repositoryAt(client, server.host)).openBlob(blob)))).message).toMatch(words)
    expect(n).toBeLessThan(13)
  })

  test('to a host that asks who we are does not get an answer', async () => {
    const seen: (string | undefined)[] = []
    await using thief = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    })
    await using real = await RealRegistry.start({ auth: 'htpasswd' })
    await using proxy = await FaultProxy.start(real)
    proxy.faults = [{ kind: 'redirect', on: /blobs/, to: `http://${thief.host}/blob` }]
    using client = connect(real)
    await failureOf(collect((await repositoryAt(client, proxy.host)).openBlob(blob)))
    expect(seen).toEqual([undefined])
  })
})

test('a body is not sent on from https to http', async () => {
  const request = {
    step: 'image.upload',
    method: 'PUT',
    url: new URL('https://reg.example/v2/a/blobs/uploads/1'),
    headers: { authorization: 'Basic x' },
    body: { size: 1, open: () => collectable() },
  } as const
  const answer = {
    status: 307,
    header: () => 'http://reg.example/v2/a/blobs/uploads/1',
    note: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  await expect(follow(request, () => Promise.resolve(answer as never))).rejects.toThrow(/in the clear/)
})

async function* collectable(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x')
}

async function serve(listener: RequestListener): Promise<{ host: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    if (request.url === '/v2/') response.end()
    else listener(request, response)
  })
  const host = `127.0.0.1:${await listenOnLoopback(server)}`
  return { host, [Symbol.asyncDispose]: () => closeServer(server) }
}
