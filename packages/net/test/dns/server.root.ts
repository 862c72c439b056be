/** The server as a container has it: real resolvers ask at 127.0.0.11. */
import { readdirSync, readlinkSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bindUdp } from '../../src/dns/socket.ts'
import { DnsServer, NetworkNames, type DnsView } from '../../src/index.ts'
import type { TestNamespace } from '../namespace.ts'
import { Client } from './client.ts'
import { dig, openContainer } from './container.ts'

const names = new NetworkNames('n1')
names.set({ id: 'a', name: 'Web', aliases: ['www', '0123456789ab'], addresses: ['10.9.0.2', 'fd00::2'] })
names.set({ id: 'b', name: 'web2', aliases: ['www'], addresses: ['10.9.0.3'] })
names.set({ id: 'c', name: 'db.corp.test', aliases: [], addresses: ['10.9.0.4'] })
const view: DnsView = { networks: [{ names }], forwards: true, ndotsSet: false }

let container: TestNamespace
let server: DnsServer

beforeEach(async () => {
  container = await openContainer()
  server = await open()
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  container[Symbol.dispose]()
})

const open = (): Promise<DnsServer> => DnsServer.open({ namespace: container.path, view, upstreams: [] })

describe('names', () => {
  test('dig gets addresses and names of containers, over UDP and TCP', async () => {
    expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
    expect(await dig(container, 'AAAA', 'web')).toEqual(['fd00::2'])
    expect(await dig(container, '+tcp', 'WEB2.n1')).toEqual(['10.9.0.3'])
    expect(await dig(container, '+noedns', '0123456789ab')).toEqual(['10.9.0.2'])
    expect(await dig(container, '-x', '10.9.0.3')).toEqual(['web2.n1.'])
    expect(await dig(container, '-x', 'fd00::2')).toEqual(['Web.n1.'])
    expect(await dig(container, 'AAAA', 'web2')).toEqual([])
  })

  test('two behind one alias take turns', async () => {
    const firsts = [await dig(container, 'www'), await dig(container, 'www')].map(([first]) => first)
    expect(new Set(firsts)).toEqual(new Set(['10.9.0.2', '10.9.0.3']))
  })

  test('an unknown name without anybody to ask is a failure of the server', async () => {
    expect(await container.start('dig', '@127.0.0.11', 'unknown')).toContain('status: SERVFAIL')
  })

  test('a name that DNS cannot have is found by its alias; asked for by address, the server fails, and goes on', async () => {
    const long = 'x'.repeat(100)
    names.set({ id: 'long', name: long, aliases: ['short'], addresses: ['10.9.0.100'] })
    names.set({ id: 'dots', name: 'a..b', aliases: [], addresses: ['10.9.0.101'] })
    expect(await dig(container, 'short')).toEqual(['10.9.0.100'])
    for (const address of ['10.9.0.100', '10.9.0.101'])
      for (const protocol of ['+notcp', '+tcp'])
        expect(await container.start('dig', '@127.0.0.11', protocol, '-x', address)).toContain('status: SERVFAIL')
    expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
    names.delete('long')
    names.delete('dots')
  })

  test('a container that comes or goes is known or unknown to the next query', async () => {
    names.set({ id: 'new', name: 'new', aliases: [], addresses: ['10.9.0.9'] })
    expect(await dig(container, 'new')).toEqual(['10.9.0.9'])
    names.delete('new')
    expect(await dig(container, 'new')).toEqual([])
  })

  test('another view counts for the next query', async () => {
    server.view = { ...view, networks: [] }
    expect(await dig(container, 'web')).toEqual([])
    server.view = view
    expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
  })

  test('an alias of more containers than fit comes cut over UDP, and whole over TCP, which dig asks by itself', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `many${i}`)
    many.forEach((name, i) => names.set({ id: name, name, aliases: ['all'], addresses: [`10.9.1.${i}`] }))
    expect(await container.start('dig', '@127.0.0.11', '+ignore', '+noedns', 'all')).toMatch(/flags: qr tc rd ra/)
    expect(await dig(container, 'all')).toHaveLength(200)
    many.forEach((name) => names.delete(name))
  })
})

describe('resolvers of C libraries', () => {
  const directory = mkdtempSync(join(tmpdir(), 'net-dns-'))
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  /** Runs with a resolv.conf of ours, as a container has it. */
  const withResolver = (text: string, command: string): Promise<string> => {
    writeFileSync(join(directory, 'resolv.conf'), text)
    const script = `mount --bind ${directory}/resolv.conf /etc/resolv.conf && ${command}`
    return container.start('unshare', '--mount', 'sh', '-c', script)
  }

  test('glibc finds names, addresses, and names by their search domain', async () => {
    // glibc looks for addresses of IPv4 only where there is one beside loopback.
    container.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1')
    container.run('ip', 'address', 'add', '10.9.0.2/24', 'dev', 'eth0')
    const text = 'search corp.test\nnameserver 127.0.0.11\noptions ndots:0\n'
    expect(await withResolver(text, 'getent ahostsv4 web')).toMatch(/^10\.9\.0\.2 +STREAM web/)
    expect(await withResolver(text, 'getent hosts 10.9.0.3')).toMatch(/^10\.9\.0\.3 +web2\.n1/)
    expect(await withResolver('nameserver 127.0.0.11\n', 'busybox nslookup web')).toContain('10.9.0.2')
    expect(await withResolver(text.replace('ndots:0', 'ndots:1'), 'getent ahostsv4 db')).toMatch(/^10\.9\.0\.4 /)
  })
})

describe('a server that goes and comes', () => {
  test('a client that keeps its socket is answered by the next one, and was not refused in between', async () => {
    const before = server.ports
    using client = await Client.open(container)
    expect(await client.ask('web')).toBeDefined()
    await server[Symbol.asyncDispose]()
    expect(await client.ask('web', 100)).toBeUndefined()
    server = await open()
    expect(server.ports).toEqual(before)
    expect(await client.ask('web')).toBeDefined()
    expect(client.errors).toEqual([])
  })

  test('its rules are replaced, not piled up', async () => {
    await server[Symbol.asyncDispose]()
    server = await open()
    expect(container.run('nft', 'list', 'ruleset').match(/dport set/g)).toHaveLength(2)
  })

  test('nothing of it is left in the process and in the namespace', async () => {
    const before = descriptors()
    const second = await openContainer()
    const other = await DnsServer.open({ namespace: second.path, view, upstreams: [] })
    await dig(second, '+tcp', 'web')
    await other[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    expect(second.run('ss', '-Hlntu')).toBe('')
    second[Symbol.dispose]()
    expect(descriptors()).toEqual(before)
  })

  test('a container that is gone is told', async () => {
    await expect(DnsServer.open({ namespace: '/proc/4194305/ns/net', view, upstreams: [] })).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })
})

describe('ports in the container', () => {
  test('one of its programs may have port 53 of all addresses: 127.0.0.11 is ours still', async () => {
    const own = await bindUdp('0.0.0.0', 53, { namespace: container.path })
    own.on('message', (bytes, { port, address }) => own.send(bytes, port, address))
    expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
    own.close()
  })

  test('the port we would have is taken: another one is, and works', async () => {
    const { udp } = server.ports
    await server[Symbol.asyncDispose]()
    const taken = await bindUdp('0.0.0.0', udp, { namespace: container.path })
    server = await open()
    expect(server.ports.udp).not.toBe(udp)
    expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
    expect(await dig(container, '+tcp', 'web')).toEqual(['10.9.0.2'])
    taken.close()
  })
})

function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`).replace(/\[\d+\]/, '')]
    } catch {
      return []
    }
  })
}
