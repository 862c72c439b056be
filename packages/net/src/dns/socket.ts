/**
 * Sockets in another network namespace, for Node: udp(7), tcp(7). A socket belongs to the namespace that socket(2) was called in, for good, so
 * only that call is made there; Node takes the descriptor, and closes it.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6, Server, Socket as TcpSocket } from 'node:net'
import { Fd, invoke, SyscallError } from '@mini-docker/syscall'
import { parseAddress } from '../address/address.ts'
import { inNetworkNamespace } from '../rtnetlink/socket.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_RCVBUF = 8
const SO_RCVBUFFORCE = 33
const BACKLOG = 128
/** Some thousand queries that come at once; the kernel's default is 256 of them. */
const RECEIVE_BYTES = 1024 * 1024

/** Where a socket is: `/proc/PID/ns/net`, or undefined for this process's own namespace. */
export type Place = { namespace?: string | undefined }

/** A UDP socket bound to an address, ready to receive. Port 0 is any. @throws SyscallError `EADDRINUSE` */
export async function bindUdp(address: string, port: number, place: Place): Promise<UdpSocket> {
  const fd = newSocket(address, SOCK_DGRAM, place)
  return owned(fd, async () => {
    setReceiveBuffer(fd, RECEIVE_BYTES)
    bind(fd, address, port)
    return adoptUdp(fd, address)
  })
}

/** A TCP server that listens on an address, and may still answer who has ended. Port 0 is any. @throws SyscallError `EADDRINUSE` */
export async function listenTcp(address: string, port: number, place: Place): Promise<Server> {
  const fd = newSocket(address, SOCK_STREAM, place)
  return owned(fd, async () => {
    // The connections of a server before us may still be in TIME_WAIT.
    invoke('setsockopt', fd.number, SOL_SOCKET, SO_REUSEADDR, Buffer.from([1, 0, 0, 0]), 4)
    bind(fd, address, port)
    invoke('listen', fd.number, BACKLOG)
    const server = new Server({ allowHalfOpen: true })
    const listening = once(server, 'listening')
    server.listen({ fd: fd.number, exclusive: true })
    await listening
    return server
  })
}

/** A UDP socket that receives from one address and port only; what the network says about them (ECONNREFUSED) is its `error`. */
export async function connectUdp(address: string, port: number, place: Place): Promise<UdpSocket> {
  const fd = newSocket(address, SOCK_DGRAM, place)
  return owned(fd, async () => {
    const socket = await adoptUdp(fd, address)
    try {
      const connected = once(socket, 'connect')
      socket.connect(port, address)
      await connected
      return socket
    } catch (error) {
      socket.close()
      throw error
    }
  })
}

/** A TCP connection that is being made; what goes wrong is its `error`. @throws SyscallError where it cannot even begin */
export function connectTcp(address: string, port: number, place: Place): TcpSocket {
  if (place.namespace === undefined) return connect({ host: address, port })
  const at = sockaddr(address, port)
  const fd = newSocket(address, SOCK_STREAM, place)
  try {
    invoke('connect', fd.number, at, at.length)
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== 'EINPROGRESS') {
      fd[Symbol.dispose]()
      throw error
    }
  }
  return new TcpSocket({ fd: fd.number, readable: true, writable: true })
}

/** Beyond the machine's limit (net.core.rmem_max), for those whom the kernel lets. */
function setReceiveBuffer(fd: Fd, count: number): void {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(count)
  try {
    invoke('setsockopt', fd.number, SOL_SOCKET, SO_RCVBUFFORCE, bytes, bytes.length)
  } catch (error) {
    if (!(error instanceof SyscallError) || error.code !== 'EPERM') throw error
    invoke('setsockopt', fd.number, SOL_SOCKET, SO_RCVBUF, bytes, bytes.length)
  }
}

async function adoptUdp(fd: Fd, address: string): Promise<UdpSocket> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const listening = once(socket, 'listening')
  socket.bind({ fd: fd.number, exclusive: true })
  await listening
  return socket
}

function newSocket(address: string, type: number, { namespace }: Place): Fd {
  const open = (): Fd => {
    return new Fd(invoke('socket', isIPv6(address) ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
  }
  return namespace === undefined ? open() : inNetworkNamespace(namespace, open)
}

function bind(fd: Fd, address: string, port: number): void {
  const at = sockaddr(address, port)
  invoke('bind', fd.number, at, at.length)
}

/** Until Node has the descriptor it is ours to close. */
async function owned<T>(fd: Fd, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SyscallError) fd[Symbol.dispose]()
    throw error
  }
}

/** struct sockaddr_in, struct sockaddr_in6: the family as the machine has it, the port as the network has it. */
function sockaddr(address: string, port: number): Buffer {
  const { version, bytes } = parseAddress(address)
  const at = Buffer.alloc(version === 4 ? 16 : 28)
  at.writeUInt16LE(version === 4 ? AF_INET : AF_INET6, 0)
  at.writeUInt16BE(port, 2)
  bytes.copy(at, version === 4 ? 4 : 8)
  return at
}
