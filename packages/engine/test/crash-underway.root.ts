/**
 * A daemon that is killed in the middle of a start, while the launcher lives on and is slow, as it is on a busy machine. The next daemon waits for it: then the
 * container runs, or has never run and left nothing. Who had looked at once would have left behind what the launcher made after that.
 */
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { cgroupsOf, isAlive, KillableDaemon, processesOf } from './support/killable.ts'

/** Each starts four daemons, one after the other; on a busy machine that takes seconds. */
vi.setConfig({ testTimeout: 240_000 })

/** More than a new daemon needs to look at its containers. */
const SLOW_MS = 1500

describeWith(['root', 'nsenter'], 'a launcher that outlives its daemon', () => {
  /** Held before the step until a new daemon has been there for a while. */
  const afterSlowStart = async (daemon: KillableDaemon, step: string): Promise<string> => {
    await daemon.end('SIGTERM')
    const fifo = path.join(daemon.dir, 'fifo')
    execFileSync('mkfifo', [fifo])
    await daemon.boot({ killBefore: `${step}@${fifo}` })
    const id = await daemon.create({ Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } })
    await daemon.request('POST', `/containers/${id}/start`).catch(() => undefined)
    await daemon.gone()
    const booting = daemon.boot()
    await sleep(SLOW_MS)
    // Fails where nobody waits at the other end.
    fs.closeSync(fs.openSync(fifo, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK))
    await booting
    return id
  }
  const endsWell = async (daemon: KillableDaemon, id: string): Promise<void> => {
    const { Status, Pid } = await daemon.state(id)
    expect(Status).toBe('running')
    expect(isAlive(Pid)).toBe(true)
    expect(processesOf(id)).toEqual([Pid])
    expect((await daemon.request('DELETE', `/containers/${id}?force=1`)).status).toBe(204)
    await eventually('nothing is left', () => !isAlive(Pid) && cgroupsOf(id).length === 0)
    expect(daemon.leftovers()).toEqual({ journal: [], containers: [] })
  }

  test.each(['monitor.prepare', 'namespaces.clone'])(
    'before %s: the container has never run, nothing of it is left, and it can be started',
    async (step) => {
      await using daemon = await KillableDaemon.start()
      const id = await afterSlowStart(daemon, step)
      // It ends where it would tell its daemon that the container is born.
      await sleep(200)
      expect([cgroupsOf(id), daemon.leftovers().journal]).toEqual([[], []])
      expect((await daemon.state(id)).Status).toBe('created')
      expect((await daemon.request('POST', `/containers/${id}/start`)).status).toBe(204)
      await endsWell(daemon, id)
    },
  )

  test('before process.exec: the container runs, and the next daemon has it', async () => {
    await using daemon = await KillableDaemon.start()
    await endsWell(daemon, await afterSlowStart(daemon, 'process.exec'))
  })
})
