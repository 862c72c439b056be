/** What we ask the kernel for, checked with iproute2. */
import { encodeProgram, runProgram, type Call, type Step } from '@mini-docker/syscall'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  askIndexCalls,
  deleteLink,
  dumpAddresses,
  dumpLinks,
  dumpRoutes,
  getLink,
  NetlinkSocket,
  newAddress,
  newLink,
  newNeighbour,
  newRoute,
  openSocketCall,
  parseCidr,
  requestCalls,
  setHairpin,
  setLink,
  inNetworkNamespace,
} from '../../src/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { TestNamespace } from '../namespace.ts'

let one: TestNamespace
let other: TestNamespace
let socket: NetlinkSocket

beforeEach(async () => {
  one = await TestNamespace.open()
  other = await TestNamespace.open()
  socket = NetlinkSocket.openIn(one.path)
})
afterEach(() => {
  socket[Symbol.dispose]()
  one[Symbol.dispose]()
  other[Symbol.dispose]()
})

function indexOf(name: string): number {
  return Number(socket.request(getLink(name))[0]!.fields['index'])
}

describeWith(['ip', 'nsenter'], 'links, addresses and routes', () => {
  test('a bridge, a veth pair on it whose other end is in another namespace, an address and routes', () => {
    socket.request(newLink({ name: 'br0', kind: 'bridge', up: true, mac: '02:00:00:00:00:01' }))
    const bridge = indexOf('br0')
    socket.request(newAddress({ index: bridge, address: parseCidr('10.9.0.1/24') }))
    const peer = { name: 'eth0', mac: '02:42:0a:09:00:02', mtu: 1400, namespace: { pid: other.pid } }
    socket.request(newLink({ name: 'veth1', kind: 'veth', up: true, master: bridge, mtu: 1400, peer }))
    socket.request(setHairpin(indexOf('veth1'), true))

    using inside = NetlinkSocket.openIn(other.path)
    const eth0 = Number(inside.request(getLink('eth0'))[0]!.fields['index'])
    inside.request(newAddress({ index: eth0, address: parseCidr('10.9.0.2/24') }))
    inside.request(newAddress({ index: eth0, address: parseCidr('fd09::2/64') }))
    inside.request(setLink(eth0, { up: true }))
    inside.request(newRoute({ version: 4, gateway: '10.9.0.1', index: eth0 }))
    inside.request(newRoute({ version: 4, to: parseCidr('10.10.0.0/16'), gateway: '10.9.0.1', index: eth0 }))
    inside.request(newNeighbour({ index: eth0, address: '10.9.0.1', mac: '02:00:00:00:00:01' }))

    expect(one.ip('link', 'show', 'br0')).toMatchObject([
      { address: '02:00:00:00:00:01', linkinfo: { info_kind: 'bridge' } },
    ])
    expect(one.ip('link', 'show', 'veth1')).toMatchObject([
      {
        master: 'br0',
        mtu: 1400,
        flags: expect.arrayContaining(['UP', 'LOWER_UP']),
        linkinfo: { info_slave_data: { hairpin: true } },
      },
    ])
    expect(other.ip('addr', 'show', 'eth0')).toMatchObject([
      {
        address: '02:42:0a:09:00:02',
        mtu: 1400,
        addr_info: [
          { family: 'inet', local: '10.9.0.2', prefixlen: 24, broadcast: '10.9.0.255' },
          { family: 'inet6', local: 'fd09::2', prefixlen: 64 },
          { family: 'inet6', scope: 'link' },
        ],
      },
    ])
    expect(other.ip('route')).toMatchObject([
      { dst: 'default', gateway: '10.9.0.1', dev: 'eth0' },
      { dst: '10.9.0.0/24', dev: 'eth0' },
      { dst: '10.10.0.0/16', gateway: '10.9.0.1' },
    ])
    expect(other.ip('neigh')).toContainEqual(
      expect.objectContaining({ lladdr: '02:00:00:00:00:01', state: ['PERMANENT'] }),
    )
  })

  test('dumps say what iproute2 says', () => {
    socket.request(newLink({ name: 'br0', kind: 'bridge', up: true }))
    socket.request(newAddress({ index: indexOf('br0'), address: parseCidr('10.9.0.1/24') }))
    const links = socket.request(dumpLinks()).map(({ fields }) => [fields['index'], fields['IFLA_IFNAME']])
    expect(links).toEqual(
      (one.ip('link') as { ifindex: number; ifname: string }[]).map((link) => [link.ifindex, link.ifname]),
    )
    const addresses = socket.request(dumpAddresses()).map(({ fields }) => fields['IFA_ADDRESS'])
    expect(addresses).toContain('10.9.0.1')
    const routes = socket.request(dumpRoutes(4)).filter(({ fields }) => fields['table'] === 254)
    expect(routes).toMatchObject([{ fields: { RTA_DST: '10.9.0.0', dst_len: 24, RTA_PREFSRC: '10.9.0.1' } }])
  })

  test('a link is renamed, moved to another namespace, and removed', () => {
    socket.request(newLink({ name: 'a0', kind: 'veth', peer: { name: 'a1' } }))
    socket.request(setLink('a1', { namespace: { pid: other.pid } }))
    socket.request(setLink(indexOf('a0'), { rename: 'b0', up: true }))
    expect(other.ip('link', 'show', 'a1')).toHaveLength(1)
    expect(one.ip('link', 'show', 'b0')).toMatchObject([{ flags: expect.arrayContaining(['UP']) }])
    socket.request(deleteLink('b0'))
    expect(() => one.ip('link', 'show', 'b0')).toThrow('does not exist')
    expect(() => other.ip('link', 'show', 'a1')).toThrow('does not exist')
  })

  test('what the kernel refuses is told with the message, the errno and its own sentence', () => {
    socket.request(newLink({ name: 'br0', kind: 'bridge' }))
    expect(() => socket.request(newLink({ name: 'br0', kind: 'bridge' }))).toThrow(/RTM_NEWLINK.*"br0".*EEXIST/)
    expect(() => socket.request(getLink('nosuch'))).toThrow(/RTM_GETLINK.*ENODEV/)
    const unreachable = newRoute({ version: 4, gateway: '192.0.2.1', index: indexOf('br0') })
    expect(() => socket.request(unreachable)).toThrow(expect.objectContaining({ hint: expect.stringMatching(/\w+/) }))
  })

  test('going to another namespace and back leaves this thread where it was', () => {
    const before = socket.request(dumpLinks()).length
    using here = NetlinkSocket.open()
    const own = here.request(dumpLinks()).map(({ fields }) => fields['IFLA_IFNAME'])
    expect(() =>
      inNetworkNamespace(one.path, () => {
        throw new Error('in the middle')
      }),
    ).toThrow('in the middle')
    using again = NetlinkSocket.open()
    expect(again.request(dumpLinks()).map(({ fields }) => fields['IFLA_IFNAME'])).toEqual(own)
    expect(before).toBe(1)
  })
})

describeWith(['ip', 'nsenter'], 'the same as steps of the launcher', () => {
  const step = (id: string, calls: Call[]): Step => ({ id, stage: 'network', where: 'host', calls, shell: [], man: [] })

  test('an index asked for by name goes into the requests that follow', async () => {
    const program = inNetworkNamespace(one.path, () =>
      runProgram(
        encodeProgram([
          step('socket', [openSocketCall('netlink')]),
          step('bridge', requestCalls('netlink', newLink({ name: 'br0', kind: 'bridge', up: true }))),
          step('address', [
            ...askIndexCalls('netlink', getLink('br0'), 'br0'),
            ...requestCalls('netlink', newAddress({ index: { ref: 'br0' }, address: parseCidr('10.9.0.1/24') })),
          ]),
        ]),
      ),
    )
    await program
    expect(one.ip('addr', 'show', 'br0')).toMatchObject([
      { addr_info: expect.arrayContaining([expect.objectContaining({ local: '10.9.0.1' })]) },
    ])
  })

  test('a refusal stops the program, unless it is allowed', async () => {
    const make = newLink({ name: 'br0', kind: 'bridge' })
    const twice = (allow: Call['allow']) =>
      inNetworkNamespace(one.path, () =>
        runProgram(
          encodeProgram([
            step('socket', [openSocketCall('netlink')]),
            step('bridge', [...requestCalls('netlink', make, ['EEXIST']), ...requestCalls('netlink', make, allow)]),
          ]),
        ),
      )
    await expect(twice([])).rejects.toMatchObject({ code: 'EEXIST' })
    await twice(['EEXIST'])
  })
})

describe('names of interfaces', () => {
  test.each(['', '.', '..', 'a/b', 'a:b', 'a b', 'sixteen-letters-'])(
    '%j is refused before the kernel sees it',
    (name) => {
      expect(() => newLink({ name, kind: 'bridge' })).toThrow('invalid interface name')
    },
  )
})
