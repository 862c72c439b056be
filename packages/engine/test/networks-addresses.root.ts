/** Which addresses containers get, of both versions, and what they reach with them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'
import { HOST, openWorld, WORLD } from '../../../test/harness/world.ts'
import type { TestNamespace } from '../../net/test/namespace.ts'
import { Containers } from './support/containers.ts'
import { KillableDaemon } from './support/killable.ts'
import { Peers } from './support/peers.ts'

let daemon: KillableDaemon
let world: TestNamespace
const containers = new Containers(() => daemon)
const peers = new Peers()

/** The world has IPv6 too: 2001:db8::2, the host is 2001:db8::1. */
beforeAll(async () => {
  daemon = await KillableDaemon.start()
  world = await openWorld(daemon)
  daemon.namespace.run('ip', 'addr', 'add', '2001:db8::1/64', 'dev', 'to-world', 'nodad')
  world.run('ip', 'addr', 'add', '2001:db8::2/64', 'dev', 'eth0', 'nodad')
  await peers.serve(world.pid, 'world', 80)
})
afterAll(async () => {
  peers[Symbol.dispose]()
  world[Symbol.dispose]()
  await daemon[Symbol.asyncDispose]()
})

const inNet = (more: object = {}) => ({
  HostConfig: { NetworkMode: 'tnet' },
  NetworkingConfig: { EndpointsConfig: { tnet: more } },
})
const placeOf = async (id: string) => (await containers.settings(id)).Networks.tnet
const pidOf = async (id: string) => (await daemon.state(id)).Pid

describeWith(['root', 'ip', 'nft', 'nsenter'], 'addresses', () => {
  test('come of the range that was asked for, the gateway is not in it, and when all are taken that is an error', async () => {
    const config = { Subnet: '10.70.0.0/24', Gateway: '10.70.0.1', IPRange: '10.70.0.128/31' }
    await using _ = await containers.network('tnet', { IPAM: { Config: [config] } })
    const ids = [await containers.start('range1', inNet()), await containers.start('range2', inNet())]
    const places = await Promise.all(ids.map(placeOf))
    expect(places.map(({ IPAddress }) => IPAddress)).toEqual(['10.70.0.128', '10.70.0.129'])
    expect(places[0]).toMatchObject({ Gateway: '10.70.0.1', IPPrefixLen: 24 })
    await expect(containers.start('range3', inNet())).rejects.toThrow(/no available IPv4 addresses/)
    // One of one's own choice may be outside of the range.
    const chosen = await containers.start('range4', inNet({ IPAMConfig: { IPv4Address: '10.70.0.7' } }))
    expect(await containers.ping(chosen, '10.70.0.128')).toBe(true)
  })

  test('of IPv6 besides: containers reach each other, their gateway, and the world with the address of the host', async () => {
    await using _ = await containers.network('tnet', { EnableIPv6: true })
    const one = await containers.start('six1', inNet())
    const two = await containers.start('six2', inNet())
    const place = await placeOf(two)
    expect(place.GlobalIPv6Address).toMatch(/^fd/)
    expect(await containers.ping(one, place.GlobalIPv6Address)).toBe(true)
    expect(await containers.ping(one, place.IPv6Gateway)).toBe(true)
    expect(await containers.exec(one, 'busybox', 'nslookup', 'six2')).toContain(place.GlobalIPv6Address)
    await peers.hears(await pidOf(one), 'tcp', '2001:db8::2', 80, 'world sees 2001:db8::1')
    await peers.hears(await pidOf(one), 'tcp', WORLD, 80, `world sees ${HOST}`)
  })

  test('of IPv6 alone: no IPv4, and ports of the host lead there from both', async () => {
    const IPAM = { Config: [{ Subnet: 'fd70::/64', Gateway: 'fd70::1' }] }
    await using _ = await containers.network('tnet', { EnableIPv4: false, EnableIPv6: true, IPAM })
    const shown = (await daemon.request('GET', '/networks/tnet')).json
    expect(shown).toMatchObject({ EnableIPv4: false, EnableIPv6: true, IPAM })
    const id = await containers.start('onlysix', {
      HostConfig: { NetworkMode: 'tnet', PortBindings: { '80/tcp': [{ HostPort: '8070' }] } },
    })
    const other = await containers.start('othersix', inNet({ IPAMConfig: { IPv6Address: 'fd70::99' } }))
    expect(await containers.exec(id, 'ip', '-4', '-o', 'addr', 'show', 'eth0')).toBe('')
    expect(await containers.ping(id, 'fd70::99')).toBe(true)
    expect((await daemon.request('GET', '/networks/tnet')).json.Containers[other]).toMatchObject({
      IPv4Address: '',
      IPv6Address: 'fd70::99/64',
    })
    await peers.serve(await pidOf(id), 'six', 80)
    await peers.hears(world.pid, 'tcp', '2001:db8::1', 8070, 'six sees 2001:db8::2')
    await peers.hears(world.pid, 'tcp', HOST, 8070, /^six sees fd70::1$/)
    const neither = await daemon.request('POST', '/networks/create', { Name: 'neither', EnableIPv4: false })
    expect([neither.status, neither.json.message]).toEqual([400, 'IPv4 or IPv6 must be enabled'])
  })

  test('of a name that two networks have are those of the network with the way out', async () => {
    await using _ = await containers.network('alpha')
    await using _second = await containers.network('beta')
    const places: Record<string, string> = {}
    for (const network of ['alpha', 'beta']) {
      const id = await containers.start(`in-${network}`, {
        HostConfig: { NetworkMode: network },
        NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: ['same'] } } },
      })
      places[network] = (await containers.settings(id)).Networks[network].IPAddress
    }
    for (const first of ['beta', 'alpha']) {
      const GwPriority = 7
      const id = await containers.start(`asks-${first}`, {
        HostConfig: { NetworkMode: 'alpha' },
        NetworkingConfig: { EndpointsConfig: { alpha: {}, beta: {}, [first]: { GwPriority } } },
      })
      expect(await containers.exec(id, 'busybox', 'ping', '-c1', '-W2', 'same')).toContain(places[first])
      const gateway = (await containers.settings(id)).Networks[first].Gateway
      expect(await containers.exec(id, 'ip', 'route')).toContain(`default via ${gateway}`)
    }
  })

  test('of the link alone, settings of the interface and its name are had as they were asked for', async () => {
    await using _ = await containers.network('tnet', {
      Options: { 'com.docker.network.container_iface_prefix': 'lan' },
    })
    const DriverOpts = {
      'com.docker.network.endpoint.sysctls':
        'net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.neigh.ifname.retrans_time_ms=700',
      'com.docker.network.endpoint.ifname': 'front.0',
      'org.example.unknown': 'kept',
    }
    const LinkLocalIPs = ['169.254.7.7', 'fe80::77']
    const id = await containers.start('special', inNet({ DriverOpts, IPAMConfig: { LinkLocalIPs } }))
    const shown = await containers.exec(id, 'ip', '-o', 'addr', 'show', 'front.0')
    for (const address of ['169.254.7.7/16', 'fe80::77/64']) expect(shown).toContain(address)
    expect(await containers.exec(id, 'cat', '/proc/sys/net/ipv4/conf/front.0/log_martians')).toBe('1\n')
    expect(await containers.exec(id, 'cat', '/proc/sys/net/ipv4/neigh/front.0/retrans_time_ms')).toBe('700\n')
    expect(await placeOf(id)).toMatchObject({ DriverOpts, IPAMConfig: { LinkLocalIPs } })
    const plain = await containers.start('plain', inNet())
    expect(await containers.exec(plain, 'ip', '-o', 'link')).toMatch(/ lan0@/)
    const late = await containers.start('late', { HostConfig: { NetworkMode: 'bridge' } })
    const connected = await daemon.request('POST', '/networks/tnet/connect', {
      Container: late,
      EndpointConfig: { DriverOpts },
    })
    expect(connected.status, connected.text).toBe(200)
    expect(await containers.exec(late, 'cat', '/proc/sys/net/ipv4/conf/front.0/log_martians')).toBe('1\n')
  })

  test('come from a network of settings, as often as one likes; it takes no container, and stays while it is used', async () => {
    const settings = {
      ConfigOnly: true,
      Labels: { from: 'settings' },
      IPAM: { Config: [{ Subnet: '10.71.0.0/24', IPRange: '10.71.0.64/26' }] },
    }
    await using _ = await containers.network('settings', settings)
    {
      await using _from = await containers.network('tnet', { ConfigFrom: { Network: 'settings' } })
      expect((await daemon.request('GET', '/networks/settings')).json).toMatchObject({
        ConfigOnly: true,
        Driver: 'null',
      })
      expect((await daemon.request('GET', '/networks/tnet')).json).toMatchObject({
        ConfigFrom: { Network: 'settings' },
        Labels: { from: 'settings' },
        IPAM: { Config: [{ Subnet: '10.71.0.0/24', IPRange: '10.71.0.64/26', Gateway: '10.71.0.64' }] },
      })
      expect((await placeOf(await containers.start('configured', inNet()))).IPAddress).toBe('10.71.0.65')
      const refused = async (method: string, path: string, body?: object) => {
        const { status, json } = await daemon.request(method, path, body)
        return `${status} ${json.message}`
      }
      expect(await refused('DELETE', '/networks/settings')).toBe('403 configuration network "settings" is in use')
      expect(await refused('POST', '/networks/settings/connect', { Container: 'configured' })).toBe(
        '403 cannot create endpoint on configuration-only network',
      )
      expect(await refused('POST', '/networks/create', { Name: 'more', ConfigFrom: { Network: 'nosuch' } })).toBe(
        '404 configuration network "nosuch" does not exist',
      )
      const twice = { Name: 'more', ConfigFrom: { Network: 'settings' }, Labels: { a: 'b' } }
      expect(await refused('POST', '/networks/create', twice)).toMatch(/^403 user specified configurations are not/)
      const operator = { Name: 'more', ConfigOnly: true, Internal: true }
      expect(await refused('POST', '/networks/create', operator)).toMatch(/^403 configuration network can only contain/)
      const several = { Name: 'more', IPAM: { Config: [{ Subnet: '10.72.0.0/24' }, { Subnet: '10.73.0.0/24' }] } }
      expect(await refused('POST', '/networks/create', several)).toBe(
        "403 bridge driver doesn't support multiple subnets",
      )
    }
  })
})
