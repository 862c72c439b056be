/** `diff runc`: a container of ours is what runc makes of the same config, whatever is asked for, but for what is known; and nothing of either stays. */
import { expect, test } from 'vitest'
import { run } from '../harness/command.ts'
import { BUSYBOX } from '../harness/images.ts'
import { onDocker, suite } from './suite.ts'

type Json = {
  runc: string
  same: boolean
  compared: Record<string, number>
  differences: { section: string; key: string; reason?: { en: string; ja: string } }[]
}

const SETS: Record<string, string[]> = {
  plain: [],
  'limits and an id': [
    '-m',
    '64m',
    '--cpus',
    '0.5',
    '--pids-limit',
    '20',
    '--ulimit',
    'nofile=100:200',
    '-u',
    '1000:100',
  ],
  'less power': ['--cap-drop', 'ALL', '--cap-add', 'CHOWN', '--read-only', '--security-opt', 'no-new-privileges'],
  'files and words': ['--tmpfs', '/x:size=1m', '-v', '/etc:/host:ro', '-e', 'A=b', '-w', '/made', '--hostname', 'shop'],
  'the host’s namespaces': ['--network', 'host', '--pid', 'host', '--ipc', 'host', '--uts', 'host'],
  privileged: ['--privileged', '--oom-score-adj', '300'],
}

if (!onDocker)
  suite(
    'diff runc',
    ['runc', 'unshare'],
    (daemon) => {
      test.each(Object.keys(SETS))('%s: no difference without a reason', async (name) => {
        const { stdout, stderr } = await daemon().cli([
          'diff',
          'runc',
          '--json',
          ...SETS[name]!,
          BUSYBOX,
          'sleep',
          '1000',
        ])
        expect(stderr).toBe('')
        const json = JSON.parse(stdout) as Json
        expect(json.differences.filter(({ reason }) => reason === undefined)).toEqual([])
        expect(json.same).toBe(true)
        for (const section of ['namespaces', 'mounts', 'capabilities', 'security', 'user', 'limits', 'cgroup'])
          expect(json.compared[section], section).toBeGreaterThan(0)
      })

      test('a shell without words waits at its input, and can be looked at', async () => {
        const { stdout, exitCode } = await daemon().cli(['diff', 'runc', '--lang', 'en', BUSYBOX])
        expect(stdout).toMatch(/^runc version .*\n✓ namespaces: \d the same\n/)
        expect(exitCode).toBe(0)
      })

      test('what cannot be compared is refused', async () => {
        const said = async (...args: string[]): Promise<string> =>
          (await daemon().cli(['diff', 'runc', ...args])).stderr
        expect(await said(BUSYBOX, 'true')).toMatch(/the command ended before it could be looked at/)
        expect(await said('-t', BUSYBOX)).toMatch(/cannot have --tty/)
        expect(await said('--init', BUSYBOX)).toMatch(/cannot have --init/)
      })

      test('without runc it says how to get it', async () => {
        const { stderr, exitCode } = await run(daemon().argv('diff', 'runc', BUSYBOX), { env: { PATH: '/nowhere' } })
        expect(stderr).toMatch(/runc is not installed\nhint: apt-get install runc/)
        expect(exitCode).toBe(1)
      })

      test('a container called runc has its own diff', async () => {
        await daemon().ok('create', '--name', 'runc', BUSYBOX)
        expect(await daemon().ok('diff', 'runc')).toBe('')
      })
    },
    { network: 'shared' },
  )
