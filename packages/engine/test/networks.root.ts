/** Networks with real containers, each daemon in a network namespace of its own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'
import { Containers } from './support/containers.ts'
import { KillableDaemon } from './support/killable.ts'

let daemon: KillableDaemon
beforeAll(async () => {
  daemon = await KillableDaemon.start()
})
afterAll(async () => daemon[Symbol.asyncDispose]())

const containers = new Containers(() => daemon)
const start = containers.start.bind(containers)
const exec = containers.exec.bind(containers)
const settings = containers.settings.bind(containers)
const remove = containers.remove.bind(containers)

describeWith(['root', 'ip', 'nft', 'nsenter'], 'the bridge network', () => {
  test('a container gets an address and a way out, and stands in inspect, ps and the network by it', async () => {
    const id = await start('one', { HostConfig: { NetworkMode: 'bridge' } })
    expect(await exec(id, 'ip', 'addr', 'show', 'eth0')).toContain('inet 172.17.0.2/16')
    expect(await exec(id, 'ip', 'route')).toContain('default via 172.17.0.1 dev eth0')
    expect(await exec(id, 'cat', '/etc/hosts')).toBe(`127.0.0.1\tlocalhost\n172.17.0.2\t${id.slice(0, 12)}\n`)
    expect(await exec(id, 'busybox', 'ping', '-c1', '-W2', '172.17.0.1')).toContain('1 packets received')
    const shown = await settings(id)
    expect(shown).toMatchObject({ IPAddress: '172.17.0.2', Gateway: '172.17.0.1', MacAddress: '02:42:ac:11:00:02' })
    expect(shown.Networks.bridge).toMatchObject({ IPAddress: '172.17.0.2', IPPrefixLen: 16, DNSNames: null })
    const { Containers, Options } = (await daemon.request('GET', '/networks/bridge')).json
    expect(Containers[id]).toMatchObject({ Name: 'one', IPv4Address: '172.17.0.2/16' })
    expect(containers.links()).toContain(Options['com.docker.network.bridge.name'])
    await remove(id)
    await containers.linksGone(/^veth/)
    expect((await daemon.request('GET', '/networks/bridge')).json.Containers).toEqual({})
  })

  test('many starts at once all have addresses of their own', async () => {
    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, i) => start(`many${i}`, { HostConfig: { NetworkMode: 'bridge' } })),
    )
    const addresses = await Promise.all(ids.map(async (id) => (await settings(id)).IPAddress as string))
    expect(new Set(addresses).size).toBe(8)
    await remove(...ids)
    await containers.linksGone(/^veth/)
  })
})

describeWith(['root', 'ip', 'nft', 'nsenter'], 'user networks', () => {
  test('containers find each other by name, alias and short id; not from other networks', async () => {
    await daemon.request('POST', '/networks/create', { Name: 'tnet', IPAM: { Config: [{ Subnet: '10.77.0.0/24' }] } })
    await daemon.request('POST', '/networks/create', { Name: 'other' })
    const db = await start('db', {
      HostConfig: { NetworkMode: 'tnet' },
      NetworkingConfig: {
        EndpointsConfig: { tnet: { IPAMConfig: { IPv4Address: '10.77.0.10' }, Aliases: ['store'] } },
      },
    })
    const web = await start('web', { HostConfig: { NetworkMode: 'tnet' } })
    const far = await start('far', { HostConfig: { NetworkMode: 'other' } })
    expect(await exec(web, 'busybox', 'ping', '-c1', '-W2', 'db')).toContain('1 packets received')
    expect(await exec(web, 'busybox', 'nslookup', 'store')).toContain('10.77.0.10')
    expect(await exec(web, 'busybox', 'nslookup', db.slice(0, 12))).toContain('10.77.0.10')
    expect(await exec(web, 'cat', '/etc/resolv.conf')).toContain('nameserver 127.0.0.11')
    expect(await exec(far, 'busybox', 'ping', '-c1', '-W1', '10.77.0.10')).toContain('100% packet loss')
    expect((await settings(db)).Networks.tnet).toMatchObject({
      DNSNames: ['db', 'store', db.slice(0, 12)],
      Aliases: ['store'],
    })

    const connected = await daemon.request('POST', '/networks/tnet/connect', {
      Container: 'far',
      EndpointConfig: { Aliases: ['late'] },
    })
    expect(connected.status, connected.text).toBe(200)
    expect(await exec(far, 'busybox', 'ping', '-c1', '-W2', 'db')).toContain('1 packets received')
    expect(await exec(web, 'busybox', 'ping', '-c1', '-W2', 'late')).toContain('1 packets received')
    expect(Object.keys((await settings(far)).Networks)).toEqual(['other', 'tnet'])
    const out = await daemon.request('POST', '/networks/tnet/disconnect', { Container: 'far' })
    expect(out.status, out.text).toBe(200)
    expect(await exec(far, 'ip', 'addr')).not.toContain('10.77.0')

    const refused = await daemon.request('DELETE', '/networks/tnet')
    expect(refused.status).toBe(403)
    expect(refused.json.message).toMatch(
      /^error while removing network: network tnet has active endpoints \(name:"db" id:"/,
    )
    await daemon.end('SIGKILL')
    await daemon.boot()
    expect(await exec(web, 'busybox', 'ping', '-c1', '-W2', 'db')).toContain('1 packets received')
    await remove(db, web, far)
    for (const name of ['tnet', 'other']) expect((await daemon.request('DELETE', `/networks/${name}`)).status).toBe(204)
    await containers.linksGone(/^(veth|md-)/)
  })

  test('the network of another container is shared, and must be there', async () => {
    const one = await start('shared', { HostConfig: { NetworkMode: 'bridge' } })
    const two = await start('sharing', { HostConfig: { NetworkMode: 'container:shared' } })
    expect(await exec(two, 'cat', '/etc/hosts')).toBe(await exec(one, 'cat', '/etc/hosts'))
    expect(await exec(two, 'ip', 'addr')).toBe(await exec(one, 'ip', 'addr'))
    await remove(one, two)
    const gone = await daemon.create({ Cmd: ['true'] }, 'gone')
    const joining = await daemon.create({ Cmd: ['true'], HostConfig: { NetworkMode: 'container:gone' } })
    const refused = await daemon.request('POST', `/containers/${joining}/start`)
    expect(refused.status).toBe(409)
    expect(refused.json.message).toBe(`cannot join network of a non running container: ${gone}`)
    await remove(gone, joining)
  })
})

describeWith(['root', 'ip', 'nft', 'nsenter', 'curl'], 'published ports', () => {
  const serve = ['sh', '-c', 'mkdir /www; printf hello > /www/index.html; exec busybox httpd -f -p 80 -h /www']
  const fetch = (url: string) =>
    daemon.namespace.start('curl', '-sS', '-m', '3', '--retry', '3', '--retry-connrefused', url)

  test('lead to the container from 127.0.0.1 and ::1, also after the daemon was killed; a port taken is refused before anything starts', async () => {
    const id = await start('server', {
      Cmd: serve,
      ExposedPorts: { '90/tcp': {} },
      HostConfig: { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostPort: '8080' }] } },
    })
    expect(await fetch('http://127.0.0.1:8080/')).toBe('hello')
    expect(await fetch('http://[::1]:8080/')).toBe('hello')
    expect((await settings(id)).Ports).toEqual({
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '90/tcp': null,
    })
    const second = await daemon.create(
      { Cmd: serve, HostConfig: { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } },
      'second',
    )
    const refused = await daemon.request('POST', `/containers/${second}/start`)
    expect(refused.status).toBe(500)
    expect(refused.json.message).toMatch(
      /^driver failed programming external connectivity on endpoint second \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated$/,
    )
    await daemon.end('SIGKILL')
    expect(await fetch('http://127.0.0.1:8080/')).toBe('hello')
    await daemon.boot()
    expect(await fetch('http://127.0.0.1:8080/')).toBe('hello')
    expect(await fetch('http://[::1]:8080/')).toBe('hello')
    expect((await daemon.request('POST', `/containers/${second}/start`)).status).toBe(500)
    daemon.namespace.run('nft', 'flush', 'ruleset')
    await daemon.request('POST', '/x/gc')
    expect(daemon.namespace.run('nft', 'list', 'ruleset')).toContain('8080')
    await remove(id)
    expect((await daemon.request('POST', `/containers/${second}/start`)).status).toBe(204)
    await remove(second)
    await sleep(50)
    expect(daemon.namespace.run('nft', 'list', 'ruleset')).not.toContain('8080')
  })
})
