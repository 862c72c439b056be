import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'

const bin = join(import.meta.dirname, '../src/bin.ts')

describeWith(['root'], 'the command cgroup', () => {
  test('run: the command sees its limits, and its exit code comes back', async () => {
    const script = 'cat /proc/self/cgroup; ulimit -n > /dev/null; exit 7'
    const { code, stdout } = await cgroup(
      'run',
      '--name',
      'mini-docker.run-test',
      '--memory',
      '64M',
      '--pids',
      '20',
      '--cpus',
      '0.5',
      '--',
      'sh',
      '-c',
      script,
    )
    expect(code).toBe(7)
    expect(stdout).toContain('/mini-docker.run-test\n')
  })

  test('run: options after the command are the command’s', async () => {
    expect(await cgroup('run', 'echo', '--memory', '-n')).toMatchObject({ code: 0, stdout: '--memory -n\n' })
  })

  test('run: a memory hog is killed, and stderr says why', async () => {
    const { code, stderr } = await cgroup(
      'run',
      '--memory',
      '16M',
      '--memory-swap',
      '16M',
      'sh',
      '-c',
      'head -c 200m /dev/zero | tail -c 200m | wc -c; exit 9',
    )
    expect(code).toBe(9)
    expect(stderr).toContain('the memory limit 16M was reached: 1 killed')
  })

  test('run: what the command leaves behind is killed', async () => {
    const { code, stdout } = await cgroup('run', 'sh', '-c', 'sleep 100 > /dev/null & echo $!')
    expect(code).toBe(0)
    expect(['Z', undefined]).toContain(processState(Number(stdout)))
  })

  test('run: a name that is taken is refused, and who is in that group lives on', async () => {
    const held = spawn(process.execPath, [
      bin,
      'run',
      '--name',
      'mini-docker.run-taken',
      'sh',
      '-c',
      'echo in; read line; exit 5',
    ])
    await once(held.stdout, 'data')
    const second = await cgroup('run', '--name', 'mini-docker.run-taken', 'true')
    expect(second).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('a cgroup mini-docker.run-taken already'),
    })
    held.stdin.end('\n')
    expect(await once(held, 'exit')).toEqual([5, null])
  })

  test('run: SIGTERM ends the group', async () => {
    const child = spawn(process.execPath, [
      bin,
      'run',
      '--name',
      'mini-docker.run-stopped',
      'sh',
      '-c',
      'echo ready; sleep 100',
    ])
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(137)
  })

  test.each([
    [['run', 'no-such-program'], 127, 'no program "no-such-program" in PATH'],
    [['run', '/no/such/program'], 127, 'execve("/no/such/program"'],
    [['run', '/etc/passwd'], 126, 'permission denied'],
    [['run', 'sh', '-c', 'kill -9 $$'], 137, ''],
    [['run', '--memory', '1x', 'true'], 125, 'invalid size "1x" for --memory'],
    [['run', '--cpus', '0', 'true'], 125, 'invalid number of processors "0"'],
    [['run', '--cpuset-cpus', '9999', 'true'], 125, 'list of CPUs'],
    [['run', '--nonsense', 'true'], 125, "unknown option '--nonsense'"],
    [['stat', 'mini-docker/nothing'], 1, 'no cgroup mini-docker/nothing'],
  ] satisfies [string[], number, string][])('%j exits with %i', async (argv, exitCode, message) => {
    const { code, stderr } = await cgroup(...argv)
    expect(stderr).toContain(message)
    expect(code).toBe(exitCode)
  })

  test('ls lists no group of a run that is over, and show names the layout', async () => {
    const { stdout: list } = await cgroup('ls')
    for (const name of ['test', 'stopped']) expect(list).not.toContain(`mini-docker.run-${name}`)
    const { stdout } = await cgroup('show')
    expect(stdout).toMatch(/^layout: (v1|v2|hybrid)\nversion +controllers +mounted on/)
    expect(JSON.parse((await cgroup('show', '--json')).stdout)).toHaveProperty('support.memoryLimit')
  })
})

/** One letter of proc_pid_stat(5); the machine's init may be slow to reap a zombie. */
function processState(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

async function cgroup(...argv: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [bin, ...argv])
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, stdout, stderr }
}
