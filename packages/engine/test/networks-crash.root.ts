/** kill -9 of daemon and launcher at each step that has to do with the network: the next daemon leaves nothing of it, and the same container starts. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { KillableDaemon } from './support/killable.ts'

let daemon: KillableDaemon
beforeAll(async () => {
  daemon = await KillableDaemon.start()
  await daemon.request('POST', '/networks/create', { Name: 'tnet' })
})
afterAll(async () => daemon[Symbol.asyncDispose]())

const veths = () =>
  (daemon.namespace.ip('link') as { ifname: string }[]).filter(({ ifname }) => ifname.startsWith('veth'))
const rules = () => daemon.namespace.run('nft', 'list', 'ruleset')

describeWith(['root', 'ip', 'nft', 'nsenter'], 'SIGKILL in a start', () => {
  test.each([
    'network.socket',
    'network.bridge',
    'network.gateway',
    'namespaces.clone',
    'network.veth',
    'network.address',
    'process.exec',
  ])('before %s leaves no link, no rule and no address', async (step) => {
    await daemon.end('SIGTERM')
    // Each time it is made anew.
    if (/^network\.(bridge|forwarding|gateway)$/.test(step))
      daemon.namespace.run('sh', '-c', 'ip link del mini-docker0 2>&- || true')
    await daemon.boot({ killBefore: step })
    const HostConfig = { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostPort: '8080' }] } }
    const id = await daemon.create({ Cmd: ['sleep', '1000'], HostConfig })
    await daemon.request('POST', `/containers/${id}/start`).catch(() => undefined)
    await daemon.gone()
    await daemon.boot()
    expect(await daemon.state(id)).toMatchObject({ Status: expect.stringMatching(/created|exited/) })
    await eventually('no cable is left', () => Promise.resolve(veths().length === 0))
    expect(rules()).not.toContain('8080')
    expect((await daemon.request('GET', '/networks/bridge')).json.Containers).toEqual({})
    const again = await daemon.request('POST', `/containers/${id}/start`)
    expect(again.status, again.text).toBe(204)
    expect(rules()).toContain('8080')
    expect(daemon.namespace.run('ip', '-br', 'addr', 'show', 'mini-docker0')).toMatch(/UP +172\.17\.0\.1\/16/)
    await daemon.request('DELETE', `/containers/${id}?force=1`)
    await eventually('nothing is left', () => Promise.resolve(veths().length === 0 && !rules().includes('8080')))
  })
})
