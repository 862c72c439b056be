/** The faces of one list of steps: `--explain` tells, `--trace` shows, `--json` for both. */
import { expect, test } from 'vitest'
import { busybox, onDocker, suite } from './suite.ts'

if (!onDocker) {
  suite('the faces of run', [], (daemon) => {
    test('--explain prints shell with reasons and runs nothing', async () => {
      const result = await daemon().cli([
        'run',
        '--explain',
        '--name',
        'told',
        '--tmpfs',
        '/scratch',
        ...busybox('echo', 'not run'),
      ])
      expect(result.exitCode).toBe(0)
      expect(result.stdout).toMatch(/^ *#? ?.*pivot_root/m)
      expect(result.stdout).toMatch(/mount .*\/scratch/)
      expect(result.stdout).not.toMatch(/^not run$/m)
      expect(await daemon().ok('ps', '-aq')).toBe('')
    })

    test('--explain speaks Japanese in a Japanese locale', async () => {
      const result = await daemon().cli(['run', '--explain', ...busybox('true')], {
        env: { LANG: 'ja_JP.UTF-8', LC_ALL: undefined, LC_MESSAGES: undefined },
      })
      expect(result.stdout).toMatch(/[぀-ヿ]/)
    })

    test('--explain --json is the list itself', async () => {
      const plan = JSON.parse(await daemon().ok('run', '--explain', '--json', ...busybox('true'))) as
        | { steps?: unknown[] }
        | unknown[]
      const steps = (Array.isArray(plan) ? plan : plan.steps) as { id: string; stage: string; calls: unknown[] }[]
      expect(steps.map(({ stage }) => stage)).toEqual(
        expect.arrayContaining(['rootfs', 'namespaces', 'cgroup', 'security', 'process']),
      )
      for (const { id, calls } of steps) expect(Array.isArray(calls), id).toBe(true)
    })

    test('--trace prints every call with its result and time, and leaves the container’s own output alone', async () => {
      const result = await daemon().cli(['run', '--rm', '--trace', ...busybox('echo', 'out')])
      expect(result).toMatchObject({ stdout: 'out\n', exitCode: 0 })
      expect(result.stderr).toMatch(/clone3\(.*CLONE_NEWPID.*\) = \d+/)
      expect(result.stderr).toMatch(/pivot_root\("?\.?"?, .*\) = 0/)
      expect(result.stderr).toMatch(/execve\(/)
    })

    test('--trace of a start that fails shows the call that failed', async () => {
      const result = await daemon().cli(['run', '--rm', '--trace', ...busybox('no-such-command')])
      expect(result.exitCode).toBe(127)
      expect(result.stderr).toMatch(/execve.*ENOENT/)
    })

    test('--trace --json is one event a line', async () => {
      const result = await daemon().cli(['run', '--rm', '--trace', '--json', ...busybox('true')])
      const lines = result.stderr.trim().split('\n')
      expect(lines.length).toBeGreaterThan(20)
      for (const line of lines) expect(JSON.parse(line)).toHaveProperty('type')
    })
  })
}
