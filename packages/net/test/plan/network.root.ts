/** Bridges, and running containers that are connected and disconnected: our programs, run by the launcher, read with iproute2. */
import { encodeProgram, runProgram, type Step } from '@mini-docker/syscall'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../../../test/harness/eventually.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import {
  canMakeParent,
  findOwned,
  formatCidr,
  inNetworkNamespace,
  NetlinkSocket,
  newLink,
  ownerAlias,
  parseCidr,
  planBridge,
  planConnect,
  planDisconnect,
  planParent,
  planRemoveBridge,
  planRemoveParent,
  readTakenSubnets,
  removeLink,
  type Bridge,
  type Endpoint,
  type MacvlanEndpoint,
} from '../../src/index.ts'
import { TestNamespace } from '../namespace.ts'

let host: TestNamespace
let inside: TestNamespace
beforeEach(async () => {
  host = await TestNamespace.open()
  inside = await TestNamespace.open()
})
afterEach(() => {
  host[Symbol.dispose]()
  inside[Symbol.dispose]()
})

const bridge: Bridge = {
  name: 'md-0123456789ab',
  alias: ownerAlias('me', 'net1'),
  addresses: [parseCidr('10.9.0.1/24'), parseCidr('fd09::1/64')],
  mtu: 1400,
}
const endpoint: Endpoint = {
  bridge: bridge.name,
  hostName: 'veth0123456',
  alias: ownerAlias('me', 'box1'),
  name: 'eth0',
  mac: '02:42:0a:09:00:02',
  addresses: [parseCidr('10.9.0.2/24'), parseCidr('fd09::2/64')],
  gateways: [
    { version: 4, address: '10.9.0.1' },
    { version: 6, address: 'fd09::1' },
  ],
  mtu: 1400,
  hairpin: true,
}
const second: Bridge = { name: 'md-second', addresses: [parseCidr('10.10.0.1/24')] }
const onSecond: Endpoint = {
  ...endpoint,
  bridge: second.name,
  hostName: 'veth0000002',
  name: 'eth1',
  mac: '02:42:0a:0a:00:02',
  addresses: [parseCidr('10.10.0.2/24')],
  gateways: [{ version: 4, address: '10.10.0.1' }],
}

const run = (steps: Step[]): Promise<void> => inNetworkNamespace(host.path, () => runProgram(encodeProgram(steps)))
const setting = (namespace: TestNamespace, path: string): string => namespace.run('cat', `/proc/sys/net/${path}`).trim()
/** Without what counts up. */
const addressesOf = (name: string): unknown[] =>
  host.ip('addr', 'show', name).map((link) => ({ ...(link as object), ifindex: 0, linkinfo: undefined }))
const names = (namespace: TestNamespace): string[] =>
  namespace.ip('link').map((link) => (link as { ifname: string }).ifname)

describeWith(['root', 'ip', 'nsenter'], 'a bridge', () => {
  test('has its addresses, alias and settings, and is up; made twice, it is the same', async () => {
    await run(planBridge(bridge))
    const first = addressesOf(bridge.name)
    await run(planBridge(bridge))
    expect(addressesOf(bridge.name)).toEqual(first)
    expect(host.ip('addr', 'show', bridge.name)).toMatchObject([
      {
        ifalias: 'mini-docker:me:net1',
        address: '02:42:0a:09:00:01',
        mtu: 1400,
        flags: expect.arrayContaining(['UP']),
        linkinfo: { info_kind: 'bridge', info_data: { forward_delay: 0, stp_state: 0 } },
        addr_info: expect.arrayContaining([
          expect.objectContaining({ local: '10.9.0.1', prefixlen: 24 }),
          expect.objectContaining({ local: 'fd09::1', prefixlen: 64 }),
        ]),
      },
    ])
    expect(setting(host, 'ipv4/ip_forward')).toBe('1')
    expect(setting(host, 'ipv6/conf/all/forwarding')).toBe('1')
    expect(setting(host, `ipv4/conf/${bridge.name}/route_localnet`)).toBe('1')
  })

  test('without an IPv6 address speaks no IPv6, and the rest of the host is left with its settings', async () => {
    const before = setting(host, 'ipv6/conf/all/forwarding')
    await run(planBridge(second))
    expect(setting(host, `ipv6/conf/${second.name}/disable_ipv6`)).toBe('1')
    expect(setting(host, 'ipv6/conf/all/forwarding')).toBe(before)
  })

  test('is removed, and once more without an error', async () => {
    await run(planBridge(bridge))
    await run(planRemoveBridge(bridge.name))
    await run(planRemoveBridge(bridge.name))
    expect(names(host)).toEqual(['lo'])
  })

  test('whose name another kind of link has is refused', async () => {
    using socket = NetlinkSocket.openIn(host.path)
    socket.request(newLink({ name: bridge.name, kind: 'veth', peer: { name: 'far' } }))
    await expect(run(planBridge(bridge))).rejects.toMatchObject({ code: 'EOPNOTSUPP' })
  })

  test('does what the shell lines of its steps do', async () => {
    await run(planBridge(bridge))
    const ours = addressesOf(bridge.name)
    await run(planRemoveBridge(bridge.name))
    host.run(
      'sh',
      '-ec',
      planBridge(bridge)
        .flatMap(({ shell }) => shell)
        .join('\n'),
    )
    expect(addressesOf(bridge.name)).toEqual(ours)
  })
})

describeWith(['root', 'ip', 'nsenter'], 'the interface that a macvlan network is on', () => {
  const alias = ownerAlias('me', 'net1')
  test.each([
    ['dummy', { name: 'dm-0123456789ab', alias }],
    ['vlan', { name: 'wan.7', alias, vlan: { on: 'wan', id: 7 } }],
  ] as const)(
    'is a %s with its alias, and up; made twice, it is the same; the kernel may have none',
    async (kind, parent) => {
      host.run('ip', 'link', 'add', 'wan', 'up', 'type', 'veth', 'peer', 'name', 'far')
      const others = names(host)
      const possible = canMakeParent(kind)
      if (possible !== true) {
        await expect(run(planParent(parent))).rejects.toMatchObject({ code: 'EOPNOTSUPP' })
        return
      }
      await run(planParent(parent))
      await run(planParent(parent))
      expect(host.ip('link', 'show', parent.name)).toMatchObject([
        { ifalias: alias, flags: expect.arrayContaining(['UP']), linkinfo: { info_kind: kind } },
      ])
      using socket = NetlinkSocket.openIn(host.path)
      expect(findOwned('me', socket)).toMatchObject([{ name: parent.name, kind, id: 'net1' }])
      await run(planRemoveParent(parent.name))
      await run(planRemoveParent(parent.name))
      expect(names(host)).toEqual(others)
    },
  )
})

describeWith(['root', 'ip', 'nsenter'], 'a running container', () => {
  test('connected to two networks has two interfaces, and the second is its way out', async () => {
    await run(planBridge(bridge))
    await run(planBridge(second))
    await run(planConnect(endpoint, inside))
    await run(planConnect(onSecond, inside))
    expect(inside.ip('addr', 'show', 'eth0')).toMatchObject([
      { address: '02:42:0a:09:00:02', mtu: 1400, addr_info: [{ local: '10.9.0.2' }, { local: 'fd09::2' }, {}] },
    ])
    expect(inside.ip('addr', 'show', 'eth1')).toMatchObject([{ addr_info: [{ local: '10.10.0.2' }] }])
    expect(setting(inside, 'ipv6/conf/eth1/disable_ipv6')).toBe('1')
    expect(setting(inside, 'ipv6/conf/eth0/disable_ipv6')).toBe('0')
    expect(inside.ip('route', 'show', 'default')).toMatchObject([{ gateway: '10.10.0.1', dev: 'eth1' }])
    // Nobody listens, but somebody says so.
    expect(host.run('bash', '-c', '(: < /dev/tcp/10.9.0.2/9) 2>&1 || true')).toContain('Connection refused')
  })

  test('that is isolated on the bridge does not hear its neighbours, but the host', async () => {
    using neighbour = await TestNamespace.open()
    const alone = { ...endpoint, isolated: true }
    const other = {
      ...alone,
      hostName: 'veth0000009',
      mac: '02:42:0a:09:00:09',
      addresses: [parseCidr('10.9.0.9/24'), parseCidr('fd09::9/64')],
    }
    const reach = (): string =>
      neighbour.run('sh', '-c', 'timeout 0.5 bash -c ": < /dev/tcp/10.9.0.2/9" 2>&1 || echo "ended with $?"')
    await run(planBridge(bridge))
    await run(planConnect(alone, inside))
    await run(planConnect({ ...other, isolated: false }, neighbour))
    expect(reach()).toContain('Connection refused')
    await run(planDisconnect(other, neighbour))
    await run(planConnect(other, neighbour))
    // timeout(1)
    expect(reach()).toBe('ended with 124\n')
    expect(host.run('bash', '-c', '(: < /dev/tcp/10.9.0.2/9) 2>&1 || true')).toContain('Connection refused')
  })

  test('disconnected has one interface less, and its way out over the one that is left', async () => {
    await run(planBridge(bridge))
    await run(planBridge(second))
    await run(planConnect(endpoint, inside))
    await run(planConnect(onSecond, inside))
    await run(planDisconnect(onSecond, inside, endpoint))
    expect(names(inside)).toEqual(['lo', 'eth0'])
    expect(names(host)).not.toContain('veth0000002')
    expect(inside.ip('route', 'show', 'default')).toMatchObject([{ gateway: '10.9.0.1', dev: 'eth0' }])
    await run(planDisconnect(onSecond, inside))
  })

  test('connected to a bridge that is not there is left as it was', async () => {
    await expect(run(planConnect(endpoint, inside))).rejects.toMatchObject({ code: 'ENODEV' })
    expect(names(inside)).toEqual(['lo'])
    expect(names(host)).toEqual(['lo'])
  })

  test('that has a link of that name already is told so, and the undo takes back the host’s end', async () => {
    await run(planBridge(bridge))
    using socket = NetlinkSocket.openIn(inside.path)
    socket.request(newLink({ name: 'eth0', kind: 'veth', peer: { name: 'far' } }))
    await expect(run(planConnect(endpoint, inside))).rejects.toMatchObject({ code: 'EEXIST' })
    const undo = planConnect(endpoint, inside).flatMap((step) => step.undo ?? [])
    await run([{ id: 'undo', stage: 'network', where: 'host', calls: undo, shell: [], man: [] }])
    expect(names(host)).toEqual(['lo', bridge.name])
  })

  const many = Array.from({ length: 50 }, (_, i): Endpoint => ({
    ...endpoint,
    hostName: `veth${i}`,
    name: `eth${i}`,
    mac: `02:42:0a:09:00:${(i + 16).toString(16)}`,
    addresses: [parseCidr(`10.9.0.${i + 2}/24`)],
    gateways: [{ version: 4, address: '10.9.0.1' }],
  }))

  test('fifty times connected at once has fifty interfaces, and disconnected at once none', async () => {
    await run(planBridge(bridge))
    await Promise.all(many.map((one) => run(planConnect(one, inside))))
    expect(names(inside).toSorted()).toEqual(['lo', ...many.map(({ name }) => name)].toSorted())
    await Promise.all(many.map((one) => run(planDisconnect(one, inside))))
    expect(names(inside)).toEqual(['lo'])
    expect(names(host)).toEqual(['lo', bridge.name])
  })

  test('that dies while it is connected leaves nothing on the bridge', async () => {
    await run(planBridge(bridge))
    const dying = await TestNamespace.open()
    const connects = many.slice(0, 10).map((one) => run(planConnect(one, dying)))
    dying[Symbol.dispose]()
    await Promise.allSettled(connects)
    await eventually('no end of a pair is left', () => names(host).length === 2)
  })

  test('gets and loses a macvlan', async () => {
    using socket = NetlinkSocket.openIn(host.path)
    socket.request(newLink({ name: 'wan', kind: 'veth', up: true, peer: { name: 'far' } }))
    const { name, mac, addresses, gateways } = onSecond
    const macvlan: MacvlanEndpoint = { name, mac, addresses, gateways: [], parent: 'wan', mode: 'bridge' }
    await run(planConnect(macvlan, inside))
    expect(inside.ip('addr', 'show', 'eth1')).toMatchObject([
      {
        address: mac,
        addr_info: [{ local: '10.10.0.2' }],
        linkinfo: { info_kind: 'macvlan', info_data: { mode: 'bridge' } },
      },
    ])
    expect(gateways).toHaveLength(1)
    await run(planDisconnect(macvlan, inside))
    expect(names(inside)).toEqual(['lo'])
  })

  test('does as the shell lines of the steps say', async () => {
    await run(planBridge(bridge))
    await run(planConnect(endpoint, inside))
    const look = (): unknown[] =>
      inside.ip('addr', 'show', 'eth0').map((link) => ({ ...(link as object), ifindex: 0, link_index: 0 }))
    const ours = JSON.stringify([look(), inside.ip('route')]).replaceAll(/"local":"fe80[^"]*"/g, '')
    await run(planDisconnect(endpoint, inside))
    const lines = planConnect(endpoint, inside).flatMap(({ shell }) => shell)
    host.run('sh', '-ec', lines.join('\n'))
    expect(JSON.stringify([look(), inside.ip('route')]).replaceAll(/"local":"fe80[^"]*"/g, '')).toBe(ours)
  })
})

describeWith(['root', 'ip', 'nsenter'], 'what is ours', () => {
  test('is found by its alias, only our own, and removed by its index', async () => {
    await run(planBridge(bridge))
    await run(planBridge({ ...second, alias: ownerAlias('me2', 'net1') }))
    await run(planConnect(endpoint, inside))
    using socket = NetlinkSocket.openIn(host.path)
    expect(findOwned('me', socket)).toEqual([
      { name: bridge.name, index: expect.any(Number), kind: 'bridge', id: 'net1' },
      { name: 'veth0123456', index: expect.any(Number), kind: 'veth', id: 'box1' },
    ])
    const indexes = findOwned('me', socket).map(({ index }) => index)
    expect(indexes.map((index) => removeLink(index, socket))).toEqual([true, true])
    expect(indexes.map((index) => removeLink(index, socket))).toEqual([false, false])
    expect(names(host)).toEqual(['lo', second.name])
  })

  test('and what the host’s addresses and routes take is told without default routes', async () => {
    await run(planBridge(bridge))
    host.run('ip', 'route', 'add', '172.18.0.0/16', 'via', '10.9.0.7')
    host.run('ip', 'route', 'add', 'default', 'via', '10.9.0.7')
    using socket = NetlinkSocket.openIn(host.path)
    const taken = readTakenSubnets(socket).map(formatCidr)
    expect(taken).toEqual(expect.arrayContaining(['10.9.0.0/24', 'fd09::/64', '172.18.0.0/16']))
    expect(taken).not.toContain('0.0.0.0/0')
  })
})
