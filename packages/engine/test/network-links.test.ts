/** What `--link` tells of the other container: docker's variables. And the hardware address of old clients. No kernel needed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linkVariables } from '../src/networks/links.ts'
import { TestDaemon } from './support/daemon.ts'

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await TestDaemon.start()
  await daemon.image('test', { Cmd: ['true'] })
})
afterAll(async () => daemon[Symbol.asyncDispose]())

describe('the variables of a link', () => {
  const variables = (ExposedPorts: string[], Env: string[] = []) =>
    linkVariables('/web/my-db', 'my-db', '172.17.0.5', {
      ExposedPorts: Object.fromEntries(ExposedPorts.map((port) => [port, {}])),
      Env,
    })
  test('name each port, the first one besides; tcp comes first', () => {
    expect(variables(['53/udp', '6379/tcp'])).toEqual([
      'MY_DB_PORT=tcp://172.17.0.5:6379',
      'MY_DB_PORT_6379_TCP=tcp://172.17.0.5:6379',
      'MY_DB_PORT_6379_TCP_ADDR=172.17.0.5',
      'MY_DB_PORT_6379_TCP_PORT=6379',
      'MY_DB_PORT_6379_TCP_PROTO=tcp',
      'MY_DB_PORT_53_UDP=udp://172.17.0.5:53',
      'MY_DB_PORT_53_UDP_ADDR=172.17.0.5',
      'MY_DB_PORT_53_UDP_PORT=53',
      'MY_DB_PORT_53_UDP_PROTO=udp',
      'MY_DB_NAME=/web/my-db',
    ])
  })
  test('name a range by its ends', () => {
    const found = variables(['9002/tcp', '9000/tcp', '9001/tcp', '9001/udp'])
    expect(found).toContain('MY_DB_PORT_9000_TCP_START=tcp://172.17.0.5:9000')
    expect(found).toContain('MY_DB_PORT_9000_TCP_PORT_START=9000')
    expect(found).toContain('MY_DB_PORT_9000_TCP_END=tcp://172.17.0.5:9002')
    expect(found).toContain('MY_DB_PORT_9000_TCP_PORT_END=9002')
    expect(found.filter((entry) => entry.includes('_START'))).toHaveLength(2)
  })
  test('have the other’s environment, but for HOME and PATH', () => {
    expect(variables([], ['PATH=/bin', 'HOME=/', 'PASSWORD=a=b', 'bare'])).toEqual([
      'MY_DB_NAME=/web/my-db',
      'MY_DB_ENV_PASSWORD=a=b',
    ])
  })
})

describe('a link', () => {
  const create = (name: string, body: object) =>
    daemon.request('POST', `/containers/create?name=${name}`, { Image: 'test', ...body })
  const linksOf = async (name: string) =>
    (await daemon.request('GET', `/containers/${name}/json`)).json.HostConfig.Links as string[] | null

  test('leads to a container that is there, follows its new name, and goes with it', async () => {
    expect((await create('web', { HostConfig: { Links: ['nobody'] } })).json.message).toBe(
      'could not get container for nobody: No such container: nobody',
    )
    await create('db', {})
    await create('web', { HostConfig: { Links: ['db:store', 'db'] } })
    expect(await linksOf('web')).toEqual(['/db:/web/store', '/db:/web/db'])
    await daemon.request('POST', '/containers/db/rename?name=base')
    expect(await linksOf('web')).toEqual(['/base:/web/store', '/base:/web/db'])
    const refused = await daemon.request('DELETE', '/containers/web?link=1')
    expect([refused.status, refused.json.message]).toEqual([
      500,
      'Conflict, cannot remove the default link name of the container',
    ])
    expect((await daemon.request('DELETE', '/containers/web/nosuch?link=1')).status).toBe(404)
    expect((await daemon.request('DELETE', '/containers/web/db?link=1')).status).toBe(204)
    expect(await linksOf('web')).toEqual(['/base:/web/store'])
    await daemon.request('DELETE', '/containers/base')
    expect(await linksOf('web')).toBeNull()
  })
})

describe('the hardware address of a container as a whole', () => {
  const mac = '02:42:00:00:00:99'
  const create = async (version: string, body: object) => {
    const { status, json } = await daemon.request('POST', `/${version}/containers/create`, {
      Image: 'test',
      HostConfig: { NetworkMode: 'bridge' },
      ...body,
    })
    if (status !== 201) return `${status} ${json.message}`
    const inspect = async (path: string) => (await daemon.request('GET', `${path}/containers/${json.Id}/json`)).json
    const [now, old] = [await inspect(''), await inspect('/v1.43')]
    return {
      warnings: json.Warnings as string[],
      endpoint: now.NetworkSettings.Networks.bridge.MacAddress as string,
      config: [now.Config.MacAddress, old.Config.MacAddress] as (string | undefined)[],
    }
  }
  const at = (MacAddress: string) => ({ NetworkingConfig: { EndpointsConfig: { bridge: { MacAddress } } } })

  test('of a client before 1.44 becomes that of the endpoint, where its inspect shows it', async () => {
    expect(await create('v1.43', { MacAddress: mac })).toEqual({
      warnings: [],
      endpoint: mac,
      config: [undefined, mac],
    })
    expect(await create('v1.43', at(mac))).toEqual({ warnings: [], endpoint: '', config: [undefined, undefined] })
  })
  test('of a newer client is taken with a warning, and refused where it says something else than the endpoint', async () => {
    expect(await create('v1.44', { MacAddress: mac })).toMatchObject({
      warnings: [expect.stringContaining('deprecated')],
      endpoint: mac,
    })
    expect(await create('v1.44', { MacAddress: mac, ...at('02:42:00:00:00:01') })).toMatch(
      /^400 the container-wide MAC address must match/,
    )
    expect(await create('v1.43', { MacAddress: 'x' })).toMatch(/^400 address x: invalid MAC address/)
    expect(await create('v1.43', { MacAddress: mac, HostConfig: { NetworkMode: 'host' } })).toBe(
      '400 conflicting options: mac-address and the network mode',
    )
  })
})
