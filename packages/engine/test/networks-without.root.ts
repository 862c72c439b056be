/** Daemons on machines that lack something: what still works does, what does not is refused with what to do about it. */
import { afterEach, expect, test } from 'vitest'
import { findNft } from '@mini-docker/net'
import { describeWith } from '../../../test/harness/requires.ts'
import { Containers } from './support/containers.ts'
import { KillableDaemon } from './support/killable.ts'

let daemon: KillableDaemon
const containers = new Containers(() => daemon)
afterEach(async () => daemon[Symbol.asyncDispose]())

/** One that is started by another program, which takes something from it. */
async function startThrough(...through: string[]): Promise<void> {
  daemon = new KillableDaemon()
  await daemon.boot({ through })
}

const refusal = async (method: string, path: string, body?: object) => {
  const { status, json } = await daemon.request(method, path, body)
  return `${status} ${json.message}`
}
const startOf = async (name: string, HostConfig: object) =>
  refusal('POST', `/containers/${await daemon.create({ Cmd: ['sleep', '1000'], HostConfig }, name)}/start`)

describeWith(['root', 'ip', 'nft', 'nsenter', 'unshare'], 'without nft', () => {
  test('containers have addresses and names and reach each other; a port is refused, and the log says what is missing', async () => {
    const hide = `mount --bind /dev/null ${findNft()} && exec "$@"`
    await startThrough('unshare', '--mount', 'sh', '-c', hide, 'sh')
    await using _ = await containers.network('tnet')
    const one = await containers.start('one', { HostConfig: { NetworkMode: 'tnet' } })
    await containers.start('two', { HostConfig: { NetworkMode: 'tnet' } })
    expect(await containers.ping(one, 'two')).toBe(true)
    expect(daemon.errors).toContain('nft is not installed: containers reach each other, but not the world')
    const PortBindings = { '80/tcp': [{ HostPort: '8080' }] }
    expect(await refusal('POST', '/containers/create', { Image: 'demo', HostConfig: { PortBindings } })).toBe(
      '503 published ports need nft, which is not installed (install the package nftables)',
    )
  })
})

describeWith(['root', 'ip', 'nsenter', 'setpriv'], 'without CAP_NET_ADMIN', () => {
  test('a bridge and a network of one’s own are refused, the host’s works, and nothing is left behind', async () => {
    await startThrough('setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin')
    expect(await startOf('bridged', { NetworkMode: 'bridge' })).toBe(
      '503 a bridge network needs CAP_NET_ADMIN, which this daemon does not have (use --network host)',
    )
    expect(await startOf('alone', { NetworkMode: 'none' })).toMatch(
      /network\.loopback.*EPERM.*a network of its own needs CAP_NET_ADMIN, use --network host$/,
    )
    const host = await containers.start('hosted', { HostConfig: { NetworkMode: 'host' } })
    expect(await containers.exec(host, 'cat', '/proc/net/dev')).toMatch(/ lo:/)
    expect(containers.links()).toEqual(['lo'])
  })
})

describeWith(['root', 'ip', 'nsenter', 'unshare'], 'where bridges cannot be made', () => {
  test('the start is refused with what to do, and the addresses are free again', async () => {
    // Root in a user namespace of its own has the capability, but not over this network namespace.
    daemon = await KillableDaemon.start()
    // Made beforehand: files of other users cannot be made there.
    await daemon.request('POST', '/x/images/demo')
    await daemon.end('SIGTERM')
    await daemon.boot({ through: ['unshare', '--user', '--map-root-user'] })
    expect(await startOf('bridged', { NetworkMode: 'bridge' })).toBe(
      '503 this daemon may not change the network it is in, so no bridges can be made (use --network none or --network host, or give the daemon CAP_NET_ADMIN over its network namespace)',
    )
    expect((await daemon.request('GET', '/networks/bridge')).json.Containers).toEqual({})
    expect(containers.links()).toEqual(['lo'])
  })
})
