import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  AT_FDCWD,
  call,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  CLONE_PIDFD,
  encodeProgram,
  KilledBeforeExecve,
  launch,
  launcherFile,
  Monitor,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  ref,
  runProgram,
  struct,
  type Call,
  type LaunchEvent,
  type MonitorSpec,
  type Step,
  type Where,
} from '../src/index.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'launcher-test-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const step = (id: string, where: Where, calls: Call[]): Step => ({
  id,
  stage: 'process',
  where,
  calls,
  shell: [],
  man: [],
})

/** A child in new pid and UTS namespaces that runs a shell script, its output in pipes. */
function shell(script: string, extra: Call[] = []): Step[] {
  return [
    step('before', 'host', [
      call('openat', [AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0], { as: 'directory' }),
      call('socket', [1, 1 | 0o2000000, 0], { as: 'listener' }),
      call('fchdir', [ref('directory')]),
      call('bind', [ref('listener'), struct('sockaddr_un', { family: 1, path: 'monitor.sock' }), 110]),
      call('listen', [ref('listener'), 8]),
      call('pipe2', [{ out: 8, as: ['in.r', 'in.w'] }, O_CLOEXEC]),
      call('pipe2', [{ out: 8, as: ['out.r', 'out.w'] }, O_CLOEXEC]),
      call('pipe2', [{ out: 8, as: ['err.r', 'err.w'] }, O_CLOEXEC]),
      call(
        'clone3',
        [
          struct('clone_args', {
            flags: CLONE_NEWPID | CLONE_NEWUTS | CLONE_PIDFD,
            pidfd: { out: 4, as: ['pidfd'] },
            exit_signal: 17,
          }),
          88,
        ],
        { as: 'child' },
      ),
      ...['in.r', 'out.w', 'err.w'].map((name) => call('close', [ref(name)])),
    ]),
    step('inside', 'container', [
      call('sethostname', ['inside', 6]),
      call('dup3', [ref('in.r'), 0, 0]),
      call('dup3', [ref('out.w'), 1, 0]),
      call('dup3', [ref('err.w'), 2, 0]),
      ...extra,
      call('execve', ['/bin/sh', { strings: ['sh', '-c', script] }, { strings: ['PATH=/usr/bin:/bin'] }]),
    ]),
  ]
}

const MONITOR: MonitorSpec = {
  child: 'child',
  pidfd: 'pidfd',
  in: 'in.w',
  out: 'out.r',
  err: 'err.r',
  directory: 'directory',
  listener: 'listener',
  subscribed: true,
  log: { maxBytes: 0, maxFiles: 1 },
}

async function run(steps: Step[], spec: Partial<MonitorSpec> = {}) {
  const output = { 1: '', 2: '' }
  const { control, rest, launcherPid } = await launch(encodeProgram(steps, { monitor: { ...MONITOR, ...spec } }))
  const monitor = new Monitor(control, join(directory, 'monitor.sock'), rest, (stream, chunk) => {
    output[stream] += chunk.toString()
  })
  return { monitor, output, launcherPid }
}

describe('the launcher', () => {
  test('makes the calls in order and gives back their results', async () => {
    const events: LaunchEvent[] = []
    const made = step('made', 'host', [
      call('mkdirat', [AT_FDCWD, join(directory, 'a'), 0o755]),
      call('mkdirat', [AT_FDCWD, join(directory, 'a'), 0o755], { allow: ['EEXIST'] }),
    ])
    await runProgram(encodeProgram([made], { trace: true }), { onEvent: (event) => events.push(event) })
    expect(existsSync(join(directory, 'a'))).toBe(true)
    expect(events.map((event) => (event.type === 'call' ? event.result : event.type))).toEqual(['step', 0, -17])
  })

  test('stops at the first error that is not allowed, and says which call it was', async () => {
    const steps = [
      step('bad', 'host', [
        call('chdir', ['/does-not-exist']),
        call('mkdirat', [AT_FDCWD, join(directory, 'b'), 0o755]),
      ]),
    ]
    await expect(runProgram(encodeProgram(steps))).rejects.toThrow('chdir("/does-not-exist"): ENOENT')
    expect(existsSync(join(directory, 'b'))).toBe(false)
  })

  test('an error in the child ends both processes and names the call', async () => {
    const failed = launch(encodeProgram(shell('true', [call('chroot', ['/does-not-exist'])]), { monitor: MONITOR }))
    await expect(failed).rejects.toMatchObject({ syscall: 'chroot', code: 'ENOENT' })
  })

  test('a child that is killed before execve was no run: no exit is written, and the launcher says so', async () => {
    let child = 0
    const failed = launch(encodeProgram(shell('true'), { monitor: MONITOR, stepping: true }), {
      onEvent(event) {
        if (event.type === 'call' && event.call.as === 'child') child = event.result
      },
      gate: ({ id }) => {
        if (id === 'inside') process.kill(child, 'SIGKILL')
        return Promise.resolve()
      },
    })
    await expect(failed).rejects.toBeInstanceOf(KilledBeforeExecve)
    expect(existsSync(join(directory, 'exit'))).toBe(false)
  })

  test('one that ends the moment after execve was a run', async () => {
    for (let i = 0; i < 20; i++) {
      const { monitor } = await run(shell('exit 3'))
      expect(await monitor.exited).toMatchObject({ exitCode: 3 })
      rmSync(join(directory, 'monitor.sock'), { force: true })
    }
  })

  test('waits at every step when stepping, and goes on when told', async () => {
    const seen: string[] = []
    const program = encodeProgram([step('one', 'host', []), step('two', 'host', [])], { stepping: true })
    await runProgram(program, {
      gate: async ({ id }) => {
        seen.push(id)
      },
    })
    expect(seen).toEqual(['one', 'two'])
  })

  test('leaves no descriptor but 0, 1 and 2 open in the child when close_range says so', async () => {
    const { monitor, output } = await run(shell('ls /proc/self/fd | wc -l', [call('close_range', [3, 0xffffffff, 4])]))
    await monitor.exited
    // ls itself has the directory open
    expect(output[1].trim()).toBe('4')
  })
})

describe('the monitor', () => {
  test('passes output and input on, and tells how it ended', async () => {
    const { monitor, output } = await run(shell('hostname; echo oops >&2; cat; exit 3'))
    await monitor.writeStdin(Buffer.from('from outside\n'))
    await monitor.closeStdin()
    expect(await monitor.exited).toMatchObject({ exitCode: 3 })
    expect(output).toEqual({ 1: 'inside\nfrom outside\n', 2: 'oops\n' })
  })

  test('carries a megabyte through stdin and stdout unchanged', async () => {
    const { monitor, output } = await run(shell('cat'))
    const sent = 'x'.repeat(1023) + '\n'
    const bytes = Buffer.from(sent.repeat(1024))
    await monitor.writeStdin(bytes)
    await monitor.closeStdin()
    await monitor.exited
    expect(output[1] === sent.repeat(1024)).toBe(true)
  })

  test('writes the log as docker does: a JSON object a line, long lines in pieces of 16 KiB', async () => {
    const { monitor } = await run(
      shell(String.raw`printf 'a "q" \\ \t \001 日本\n\377\n'; head -c 20000 /dev/zero | tr '\0' x; echo; printf end`),
    )
    await monitor.exited
    const lines = readFileSync(join(directory, 'container.log'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { log: string; stream: string; time: string })
    expect(lines.map(({ log }) => log)).toEqual([
      'a "q" \\ \t \u0001 日本\n',
      '\ufffd\n',
      'x'.repeat(16384),
      `${'x'.repeat(20000 - 16384)}\n`,
      'end',
    ])
    expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
    expect(Math.abs(Date.parse(lines[0]?.time ?? '') - Date.now())).toBeLessThan(60_000)
  })

  test('never lets the log grow beyond its limit', async () => {
    const { monitor } = await run(shell('i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done'), {
      log: { maxBytes: 10_000, maxFiles: 3 },
    })
    await monitor.exited
    const sizes = ['', '.1', '.2', '.3'].map((suffix) =>
      existsSync(join(directory, `container.log${suffix}`))
        ? readFileSync(join(directory, `container.log${suffix}`)).length
        : -1,
    )
    expect(sizes[3]).toBe(-1)
    for (const size of sizes.slice(0, 3)) expect(size).toBeLessThanOrEqual(10_000)
    expect(readFileSync(join(directory, 'container.log'), 'utf8')).toContain('line 1999')
  })

  test('outlives the one who started it, and is found again by its socket', async () => {
    const { monitor } = await run(shell('sleep 0.3; echo later; exit 5'))
    monitor.close()
    const again = await Monitor.connect(join(directory, 'monitor.sock'))
    let heard = ''
    again.subscribe((_stream, chunk) => {
      heard += chunk.toString()
    })
    expect(await again.exited).toMatchObject({ exitCode: 5 })
    expect(heard).toBe('later\n')
    expect(JSON.parse(readFileSync(join(directory, 'exit'), 'utf8'))).toMatchObject({ exitCode: 5 })
  })

  test('sends signals, and reports the one that killed', async () => {
    const { monitor } = await run(shell('trap "" TERM; echo ready; while :; do sleep 0.05; done'))
    monitor.signal(15)
    monitor.signal(9)
    expect(await monitor.exited).toMatchObject({ exitCode: 137, signal: 9 })
  })

  test('does not hang on a client that talks nonsense', async () => {
    const { monitor } = await run(shell('sleep 0.3'))
    const rude = await Monitor.connect(join(directory, 'monitor.sock'))
    rude.resize(65_535, 65_535)
    rude.signal(999)
    const [exit] = await Promise.all([monitor.exited, rude.exited])
    expect(exit).toMatchObject({ exitCode: 0 })
  })

  test('takes less than 300 kB of memory of its own', async () => {
    const { monitor, launcherPid } = await run(shell('echo some output; sleep 5'))
    const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${launcherPid}/smaps_rollup`, 'utf8'))
    expect(Number(pss?.[1])).toBeGreaterThan(0)
    expect(Number(pss?.[1])).toBeLessThan(300)
    monitor.signal(9)
    await monitor.exited
  })
})

describe('the prebuilt launcher', () => {
  const builds = ['x64', 'arm64'] as const
  test.each(builds)('%s is what build makes of the sources, byte for byte', (arch) => {
    const out = join(directory, 'built')
    mkdirSync(out)
    execFileSync(join(launcherFile(), '..', 'build'), [arch, out])
    expect(
      readFileSync(join(out, `launcher-${arch}`)).equals(readFileSync(join(launcherFile(), '..', `launcher-${arch}`))),
    ).toBe(true)
  })

  test('as init: runs the command, reaps orphans, passes signals on, ends as the command does', () => {
    const script = '(sleep 0.05 &) ; sleep 0.2; exit 7'
    expect(() => execFileSync(launcherFile(), ['--', 'sh', '-c', script])).toThrow(
      expect.objectContaining({ status: 7 }),
    )
    expect(() => execFileSync(launcherFile(), ['--', 'no-such-command'], { stdio: 'pipe' })).toThrow(
      expect.objectContaining({ status: 127 }),
    )
  })
})

describe('a netlink request in a program', () => {
  /** RTM_GETLINK by name: nlmsghdr, ifinfomsg, IFLA_IFNAME. See rtnetlink(7). */
  function getLink(name: string): Call[] {
    const bytes = Buffer.alloc(32 + 4 + 8)
    bytes.writeUInt32LE(bytes.length, 0)
    bytes.writeUInt16LE(18, 4)
    bytes.writeUInt16LE(1 | 4, 6)
    bytes.writeUInt16LE(4 + name.length + 1, 32)
    bytes.writeUInt16LE(3, 34)
    bytes.write(name, 36)
    return [
      call('socket', [16, 3 | 0o2000000, 0], { as: 'netlink' }),
      call('sendto', [ref('netlink'), { bytes, fill: [], text: `{RTM_GETLINK, ${name}}` }, bytes.length, 0, null, 0]),
    ]
  }

  test('gives its answer as a result that later calls can use', async () => {
    const receive = call('recvfrom', [ref('netlink'), { out: 4096, as: ['index'], at: 20 }, 4096, 0, null, null])
    const bytes = Buffer.alloc(4)
    const target = call('openat', [AT_FDCWD, join(directory, 'index'), 0o101 | O_CLOEXEC, 0o600], { as: 'file' })
    const write = call('write', [ref('file'), { bytes, fill: [{ at: 0, ref: 'index' }], text: '<index>' }, 4])
    await runProgram(encodeProgram([step('link', 'host', [...getLink('lo'), receive, target, write])]))
    expect(readFileSync(join(directory, 'index')).readUInt32LE(0)).toBe(1)
  })

  test('fails with the errno that stands in the answer', async () => {
    const receive = call('recvfrom', [ref('netlink'), { out: 4096 }, 4096, 0, null, null], { resultAt: 16 })
    const program = encodeProgram([step('link', 'host', [...getLink('nosuch0'), receive])])
    await expect(runProgram(program)).rejects.toMatchObject({ code: 'ENODEV', syscall: 'recvfrom' })
  })
})
