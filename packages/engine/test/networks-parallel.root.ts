/** Networks under abuse: many requests at once on running containers, and a daemon that is killed while names are asked for and ports are used. */
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'
import { KillableDaemon } from './support/killable.ts'
import { checkApi, checkKernel, emptyOut } from './support/network-checks.ts'
import { NetworkModel } from './support/network-model.ts'

const execute = promisify(execFile)

/** Each starts daemons and waits for them; on a busy machine that takes seconds. */
vi.setConfig({ testTimeout: 240_000 })

describeWith(['root', 'ip', 'nft', 'nsenter', 'dig', 'curl'], 'fifty requests at once', () => {
  test('connect and disconnect running containers; each is answered as if it were alone, and nothing is left', async () => {
    await using daemon = await KillableDaemon.start()
    const model = new NetworkModel()
    const networks = Array.from({ length: 10 }, (_, i) => `net${i}`)
    const containers = Array.from({ length: 5 }, (_, i) => `box${i}`)
    const made = await Promise.all(networks.map((Name) => daemon.request('POST', '/networks/create', { Name })))
    expect(made.map(({ status }) => status)).toEqual(networks.map(() => 201))
    for (const name of networks) model.createNetwork(name)
    await Promise.all(containers.map((name) => running(daemon, name)))
    for (const name of containers) {
      model.createContainer(name, 'bridge', undefined, undefined)
      model.start(name)
    }
    const pairs = containers.flatMap((name) => networks.map((network) => ({ name, network })))
    for (const word of ['connect', 'disconnect', 'connect'] as const) {
      const answers = await Promise.all(
        pairs.map(({ name, network }) => daemon.request('POST', `/networks/${network}/${word}`, { Container: name })),
      )
      expect(answers.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([])
      for (const { name, network } of pairs) model[word](name, network, undefined)
      await checkApi(model, daemon)
      await checkKernel(model, daemon)
    }
    // All at once: ends, removals of networks that are in use or not any more, and connects to networks that are on their way out.
    const ends = containers.map((name) => daemon.request('DELETE', `/containers/${name}?force=1`))
    const removals = networks.map((name) => daemon.request('DELETE', `/networks/${name}`))
    for (const { status, text } of await Promise.all(ends)) expect(status, text).toBe(204)
    for (const { status, text } of await Promise.all(removals)) expect([204, 403], text).toContain(status)
    await emptyOut(daemon)
  })

  test('a network that is removed while others connect to it is gone or in use, never half', async () => {
    await using daemon = await KillableDaemon.start()
    await Promise.all(['box0', 'box1', 'box2'].map((name) => running(daemon, name)))
    for (let round = 0; round < 4; round += 1) {
      await daemon.request('POST', '/networks/create', { Name: 'town' })
      const connects = ['box0', 'box1', 'box2'].map((Container) =>
        daemon.request('POST', '/networks/town/connect', { Container }),
      )
      const removal = daemon.request('DELETE', '/networks/town')
      const connected = (await Promise.all(connects)).map(({ status }) => status)
      const { status } = await removal
      expect(
        connected.every((one) => one === (status === 204 ? 404 : 200)),
        `${status}: ${connected.join(' ')}`,
      ).toBe(true)
      if (status === 204) continue
      expect(status).toBe(403)
      for (const Container of ['box0', 'box1', 'box2'])
        expect((await daemon.request('POST', '/networks/town/disconnect', { Container })).status).toBe(200)
      expect((await daemon.request('DELETE', '/networks/town')).status).toBe(204)
    }
    await emptyOut(daemon)
  })
})

describeWith(['root', 'ip', 'nft', 'nsenter', 'dig', 'curl'], 'a daemon that is killed and comes back', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)(
    '%s: addresses and ports are as they were at every moment, and names are answered again when it answers',
    async (signal) => {
      await using daemon = await KillableDaemon.start()
      await daemon.request('POST', '/networks/create', { Name: 'town', IPAM: { Config: [{ Subnet: '10.20.0.0/16' }] } })
      const serve = ['sh', '-c', 'mkdir /www; printf hello > /www/index.html; exec busybox httpd -f -p 80 -h /www']
      await running(daemon, 'web', { Cmd: serve, HostConfig: { NetworkMode: 'town', PortBindings: PORT } })
      await running(daemon, 'asks', { HostConfig: { NetworkMode: 'town' } })
      const settings = async () => (await daemon.request('GET', '/containers/web/json')).json.NetworkSettings
      const before = await settings()
      const { Pid } = await daemon.state('asks')
      const inside = (...words: string[]) => execute('nsenter', [`--net=/proc/${Pid}/ns/net`, '--', ...words])
      const asked = async () =>
        (await inside('dig', '+short', '+time=1', '+tries=1', '@127.0.0.11', 'web')).stdout.trim() === '10.20.0.2'
      const fetched = async () =>
        (await daemon.namespace.start('curl', '-sS', '-m', '3', 'http://127.0.0.1:8080/')) === 'hello'
      expect([await asked(), await fetched()]).toEqual([true, true])
      const watching = watch({ names: asked, port: fetched })
      await daemon.end(signal)
      const down = performance.now()
      await daemon.boot()
      const up = performance.now()
      await sleep(300)
      const seen = await watching.stop()
      expect(await settings()).toEqual(before)
      expect(seen.port.failed, 'the port was gone at a moment').toEqual([])
      // From the moment on that the new daemon answers at all; what it takes to start is the machine's matter.
      const lastFailure = Math.max(0, ...seen.names.failed)
      expect(lastFailure - up, `down at ${down}, up at ${up}`).toBeLessThan(1000)
      expect(await asked()).toBe(true)
    },
  )
})

const PORT = { '80/tcp': [{ HostPort: '8080' }] }

async function running(daemon: KillableDaemon, name: string, body: object = {}): Promise<void> {
  const id = await daemon.create({ Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'bridge' }, ...body }, name)
  const { status, text } = await daemon.request('POST', `/containers/${id}/start`)
  if (status !== 204) throw new Error(text)
}

/** Tries again and again until it is stopped; when each began that failed, as performance.now() tells. */
function watch<K extends string>(probes: Record<K, () => Promise<boolean>>) {
  const stopping = new AbortController()
  const names = Object.keys(probes) as K[]
  const results = Object.fromEntries(names.map((name) => [name, { tries: 0, failed: [] as number[] }])) as Record<
    K,
    { tries: number; failed: number[] }
  >
  const loops = names.map(async (name) => {
    while (!stopping.signal.aborted) {
      const began = performance.now()
      results[name].tries += 1
      if (!(await probes[name]().catch(() => false))) results[name].failed.push(began)
      await sleep(10)
    }
  })
  return {
    async stop() {
      stopping.abort()
      await Promise.all(loops)
      return results
    },
  }
}
