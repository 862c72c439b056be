/** What our table does to real packets: a world, a host, and containers on its bridges, each a network namespace. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../../test/harness/eventually.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import {
  addPorts,
  applyRuleset,
  removePorts,
  removeTable,
  runNft,
  type NatState,
  type PublishedPort,
} from '../../src/index.ts'
import type { TestNamespace } from '../namespace.ts'
import { networks, Topology } from './topology.ts'

let net: Topology
beforeAll(async () => {
  net = await Topology.open()
}, 30_000)
afterAll(() => net[Symbol.dispose]())

const to = (containerAddress: string, bridge: string, hostPort: number, containerPort = 80) =>
  (['tcp', 'udp'] as const).map((protocol): PublishedPort => ({
    protocol,
    hostPort,
    containerAddress,
    containerPort,
    bridge,
  }))
const state: NatState = {
  owner: 'traffic',
  networks,
  ports: [
    ...to('10.9.0.2', 'br0', 8080),
    ...to('fd09::2', 'br0', 8080),
    ...to('10.10.0.2', 'br1', 8083),
    ...to('10.9.0.3', 'br0', 8081).map((port) => ({ ...port, hostAddress: '127.0.0.1' })),
    ...to('10.9.0.3', 'br0', 8082, 81).map((port) => ({ ...port, hostAddress: '10.77.0.1' })),
  ],
}

describeWith(['root', 'nft', 'ip', 'nsenter'], 'the table', () => {
  const options = () => ({ namespace: net.host.path })
  beforeAll(async () => applyRuleset(state, options()))
  const { world, host, one, two, three, four } = {
    world: () => net.world,
    host: () => net.host,
    one: () => net.containers['one'],
    two: () => net.containers['two'],
    three: () => net.containers['three'],
    four: () => net.containers['four'],
  }

  async function hears(
    from: TestNamespace | undefined,
    protocol: 'tcp' | 'udp',
    address: string,
    port: number,
    answer: string | RegExp,
  ) {
    const asked = `${protocol} ${address} ${port}: `
    expect(asked + (await net.ask(from, protocol, address, port))).toMatch(
      typeof answer === 'string' ? asked + answer : answer,
    )
  }

  for (const protocol of ['tcp', 'udp'] as const) {
    test(`${protocol}: the world reaches a published port, and the container sees who it was`, async () => {
      await Promise.all([
        hears(world(), protocol, '10.77.0.1', 8080, 'one sees 10.77.0.9'),
        hears(world(), protocol, 'fd77::1', 8080, 'one sees fd77::9'),
        hears(world(), protocol, '10.77.0.1', 8082, 'two sees 10.77.0.9'),
      ])
    })

    test(`${protocol}: the host reaches it by 127.0.0.1, by its own addresses, and by the container's`, async () => {
      await Promise.all([
        hears(host(), protocol, '127.0.0.1', 8080, 'one sees 10.9.0.1'),
        hears(host(), protocol, '10.77.0.1', 8080, /: one sees 10\./),
        hears(host(), protocol, '10.9.0.2', 80, 'one sees 10.9.0.1'),
        hears(host(), protocol, '127.0.0.1', 8081, 'two sees 10.9.0.1'),
        hears(host(), protocol, 'fd77::1', 8080, /: one sees fd/),
      ])
    })

    test(`${protocol}: a port published on one address is not there on another`, async () => {
      await Promise.all([
        hears(world(), protocol, '10.77.0.1', 8081, 'nothing'),
        hears(host(), protocol, '127.0.0.1', 8082, 'nothing'),
        hears(one(), protocol, '10.9.0.1', 8081, 'nothing'),
      ])
    })

    test(`${protocol}: containers reach it by the host: a neighbour, the container itself, and one of another network`, async () => {
      await Promise.all([
        hears(two(), protocol, '10.77.0.1', 8080, 'one sees 10.9.0.1'),
        hears(one(), protocol, '10.77.0.1', 8080, 'one sees 10.9.0.1'),
        hears(two(), protocol, 'fd77::1', 8080, 'one sees fd09::1'),
        hears(three(), protocol, '10.77.0.1', 8080, 'one sees 10.9.0.1'),
        hears(one(), protocol, '10.77.0.1', 8083, 'three sees 10.10.0.1'),
      ])
    })

    test(`${protocol}: containers reach the world, which sees the host`, async () => {
      await Promise.all([
        hears(one(), protocol, '10.77.0.9', 80, 'world sees 10.77.0.1'),
        hears(one(), protocol, 'fd77::9', 80, 'world sees fd77::1'),
        hears(three(), protocol, '10.77.0.9', 80, 'world sees 10.77.0.1'),
      ])
    })

    test(`${protocol}: neighbours reach each other, other networks do not`, async () => {
      await Promise.all([
        hears(two(), protocol, '10.9.0.2', 80, 'one sees 10.9.0.3'),
        hears(three(), protocol, '10.9.0.2', 80, 'nothing'),
        hears(one(), protocol, '10.10.0.2', 80, 'nothing'),
      ])
    })

    test(`${protocol}: from an internal network there is no way out, and into it none but the host's own`, async () => {
      await Promise.all([
        hears(four(), protocol, '10.77.0.9', 80, 'nothing'),
        hears(four(), protocol, '10.9.0.2', 80, 'nothing'),
        hears(four(), protocol, '10.77.0.1', 8080, 'nothing'),
        hears(one(), protocol, '10.11.0.2', 80, 'nothing'),
        hears(host(), protocol, '10.11.0.2', 80, 'four sees 10.11.0.1'),
      ])
    })

    test(`${protocol}: a machine that routes to this host does not get past it to what is not published`, async () => {
      net.world.run('ip', 'route', 'replace', '10.9.0.0/24', 'via', '10.77.0.1')
      await Promise.all([
        hears(world(), protocol, '10.9.0.2', 81, 'nothing'),
        hears(world(), protocol, '10.9.0.2', 80, 'nothing'),
      ])
      net.world.run('ip', 'route', 'del', '10.9.0.0/24')
    })
  }

  test('a container does not reach services of the host that listen on 127.0.0.1, whatever routes it makes', async () => {
    const own = net.containers['one']!
    own.run('sysctl', '-q', 'net.ipv4.conf.eth0.route_localnet=1')
    own.run('ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo')
    own.run('ip', 'route', 'add', '127.0.0.0/8', 'via', '10.9.0.1')
    await Promise.all([
      hears(own, 'tcp', '127.0.0.1', 8081, 'nothing'),
      hears(own, 'udp', '127.0.0.1', 8080, 'nothing'),
    ])
    // It is the guard that stops them.
    net.host.run('nft', 'flush', 'chain', 'inet', 'mini-docker-traffic', 'guard')
    await hears(own, 'tcp', '127.0.0.1', 8081, /two sees/)
    await applyRuleset(state, options())
    own.run('ip', 'route', 'del', '127.0.0.0/8')
    own.run('ip', 'addr', 'add', '127.0.0.1/8', 'dev', 'lo')
  })

  test('ports come and go as elements, while others stay', async () => {
    const more = to('10.9.0.3', 'br0', 8090)
    await addPorts('traffic', more, options())
    await hears(world(), 'tcp', '10.77.0.1', 8090, 'two sees 10.77.0.9')
    await removePorts('traffic', more, options())
    await Promise.all([
      hears(world(), 'tcp', '10.77.0.1', 8090, 'nothing'),
      hears(world(), 'tcp', '10.77.0.1', 8080, 'one sees 10.77.0.9'),
    ])
  })

  test('a client that never stops sending UDP from one port is heard when the port is published, and follows it elsewhere', async () => {
    const answer = net.keepAsking(world(), '10.77.0.1', 9000)
    const own = net.keepAsking(host(), '127.0.0.1', 9000)
    await eventually('the client sends', () => net.host.run('cat', '/proc/net/nf_conntrack').includes('dport=9000'))
    expect(answer()).toBeUndefined()
    const before = to('10.9.0.2', 'br0', 9000)
    const after = to('10.9.0.3', 'br0', 9000)
    await addPorts('traffic', before, options())
    await eventually('the first container answers', () => answer() === 'one sees 10.77.0.9')
    await eventually('the first container answers the host', () => own() === 'one sees 10.9.0.1')
    await removePorts('traffic', before, options())
    await addPorts('traffic', after, options())
    await eventually('the second container answers', () => answer() === 'two sees 10.77.0.9')
    await eventually('the second container answers the host', () => own() === 'two sees 10.9.0.1')
    await removePorts('traffic', after, options())
  })

  test('a network that is not isolated is reached from others and from outside', async () => {
    const open = networks.map((one) => ({ ...one, isolated: one.bridge === 'br0' }))
    await applyRuleset({ ...state, networks: open }, options())
    net.world.run('ip', 'route', 'replace', '10.10.0.0/24', 'via', '10.77.0.1')
    await Promise.all([
      hears(world(), 'tcp', '10.10.0.2', 80, 'three sees 10.77.0.9'),
      hears(three(), 'tcp', '10.9.0.2', 80, 'nothing'),
    ])
    await applyRuleset(state, options())
    await hears(world(), 'tcp', '10.10.0.2', 80, 'nothing')
    net.world.run('ip', 'route', 'del', '10.10.0.0/24')
  })

  test('beside docker, whose chain drops all that is not its own, everything passes as before', async () => {
    // As iptables makes them.
    await runNft(
      [
        'add table ip filter',
        'add chain ip filter DOCKER-USER',
        'add rule ip filter DOCKER-USER return',
        'add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }',
        'add rule ip filter FORWARD jump DOCKER-USER',
      ],
      options(),
    )
    await Promise.all([
      hears(world(), 'tcp', '10.77.0.1', 8080, 'nothing'),
      hears(one(), 'udp', '10.77.0.9', 80, 'nothing'),
    ])
    await applyRuleset(state, options())
    await Promise.all([
      hears(world(), 'tcp', '10.77.0.1', 8080, 'one sees 10.77.0.9'),
      hears(one(), 'udp', '10.77.0.9', 80, 'world sees 10.77.0.1'),
      hears(one(), 'tcp', '10.10.0.2', 80, 'nothing'),
    ])
    await runNft(['delete table ip filter'], options())
  })

  test('without the table nothing is published', async () => {
    await removeTable('traffic', options())
    await hears(world(), 'tcp', '10.77.0.1', 8080, 'nothing')
    expect(net.host.run('nft', 'list', 'ruleset')).toBe('')
    await applyRuleset(state, options())
    await hears(world(), 'tcp', '10.77.0.1', 8080, 'one sees 10.77.0.9')
  })
})
