/**
 * What holds a published port on the host: a socket, so that nobody else gets the port while the container runs. The kernel's address
 * translation comes before it; what still arrives here (from ::1, or IPv6 where the container has none) is passed on to the container.
 */
import { randomInt } from 'node:crypto'
import * as dgram from 'node:dgram'
import * as net from 'node:net'
import type { Protocol } from './bindings.ts'

export type Target = { address: string; port: number }

export interface HeldPort extends Disposable {
  readonly port: number
  /** What arrives from now on goes there. */
  lead(target: Target): void
}

/** Takes the port; 0 for any. @throws what listen(2) and bind(2) say: EADDRINUSE, EADDRNOTAVAIL, EACCES */
export function holdPort(protocol: Protocol, address: string, port: number, target: Target): Promise<HeldPort> {
  if (protocol === 'tcp') return holdTcp(address, port, target)
  if (protocol === 'udp') return holdUdp(address, port, target)
  // Node has no SCTP: the kernel passes it on, and nobody holds it. An ephemeral one is drawn.
  return Promise.resolve({
    port: port === 0 ? randomInt(49_152, 65_536) : port,
    lead: () => {},
    [Symbol.dispose]: () => {},
  })
}

async function holdTcp(host: string, port: number, first: Target): Promise<HeldPort> {
  let target = first
  const connections = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (from) => {
    const to = net.connect({ host: target.address, port: target.port, allowHalfOpen: true })
    for (const socket of [from, to]) {
      connections.add(socket)
      socket.once('close', () => connections.delete(socket))
      socket.on('error', () => {
        from.destroy()
        to.destroy()
      })
    }
    from.pipe(to)
    to.pipe(from)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, ipv6Only: true, backlog: 511 }, resolve)
  })
  server.on('error', () => {})
  // A daemon that is idle ends, whatever it holds.
  server.unref()
  return {
    port: (server.address() as net.AddressInfo).port,
    lead: (next) => (target = next),
    [Symbol.dispose]: () => {
      server.close()
      for (const socket of connections) socket.destroy()
    },
  }
}

/** A client that was silent for so long is forgotten, as in docker. */
const UDP_IDLE_MS = 90_000
const MAX_CLIENTS = 1024

async function holdUdp(address: string, port: number, first: Target): Promise<HeldPort> {
  let target = first
  const version = address.includes(':') ? 6 : 4
  const server = dgram.createSocket({ type: `udp${version}`, ipv6Only: version === 6 })
  const clients = new Map<string, dgram.Socket>()
  const clientFor = (from: dgram.RemoteInfo): dgram.Socket | undefined => {
    const key = `${from.address} ${from.port}`
    const known = clients.get(key)
    if (known !== undefined || clients.size >= MAX_CLIENTS) return known
    const socket = dgram.createSocket(target.address.includes(':') ? 'udp6' : 'udp4')
    clients.set(key, socket)
    const timer = setTimeout(() => socket.close(), UDP_IDLE_MS).unref()
    socket.on('close', () => {
      clearTimeout(timer)
      clients.delete(key)
    })
    socket.on('error', () => socket.close())
    socket.on('message', (message, { address: sender, port: senderPort }) => {
      timer.refresh()
      if (sender === target.address && senderPort === target.port) server.send(message, from.port, from.address)
    })
    return socket.unref()
  }
  server.on('message', (message, from) => {
    clientFor(from)?.send(message, target.port, target.address, () => {})
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.bind({ address, port, exclusive: true }, resolve)
  })
  server.on('error', () => {})
  server.unref()
  return {
    port: server.address().port,
    lead: (next) => {
      target = next
      for (const socket of clients.values()) socket.close()
    },
    [Symbol.dispose]: () => {
      server.close()
      for (const socket of clients.values()) socket.close()
    },
  }
}
