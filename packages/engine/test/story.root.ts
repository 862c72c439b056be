/** Starts told step by step, on the real kernel: every command at every step, and nothing is left behind. */
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { readFacts } from '@mini-docker/facts'
import type { Facts } from '@mini-docker/story'
import { cgroupsOf, isAlive, KillableDaemon } from './support/killable.ts'
import { begin, StoryClient } from './support/story.ts'

let daemon: KillableDaemon
beforeAll(async () => {
  daemon = await KillableDaemon.start()
})
afterAll(async () => daemon[Symbol.asyncDispose]())

const SLEEP = { Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'bridge', Memory: 64 * 1024 * 1024 } }

function veths(): string[] {
  return (daemon.namespace.ip('link') as { ifname: string }[])
    .map(({ ifname }) => ifname)
    .filter((name) => name.startsWith('veth'))
}

/** Nothing of a start that was not finished: no process, group, link, address or entry. */
async function nothingLeft(id: string): Promise<void> {
  await eventually('nothing is left', async () => {
    expect(cgroupsOf(id)).toEqual([])
    expect(veths()).toEqual([])
    expect(daemon.leftovers().journal).not.toContain(`${id}.json`)
    expect((await daemon.request('GET', '/networks/bridge')).json.Containers).toEqual({})
    return true
  })
}

async function remove(id: string): Promise<void> {
  const { status, text } = await daemon.request('DELETE', `/containers/${id}?force=1`)
  expect(status, text).toBe(204)
}

describeWith(['root', 'ip', 'nft', 'nsenter'], 'a story', () => {
  test('next, step by step: each call is told, the facts are what the kernel says, and the tear-down follows', async () => {
    const id = await daemon.create(SLEEP)
    const { story, started } = await begin(daemon, id)
    await story.waiting(1)
    const { steps, attempt } = story.plan
    expect(attempt).toBe(1)
    expect(story.events[0]).toMatchObject({ type: 'head', version: 1, container: { id, image: 'demo' } })
    for (let index = 0; index < steps.length; index++) {
      const at = await story.waiting(index + 1)
      expect(at.index).toBe(index)
      expect((await daemon.request('GET', `/containers/${id}/json`)).json.State).toMatchObject({
        Status: 'created',
        HalfMade: { Step: steps[index]?.id, Index: index, Waiting: true },
      })
      story.send('next')
    }
    expect((await started).status).toBe(204)
    const { pid } = await story.heard('started')
    await eventually('the facts of the command', () => story.all('facts').some(({ index }) => index === steps.length))
    expect(story.all('step').map(({ index }) => index)).toEqual(steps.map((_, index) => index))
    const withCalls = steps.flatMap(({ calls }, index) => (calls.length > 0 ? [index] : []))
    for (const index of withCalls)
      expect(story.all('call').filter((call) => call.index === index).length, steps[index]?.id).toBeGreaterThan(0)
    const told = story.all('facts').reduce<Facts>((known, { sections }) => ({ ...known, ...sections }), {})
    const seen = readFacts(pid)
    for (const section of ['namespaces', 'root', 'capabilities', 'limits', 'idmap'] as const)
      expect(told[section]?.rows.map(withoutReader), section).toEqual(seen[section]?.rows.map(withoutReader))
    expect(told.mounts?.rows.length).toBe(seen.mounts?.rows.length)
    expect((await daemon.state(id)).Pid).toBe(pid)
    // What the launcher works with is not told as the container's.
    const open = story.all('facts').flatMap(({ sections }) => sections.fds?.rows ?? [])
    // The daemon may have inherited something from whoever started the tests, and the launcher from it.
    const inherited = readdirSync(`/proc/${daemon.pid}/fd`)
    expect(open.filter(([fd]) => Number(fd) > 2 && !inherited.includes(fd))).toEqual([])
    expect(told.fds?.rows.map(([fd]) => fd)).toEqual(['0', '1', '2'])

    expect((await daemon.request('POST', `/containers/${id}/kill`)).status).toBe(204)
    const exit = await story.heard('exit')
    expect(exit).toMatchObject({ exitCode: 137 })
    await story.ended
    const teardown = (await story.heard('teardown')).steps.map((step) => step.id)
    expect(teardown).toEqual(['cgroup.remove', 'network.withdraw'])
    const calls = story.all('call').filter(({ phase }) => phase === 'teardown')
    expect(calls.filter(({ index }) => index === 0).map(({ text }) => text)).toContainEqual(expect.stringContaining(id))
    const removals = calls.filter(({ text }) => text.includes(`mini-docker/${id}`))
    expect(removals.map(({ text }) => text)).toEqual([...new Set(removals.map(({ text }) => text))])
    expect(calls.filter(({ error }) => error === 'ENOENT')).toEqual([])
    expect(calls.filter(({ index }) => index === 1).length).toBeGreaterThan(0)
    const last = story.all('facts').filter(({ phase }) => phase === 'teardown')
    expect(last[0]?.sections.cgroup?.rows.length).toBeGreaterThan(0)
    expect(last.findLast(({ sections }) => sections.cgroup !== undefined)?.sections.cgroup?.rows).toEqual([])
    const times = story.events.map(({ t }) => t)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    await nothingLeft(id)
    await remove(id)
  })

  test('abort at every step takes everything back, and the container can be started afterwards', async () => {
    const id = await daemon.create(SLEEP)
    const { story: first } = await begin(daemon, id, 'step=1')
    await first.waiting(1)
    const count = first.plan.steps.length
    first.send('abort')
    await first.heard('exit')
    for (let stop = 1; stop < count; stop++) {
      const { story, started } = await begin(daemon, id, 'step=1')
      for (let i = 0; i < stop; i++) story.send('next')
      expect((await story.waiting(stop + 1)).index).toBe(stop)
      story.send('abort')
      expect(await story.heard('exit')).toMatchObject({ exitCode: 125, error: expect.stringContaining('given up') })
      expect(story.all('undone')).toMatchObject([{ reason: 'abort' }])
      expect(await started).toMatchObject({ status: 409 })
      expect(cgroupsOf(id), `after ${story.plan.steps[stop]?.id}`).toEqual([])
    }
    await nothingLeft(id)
    expect((await daemon.request('POST', `/containers/${id}/start`)).status).toBe(204)
    await remove(id)
  })

  test('back at every step undoes all, comes to the step before, and the container runs in the end', async () => {
    const id = await daemon.create(SLEEP)
    const { story, started } = await begin(daemon, id, 'step=1')
    await story.waiting(1)
    story.send('back')
    expect((await story.waiting(2)).index).toBe(0)
    let waits = 2
    const count = story.plan.steps.length
    for (let index = 1; index < count; index++) {
      story.send('next')
      expect((await story.waiting(++waits)).index).toBe(index)
      story.send('back')
      expect((await story.waiting(++waits)).index).toBe(index - 1)
      story.send('next')
      expect((await story.waiting(++waits)).index).toBe(index)
    }
    expect(story.all('undone').every(({ reason }) => reason === 'back')).toBe(true)
    expect(story.plan.attempt).toBe(count)
    expect(story.all('undo').some(({ text }) => text.includes('unlinkat'))).toBe(true)
    story.send('continue')
    expect((await started).status).toBe(204)
    await remove(id)
    expect(await story.heard('exit')).toMatchObject({ exitCode: 137 })
    await nothingLeft(id)
  })

  test('stage goes to where the next stage begins', async () => {
    const id = await daemon.create(SLEEP)
    const { story, started } = await begin(daemon, id, 'step=1')
    const { index } = await story.waiting(1)
    const { steps } = story.plan
    story.send('stage')
    const next = await story.waiting(2)
    expect(steps[next.index]?.stage).not.toBe(steps[index]?.stage)
    expect(steps.slice(index, next.index).every(({ stage }) => stage === steps[index]?.stage)).toBe(true)
    story.send('abort')
    expect((await started).status).toBe(409)
    await remove(id)
  })

  test('without stepping nobody waits', async () => {
    const id = await daemon.create({ Cmd: ['true'], HostConfig: { AutoRemove: true } })
    const { story, started } = await begin(daemon, id, 'facts=1')
    expect((await started).status).toBe(204)
    expect(await story.heard('exit')).toMatchObject({ exitCode: 0 })
    expect(story.all('waiting')).toEqual([])
    expect((await story.heard('teardown')).steps.at(-1)?.id).toBe('container.remove')
    expect((await daemon.request('GET', `/containers/${id}/json`)).status).toBe(404)
  })

  test('a command that is not there fails as without a story, and the story tells it', async () => {
    const id = await daemon.create({ Cmd: ['no-such-program'] })
    const { story, started } = await begin(daemon, id, 'facts=1')
    expect(await started).toMatchObject({ status: 400, text: expect.stringContaining('executable file not found') })
    expect(await story.heard('exit')).toMatchObject({ exitCode: 125 })
    expect(story.all('undone')).toMatchObject([{ reason: 'failed' }])
    expect(story.all('call').at(-1)).toMatchObject({ failed: true, error: 'ENOENT' })
    await nothingLeft(id)
    await remove(id)
  })
})

describeWith(['root', 'ip', 'nft', 'nsenter'], 'a half-made container', () => {
  /** Stepped up to the step with this id. */
  async function steppedTo(step: string, body: object = SLEEP, query = 'step=1') {
    const id = await daemon.create(body)
    const { story, started } = await begin(daemon, id, query)
    await story.waiting(1)
    const stop = story.plan.steps.findIndex((one) => one.id === step)
    expect(stop, step).toBeGreaterThan(0)
    for (let i = 0; i < stop; i++) story.send('next')
    await story.waiting(stop + 1)
    return { id, story, started }
  }
  async function exec(id: string, Cmd: string[]): Promise<string> {
    const made = await daemon.request('POST', `/containers/${id}/exec`, { Cmd, AttachStdout: true, AttachStderr: true })
    if (made.status !== 201) throw new Error(`${made.status} ${made.text}`)
    const attached = await daemon.hijack(`/exec/${made.json.Id}/start`, '{}')
    await attached.ended
    return attached.frames[1] + attached.frames[2]
  }

  test('has no shell before it has a process, then one in what there is of it', async () => {
    const { id, story, started } = await steppedTo('namespaces.clone')
    await expect(exec(id, ['true'])).rejects.toThrow(/^409 .*half-made and has no process yet/)
    const { steps } = story.plan
    let waits = story.all('waiting').length
    const go = async (step: string): Promise<void> => {
      const stop = steps.findIndex((one) => one.id === step)
      for (let i = story.all('waiting').at(-1)?.index ?? 0; i < stop; i++) {
        story.send('next')
        await story.waiting(++waits)
      }
    }
    await go('rootfs.pivot')
    // The host's root, in the container's mount namespace.
    expect(await exec(id, ['/bin/sh', '-c', `test -d ${daemon.dir} && echo host`])).toBe('host\n')
    await go('uts.hostname')
    expect(await exec(id, ['/bin/sh', '-c', `test -d ${daemon.dir} || echo image; hostname`])).not.toContain(
      id.slice(0, 12),
    )
    await go('network.loopback')
    expect(await exec(id, ['/bin/sh', '-c', `test -d ${daemon.dir} || echo image; hostname`])).toBe(
      `image\n${id.slice(0, 12)}\n`,
    )
    // One that is left running goes with the half-made container.
    const made = await daemon.request('POST', `/containers/${id}/exec`, { Cmd: ['sleep', '1000'] })
    await daemon.request('POST', `/exec/${made.json.Id}/start`, { Detach: true })
    const { Pid } = (await daemon.request('GET', `/exec/${made.json.Id}/json`)).json as { Pid: number }
    expect(isAlive(Pid)).toBe(true)
    story.send('abort')
    expect((await started).status).toBe(409)
    expect(isAlive(Pid)).toBe(false)
    await nothingLeft(id)
    await remove(id)
  })

  test('whose client is killed is taken back', async () => {
    const { id, story, started } = await steppedTo('security.masked-paths')
    story.cut()
    expect(await started).toMatchObject({
      status: 409,
      text: expect.stringMatching(/the client (is gone|says nothing more)/),
    })
    await nothingLeft(id)
    await remove(id)
  })

  test('that is killed from outside fails at once, and is taken back', async () => {
    const { id, story, started } = await steppedTo('security.masked-paths')
    const { HalfMade } = (await daemon.request('GET', `/containers/${id}/json`)).json.State
    process.kill(HalfMade.Pid, 'SIGKILL')
    expect((await started).status).toBeGreaterThanOrEqual(400)
    expect(await story.heard('exit')).toMatchObject({ exitCode: 125 })
    expect(story.all('undone')).toMatchObject([{ reason: 'failed' }])
    await nothingLeft(id)
    await remove(id)
  })

  test.each([
    ['stop', 204],
    ['kill', 204],
    ['rm', 204],
  ])('%s takes it back', async (how, expected) => {
    const { id, story, started } = await steppedTo('security.masked-paths')
    const answer =
      how === 'rm'
        ? await daemon.request('DELETE', `/containers/${id}`)
        : await daemon.request('POST', `/containers/${id}/${how}`)
    expect(answer.status, answer.text).toBe(expected)
    expect((await started).status).toBe(409)
    expect(await story.heard('exit')).toMatchObject({ exitCode: 125 })
    await nothingLeft(id)
    if (how !== 'rm') await remove(id)
  })

  test('restart takes it back, and makes it anew without anybody who steps', async () => {
    const { id, story, started } = await steppedTo('security.masked-paths')
    const answer = await daemon.request('POST', `/containers/${id}/restart`)
    expect(answer.status, answer.text).toBe(204)
    expect(await started).toMatchObject({ status: 409, text: expect.stringContaining('the container was restarted') })
    expect(story.all('undone')).toMatchObject([{ reason: 'abort' }])
    expect(await story.heard('exit')).toMatchObject({ exitCode: 125 })
    expect(await daemon.state(id)).toMatchObject({ Status: 'running', ExitCode: 0 })
    await remove(id)
    await nothingLeft(id)
  })

  test('holds nobody up, and has one client only', async () => {
    const { id, story, started } = await steppedTo('rootfs.pivot')
    const second = await daemon.hijack(`/x/containers/${id}/story?step=1`)
    expect(second.head).toContain('409')
    expect((await daemon.run({ Cmd: ['echo', 'others run'] }))[1]).toBe('others run\n')
    story.send('abort')
    await started
    await remove(id)
  })

  test('says no to what is no command, and to a story of one that runs', async () => {
    const { id, story, started } = await steppedTo('rootfs.pivot')
    story.write('{"do":"fly"}\n')
    expect(await started).toMatchObject({ status: 409, text: expect.stringContaining('not a command') })
    expect((await daemon.request('POST', `/containers/${id}/start`)).status).toBe(204)
    await expect(StoryClient.open(daemon, id)).rejects.toThrow('409')
    await remove(id)
    await expect(StoryClient.open(daemon, 'nobody')).rejects.toThrow('404')
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)('is gone when the daemon is ended by %s', async (signal) => {
    const { id, started } = await steppedTo('security.masked-paths')
    const answer = started.then(
      ({ status }) => status,
      () => 0,
    )
    await daemon.end(signal)
    await answer
    await daemon.boot()
    expect(await daemon.state(id)).toMatchObject({ Status: expect.stringMatching(/created|exited/) })
    await nothingLeft(id)
    expect((await daemon.request('POST', `/containers/${id}/start`)).status).toBe(204)
    await remove(id)
  })
})

describe('faults by the API', () => {
  test('are listed, and refused for who does not say that they know', async () => {
    const { json } = await daemon.request('GET', '/x/faults')
    expect(json.Faults.length).toBeGreaterThan(5)
    const id = await daemon.create(SLEEP)
    for (const [query, words] of [
      ['break=chroot', 'refused without iKnow=1'],
      ['without=uts.hostname', 'refused without iKnow=1'],
      ['break=mounts-shared&iKnow=1', 'would appear on the host'],
      ['break=nothing&iKnow=1', 'no such fault'],
    ] as const)
      await expect(StoryClient.open(daemon, id, query)).rejects.toThrow(words)
    await remove(id)
  })
})

/** The reader's own namespaces and pid are not the daemon's. */
function withoutReader([key, value]: [string, string]): [string, string] {
  return [key, value.replace(/ \(the host's\)/, '')]
}
