/** The server itself: limits, slow and rude clients, TLS, what it tells, how it stops. */
import { once } from 'node:events'
import { request as requestTLS } from 'node:https'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/digest.ts'
import { ImageServer } from '../../src/serve/index.ts'
import type { Pull } from '../../src/serve/pulls.ts'
import type { ImageStore } from '../../src/store/store.ts'
import * as make from '../support/archives.ts'
import { run } from '../support/requires.ts'
import { pathOf, put, serve } from '../support/serving.ts'
import { freshStore } from '../support/store.ts'

const LAYER_BYTES = 24 * 1024 * 1024
let store: ImageStore
let big: make.TestImage
let layerPath: string

beforeAll(async () => {
  big = make.image([await make.tar({ big: Buffer.alloc(LAYER_BYTES, 'mini') })], 'plain')
  store = (await freshStore()).store
  await put(store, big, 'big:1')
  layerPath = pathOf('big', 'blobs', digestOf(big.layers[0]!))
})

/** A client that says what it wants and reads only when told to. */
async function rude(port: number, text: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => {})
  socket.pause()
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

describe('clients', () => {
  test('a reader that stops reading is cut after the idle time; its pull is told as incomplete', async () => {
    const pulls: Pull[] = []
    await using served = await serve(store, { idleTimeoutMs: 300, onPull: (pull) => pulls.push(pull) })
    const socket = await rude(served.server.port, `GET ${layerPath} HTTP/1.1\r\nHost: x\r\n\r\n`)
    const { promise: cut, resolve } = Promise.withResolvers<void>()
    const began = performance.now()
    served.server.stop(20_000).then(resolve, resolve)
    await cut
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(pulls).toMatchObject([{ client: '127.0.0.1', name: 'big', complete: false }])
    expect(pulls[0]?.bytes).toBeLessThan(LAYER_BYTES)
    socket.destroy()
  })

  test('a slow reader that goes on reading gets everything, however long it takes', async () => {
    await using served = await serve(store, { idleTimeoutMs: 300 })
    const socket = await rude(served.server.port, `GET ${layerPath} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    let bytes = 0
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes < 4_000_000) await sleep(10)
    }
    expect(bytes).toBeGreaterThanOrEqual(big.layers[0]!.length)
  })

  test('what is no HTTP, and a head that is too long, is refused and the server lives', async () => {
    await using served = await serve(store)
    for (const text of [
      '\0\0\0\r\n\r\n',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      'CONNECT x:1 HTTP/1.1\r\n\r\n',
    ]) {
      const socket = await rude(served.server.port, text)
      socket.resume()
      await once(socket, 'close')
    }
    expect((await served.ask('/v2/')).status).toBe(200)
  })

  test('a push is told that it cannot, even with a body on its way', async () => {
    await using served = await serve(store)
    const body = 'x'.repeat(50_000)
    const text = `PUT /v2/big/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const socket = await rude(served.server.port, text)
    const answer = (await make.collect(socket)).toString()
    expect(answer).toMatch(/^HTTP\/1\.1 405 /)
    expect(answer).toMatch(/read-only/)
  })

  test('ten requests on one connection, sent at once, are answered in order', async () => {
    await using served = await serve(store)
    const ask = (last: boolean) =>
      `GET ${layerPath} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-99999\r\n${last ? 'Connection: close\r\n' : ''}\r\n`
    const socket = await rude(served.server.port, ask(false).repeat(9) + ask(true))
    const answer = (await make.collect(socket)).toString('latin1')
    expect(answer.match(/HTTP\/1\.1 206 /g)).toHaveLength(10)
    expect(answer.length).toBeGreaterThan(1_000_000)
  })

  test('connections over the limit are refused and told; others go on', async () => {
    const problems: string[] = []
    await using served = await serve(store, { connectionsMax: 2, onProblem: ({ message }) => problems.push(message) })
    const held = await Promise.all([rude(served.server.port, ''), rude(served.server.port, '')])
    await expect(served.ask('/v2/')).rejects.toThrow(/socket hang up|ECONNRESET/)
    expect(problems).toEqual(['refused a connection: there are 2 already'])
    for (const socket of held) socket.destroy()
    await expect.poll(async () => (await served.ask('/v2/')).status).toBe(200)
  })

  test('an image that is removed while it is sent is sent to its end', async () => {
    const { store } = await freshStore()
    await put(store, big, 'big:1')
    await using served = await serve(store)
    const socket = await rude(served.server.port, `GET ${layerPath} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    await once(socket, 'readable')
    await store.remove('big:1')
    expect(store.blobs.size(digestOf(big.layers[0]!))).toBeUndefined()
    const answer = await make.collect(socket)
    expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(big.layers[0]!)).toBe(true)
  })
})

describe('the server', () => {
  test('tells of a pull: who, what, how much', async () => {
    const pulls: Pull[] = []
    const served = await serve(store, { onPull: (pull) => pulls.push(pull) })
    const headers = { 'user-agent': 'docker/28.2.2 go/go1.24 (linux)' }
    await served.ask(pathOf('big', 'manifests', '1'), { method: 'HEAD', headers })
    await served.ask(pathOf('big', 'manifests', '1'), { headers })
    await served.ask(layerPath, { headers })
    await served.ask('/v2/', { headers })
    await served.server.stop()
    const bytes = big.manifest.length + big.layers[0]!.length
    expect(pulls).toMatchObject([
      { agent: 'docker/28.2.2', name: 'big', reference: '1', blobs: 1, bytes, complete: true },
    ])
  })

  test('stops at once when idle, and cuts transfers that take too long', async () => {
    const pulls: Pull[] = []
    const served = await serve(store, { onPull: (pull) => pulls.push(pull) })
    await served.ask('/v2/')
    const kept = await rude(served.server.port, `GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n`)
    await once(kept, 'readable')
    const stalled = await rude(served.server.port, `GET ${layerPath} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await once(stalled, 'readable')
    const began = performance.now()
    await served.server.stop(200)
    expect(performance.now() - began).toBeLessThan(5000)
    expect(pulls).toMatchObject([{ name: 'big', complete: false }])
    expect(pulls[0]?.bytes).toBeGreaterThan(100_000)
    await expect(served.ask('/v2/')).rejects.toThrow(/ECONNREFUSED/)
  })

  test('a port in use, an address that is not ours, and files that are no certificate are told in words', async () => {
    await using served = await serve(store)
    const { port } = served.server
    await expect(serve(store, { port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the port is in use`)
    await expect(serve(store, { host: '192.0.2.1' })).rejects.toThrow(/this machine has no such address/)
    await expect(serve(store, { tls: { cert: 'x', key: 'y' } })).rejects.toThrow(/certificate and key cannot be used/)
  })

  test('speaks TLS with a certificate', async () => {
    const directory = make.temporaryDirectory()
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')]
    const words = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost'.split(' ')
    run('openssl', 'req', ...words, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert)
    const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
    await using server = await ImageServer.listen(store, { host: '127.0.0.1', port: 0, tls })
    const asked = requestTLS({ host: '127.0.0.1', port: server.port, path: layerPath, ca: tls.cert, agent: false })
    asked.end()
    const [response] = (await once(asked, 'response')) as [AsyncIterable<Uint8Array>]
    expect((await make.collect(response)).equals(big.layers[0]!)).toBe(true)
  })
})

test('a thousand clients that leave in the middle leave nothing that a stop would wait for', async () => {
  await using served = await serve(store)
  for (let round = 0; round < 20; round++) {
    const sockets = await Promise.all(
      Array.from({ length: 50 }, () => rude(served.server.port, `GET ${layerPath} HTTP/1.1\r\nHost: x\r\n\r\n`)),
    )
    for (const [i, socket] of sockets.entries()) setTimeout(() => socket.destroy(), i % 5)
  }
  const began = performance.now()
  await served.server.stop(1000)
  expect(performance.now() - began).toBeLessThan(10_000)
})
