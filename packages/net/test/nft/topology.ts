/**
 * A small internet: `world` (10.77.0.9, fd77::9) reaches `host` (10.77.0.1, fd77::1), which has two networks of containers and an internal one:
 *
 *   br0 10.9.0.1/24, fd09::1/64 : one .2, two .3        br1 10.10.0.1/24 : three .2        br2 10.11.0.1/24 internal : four .2
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  getLink,
  NetlinkSocket,
  newAddress,
  newLink,
  newRoute,
  parseCidr,
  setHairpin,
  setLink,
  type NatNetwork,
} from '../../src/index.ts'
import { TestNamespace } from '../namespace.ts'

const PEER = join(import.meta.dirname, '../fixtures/peer.ts')
const node = process.execPath
const execute = promisify(execFile)

export const networks: NatNetwork[] = [
  network('br0', ['10.9.0.1/24', 'fd09::1/64']),
  network('br1', ['10.10.0.1/24']),
  { ...network('br2', ['10.11.0.1/24']), internal: true },
]

function network(bridge: string, subnets: string[]): NatNetwork {
  return { bridge, subnets: subnets.map(parseCidr), internal: false, masquerade: true, isolated: true }
}

export class Topology implements Disposable {
  readonly world: TestNamespace
  readonly host: TestNamespace
  readonly containers: Record<string, TestNamespace> = {}
  readonly #servers: ChildProcess[] = []

  private constructor(world: TestNamespace, host: TestNamespace) {
    this.world = world
    this.host = host
  }

  static async open(): Promise<Topology> {
    const all = new Topology(await TestNamespace.open(), await TestNamespace.open())
    // A link-local address that is still being checked answers nobody for a second.
    for (const namespace of [all.host, all.world]) namespace.run('sysctl', '-q', 'net.ipv6.conf.default.accept_dad=0')
    all.#up(all.host, 'lo')
    all.#up(all.world, 'lo')
    all.#cable(all.host, 'wan', ['10.77.0.1/24', 'fd77::1/64'], all.world, ['10.77.0.9/24', 'fd77::9/64'])
    for (const { bridge, subnets } of networks) {
      using socket = NetlinkSocket.openIn(all.host.path)
      socket.request(newLink({ name: bridge, kind: 'bridge', up: true }))
      const index = indexOf(socket, bridge)
      for (const address of subnets) socket.request(newAddress({ index, address }))
      all.host.run('sysctl', '-q', `net.ipv4.conf.${bridge}.route_localnet=1`)
    }
    all.host.run('sysctl', '-q', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
    // As strict as any distribution.
    all.host.run('sysctl', '-q', 'net.ipv4.conf.all.rp_filter=1')
    await all.#container('one', 'br0', ['10.9.0.2/24', 'fd09::2/64'])
    await all.#container('two', 'br0', ['10.9.0.3/24', 'fd09::3/64'])
    await all.#container('three', 'br1', ['10.10.0.2/24'])
    await all.#container('four', 'br2', ['10.11.0.2/24'])
    await all.#serve(all.world, 'world', '80')
    return all
  }

  /** What a process in the namespace hears when it asks. */
  async ask(from: TestNamespace | undefined, protocol: 'tcp' | 'udp', host: string, port: number): Promise<string> {
    const words = [`--net=${from!.path}`, '--', node, PEER, 'ask', protocol, host, String(port)]
    return (await execute('nsenter', words)).stdout
  }

  /** Sends UDP from one port until the end. @returns the last answer so far */
  keepAsking(from: TestNamespace, host: string, port: number): () => string | undefined {
    const words = [`--net=${from.path}`, '--', node, PEER, 'keep', host, String(port)]
    const client = spawn('nsenter', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#servers.push(client)
    let last: string | undefined
    client.stdout.on('data', (chunk: Buffer) => (last = String(chunk).trim().split('\n').at(-1)))
    return () => last
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) server.kill('SIGKILL')
    for (const namespace of [this.world, this.host, ...Object.values(this.containers)]) namespace[Symbol.dispose]()
  }

  async #container(name: string, bridge: string, addresses: string[]): Promise<void> {
    const inside = await TestNamespace.open()
    this.containers[name] = inside
    this.#up(inside, 'lo')
    this.#cable(this.host, `veth-${name}`, [], inside, addresses, bridge)
    await this.#serve(inside, name, '80', '81')
  }

  /** A veth pair; the first address of the other end's network is its way out. */
  #cable(
    here: TestNamespace,
    name: string,
    own: string[],
    there: TestNamespace,
    addresses: string[],
    bridge?: string,
  ): void {
    using outside = NetlinkSocket.openIn(here.path)
    const master = bridge === undefined ? {} : { master: indexOf(outside, bridge) }
    const peer = { name: 'eth0', namespace: { pid: there.pid } }
    outside.request(newLink({ name, kind: 'veth', up: true, ...master, peer }))
    if (bridge !== undefined) outside.request(setHairpin(indexOf(outside, name), true))
    for (const address of own)
      outside.request(newAddress({ index: indexOf(outside, name), address: parseCidr(address) }))
    using inside = NetlinkSocket.openIn(there.path)
    const index = indexOf(inside, 'eth0')
    for (const address of addresses) inside.request(newAddress({ index, address: parseCidr(address) }))
    inside.request(setLink(index, { up: true }))
    // The world knows no way to the containers.
    if (bridge === undefined) return
    for (const address of addresses) {
      const gateway = address.replace(/[^.:]+\/\d+$/, '1')
      inside.request(newRoute({ version: gateway.includes(':') ? 6 : 4, gateway, index }))
    }
  }

  #up(namespace: TestNamespace, name: string): void {
    using socket = NetlinkSocket.openIn(namespace.path)
    socket.request(setLink(name, { up: true }))
  }

  async #serve(namespace: TestNamespace, name: string, ...ports: string[]): Promise<void> {
    const server = spawn('nsenter', [`--net=${namespace.path}`, '--', node, PEER, 'serve', name, ...ports], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#servers.push(server)
    await new Promise<void>((resolve, reject) => {
      server.stdout.once('data', () => resolve())
      server.once('exit', (code) => reject(new Error(`the server of ${name} ended with ${code}`)))
    })
  }
}

function indexOf(socket: NetlinkSocket, name: string): number {
  return Number(socket.request(getLink(name))[0]!.fields['index'])
}
