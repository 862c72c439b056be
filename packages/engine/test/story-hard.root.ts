/** Stories of clients that do not read, and of starts with all that a container can have: nothing is left of any of them. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { assertNothingLeft, snapshot, type KernelState } from '../../../test/harness/kernel-state.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { cgroupsOf, KillableDaemon } from './support/killable.ts'
import { begin } from './support/story.ts'

vi.setConfig({ testTimeout: 120_000 })

const NEEDS = ['root', 'ip', 'nft', 'nsenter']
const SLEEP = { Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'bridge', Memory: 64 * 1024 * 1024 } }

let daemon: KillableDaemon
let before: KernelState
beforeAll(async () => {
  daemon = await KillableDaemon.start()
})
afterAll(async () => daemon[Symbol.asyncDispose]())
beforeEach(() => {
  before = snapshot()
})
afterEach(async () => {
  await assertNothingLeft(before, daemon.pid)
})

/** In the daemon's own network namespace, which the harness does not look into. */
async function noCables(): Promise<void> {
  await eventually('no veth is left', () => {
    const links = daemon.namespace.ip('link') as { ifname: string }[]
    expect(links.filter(({ ifname }) => ifname.startsWith('veth'))).toEqual([])
    return true
  })
}

async function remove(id: string): Promise<void> {
  const { status, text } = await daemon.request('DELETE', `/containers/${id}?force=1&v=1`)
  expect(status, text).toBe(204)
}

async function steppedTo(step: string, body: object) {
  const id = await daemon.create(body)
  const { story, started } = await begin(daemon, id, 'step=1&facts=1')
  await story.waiting(1)
  const stop = story.plan.steps.findIndex((one) => one.id === step)
  expect(stop, step).toBeGreaterThan(0)
  for (let i = 0; i < stop; i++) story.send('next')
  await story.waiting(stop + 1)
  return { id, story, started }
}

describeWith(NEEDS, 'a client that does not read', () => {
  test('is cut off when too much waits for it, and the half-made container is taken back', async () => {
    const { id, story, started } = await steppedTo('rootfs.pivot', SLEEP)
    story.deafen()
    let answer: { status: number; text: string } | undefined
    void started.then((one) => (answer = one))
    // Back and forth, each time with the plan and all the facts; never so many commands ahead that this would be the reason.
    await eventually(
      'the client is cut off',
      async () => {
        const { HalfMade } = (await daemon.request('GET', `/containers/${id}/json`)).json.State
        if (HalfMade?.Waiting === true) story.send(HalfMade.Index > 0 ? 'back' : 'next')
        return answer !== undefined
      },
      { timeoutMs: 100_000, everyMs: 1 },
    )
    expect(answer).toMatchObject({ status: 409, text: expect.stringContaining('the client is gone') })
    await noCables()
    expect(cgroupsOf(id)).toEqual([])
    await remove(id)
  })

  test('is not waited for when the daemon ends', async () => {
    const { id, story, started } = await steppedTo('security.masked-paths', SLEEP)
    story.deafen()
    started.catch(() => {})
    await daemon.end('SIGTERM')
    await daemon.boot()
    await noCables()
    expect(cgroupsOf(id)).toEqual([])
    await remove(id)
  })

  test('does not hold the start up', async () => {
    const id = await daemon.create(SLEEP)
    const { story, started } = await begin(daemon, id, 'step=1&facts=1')
    await story.waiting(1)
    story.deafen()
    story.send('continue')
    expect((await started).status).toBe(204)
    await remove(id)
    await noCables()
  })
})

describeWith(NEEDS, 'a start with a terminal, an init, a volume, a published port and a user network', () => {
  test('is stepped through with facts, given up in the middle, and leaves nothing; then it runs', async () => {
    expect((await daemon.request('POST', '/networks/create', { Name: 'town' })).status).toBe(201)
    const port = { HostIp: '127.0.0.1', HostPort: '18080' }
    const body = {
      Cmd: ['sleep', '1000'],
      Tty: true,
      OpenStdin: true,
      ExposedPorts: { '80/tcp': {} },
      HostConfig: {
        NetworkMode: 'town',
        Init: true,
        Mounts: [{ Type: 'volume', Source: 'goods', Target: '/goods' }],
        PortBindings: { '80/tcp': [port] },
        Memory: 64 * 1024 * 1024,
      },
    }
    const { id, story, started } = await steppedTo('security.masked-paths', body)
    const mounts = story.all('facts').flatMap(({ sections }) => sections.mounts?.rows ?? [])
    expect(mounts.map(([place]) => place)).toContain('/goods')
    story.send('abort')
    expect(await started).toMatchObject({ status: 409 })
    expect(story.all('undone')).toMatchObject([{ reason: 'abort' }])
    await noCables()
    expect(cgroupsOf(id)).toEqual([])
    await assertNothingLeft(before, daemon.pid)
    const { json: town } = await daemon.request('GET', '/networks/town')
    expect(town.Containers).toEqual({})

    const again = await begin(daemon, id, 'step=1&facts=1')
    await again.story.waiting(1)
    again.story.send('continue')
    expect((await again.started).status).toBe(204)
    expect((await daemon.request('GET', `/containers/${id}/json`)).json.NetworkSettings.Ports).toEqual({
      '80/tcp': [port],
    })
    await remove(id)
    expect(await again.story.heard('exit')).toMatchObject({ exitCode: 137 })
    expect((await again.story.heard('teardown')).steps.map((step) => step.id)).toContain('volume.unmount')
    await noCables()
    expect((await daemon.request('DELETE', '/networks/town')).status).toBe(204)
    expect((await daemon.request('DELETE', '/volumes/goods')).status).toBe(204)
  })
})
