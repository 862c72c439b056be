/** Networks of the driver macvlan: containers stand beside an interface of the host, each with a hardware address of its own. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canMakeParent } from '@mini-docker/net'
import { describeWith } from '../../../test/harness/requires.ts'
import { TestNamespace } from '../../net/test/namespace.ts'
import { Containers } from './support/containers.ts'
import { KillableDaemon } from './support/killable.ts'

let daemon: KillableDaemon
let lan: TestNamespace
const containers = new Containers(() => daemon)

/** The host has an end of a cable, `cable`; at the other end is somebody of the local network, 10.66.0.254. */
beforeAll(async () => {
  daemon = await KillableDaemon.start()
  lan = await TestNamespace.open()
  daemon.namespace.run('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(lan.pid))
  daemon.namespace.run('ip', 'link', 'set', 'cable', 'up')
  lan.run('ip', 'addr', 'add', '10.66.0.254/24', 'dev', 'eth0')
  lan.run('ip', 'addr', 'add', 'fd66::254/64', 'dev', 'eth0', 'nodad')
  lan.run('ip', 'link', 'set', 'eth0', 'up')
})
afterAll(async () => {
  await daemon[Symbol.asyncDispose]()
  lan[Symbol.dispose]()
})

const macvlan = (options: Record<string, string>, config: object[], more: object = {}) => ({
  Driver: 'macvlan',
  Options: options,
  IPAM: { Config: config },
  ...more,
})
const LAN = { Subnet: '10.66.0.0/24', Gateway: '10.66.0.254', IPRange: '10.66.0.64/26' }
const onCable = macvlan({ parent: 'cable' }, [LAN])
const refusal = async (body: object) => {
  const { status, json } = await daemon.request('POST', '/networks/create', { Name: 'refused', ...body })
  return `${status} ${json.message}`
}

describeWith(['root', 'ip', 'nft', 'nsenter'], 'a macvlan network', () => {
  test('its containers reach each other, by name too, and who is on the cable; the host has no new link', async () => {
    await using network = await containers.network('lan', onCable)
    const before = containers.links()
    const one = await containers.start('one', { HostConfig: { NetworkMode: 'lan' } })
    const two = await containers.start('two', {
      HostConfig: { NetworkMode: 'lan', PortBindings: { '80/tcp': [{ HostPort: '8080' }] } },
      NetworkingConfig: {
        EndpointsConfig: { lan: { IPAMConfig: { IPv4Address: '10.66.0.9' }, MacAddress: '02:42:00:00:66:09' } },
      },
    })
    expect(containers.links()).toEqual(before)
    expect(await containers.exec(one, 'ip', '-d', 'link', 'show', 'eth0')).toContain('macvlan mode bridge')
    expect(await containers.ping(one, 'two')).toBe(true)
    expect(await containers.ping(one, '10.66.0.254')).toBe(true)
    expect(lan.run('busybox', 'ping', '-c1', '-W2', '10.66.0.9')).toContain('1 packets received')
    expect(lan.run('ip', 'neigh')).toContain('02:42:00:00:66:09')
    expect(await containers.exec(one, 'ip', 'route')).toContain('default via 10.66.0.254 dev eth0')
    expect((await containers.settings(one)).Networks.lan).toMatchObject({
      IPAddress: '10.66.0.64',
      Gateway: '10.66.0.254',
      NetworkID: network.id,
    })
    // As in docker: a port of the host does not lead past it.
    expect((await containers.settings(two)).Ports).toEqual({})
    const shown = (await daemon.request('GET', '/networks/lan')).json
    expect(shown).toMatchObject({
      Driver: 'macvlan',
      Options: { parent: 'cable' },
      IPAM: { Config: [LAN] },
      Internal: false,
    })
    expect(shown.Containers[two]).toMatchObject({ IPv4Address: '10.66.0.9/24', MacAddress: '02:42:00:00:66:09' })
  })

  test('a container that runs joins and leaves it; the way out is that of the other network again', async () => {
    await using _ = await containers.network('lan', onCable)
    const id = await containers.start('joining', { HostConfig: { NetworkMode: 'bridge' } })
    const joined = await daemon.request('POST', '/networks/lan/connect', { Container: id, EndpointConfig: {} })
    expect(joined.status, joined.text).toBe(200)
    expect(await containers.ping(id, '10.66.0.254')).toBe(true)
    await daemon.end('SIGKILL')
    await daemon.boot()
    const left = await daemon.request('POST', '/networks/lan/disconnect', { Container: id })
    expect(left.status, left.text).toBe(200)
    expect(await containers.exec(id, 'ip', '-o', 'link')).not.toContain('eth1')
    expect(await containers.exec(id, 'ip', 'route')).toContain('default via 172.17.0.1 dev eth0')
    await containers.remove(id)
  })

  test('has as many subnets as were asked for, IPv6 among them: addresses come of the first, then of the next', async () => {
    const config = [
      { Subnet: '10.66.0.0/24', IPRange: '10.66.0.8/31' },
      { Subnet: '10.67.0.0/24', Gateway: '10.67.0.1' },
      { Subnet: 'fd66::/64' },
    ]
    await using _ = await containers.network('lan', macvlan({ parent: 'cable' }, config, { EnableIPv6: true }))
    const ids = [await containers.start('ma', { HostConfig: { NetworkMode: 'lan' } })]
    for (const name of ['mb', 'mc']) ids.push(await containers.start(name, { HostConfig: { NetworkMode: 'lan' } }))
    const places = await Promise.all(ids.map(async (id) => (await containers.settings(id)).Networks.lan))
    expect(places.map(({ IPAddress, Gateway }) => [IPAddress, Gateway])).toEqual([
      ['10.66.0.8', ''],
      ['10.66.0.9', ''],
      ['10.67.0.2', '10.67.0.1'],
    ])
    expect(await containers.ping(ids[0]!, places[1].GlobalIPv6Address)).toBe(true)
    expect(await containers.ping(ids[0]!, 'fd66::254')).toBe(true)
    const wanted = await containers.start('wanted', {
      HostConfig: { NetworkMode: 'lan' },
      NetworkingConfig: { EndpointsConfig: { lan: { IPAMConfig: { IPv4Address: '10.67.0.99' } } } },
    })
    expect((await containers.settings(wanted)).IPAddress).toBe('')
    expect((await containers.settings(wanted)).Networks.lan).toMatchObject({ IPAddress: '10.67.0.99', IPPrefixLen: 24 })
  })

  test('what cannot be is refused when it is made', async () => {
    await using _ = await containers.network('lan', onCable)
    const other = [{ Subnet: '10.68.0.0/24' }]
    expect(await refusal(macvlan({ parent: 'lo' }, other))).toBe(
      '400 loopback interface is not a valid macvlan parent link',
    )
    expect(await refusal(macvlan({ parent: 'cable', macvlan_mode: 'sideways' }, other))).toBe(
      "400 requested macvlan mode 'sideways' is not valid, 'bridge' mode is the macvlan driver default",
    )
    expect(await refusal(macvlan({ parent: 'nosuch0' }, other))).toMatch(
      /^400 invalid subinterface vlan name nosuch0, example formatting is eth0\.10/,
    )
    expect(await refusal(macvlan({ parent: 'nosuch0.10' }, other))).toMatch(
      /^400 failed to find master interface nosuch0/,
    )
    expect(await refusal(macvlan({ parent: 'cable.5000' }, other))).toBe(
      '400 vlan id must be between 1-4094, received: 5000',
    )
    expect(await refusal(macvlan({ parent: 'cable', macvlan_mode: 'passthru' }, other))).toMatch(
      /^403 cannot use mode passthru, macvlan network [0-9a-f]{64} is already using parent interface cable$/,
    )
    expect(await refusal(macvlan({ parent: 'cable' }, [{ Subnet: '10.66.0.128/25' }]))).toMatch(/^403 .*Pool overlaps/)
  })

  test('without a parent is on an interface that goes with the network, or tells that the kernel has none; the same for a VLAN', async () => {
    const before = containers.links()
    for (const [kind, parent] of [
      ['dummy', undefined],
      ['vlan', 'cable.10'],
    ] as const) {
      const body = macvlan(parent === undefined ? {} : { parent }, [{ Subnet: '10.69.0.0/24', Gateway: '10.69.0.1' }])
      if (canMakeParent(kind) !== true) {
        expect(await refusal(body)).toMatch(/^503 this kernel has no/)
        continue
      }
      await using network = await containers.network('own', body)
      const one = await containers.start('one', { HostConfig: { NetworkMode: 'own' } })
      await containers.start('two', { HostConfig: { NetworkMode: 'own' } })
      expect(await containers.ping(one, 'two')).toBe(true)
      const made = parent ?? `dm-${network.id.slice(0, 12)}`
      expect(containers.links()).toEqual([...before, made])
      expect(daemon.namespace.ip('link', 'show', made)).toMatchObject([{ linkinfo: { info_kind: kind } }])
      const route = await containers.exec(one, 'ip', 'route')
      if (parent === undefined) expect(route).not.toContain('default')
      else expect(route).toContain('default via 10.69.0.1')
    }
    expect(containers.links()).toEqual(before)
  })

  test.each(['network.macvlan', 'network.address', 'process.exec'])(
    'SIGKILL of daemon and launcher before %s leaves nothing, and the same container starts',
    async (step) => {
      await using _ = await containers.network('lan', onCable)
      const before = containers.links()
      await daemon.end('SIGTERM')
      await daemon.boot({ killBefore: step })
      const id = await daemon.create({ Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'lan' } })
      await daemon.request('POST', `/containers/${id}/start`).catch(() => undefined)
      await daemon.gone()
      await daemon.boot()
      expect(containers.links()).toEqual(before)
      expect((await daemon.request('GET', '/networks/lan')).json.Containers).toEqual({})
      expect((await daemon.request('POST', `/containers/${id}/start`)).status).toBe(204)
      expect(await containers.ping(id, '10.66.0.254')).toBe(true)
      await containers.remove(id)
    },
  )
})
