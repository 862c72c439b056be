/** Checks on real programs: util-linux's unshare is one that works, the others are broken on purpose. */
import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { assertNothingLeft, snapshot } from '../../../test/harness/kernel-state.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { finding, verify, type Check } from '../src/index.ts'

const says = { en: 'own UTS namespace', ja: '自分の UTS 名前空間' }
const check: Check = {
  chapter: '02',
  miniDocker: 'run --rm demo',
  async look({ pid, run }) {
    const { exitCode, output } = await run('sh', '-c', 'echo hi; exit 7')
    return [
      finding('02.namespace', readlinkSync(`/proc/${pid}/ns/uts`) !== readlinkSync('/proc/self/ns/uts'), { says }),
      finding('02.exit', exitCode === 7 && output === 'hi\n', { says }),
    ]
  },
}
const answers = async (commandLine: string): Promise<string[]> => {
  const findings = await verify(check, { commandLine, cwd: tmpdir(), env: process.env })
  return findings.map(({ id, answer, saw = '' }) => `${answer} ${id}${answer === 'pass' ? '' : ` ${saw}`}`)
}

describeWith(['root'], 'verify', () => {
  test('a program that works passes, and nothing of it stays', async () => {
    const before = snapshot()
    expect(await answers('unshare --uts')).toEqual(['pass 02.namespace', 'pass 02.exit'])
    await assertNothingLeft(before)
  })

  test('one that makes no namespace is not there yet', async () => {
    expect(await answers('env')).toEqual([expect.stringMatching(/^not-yet 02.namespace/), 'pass 02.exit'])
  })

  test('one that does not start says why', async () => {
    expect(await answers('echo no; false')).toEqual([expect.stringMatching(/^not-yet 02.runs .*ended with 1: no/)])
  })

  test('one that leaves a mount or a control group behind broke something', async () => {
    const here = `${tmpdir()}/verify-left-${process.pid}`
    const group = `/sys/fs/cgroup/pids/verify-left-${process.pid}`
    const leave = `mkdir -p ${here} ${group}; mountpoint -q ${here} || mount -t tmpfs left ${here}; echo $$ > ${group}/cgroup.procs`
    try {
      expect(await answers(`sh -c '${leave}; exec unshare --uts "$@"' sh`)).toEqual([
        'pass 02.namespace',
        'pass 02.exit',
        `broken 02.host-mounts ${here}`,
        `broken 02.host-cgroups ${group}`,
      ])
    } finally {
      execFileSync('sh', ['-c', `umount ${here}; rmdir ${here} ${group}`])
    }
  })
})
