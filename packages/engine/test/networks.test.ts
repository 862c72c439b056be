/** What is asked of networks, read and refused: no kernel needed. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { driverOptions } from '../src/networks/driver-options.ts'
import { parseEndpoint, parseLink } from '../src/networks/endpoint.ts'
import { gatewayOrder } from '../src/networks/sandbox.ts'
import { parseBindings } from '../src/networks/ports/bindings.ts'
import { TestDaemon } from './support/daemon.ts'

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await TestDaemon.start()
  await daemon.image('test', { Cmd: ['true'] })
})
afterAll(async () => daemon[Symbol.asyncDispose]())

describe('published ports', () => {
  const parse = (PortBindings: object, PublishAllPorts = false, exposed = {}) =>
    parseBindings({ PortBindings: PortBindings as Record<string, unknown>, PublishAllPorts }, exposed)
  test('a binding has a protocol, an address and one port, a range, or any', () => {
    expect(
      parse({
        '80': [{ HostPort: '8080' }],
        '53/udp': [{ HostIp: '127.0.0.1', HostPort: '' }],
        '90/tcp': [{ HostIp: '[::1]', HostPort: '9000-9010' }],
        '91/tcp': null,
      }),
    ).toEqual([
      { protocol: 'tcp', containerPort: 80, hostIp: '', from: 8080, to: 8080 },
      { protocol: 'udp', containerPort: 53, hostIp: '127.0.0.1', from: 0, to: 0 },
      { protocol: 'tcp', containerPort: 90, hostIp: '::1', from: 9000, to: 9010 },
    ])
  })
  test('-P takes what is exposed and not asked for already', () => {
    const ports = parse({ '80/tcp': [{ HostPort: '8080' }] }, true, { '80/tcp': {}, '90/tcp': {} })
    expect(ports.map(({ containerPort, from }) => [containerPort, from])).toEqual([
      [80, 8080],
      [90, 0],
    ])
  })
  test.each([
    [{ '0/tcp': [{ HostPort: '1' }] }, 'invalid port specification: "0/tcp"'],
    [{ '65536': [{ HostPort: '1' }] }, 'invalid port specification'],
    [{ '80/icmp': [{ HostPort: '1' }] }, 'unknown protocol "icmp"'],
    [{ '80/tcp': [{ HostPort: '90-80' }] }, 'invalid port specification: "90-80"'],
    [{ '80/tcp': [{ HostPort: 'x' }] }, 'invalid port specification'],
    [{ '80/tcp': [{ HostIp: 'nowhere', HostPort: '80' }] }, 'invalid IP address: nowhere'],
    [{ '80/tcp': 'x' }, 'invalid port bindings'],
  ])('%j is refused', (bindings, message) => expect(() => parse(bindings)).toThrow(message))
})

describe('an endpoint', () => {
  const sysctl = (text: string) => ({ DriverOpts: { 'com.docker.network.endpoint.sysctls': text } })
  test.each([
    [{ IPAMConfig: { IPv4Address: 'fd00::1' } }, 'invalid IPv4 address: fd00::1'],
    [{ IPAMConfig: { LinkLocalIPs: ['10.0.0.1'] } }, 'invalid link local IP address: 10.0.0.1'],
    [{ IPAMConfig: { LinkLocalIPs: ['fd00::1'] } }, 'invalid link local IP address: fd00::1'],
    [{ MacAddress: 'x' }, 'invalid MAC address'],
    [{ Aliases: ['a b'] }, 'invalid network-scoped alias'],
    [{ Links: [':x'] }, 'bad format for links'],
    [{ Aliases: 7 }, 'invalid endpoint settings: Aliases'],
    [
      sysctl('net.ipv4.conf.eth0.forwarding=1'),
      "unrecognised network interface sysctl 'net.ipv4.conf.eth0.forwarding=1'",
    ],
    [sysctl('net.core.conf.IFNAME.x=1'), 'unrecognised network interface sysctl'],
    [sysctl('net.ipv4.conf.IFNAME.forwarding'), 'unrecognised network interface sysctl'],
    [sysctl('net.ipv4.conf.IFNAME./../../kernel/x=1'), 'unrecognised network interface sysctl'],
    [{ DriverOpts: { 'com.docker.network.endpoint.ifname': 'a/b' } }, 'invalid interface name "a/b"'],
  ])('%j is refused', (settings, message) => expect(() => parseEndpoint(settings)).toThrow(message))
  test('options that no driver knows are kept, as in docker', () => {
    const DriverOpts = { x: 'y' }
    expect(parseEndpoint({ DriverOpts }).DriverOpts).toEqual(DriverOpts)
    expect(driverOptions({ DriverOpts })).toEqual({ ifname: undefined, sysctls: [] })
    expect(
      driverOptions(sysctl('net.ipv4.conf.ifname.log_martians=1,net.ipv6.conf.IFNAME.accept_ra=2')).sysctls,
    ).toEqual([
      { path: 'net/ipv4/conf/IFNAME/log_martians', value: '1' },
      { path: 'net/ipv6/conf/IFNAME/accept_ra', value: '2' },
    ])
  })
  test('a link has a name and an alias, which is the name where none is given', () => {
    expect(parseLink('db')).toEqual({ name: 'db', alias: 'db' })
    expect(parseLink('/db:/web/store')).toEqual({ name: 'db', alias: 'store' })
  })
  test('the way out is the network of the highest priority, then the first by name, an internal one last', () => {
    const order = gatewayOrder(
      ['b', 'a', 'inside', 'first'],
      (name) => (name === 'first' ? 1 : 0),
      (name) => name === 'inside',
    )
    expect(order).toEqual(['first', 'a', 'b', 'inside'])
  })
})

describe('options of a network', () => {
  const create = async (Options: object) => {
    const { status, json } = await daemon.request('POST', '/networks/create', { Name: 'options', Options })
    return `${status} ${json.message}`
  }
  test.each([
    ['bridge.gateway_mode_ipv4', 'routed', /^501 the option \S+=routed is not built yet$/],
    ['driver.mtu', 'big', /^400 failed to parse \S+ value: "big"$/],
    ['driver.mtu', '20', /^400 invalid MTU 20: the kernel takes 68 to 65535 bytes$/],
    ['container_iface_prefix', 'much-too-long', /^400 invalid interface name "much-too-long999"/],
    ['bridge.enable_icc', 'maybe', /^400 failed to parse \S+ value: "maybe" \(invalid syntax\)$/],
  ])('%s=%s is refused', async (name, value, expected) =>
    expect(await create({ [`com.docker.network.${name}`]: value })).toMatch(expected),
  )
  test('that nobody knows, and those that say what is done anyway, are kept', async () => {
    const Options = { 'com.docker.network.bridge.gateway_mode_ipv4': 'nat', 'org.example.any': 'thing' }
    expect(await create(Options)).toMatch(/^201/)
    expect((await daemon.request('GET', '/networks/options')).json.Options).toEqual(Options)
    await daemon.request('DELETE', '/networks/options')
  })
})

describe('what does not go together is refused with docker’s words', () => {
  const create = async (body: object) => {
    const { status, json } = await daemon.request('POST', '/containers/create', { Image: 'test', ...body })
    return `${status} ${json.message}`
  }
  test.each([
    [
      { Hostname: 'x', HostConfig: { NetworkMode: 'container:y' } },
      '400 conflicting options: hostname and the network mode',
    ],
    [
      { HostConfig: { NetworkMode: 'container:y', Dns: ['1.1.1.1'] } },
      '400 conflicting options: dns and the network mode',
    ],
    [
      { HostConfig: { NetworkMode: 'container:y', PortBindings: { '80/tcp': [{ HostPort: '1' }] } } },
      '400 conflicting options: port publishing and the container type network mode',
    ],
    [
      { HostConfig: { NetworkMode: 'host', Links: ['a'] } },
      "400 conflicting options: host type networking can't be used with links. This would result in undefined behavior",
    ],
    [{ HostConfig: { NetworkMode: 'nosuch' } }, '400 network nosuch not found'],
    [
      { HostConfig: { NetworkMode: 'bridge' }, NetworkingConfig: { EndpointsConfig: { bridge: { Aliases: ['a'] } } } },
      '400 network-scoped alias is supported only for containers in user defined networks',
    ],
    [
      {
        HostConfig: { NetworkMode: 'bridge' },
        NetworkingConfig: { EndpointsConfig: { bridge: { IPAMConfig: { IPv4Address: '172.17.0.9' } } } },
      },
      '400 user specified IP address is supported on user defined networks only',
    ],
  ])('%j: %s', async (body, expected) => expect(await create(body)).toBe(expected))
})

describe('the files of networks', () => {
  test('are there again for the next daemon; what cannot be read costs that network only', async () => {
    const created = await daemon.request('POST', '/networks/create', { Name: 'kept', Labels: { a: 'b' } })
    const dir = path.join(daemon.dir, 'root/networks')
    fs.writeFileSync(path.join(dir, `${'e'.repeat(64)}.json`), '{"id":5}')
    fs.writeFileSync(path.join(dir, 'x.json.tmp-1-1'), 'half')
    const before = (await daemon.request('GET', '/networks')).json as { Id: string; Name: string }[]
    await daemon.daemon[Symbol.asyncDispose]()
    await daemon.boot()
    expect((await daemon.request('GET', '/networks')).json).toEqual(before)
    expect(before.find(({ Name }) => Name === 'kept')?.Id).toBe(created.json.Id)
    expect(fs.existsSync(path.join(dir, 'x.json.tmp-1-1'))).toBe(false)
    expect(daemon.lines.join('\n')).toContain('is skipped, it cannot be read')
  })
  test('of two creates at once with one name, one is refused; subnets of those at once differ', async () => {
    const same = await Promise.all([1, 2].map(() => daemon.request('POST', '/networks/create', { Name: 'same' })))
    expect(same.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
    await Promise.all(['n1', 'n2', 'n3'].map((Name) => daemon.request('POST', '/networks/create', { Name })))
    const subnets = await Promise.all(
      ['n1', 'n2', 'n3'].map(
        async (name) => (await daemon.request('GET', `/networks/${name}`)).json.IPAM.Config[0].Subnet,
      ),
    )
    expect(new Set(subnets).size).toBe(3)
  })
})
