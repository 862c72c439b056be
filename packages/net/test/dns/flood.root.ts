/** A container that means harm to its server, or to the daemon that holds it. */
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connectTcp } from '../../src/dns/socket.ts'
import { TcpMessages, withLength } from '../../src/dns/tcp-messages.ts'
import { DnsServer, NetworkNames, readMessage, writeMessage } from '../../src/index.ts'
import type { TestNamespace } from '../namespace.ts'
import { Client } from './client.ts'
import { dig, openContainer } from './container.ts'

const names = new NetworkNames('n1')
names.set({ id: 'a', name: 'web', aliases: [], addresses: ['10.9.0.2'] })
const view = { networks: [{ names }], forwards: true, ndotsSet: false }
const nothing = { answers: [], authorities: [], additionals: [] }

let container: TestNamespace
let server: DnsServer

beforeEach(async () => {
  container = await openContainer()
  server = await DnsServer.open({ namespace: container.path, view, upstreams: [] })
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  container[Symbol.dispose]()
})

const query = (id: number, name = 'web'): Buffer => {
  return writeMessage({ id, flags: 0x0100, questions: [{ name, type: 1, class: 1 }], ...nothing })
}

test('garbage by the thousand costs no memory, and no name its answer', async () => {
  using client = await Client.open(container)
  const round = async (): Promise<void> => {
    for (let i = 0; i < 5_000; i++) {
      const bytes = i % 3 === 0 ? query(i) : Buffer.alloc(0)
      client.send(i % 3 === 0 ? bytes.fill(randomBytes(8), 12) : randomBytes((i * 7) % 600))
      if (i % 500 === 0) await sleep(1)
    }
    expect(await dig(container, '+tries=3', 'web')).toEqual(['10.9.0.2'])
  }
  await round()
  const before = process.memoryUsage()
  for (let i = 0; i < 2; i++) await round()
  const after = process.memoryUsage()
  expect(after.heapUsed - before.heapUsed).toBeLessThan(30e6)
  expect(after.external - before.external).toBeLessThan(30e6)
})

test('an answer is not answered: no two servers can be made to talk forever', async () => {
  using client = await Client.open(container)
  const reply = writeMessage({ id: 1, flags: 0x8100, questions: [{ name: 'web', type: 1, class: 1 }], ...nothing })
  client.send(reply)
  client.send(reply.subarray(0, 20))
  expect(await client.ask('web')).toMatchObject({ flags: 0x8180 })
  expect(client.strangers).toBe(0)
})

test('a query that is cut is told so (FORMERR), with its id', async () => {
  const socket = connectTcp('127.0.0.11', 53, { namespace: container.path })
  socket.write(withLength(query(77).subarray(0, 15)))
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  const [message] = new TcpMessages().push(bytes)
  expect(readMessage(message ?? Buffer.alloc(0))).toMatchObject({ id: 77, flags: 0x8181 })
  socket.destroy()
})

test('many queries on one connection, in pieces of any size, are all answered, also when their sender has ended', async () => {
  const socket = connectTcp('127.0.0.11', 53, { namespace: container.path })
  const stream = Buffer.concat(Array.from({ length: 300 }, (_, i) => withLength(query(i))))
  for (let at = 0; at < stream.length; at += 37) socket.write(stream.subarray(at, at + 37))
  socket.end()
  const messages = new TcpMessages()
  const ids = new Set<number>()
  for await (const piece of socket)
    for (const message of messages.push(piece as Buffer)) ids.add(readMessage(message).id)
  expect(ids.size).toBe(300)
})

test('who asks over TCP and does not read is not answered without end', async () => {
  const socket = connectTcp('127.0.0.11', 53, { namespace: container.path })
  socket.pause()
  const burst = Buffer.concat(Array.from({ length: 1_000 }, (_, i) => withLength(query(i))))
  const before = process.memoryUsage().external
  for (let i = 0; i < 400 && socket.writableLength < 1e6; i++) {
    socket.write(burst)
    await sleep(1)
  }
  // What was not taken waits with its sender, who is this process too.
  expect(socket.writableLength).toBeGreaterThan(0)
  expect(process.memoryUsage().external - before - socket.writableLength).toBeLessThan(16e6)
  expect(await dig(container, '+tcp', 'web')).toEqual(['10.9.0.2'])
  socket.destroy()
})

test('more connections than a server holds are closed, and the next one is served when they are gone', async () => {
  const sockets = Array.from({ length: 400 }, () => connectTcp('127.0.0.11', 53, { namespace: container.path }))
  let closed = 0
  for (const socket of sockets)
    socket
      .on('error', () => {})
      .on('close', () => closed++)
      .resume()
  await expect.poll(() => closed, { timeout: 5_000 }).toBeGreaterThan(100)
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => dig(container, '+tcp', 'web').catch(() => []), { timeout: 5_000 }).toEqual(['10.9.0.2'])
})
