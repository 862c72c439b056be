/**
 * Crashes. A SIGKILL of the daemon loses no container, no output and no exit code. A SIGKILL of daemon and launcher at any step of `run`,
 * then a new daemon: nothing is left on the machine, and no half container.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startDaemon, type Daemon } from '../harness/daemon.ts'
import { eventually, sleep } from '../harness/eventually.ts'
import { busyboxArchive } from '../harness/images.ts'
import { assertNothingLeft, snapshot } from '../harness/kernel-state.ts'
import { describeWith } from '../harness/requires.ts'
import { busybox, inspect, onDocker, removeContainers, suite } from './suite.ts'

if (onDocker) describe.skip('crashes [needs our own daemon]', () => test('of ours', () => {}))
else {
  suite('SIGKILL of the daemon', [], (daemon) => {
    test('a running container goes on, and a new daemon has its log and its exit code', async () => {
      const id = await daemon().ok(
        'run',
        '-d',
        ...busybox('sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.1; done; exit 17'),
      )
      await sleep(250)
      await daemon().kill()
      await sleep(1500)
      await daemon().start()
      expect(await daemon().ok('wait', id)).toBe('17')
      expect(await daemon().ok('logs', id)).toBe('1\n2\n3\n4\n5\n6\n7\n8\n9\n10')
      expect(await inspect(daemon(), id, '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 17')
    })

    test('a new daemon can attach, exec, stop', async () => {
      const id = await daemon().ok(
        'run',
        '-d',
        '-i',
        '--name',
        'lives',
        ...busybox(
          'sh',
          '-c',
          'trap "exit 3" TERM; while read line; do echo "got $line"; done; while :; do sleep 0.1; done',
        ),
      )
      const pid = await inspect(daemon(), id, '{{.State.Pid}}')
      await daemon().kill()
      await daemon().start()
      expect(await inspect(daemon(), id, '{{.State.Pid}} {{.State.Status}}')).toBe(`${pid} running`)
      expect(await daemon().ok('exec', id, 'echo', 'inside')).toBe('inside')
      const attached = daemon().cli(['attach', id], { input: 'a line\n', timeoutMs: 8000 })
      await eventually('the container got its input', async () =>
        (await daemon().ok('logs', id)).includes('got a line'),
      )
      await daemon().ok('stop', id)
      expect((await attached).stdout).toContain('got a line')
      expect(await inspect(daemon(), id, '{{.State.ExitCode}}')).toBe('3')
    })

    test(
      'at random moments of starts, output and ends: whatever create answered for is there, whole',
      { timeout: 240_000 },
      async () => {
        for (let round = 0; round < 8; round += 1) {
          const names = Array.from({ length: 4 }, (_, i) => `r${round}c${i}`)
          const runs = names.map((name, i) =>
            daemon().cli([
              'run',
              '-d',
              '--name',
              name,
              ...busybox('sh', '-c', `for i in 1 2 3; do echo ${name} $i; sleep 0.05; done; exit ${i + 1}`),
            ]),
          )
          await sleep(Math.random() * 250)
          await daemon().kill()
          const results = await Promise.all(runs)
          await daemon().start()
          for (const [i, name] of names.entries()) {
            // The client was told it runs: then it has run to its end and every line is there.
            if (results[i]!.exitCode !== 0) continue
            expect(await daemon().ok('wait', name), name).toBe(String(i + 1))
            expect(await daemon().ok('logs', name)).toBe(`${name} 1\n${name} 2\n${name} 3`)
          }
          const { json } = await daemon().request('GET', '/containers/json?all=1')
          for (const { Names, State } of json as { Names: string[]; State: string }[])
            expect(['created', 'running', 'exited'], Names[0]).toContain(State)
          await removeContainers(daemon())
        }
      },
    )

    test('--rm is kept when the container ends while no daemon lives', async () => {
      const id = await daemon().ok('run', '-d', '--rm', ...busybox('sleep', '0.5'))
      await daemon().kill()
      await sleep(800)
      await daemon().start()
      await eventually('it is removed', async () => (await daemon().ok('ps', '-aq')) === '')
      expect(readdirSync(join(daemon().dataRoot, 'containers'))).not.toContain(id)
    })
  })

  describeWith(['root', 'built'], 'SIGKILL of daemon and launcher at each step of run', () => {
    test('a new daemon leaves nothing behind and the same container runs', { timeout: 600_000 }, async () => {
      const before = snapshot()
      let daemon: Daemon | undefined
      try {
        daemon = await startDaemon()
        await daemon.ok('load', '-q', '-i', busyboxArchive())
        const steps = await stepsOfRun(daemon)
        expect(steps.length).toBeGreaterThan(10)
        for (const step of steps) {
          await daemon.kill()
          await daemon.start({ MINI_DOCKER_TEST_KILL_AT: step })
          const run = await daemon.cli(['run', '--name', 'victim', ...busybox('echo', 'survived')], {
            timeoutMs: 20_000,
          })
          expect(run.exitCode, `run was not killed at ${step}`).not.toBe(0)
          await eventually(
            `the daemon was killed at ${step}`,
            async () => (await daemon!.request('GET', '/_ping').catch(() => undefined)) === undefined,
          )
          await daemon.kill()
          await daemon.start()
          await daemon.cli(['rm', '-f', 'victim'])
          expect(readdirSync(join(daemon.dataRoot, 'containers')), step).toEqual([])
          expect(readdirSync(join(daemon.runRoot, 'journal')), step).toEqual([])
          expect(await daemon.ok('run', '--rm', '--name', 'victim', ...busybox('echo', 'again')), step).toBe('again')
        }
      } finally {
        await daemon?.[Symbol.asyncDispose]()
      }
      await assertNothingLeft(before)
    })
  })
}

/** The step ids of a plain run, in their order. */
async function stepsOfRun(daemon: Daemon): Promise<string[]> {
  const text = await daemon.ok('run', '--explain', '--json', ...busybox('true'))
  const { steps } = JSON.parse(text) as { steps: { id: string; calls: unknown[] }[] }
  return [...new Set(steps.filter(({ calls }) => calls.length > 0).map(({ id }) => id))]
}
