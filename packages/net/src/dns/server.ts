/**
 * The embedded DNS server of one container: at 127.0.0.11 inside of its network namespace, served by this process. Names of its networks are
 * answered from memory, all others are asked for outside. It holds nothing that must be kept: after a restart, `open` again, and the
 * container has its server back.
 */
import { statSync } from 'node:fs'
import type { Socket as UdpSocket } from 'node:dgram'
import type { Server } from 'node:net'
import { AT_FDCWD, O_RDONLY, openat, SyscallError, type Fd } from '@mini-docker/syscall'
import { answer, reply, type DnsView } from './answer.ts'
import type { Protocol } from './exchange.ts'
import { Forwarder } from './forward.ts'
import { DnsFormatError } from './message/error.ts'
import { ednsBytes, readMessage, writeMessage, type Message } from './message/message.ts'
import { FLAG, HEADER_BYTES, MESSAGE_BYTES_MAX, PLAIN_UDP_BYTES, RCODE } from './message/numbers.ts'
import { redirect, type DnsPorts } from './redirect.ts'
import { bindUdp, listenTcp } from './socket.ts'
import { TcpConnections } from './tcp-connections.ts'
import { EMBEDDED_ADDRESS, type Upstream } from './upstream.ts'

export type DnsServerOptions = {
  /** The container's network namespace: `/proc/PID/ns/net`. It is looked up once, so that the pid may be another's later. */
  namespace: string
  view: DnsView
  /** Asked for what the view does not know: `upstreamsOf`. */
  upstreams: readonly Upstream[]
  /** How long one of them is waited for. */
  timeoutMs?: number
}

/** Answers that the kernel has not taken yet; with more, queries are lost, as they are on a full network. */
const SEND_QUEUE_MAX = 1_000

export class DnsServer implements AsyncDisposable {
  /** What the container sees. May be set at any time, and counts for the next query. */
  view: DnsView
  /** Where it listens; whoever asks at port 53 comes here. */
  readonly ports: DnsPorts
  readonly #namespace: Fd
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #connections: TcpConnections
  readonly #forwarder: Forwarder
  #turn = 0
  #closed = false

  private constructor(options: DnsServerOptions, namespace: Fd, { udp, tcp, ports }: Sockets) {
    this.view = options.view
    this.ports = ports
    this.#namespace = namespace
    this.#udp = udp
    this.#tcp = tcp
    this.#forwarder = new Forwarder({ ...options, namespace: pathOf(namespace) })
    this.#connections = new TcpConnections(async (bytes) => this.#handle(bytes, 'tcp'))
    udp.on('message', (bytes, from) => void this.#answerUdp(bytes, from.port, from.address))
    // A datagram that cannot be sent is lost; nothing ends because of it.
    udp.on('error', () => {})
    tcp.on('connection', (socket) => this.#connections.add(socket))
    tcp.on('error', () => {})
  }

  /**
   * Opens the server in a container's network namespace, whose `lo` is up. Needs CAP_SYS_ADMIN, and nft to have port 53 lead to it; without nft it
   * takes port 53 itself.
   * @throws SyscallError `ENOENT` when the container is gone; `EADDRINUSE` where nft is missing and the container has port 53 in use
   */
  static async open(options: DnsServerOptions): Promise<DnsServer> {
    const namespace = openat(AT_FDCWD, options.namespace, O_RDONLY)
    try {
      return new DnsServer(options, namespace, await openSockets(pathOf(namespace)))
    } catch (error) {
      namespace[Symbol.dispose]()
      throw error
    }
  }

  get upstreams(): readonly Upstream[] {
    return this.#forwarder.upstreams
  }

  set upstreams(upstreams: readonly Upstream[]) {
    this.#forwarder.upstreams = upstreams
  }

  /**
   * Closes the sockets; they no longer keep the namespace. The rules that lead port 53 here stay in the container and lead nowhere, until the next
   * `open` replaces them.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forwarder[Symbol.dispose]()
    this.#connections[Symbol.dispose]()
    await closeSockets(this.#udp, this.#tcp)
    this.#namespace[Symbol.dispose]()
  }

  async #answerUdp(bytes: Buffer, port: number, address: string): Promise<void> {
    const handled = this.#handle(bytes, 'udp')
    // What is known is sent at once, without a turn of the event loop.
    const answered = handled instanceof Promise ? await handled : handled
    if (answered === undefined || this.#closed || this.#udp.getSendQueueCount() > SEND_QUEUE_MAX) return
    this.#udp.send(answered, port, address, () => {})
  }

  /** The answer as bytes; undefined where there is none to give. */
  #handle(bytes: Buffer, protocol: Protocol): Buffer | undefined | Promise<Buffer | undefined> {
    const query = tryRead(bytes)
    if (query === undefined) return undefined
    const answered = answer(query, this.view, this.#turn++)
    if (answered === 'ignore') return undefined
    const maxBytes = protocol === 'tcp' ? MESSAGE_BYTES_MAX : (ednsBytes(query) ?? PLAIN_UDP_BYTES)
    return answered === 'forward' ? this.#forward(bytes, query, protocol) : write(answered, query, maxBytes)
  }

  async #forward(bytes: Buffer, query: Message, protocol: Protocol): Promise<Buffer> {
    const answered = await this.#forwarder.ask(bytes, query.questions[0]!, protocol)
    return answered ?? writeMessage(reply(query, RCODE.SERVFAIL))
  }
}

/** A container may have a name that DNS cannot have: of more than 63 letters, or with two dots in a row. */
function write(answered: Message, query: Message, maxBytes: number): Buffer {
  try {
    return writeMessage(answered, maxBytes)
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error
    return writeMessage(reply(query, RCODE.SERVFAIL))
  }
}

type Sockets = { udp: UdpSocket; tcp: Server; ports: DnsPorts }

async function openSockets(namespace: string): Promise<Sockets> {
  const likely = likelyPort(namespace)
  const sockets = await listen(namespace, likely).catch(async (error: unknown) => {
    if (isInUse(error)) return listen(namespace, 0)
    throw error
  })
  if (redirect(namespace, sockets.ports)) return sockets
  await closeSockets(sockets.udp, sockets.tcp)
  return listen(namespace, 53)
}

async function listen(namespace: string, port: number): Promise<Sockets> {
  const udp = await bindUdp(EMBEDDED_ADDRESS, port, { namespace })
  try {
    const tcp = await listenTcp(EMBEDDED_ADDRESS, port, { namespace })
    const at = tcp.address()
    if (at === null || typeof at === 'string') throw new TypeError('a TCP server without a port')
    return { udp, tcp, ports: { udp: udp.address().port, tcp: at.port } }
  } catch (error) {
    udp.close()
    throw error
  }
}

/**
 * The same for the same namespace, so that the rules of the server before a restart lead to the one after it at once: of the range that the kernel
 * takes ports from by itself, where no server is expected.
 */
function likelyPort(namespace: string): number {
  return 32_768 + (statSync(namespace).ino % 28_232)
}

async function closeSockets(udp: UdpSocket, tcp: Server): Promise<void> {
  await Promise.all([
    new Promise<void>((resolve) => udp.close(() => resolve())),
    new Promise<void>((resolve) => tcp.close(() => resolve())),
  ])
}

function isInUse(error: unknown): boolean {
  return error instanceof SyscallError && error.code === 'EADDRINUSE'
}

function pathOf({ number }: Fd): string {
  return `/proc/self/fd/${number}`
}

/** Of bytes that have a query's header but are none, so much that they can be refused. */
function tryRead(bytes: Buffer): Message | undefined {
  try {
    return readMessage(bytes)
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error
    if (bytes.length < HEADER_BYTES) return undefined
    const nothing = { questions: [], answers: [], authorities: [], additionals: [] }
    return { id: bytes.readUInt16BE(0), flags: bytes.readUInt16BE(2) & ~FLAG.TC, ...nothing }
  }
}
