/** A new process from a list of calls, with the terminal of whoever starts it: what the first programs of the course do. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'

const SOURCE = join(import.meta.dirname, '../src/index.ts')

/** Runs a program that uses the package, as a learner would. */
function program(body: string): { status: number | null; stdout: string; stderr: string } {
  const text = `import * as s from ${JSON.stringify(SOURCE)}\nconst env = ['PATH=/usr/bin:/bin']\n${body}`
  return spawnSync(process.execPath, ['--input-type=module', '--eval', text], { encoding: 'utf8' })
}

describeWith(['root'], 'newProcess', () => {
  test('has the namespaces asked for, this terminal, and ends with the exit code of its command', () => {
    const { status, stdout } = program(`process.exitCode = await s.newProcess({
      flags: s.CLONE_NEWUTS | s.CLONE_NEWPID,
      child: [s.call('sethostname', ['box', 3]), ...s.executeCalls(['sh', '-c', 'hostname; echo $$; exit 7'], env)],
    })`)
    expect({ status, stdout }).toEqual({ status: 7, stdout: 'box\n1\n' })
  })

  test('a signal ends it with 128 and its number', () => {
    const child = "s.executeCalls(['sh', '-c', 'kill -9 $$'], env)"
    expect(program(`process.exitCode = await s.newProcess({ child: ${child} })`).status).toBe(137)
  })

  test('the parent makes its calls before the child goes on, and can name it', () => {
    const { stdout } = program(`await s.newProcess({
      parent: [s.call('setpriority', [0, s.ref('child'), 7])],
      child: s.executeCalls(['nice'], env),
    })`)
    expect(stdout).toBe('7\n')
  })

  test('a refused call is an error with a name, and nothing runs', () => {
    const { status, stdout, stderr } = program(`await s.newProcess({
      child: [s.call('sethostname', ['x'.repeat(65), 65]), ...s.executeCalls(['echo', 'ran'], env)],
    })`)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('EINVAL')
  })
})
