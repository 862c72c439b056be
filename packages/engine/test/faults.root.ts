/** Each fault of the table in a real container: one sees what its words say. And the host is as it was. */
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { FAULTS } from '@mini-docker/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'
import { cgroupsOf, KillableDaemon } from './support/killable.ts'
import { begin } from './support/story.ts'

let daemon: KillableDaemon
beforeAll(async () => {
  daemon = await KillableDaemon.start()
})
afterAll(async () => daemon[Symbol.asyncDispose]())

type Seen = { output: string; id: string; marks: (string | undefined)[] }

/** Runs the command with a fault, attached; the container is still there. */
async function run(query: string, Cmd: string[], body: object = {}): Promise<Seen> {
  const id = await daemon.create({ Cmd, AttachStdout: true, AttachStderr: true, ...body })
  const attached = await daemon.hijack(`/containers/${id}/attach?stdout=1&stderr=1&stream=1`)
  const { story, started } = await begin(daemon, id, `${query}&iKnow=1`)
  const { status, text } = await started
  expect(status, text).toBe(204)
  await attached.ended
  await story.heard('exit')
  return { id, output: attached.frames[1] + attached.frames[2], marks: story.plan.steps.map(({ faulty }) => faulty) }
}

/** What each one shows, and a sound container does not. */
const SHOWS: Record<string, { cmd: string[]; broken: () => RegExp; body?: object }> = {
  // The launcher of this very container, outside of it.
  'host-proc': { cmd: ['sh', '-c', 'cat /proc/*/comm'], broken: () => /^mini-monitor$/m },
  'all-capabilities': { cmd: ['sh', '-c', 'mount -t tmpfs tmpfs /mnt && echo mounted'], broken: () => /^mounted$/m },
  'no-limits': {
    cmd: ['sh', '-c', 'cat /sys/fs/cgroup/memory.max 2>&- || cat /sys/fs/cgroup/memory/memory.limit_in_bytes'],
    broken: () => /^(max|\d{13,})$/m,
    body: { HostConfig: { Memory: 64 * 1024 * 1024 } },
  },
  'host-name': { cmd: ['hostname'], broken: () => new RegExp(`^${hostname()}$`, 'm') },
  'shared-ipc': {
    cmd: ['readlink', '/proc/self/ns/ipc'],
    broken: () => new RegExp(readlinkSync('/proc/self/ns/ipc').replace(/[[\]]/g, String.raw`\$&`)),
  },
  'leaked-directory': {
    cmd: ['sh', '-c', 'for fd in /proc/self/fd/*; do test -d $fd/../../.. && test -d $fd/proc && echo "way out"; done'],
    broken: () => /way out/,
  },
}

describeWith(['root', 'ip', 'nft', 'nsenter'], 'faults', () => {
  test.each(Object.keys(SHOWS))('%s shows what its words say, and a sound container does not', async (name) => {
    const { cmd, broken, body } = SHOWS[name] ?? { cmd: [], broken: () => /^$/ }
    const sound = await run('', cmd, body)
    expect(sound.output, 'a sound container').not.toMatch(broken())
    const faulty = await run(`break=${name}`, cmd, body)
    expect(faulty.output).toMatch(broken())
    expect(faulty.marks).toContain(name)
    // Only for that one start.
    const attached = await daemon.hijack(`/containers/${faulty.id}/attach?stdout=1&stderr=1&stream=1`)
    expect((await daemon.request('POST', `/containers/${faulty.id}/start`)).status).toBe(204)
    await attached.ended
    expect(attached.frames[1]).not.toMatch(broken())
  })

  test('chroot looks right inside, and exec lands in the host’s root', async () => {
    const id = await daemon.create({ Cmd: ['sleep', '1000'] })
    const { started } = await begin(daemon, id, 'break=chroot&iKnow=1')
    expect((await started).status).toBe(204)
    const look = async (): Promise<string> => {
      const made = await daemon.request('POST', `/containers/${id}/exec`, {
        Cmd: ['/bin/sh', '-c', `test -d ${daemon.dir} && echo host || echo image`],
        AttachStdout: true,
      })
      const attached = await daemon.hijack(`/exec/${made.json.Id}/start`, '{}')
      await attached.ended
      return attached.frames[1]
    }
    expect(await look()).toBe('host\n')
    const { Pid } = await daemon.state(id)
    expect(readlinkSync(`/proc/${Pid}/root`)).toContain(id)
    await daemon.request('POST', `/containers/${id}/kill`)
    expect((await daemon.request('POST', `/containers/${id}/start`)).status).toBe(204)
    expect(await look()).toBe('image\n')
    await daemon.request('DELETE', `/containers/${id}?force=1`)
    expect(cgroupsOf(id)).toEqual([])
  })

  test('bounding-after-user ends with EPERM for a user that is not root', async () => {
    const id = await daemon.create({ Cmd: ['id'], User: '1000' })
    const { story, started } = await begin(daemon, id, 'break=bounding-after-user&iKnow=1')
    expect(await started).toMatchObject({ status: 400, text: expect.stringContaining('EPERM') })
    await story.heard('exit')
    expect(story.all('call').find(({ failed }) => failed === true)).toMatchObject({ error: 'EPERM' })
  })

  test('each fault of the table is tried here', () => {
    expect([...Object.keys(SHOWS), 'chroot', 'bounding-after-user'].toSorted()).toEqual(
      FAULTS.map(({ name }) => name).toSorted(),
    )
  })

  test('a step that is left out is told, makes no call, and its effect is missing', async () => {
    const cmd = ['sh', '-c', 'hostname; ulimit -n']
    const id = await daemon.create({ Cmd: cmd })
    const { story, started } = await begin(daemon, id, 'without=uts.hostname&iKnow=1')
    expect((await started).status).toBe(204)
    await story.heard('exit')
    const { steps } = story.plan
    const at = steps.findIndex((step) => step.id === 'uts.hostname')
    expect(steps[at]).toMatchObject({ faulty: 'left-out', calls: [expect.stringContaining('sethostname')] })
    expect(story.all('step').some(({ index }) => index === at)).toBe(true)
    expect(story.all('call').filter(({ index, phase }) => index === at && phase === undefined)).toEqual([])
    const refused = await daemon.create({ Cmd: cmd })
    const again = await begin(daemon, refused, 'without=rootfs.propagation&iKnow=1')
    expect(await again.started).toMatchObject({
      status: 400,
      text: expect.stringContaining('would appear on the host'),
    })
    expect(await again.story.heard('exit')).toMatchObject({ exitCode: 125 })
  })
})
