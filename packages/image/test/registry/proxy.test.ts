/** Through a real proxy: HTTP with absolute URLs, HTTPS with CONNECT. Its name is not loopback's, or nobody would ask it. */
import { createServer, request as httpRequest } from 'node:http'
import { connect as connectTo } from 'node:net'
import { expect, test } from 'vitest'
import { Registry as RealRegistry } from '../../../../test/harness/registry/index.ts'
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { defaultRegistryConfig, type Proxies } from '../../src/registry/config.ts'
import { HttpClient } from '../../src/registry/http/http-client.ts'

/** Leads every host to `port`, and remembers what it was asked. */
async function proxyTo(port: number) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const { pathname } = new URL(request.url!)
    const options = { port, path: pathname, method: request.method, headers: request.headers }
    request.pipe(
      httpRequest(options, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      }),
    )
  })
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`)
    const upstream = connectTo(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}`
  return { asked, url, [Symbol.asyncDispose]: () => closeServer(server) }
}

async function ask(url: string, proxies: Proxies): Promise<number> {
  using http = new HttpClient({ config: { ...defaultRegistryConfig, certsDirs: [], proxies } })
  const request = { step: 'image.ping', method: 'GET', url: new URL('/v2/', url), headers: {} } as const
  await using answer = await http.send(request, { host: request.url.host, verify: false })
  return answer.status
}

describeWith(['docker-registry', 'openssl'], 'a registry behind a proxy', () => {
  test('over HTTP is asked for by its whole URL', async () => {
    await using real = await RealRegistry.start()
    await using proxy = await proxyTo(Number(new URL(real.url).port))
    expect(await ask('http://reg.invalid:5000', { http: proxy.url })).toBe(200)
    expect(proxy.asked).toEqual(['GET http://reg.invalid:5000/v2/'])
  })

  test('over HTTPS is connected to through it', async () => {
    await using real = await RealRegistry.start({ tls: true })
    await using proxy = await proxyTo(Number(new URL(real.url).port))
    expect(await ask('https://reg.invalid:5000', { https: proxy.url })).toBe(200)
    expect(proxy.asked).toEqual(['CONNECT reg.invalid:5000'])
  })

  test('that is not there: an error that names it', async () => {
    await expect(ask('https://reg.invalid', { https: 'http://127.0.0.1:1' })).rejects.toThrow(
      /dial tcp 127.0.0.1:1: connect: connection refused/,
    )
  })

  test('that is named in no-proxy is asked directly', async () => {
    await using real = await RealRegistry.start()
    await using proxy = await proxyTo(Number(new URL(real.url).port))
    await expect(ask('http://reg.invalid', { http: proxy.url, no: 'invalid' })).rejects.toThrow(/no such host|lookup/)
    expect(proxy.asked).toEqual([])
  })

  test('does not see who asks for loopback', async () => {
    await using real = await RealRegistry.start()
    await using proxy = await proxyTo(1)
    expect(await ask(real.url, { http: proxy.url, https: proxy.url })).toBe(200)
    expect(proxy.asked).toEqual([])
  })
})
