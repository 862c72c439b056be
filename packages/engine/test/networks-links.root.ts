/** `--link` between containers that run: names, variables, and what is left when one of them goes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'
import { Containers } from './support/containers.ts'
import { KillableDaemon } from './support/killable.ts'

let daemon: KillableDaemon
const containers = new Containers(() => daemon)
beforeAll(async () => {
  daemon = await KillableDaemon.start()
})
afterAll(async () => daemon[Symbol.asyncDispose]())

describeWith(['root', 'ip', 'nft', 'nsenter'], 'a link', () => {
  test('on the default network: the other’s name in /etc/hosts, its port in the environment, also of exec; taken away while both run', async () => {
    const db = await containers.start('db', {
      Env: ['PASSWORD=secret'],
      ExposedPorts: { '5432/tcp': {} },
      HostConfig: { NetworkMode: 'bridge' },
    })
    const { IPAddress } = await containers.settings(db)
    const web = await containers.start('web', {
      Cmd: ['sh', '-c', 'env > /env; exec sleep 1000'],
      Env: ['STORE_ENV_PASSWORD=mine'],
      HostConfig: { NetworkMode: 'bridge', Links: ['db:store'] },
    })
    for (const environment of [await containers.exec(web, 'cat', '/env'), await containers.exec(web, 'env')]) {
      expect(environment).toContain(`STORE_PORT_5432_TCP=tcp://${IPAddress}:5432\n`)
      expect(environment).toContain('STORE_NAME=/web/store\n')
      // One's own comes after.
      expect(environment).toContain('STORE_ENV_PASSWORD=mine\n')
    }
    expect(await containers.exec(web, 'cat', '/etc/hosts')).toContain(`${IPAddress}\tstore ${db.slice(0, 12)} db\n`)
    expect(await containers.ping(web, 'store')).toBe(true)
    expect((await daemon.request('DELETE', '/containers/web/store?link=1')).status).toBe(204)
    expect(await containers.exec(web, 'cat', '/etc/hosts')).not.toContain('store')
    expect(await containers.exec(web, 'env')).not.toContain('STORE_NAME')
    await containers.remove(db, web)
  })

  test('to a container that does not run is an error of the start; to one that was removed is none any more', async () => {
    const db = await daemon.create({ Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'bridge' } }, 'db')
    const HostConfig = { NetworkMode: 'bridge', Links: ['db'] }
    const web = await daemon.create({ Cmd: ['sleep', '1000'], HostConfig }, 'web')
    const refused = await daemon.request('POST', `/containers/${web}/start`)
    expect([refused.status, refused.json.message]).toEqual([409, 'Cannot link to a non running container: /db AS db'])
    expect(containers.links().filter((name) => name.startsWith('veth'))).toEqual([])
    await containers.remove(db)
    expect((await daemon.request('POST', `/containers/${web}/start`)).status).toBe(204)
    await containers.remove(web)
  })

  test('on a user network to one that was removed does not keep its holder from joining others and from starting again', async () => {
    await using _ = await containers.network('tnet')
    await using _other = await containers.network('other')
    const db = await containers.start('db', { HostConfig: { NetworkMode: 'tnet' } })
    const web = await containers.start('web', {
      HostConfig: { NetworkMode: 'tnet' },
      NetworkingConfig: { EndpointsConfig: { tnet: { Links: ['db:store'] } } },
    })
    expect(await containers.ping(web, 'store')).toBe(true)
    await containers.remove(db)
    const joined = await daemon.request('POST', '/networks/other/connect', { Container: web })
    expect(joined.status, joined.text).toBe(200)
    expect((await daemon.request('POST', `/containers/${web}/restart?t=0`)).status).toBe(204)
    await daemon.end('SIGKILL')
    await daemon.boot()
    expect(await containers.exec(web, 'busybox', 'nslookup', 'web')).toContain('web')
    expect(daemon.errors).not.toContain('are not back')
    await containers.remove(web)
  })
})
