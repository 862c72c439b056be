/** Names outside: asked of real resolvers, dead ones, slow ones and liars, in a namespace that stands for all that is outside. */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Forwarder } from '../../src/dns/forward.ts'
import { bindUdp } from '../../src/dns/socket.ts'
import { DnsServer, NetworkNames, readMessage, writeMessage, type Message, type Upstream } from '../../src/index.ts'
import type { TestNamespace } from '../namespace.ts'
import { Client } from './client.ts'
import { connectTo, dig, openContainer } from './container.ts'

const names = new NetworkNames('n1')
names.set({ id: 'a', name: 'web', aliases: [], addresses: ['10.9.0.2'] })
const NO_QUERY: Message = { id: 1, flags: 0x0100, questions: [], answers: [], authorities: [], additionals: [] }
const DNSMASQ: Upstream = { address: '10.9.0.1', from: 'container' }

let stack: AsyncDisposableStack
let outside: TestNamespace
let container: TestNamespace

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  outside = stack.use(await openContainer())
  container = stack.use(await openContainer())
  connectTo(outside, container)
})
afterEach(async () => stack.disposeAsync())

async function serve(upstreams: readonly Upstream[], forwards = true): Promise<DnsServer> {
  const view = { networks: [{ names }], forwards, ndotsSet: false }
  return stack.use(await DnsServer.open({ namespace: container.path, view, upstreams, timeoutMs: 1_000 }))
}

describe('dnsmasq outside', () => {
  beforeEach(async () => {
    stack.adopt(await dnsmasq(outside.path, '10.9.0.1'), (child) => void child.kill('SIGKILL'))
  })

  test('answers what no network knows, over UDP and TCP; what it does not know is unknown', async () => {
    await serve([DNSMASQ])
    expect(await dig(container, 'up.test')).toEqual(['192.0.2.7'])
    expect(await dig(container, '+tcp', 'up.test')).toEqual(['192.0.2.7'])
    expect(await dig(container, 'single')).toEqual(['192.0.2.8'])
    expect(await dig(container, 'TXT', 'small.test')).toEqual(['"small"'])
    expect(await container.start('dig', '@127.0.0.11', 'nowhere.test')).toContain('status: NXDOMAIN')
    expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
  })

  test('has an answer too large for UDP: it comes cut, and whole over TCP', async () => {
    await serve([DNSMASQ])
    expect(await container.start('dig', '@127.0.0.11', '+ignore', 'TXT', 'big.test')).toMatch(/flags:[a-z ]* tc/)
    expect((await dig(container, 'TXT', 'big.test')).join('').length).toBeGreaterThan(4_000)
  })

  test('is not asked by a container on internal networks only', async () => {
    await serve([DNSMASQ], false)
    expect(await container.start('dig', '@127.0.0.11', 'up.test')).toContain('status: SERVFAIL')
    expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
  })

  test('a thousand queries at once, for names here and there, are all answered', async () => {
    await serve([DNSMASQ])
    using client = await Client.open(container)
    const asked = Array.from({ length: 1_000 }, (_, i) => client.ask(i % 2 === 0 ? 'web' : `host${i}.up.test`, 20_000))
    const answers = await Promise.all(asked)
    expect(answers.filter((answer) => answer?.answers.length === 1)).toHaveLength(1_000)
  })

  test('a first resolver that nobody is at costs nothing, a dead one its time, once', async () => {
    const refusing: Upstream = { ...DNSMASQ, port: 5353 }
    const dead: Upstream = { address: '10.9.0.77', from: 'container' }
    await serve([refusing, dead, DNSMASQ])
    const first = await milliseconds(async () => expect(await dig(container, 'up.test')).toEqual(['192.0.2.7']))
    const second = await milliseconds(async () => expect(await dig(container, 'up.test')).toEqual(['192.0.2.7']))
    expect(first).toBeGreaterThan(900)
    expect(second).toBeLessThan(900)
  })
})

test('a resolver on the host’s loopback is asked from the host', async () => {
  stack.adopt(await dnsmasq('/proc/self/ns/net', '127.0.0.153'), (child) => void child.kill('SIGKILL'))
  const address = '127.0.0.153'
  await serve([{ address, port: 5353, from: 'host' }])
  expect(await dig(container, 'up.test')).toEqual(['192.0.2.7'])
  expect(await dig(container, '+tcp', 'up.test')).toEqual(['192.0.2.7'])
})

test('no resolver that answers is a failure of the server, over UDP and TCP, and not silence', async () => {
  await serve([{ ...DNSMASQ, port: 5353 }])
  expect(await container.start('dig', '@127.0.0.11', 'up.test')).toContain('status: SERVFAIL')
  expect(await container.start('dig', '@127.0.0.11', '+tcp', 'up.test')).toContain('status: SERVFAIL')
})

test('a resolver that fails (SERVFAIL) is not the last word, unless there is no other', async () => {
  const failing = await upstream('10.9.0.1', (query, send) => send({ ...query, flags: 0x8182 }))
  const good = await upstream('10.9.0.1', (query, send) => send(answerTo(query)))
  const server = await serve([failing, good])
  expect(await dig(container, 'up.test')).toEqual(['192.0.2.9'])
  server.upstreams = [failing]
  expect(await container.start('dig', '@127.0.0.11', 'up.test')).toContain('status: SERVFAIL')
})

test('a slow resolver is waited for', async () => {
  const slow = await upstream('10.9.0.1', (query, send) => setTimeout(() => send(answerTo(query)), 600))
  await serve([slow])
  expect(await dig(container, 'up.test')).toEqual(['192.0.2.9'])
})

test('answers with another id or question, from another port, or of garbage do not count', async () => {
  const stranger = await bindUdp('10.9.0.1', 0, { namespace: outside.path })
  stack.defer(() => void stranger.close())
  const liar = await upstream('10.9.0.1', (query, send, { port, address, socket }) => {
    const forged = answerTo(query, '203.0.113.1')
    stranger.send(writeMessage(forged), port, address)
    send({ ...forged, id: query.id ^ 1 })
    send({ ...forged, questions: [{ name: 'other.test', type: 1, class: 1 }] })
    send({ ...forged, flags: 0x0100 })
    socket.send(Buffer.from('garbage'), port, address)
    setTimeout(() => send(answerTo(query)), 100)
  })
  await serve([liar])
  expect(await dig(container, 'up.test')).toEqual(['192.0.2.9'])
})

test('ids and ports of queries cannot be guessed from the ones before', async () => {
  const seen: { id: number; port: number }[] = []
  const asked = await upstream('10.9.0.1', (query, send, { port }) => {
    seen.push({ id: query.id, port })
    send(answerTo(query))
  })
  await serve([asked])
  using client = await Client.open(container)
  for (let i = 0; i < 40; i++) await client.ask(`host${i}.test`)
  expect(new Set(seen.map(({ id }) => id)).size).toBeGreaterThan(35)
  expect(new Set(seen.map(({ port }) => port)).size).toBeGreaterThan(35)
  const steps = seen.slice(1).map(({ id }, i) => id - seen[i]!.id)
  expect(new Set(steps).size).toBeGreaterThan(35)
})

test('with a dead resolver only so many queries wait; the others are told at once, and names here are answered', async () => {
  const dead: Upstream = { address: '10.9.0.77', from: 'container' }
  using forwarder = new Forwarder({
    namespace: container.path,
    upstreams: [dead],
    timeoutMs: 1_000,
    outstandingMax: 10,
  })
  const question = { name: 'up.test', type: 1, class: 1 }
  const query = writeMessage({ ...answerTo({ ...NO_QUERY, questions: [question] }), flags: 0x0100, answers: [] })
  const waits = Array.from({ length: 30 }, () =>
    milliseconds(async () => void (await forwarder.ask(query, question, 'udp'))),
  )
  const times = await Promise.all(waits)
  expect(times.filter((time) => time < 900)).toHaveLength(20)

  await serve([dead])
  using client = await Client.open(container)
  const flood = Array.from({ length: 2_000 }, (_, i) => client.ask(`host${i}.test`, 3_000))
  const here = (): Promise<string[]> => dig(container, '+timeout=1', 'web').catch(() => [])
  await expect.poll(here, { timeout: 10_000 }).toEqual(['10.9.0.2'])
  const told = (await Promise.all(flood)).filter((answer) => answer !== undefined)
  expect(told.every(({ flags }) => (flags & 15) === 2)).toBe(true)
})

test('who waits for a resolver when the server goes is let go, and no socket stays', async () => {
  const server = await serve([{ address: '10.9.0.77', from: 'container' }])
  using client = await Client.open(container)
  const asked = client.ask('up.test', 500)
  await sleep(100)
  const closed = await milliseconds(() => server[Symbol.asyncDispose]())
  expect(closed).toBeLessThan(500)
  expect(await asked).toBeUndefined()
  expect(
    container
      .run('ss', '-Hanu')
      .split('\n')
      .filter((line) => line.includes('10.9.0.77')),
  ).toEqual([])
})

async function dnsmasq(namespace: string, address: string): Promise<ChildProcess> {
  const big = Array.from({ length: 20 }, () => 'x'.repeat(250)).join(',')
  const settings = [
    '--conf-file=/dev/null',
    '--no-hosts',
    '--no-resolv',
    '--pid-file=',
    '--bind-interfaces',
    `--listen-address=${address}`,
    `--port=${address.startsWith('127.') ? 5353 : 53}`,
    '--address=/up.test/192.0.2.7',
    '--address=/single/192.0.2.8',
    '--local=/nowhere.test/',
    '--txt-record=small.test,small',
    `--txt-record=big.test,${big}`,
    '--dns-forward-max=2000',
  ]
  // ip(8): a new namespace has its lo down, and setting it up where it is up changes nothing.
  const script = 'ip link set lo up && exec dnsmasq --keep-in-foreground "$@"'
  const words = [`--net=${namespace}`, '--', 'sh', '-c', script, 'sh', ...settings]
  const child = spawn('nsenter', words, { stdio: ['ignore', 'ignore', 'inherit'] })
  await sleep(300)
  if (child.exitCode !== null) throw new Error(`dnsmasq ended with ${child.exitCode}`)
  return child
}

type Peer = { port: number; address: string; socket: Socket }

/** A resolver of our own making, that behaves as `respond` does. */
async function upstream(
  address: string,
  respond: (query: Message, send: (answer: Message) => void, peer: Peer) => void,
): Promise<Upstream> {
  const socket = await bindUdp(address, 0, { namespace: outside.path })
  stack.defer(() => void socket.close())
  socket.on('message', (bytes, from) => {
    const send = (message: Message): void => socket.send(writeMessage(message), from.port, from.address)
    respond(readMessage(bytes), send, { ...from, socket })
  })
  return { address, port: socket.address().port, from: 'container' }
}

function answerTo(query: Message, address = '192.0.2.9'): Message {
  const name = query.questions[0]?.name ?? ''
  const data = Buffer.from(address.split('.').map(Number))
  return { ...query, flags: 0x8180, answers: [{ name, type: 1, class: 1, ttlSeconds: 1, data }], additionals: [] }
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}
