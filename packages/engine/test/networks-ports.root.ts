/** Published ports as the world sees them, what may pass between containers, and ports of a container whose networks change. */
import { spawn } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { HOST, openWorld, WORLD } from '../../../test/harness/world.ts'
import type { TestNamespace } from '../../net/test/namespace.ts'
import { Containers, type Body } from './support/containers.ts'
import { KillableDaemon } from './support/killable.ts'
import { Peers } from './support/peers.ts'

let daemon: KillableDaemon
let world: TestNamespace
let peers: Peers
const containers = new Containers(() => daemon)

beforeAll(async () => {
  daemon = await KillableDaemon.start()
  world = await openWorld(daemon)
})
afterAll(async () => {
  world[Symbol.dispose]()
  await daemon[Symbol.asyncDispose]()
})
beforeEach(() => void (peers = new Peers()))
afterEach(async () => {
  peers[Symbol.dispose]()
  const all = (await daemon.request('GET', '/containers/json?all=1')).json as { Id: string }[]
  await containers.remove(...all.map(({ Id }) => Id))
})

const pidOf = async (id: string) => (await daemon.state(id)).Pid
/** A container, and in its network somebody who answers at these ports with its name. */
async function server(name: string, ports: number[], body: Body): Promise<string> {
  const id = await containers.start(name, body)
  await peers.serve(await pidOf(id), name, ...ports)
  return id
}
const published = (PortBindings: object, more: object = {}) => ({
  HostConfig: { NetworkMode: 'bridge', PortBindings, ...more },
})
type HostPort = { HostIp: string; HostPort: string }
const portsOf = async (id: string) => (await containers.settings(id)).Ports as Record<string, HostPort[] | null>
const rules = () => daemon.namespace.run('nft', 'list', 'ruleset')

describeWith(['root', 'ip', 'nft', 'nsenter'], 'a published port', () => {
  test('of TCP or UDP is reached from the world, which the container sees by its own address; on one address of the host by that one alone', async () => {
    await server('both', [80, 53], published({ '80/tcp': [{ HostPort: '8080' }], '53/udp': [{ HostPort: '5353' }] }))
    await peers.hears(world.pid, 'tcp', HOST, 8080, `both sees ${WORLD}`)
    await peers.hears(world.pid, 'udp', HOST, 5353, `both sees ${WORLD}`)
    daemon.namespace.run('ip', 'addr', 'add', '192.0.2.77/24', 'dev', 'to-world')
    await server('bound', [80], published({ '80/tcp': [{ HostIp: '192.0.2.77', HostPort: '8081' }] }))
    await peers.hears(world.pid, 'tcp', '192.0.2.77', 8081, `bound sees ${WORLD}`)
    expect(await peers.ask(world.pid, 'tcp', HOST, 8081)).toBe('nothing')
    const none = await daemon.create(published({ '80/tcp': [{ HostIp: '192.0.2.99', HostPort: '8082' }] }), 'none')
    const refused = await daemon.request('POST', `/containers/${none}/start`)
    expect([refused.status, refused.json.message]).toEqual([
      500,
      expect.stringMatching(/failed to bind host port for 192\.0\.2\.99:8082:.*cannot assign requested address$/),
    ])
  })

  test('of a range is its first that is free, one of no number any; -P publishes what is exposed, anew at each start', async () => {
    const range = { '80/tcp': [{ HostPort: '9000-9002' }] }
    const ids = [await server('range1', [80], published(range)), await server('range2', [80], published(range))]
    const numbers = await Promise.all(ids.map(async (id) => (await portsOf(id))['80/tcp']?.[0]?.HostPort))
    expect(numbers).toEqual(['9000', '9001'])
    await peers.hears(world.pid, 'tcp', HOST, 9001, `range2 sees ${WORLD}`)

    const exposed = { '80/tcp': {}, '90/udp': {} }
    const id = await server('all', [80, 90], { ExposedPorts: exposed, ...published({}, { PublishAllPorts: true }) })
    const ports = await portsOf(id)
    const [tcp, udp] = ['80/tcp', '90/udp'].map((key) => Number(ports[key]?.[0]?.HostPort))
    for (const port of [tcp, udp]) expect(port).toBeGreaterThan(32_767)
    // The same number at every address.
    for (const list of Object.values(ports)) expect(new Set(list?.map(({ HostPort }) => HostPort)).size).toBe(1)
    await peers.hears(world.pid, 'tcp', HOST, tcp!, `all sees ${WORLD}`)
    await peers.hears(world.pid, 'udp', HOST, udp!, `all sees ${WORLD}`)
  })

  test('of SCTP is led by the kernel', async () => {
    const id = await containers.start('sctp', published({ '3868/sctp': [{ HostPort: '3868' }] }))
    expect(rules()).toMatch(/sctp \. 3868 : 172\.17\.0\.\d+ \. 3868/)
    expect((await portsOf(id))['3868/sctp']?.[0]).toEqual({ HostIp: '0.0.0.0', HostPort: '3868' })
    await containers.remove(id)
    expect(rules()).not.toContain('3868')
  })

  test('that cannot be led while the command begins ends the start: it was no run, for the next daemon either', async () => {
    const first = await containers.start('first', published({ '80/tcp': [{ HostPort: '8060' }] }))
    const table = /inet (mini-docker\S*)/.exec(daemon.namespace.run('nft', 'list', 'tables'))?.[1] ?? ''
    // Whose table says `owner`, nobody else may change it.
    const lines = `delete table inet ${table}\nadd table inet ${table} { flags owner; }\n`
    using owner = spawnHolder(daemon.namespace, lines)
    await eventually('the table has an owner', () =>
      Promise.resolve(daemon.namespace.run('nft', 'list', 'tables', 'inet').includes(table) && owner.ready()),
    )
    const id = await daemon.create(
      { Cmd: ['sleep', '1000'], ...published({ '80/tcp': [{ HostPort: '8061' }] }) },
      'led',
    )
    const refused = await daemon.request('POST', `/containers/${id}/start`)
    expect([refused.status, refused.json.message]).toEqual([
      500,
      expect.stringMatching(/^driver failed programming external connectivity on endpoint led \(.*EPERM/),
    ])
    expect(await daemon.state(id)).toMatchObject({ Status: 'created', Pid: 0 })
    await daemon.end('SIGKILL')
    await daemon.boot()
    expect(await daemon.state(id)).toMatchObject({ Status: 'created', Pid: 0 })
    owner[Symbol.dispose]()
    await eventually('it starts, now that the table is free', async () => {
      const { status } = await daemon.request('POST', `/containers/${id}/start`)
      return status === 204
    })
    await containers.remove(first, id)
  })

  test('of a network that is bound to one address of the host is there alone', async () => {
    const Options = { 'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1' }
    await using _ = await containers.network('local', { Options })
    const id = await server('local', [80], published({ '80/tcp': [{ HostPort: '8083' }] }, { NetworkMode: 'local' }))
    expect((await portsOf(id))['80/tcp']).toEqual([{ HostIp: '127.0.0.1', HostPort: '8083' }])
    await peers.hears(daemon.pid, 'tcp', '127.0.0.1', 8083, /^local sees /)
    expect(await peers.ask(world.pid, 'tcp', HOST, 8083)).toBe('nothing')
  })
})

describeWith(['root', 'ip', 'nft', 'nsenter'], 'ports of a container whose networks change', () => {
  const change = async (what: 'connect' | 'disconnect', network: string, Container: string) => {
    const answer = await daemon.request('POST', `/networks/${network}/${what}`, { Container })
    expect(answer.status, answer.text).toBe(200)
  }

  test('follow it to another network, are given back without one, and are had again, also on ::1 and after a new daemon', async () => {
    await using _ = await containers.network('second')
    const id = await server('moving', [80], published({ '80/tcp': [{ HostPort: '8090' }] }))
    await peers.hears(world.pid, 'tcp', HOST, 8090, `moving sees ${WORLD}`)
    await change('connect', 'second', id)
    await peers.hears(world.pid, 'tcp', HOST, 8090, `moving sees ${WORLD}`)
    await change('disconnect', 'bridge', id)
    await peers.hears(world.pid, 'tcp', HOST, 8090, `moving sees ${WORLD}`)
    await peers.hears(daemon.pid, 'tcp', '::1', 8090, /^moving sees /)
    await change('disconnect', 'second', id)
    expect(await portsOf(id)).toEqual({})
    expect(rules()).not.toContain('8090')
    // Somebody else may have it meanwhile.
    const other = await server('other', [80], published({ '80/tcp': [{ HostPort: '8090' }] }))
    await peers.hears(world.pid, 'tcp', HOST, 8090, `other sees ${WORLD}`)
    const taken = await daemon.request('POST', '/networks/bridge/connect', { Container: id })
    expect([taken.status, taken.json.message]).toEqual([500, expect.stringContaining('port is already allocated')])
    expect(await containers.exec(id, 'ip', '-o', 'link')).not.toContain('eth0')
    await peers.hears(world.pid, 'tcp', HOST, 8090, `other sees ${WORLD}`)
    await containers.remove(other)
    await change('connect', 'bridge', id)
    expect((await portsOf(id))['80/tcp']).toHaveLength(2)
    await peers.hears(world.pid, 'tcp', HOST, 8090, `moving sees ${WORLD}`)
    await daemon.end('SIGKILL')
    await daemon.boot()
    await peers.hears(world.pid, 'tcp', HOST, 8090, `moving sees ${WORLD}`)
    await peers.hears(daemon.pid, 'tcp', '::1', 8090, /^moving sees /)
  })
})

describeWith(['root', 'ip', 'nft', 'nsenter'], 'what may pass', () => {
  beforeEach(() => peers.serve(world.pid, 'world', 80))

  test('of an internal network: its own, nothing out, nothing in, and no port of the host', async () => {
    await using _ = await containers.network('inside', { Internal: true })
    const one = await server('one', [80], published({ '80/tcp': [{ HostPort: '8095' }] }, { NetworkMode: 'inside' }))
    const two = await containers.start('two', { HostConfig: { NetworkMode: 'inside' } })
    await peers.hears(await pidOf(two), 'tcp', (await containers.settings(one)).Networks.inside.IPAddress, 80, /^one/)
    expect(await peers.ask(await pidOf(two), 'tcp', WORLD, 80)).toBe('nothing')
    expect(await containers.exec(two, 'ip', 'route')).not.toContain('default')
    expect(await portsOf(one)).toEqual({})
    expect(await peers.ask(world.pid, 'tcp', HOST, 8095)).toBe('nothing')
    // A way that somebody makes by hand does not help.
    daemon.namespace.run(
      'nsenter',
      `--net=/proc/${await pidOf(two)}/ns/net`,
      '--',
      'ip',
      'route',
      'add',
      'default',
      'via',
      gatewayOf(await containers.settings(two)),
    )
    expect(await peers.ask(await pidOf(two), 'tcp', WORLD, 80)).toBe('nothing')
  })

  test('of a network without talk between its containers: to the world and by published ports', async () => {
    const Options = { 'com.docker.network.bridge.enable_icc': 'false' }
    await using _ = await containers.network('silent', { Options })
    const one = await server('one', [80], published({ '80/tcp': [{ HostPort: '8096' }] }, { NetworkMode: 'silent' }))
    const two = await containers.start('two', { HostConfig: { NetworkMode: 'silent' } })
    const { IPAddress } = (await containers.settings(one)).Networks.silent
    expect(await containers.ping(two, IPAddress)).toBe(false)
    expect(await peers.ask(await pidOf(two), 'tcp', IPAddress, 80)).toBe('nothing')
    await peers.hears(await pidOf(two), 'tcp', WORLD, 80, `world sees ${HOST}`)
    // The host passes it on: with br_netfilter a translated frame would go from one isolated port to another.
    await peers.hears(await pidOf(two), 'tcp', HOST, 8096, /^one sees 172\.\d+\.0\.1$/)
    await peers.hears(await pidOf(one), 'tcp', HOST, 8096, /^one sees 172\.\d+\.0\.1$/)
    await peers.hears(world.pid, 'tcp', HOST, 8096, `one sees ${WORLD}`)
  })
})

function gatewayOf({ Networks }: { Networks: Record<string, { IPAddress: string }> }): string {
  return Networks['inside']?.IPAddress.replace(/\.\d+$/, '.1') ?? ''
}

/** An nft that stays, and what it made with it. */
function spawnHolder(namespace: TestNamespace, lines: string): Disposable & { ready: () => boolean } {
  const child = spawn('nsenter', [`--net=${namespace.path}`, '--', 'nft', '-i'], { stdio: ['pipe', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)))
  child.stdin.write(lines)
  return {
    ready: () => {
      if (errors !== '') throw new Error(errors)
      return namespace.run('nft', 'list', 'ruleset').includes('flags owner')
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}
