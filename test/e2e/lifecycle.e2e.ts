/** A container's life after `run`: create, start, logs, exec, top, stats, pause, stop, kill, restart, rename, wait, rm. */
import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { eventually, sleep } from '../harness/eventually.ts'
import { busybox, inspect, onDocker, sleeper, suite } from './suite.ts'

suite('the life of a container', [], (daemon) => {
  test('create, start -a, start -ai and wait', async () => {
    const id = await daemon().ok('create', '--name', 'made', ...busybox('sh', '-c', 'echo once; exit 5'))
    expect(await inspect(daemon(), id, '{{.State.Status}}')).toBe('created')
    expect(await daemon().cli(['start', '-a', 'made'])).toMatchObject({ stdout: 'once\n', exitCode: 5 })
    expect(await daemon().ok('wait', 'made')).toBe('5')
    await daemon().ok('create', '-i', '--name', 'reads', ...busybox('cat'))
    expect(await daemon().cli(['start', '-ai', 'reads'], { input: 'typed\n' })).toMatchObject({
      stdout: 'typed\n',
      exitCode: 0,
    })
  })

  test('wait (before the end) returns when the container ends', async () => {
    const id = await daemon().ok('run', '-d', ...busybox('sh', '-c', 'sleep 0.5; exit 7'))
    expect(await daemon().ok('wait', id)).toBe('7')
  })

  test('ps lists, filters and formats as docker does', async () => {
    const id = await sleeper(daemon(), '--name', 'one', '--label', 'k=v')
    await daemon().ok('run', '--name', 'two', ...busybox('true'))
    const table = (await daemon().ok('ps')).split('\n')
    expect(table[0]).toMatch(/^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/)
    expect(table[1]).toMatch(
      new RegExp(
        `^${id.slice(0, 12)} +busybox:test +"sh -c 'trap .*…" +(Less than a|\\d+) seconds? ago +Up .*seconds? +one$`,
      ),
    )
    expect(table).toHaveLength(2)
    expect(await daemon().ok('ps', '-a', '--filter', 'status=exited', '--format', '{{.Names}} {{.Status}}')).toMatch(
      /^two Exited \(0\) .* ago$/,
    )
    expect(await daemon().ok('ps', '-q', '--no-trunc', '--filter', 'label=k=v')).toBe(id)
    expect(await daemon().ok('ps', '-aq', '--filter', 'name=tw')).toMatch(/^[0-9a-f]{12}$/)
    expect(await daemon().ok('ps', '-aq', '--filter', 'ancestor=busybox:test')).toMatch(/^[0-9a-f]{12}\n[0-9a-f]{12}$/)
  })

  test('logs: all, a tail, with times, since, and both streams apart', async () => {
    const id = await daemon().ok(
      'run',
      '-d',
      ...busybox('sh', '-c', 'for i in 1 2 3; do echo line $i; done; echo bad >&2; sleep 1.2; echo late'),
    )
    await daemon().ok('wait', id)
    expect(await daemon().cli(['logs', id])).toMatchObject({
      stdout: 'line 1\nline 2\nline 3\nlate\n',
      stderr: 'bad\n',
    })
    expect(await daemon().ok('logs', '--tail', '1', id)).toBe('late')
    const [stamped] = (await daemon().ok('logs', '-t', id)).split('\n')
    expect(stamped).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 1$/)
    const since = new Date(Date.parse(stamped!.split(' ')[0]!) + 1000).toISOString()
    expect(await daemon().ok('logs', '--since', since, id)).toBe('late')
  })

  test('logs -f follows until the container ends', async () => {
    const id = await daemon().ok(
      'run',
      '-d',
      ...busybox('sh', '-c', 'for i in 1 2 3 4 5; do echo tick $i; sleep 0.2; done'),
    )
    const result = await daemon().cli(['logs', '-f', id])
    expect(result).toMatchObject({ stdout: 'tick 1\ntick 2\ntick 3\ntick 4\ntick 5\n', exitCode: 0 })
  })

  test('logs of a last line without newline are not lost', async () => {
    const id = await daemon().ok('run', '-d', ...busybox('printf', 'no newline'))
    await daemon().ok('wait', id)
    expect((await daemon().cli(['logs', id])).stdout).toBe('no newline')
  })

  test('exec: output, exit code, user, directory, environment, standard input, in the same namespaces', async () => {
    const id = await sleeper(daemon(), '--hostname', 'exec-host', '-e', 'FROM_RUN=1')
    const script = 'echo "$(id -u) $(pwd) $FROM_RUN $X $(hostname)"; exit 4'
    expect(
      await daemon().cli(['exec', '-u', 'alice', '-w', '/tmp', '-e', 'X=y', id, 'sh', '-c', script]),
    ).toMatchObject({
      stdout: '1000 /tmp 1 y exec-host\n',
      exitCode: 4,
    })
    expect(await daemon().cli(['exec', '-i', id, 'cat'], { input: 'to exec' })).toMatchObject({
      stdout: 'to exec',
      exitCode: 0,
    })
    const [inside, outside] = [
      await daemon().ok('exec', id, 'readlink', '/proc/self/ns/pid'),
      await daemon().ok('exec', id, 'readlink', '/proc/1/ns/pid'),
    ]
    expect(inside).toBe(outside)
    await daemon().ok('exec', '-d', id, 'touch', '/tmp/made-by-exec')
    await eventually(
      'the detached exec ran',
      async () => (await daemon().cli(['exec', id, 'test', '-e', '/tmp/made-by-exec'])).exitCode === 0,
    )
    // dockerd 20.10 says 126 where later ones say 127.
    expect((await daemon().cli(['exec', id, 'no-such-command'])).exitCode).toBe(onDocker ? 126 : 127)
    expect((await daemon().cli(['exec', id, '/etc/passwd'])).exitCode).toBe(126)
  })

  test('an exec has the container’s limits and capabilities', async () => {
    const id = await sleeper(daemon(), '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--pids-limit', '20')
    expect(await daemon().ok('exec', id, 'sh', '-c', "awk '/CapEff|NoNewPrivs/ {print $2}' /proc/self/status")).toBe(
      '0000000000000000\n1',
    )
    const cgroups = await daemon().ok('exec', id, 'sh', '-c', 'diff /proc/self/cgroup /proc/1/cgroup && echo same')
    expect(cgroups).toBe('same')
  })

  test('stop asks with TERM and then kills; kill sends what it is told', async () => {
    const polite = await sleeper(daemon())
    await daemon().ok('stop', polite)
    expect(await inspect(daemon(), polite, '{{.State.ExitCode}}')).toBe('0')
    const stubborn = await daemon().ok('run', '-d', ...busybox('sh', '-c', "trap '' TERM; while :; do sleep 0.1; done"))
    await daemon().ok('stop', '-t', '1', stubborn)
    expect(await inspect(daemon(), stubborn, '{{.State.ExitCode}}')).toBe('137')
    const told = await daemon().ok(
      'run',
      '-d',
      ...busybox('sh', '-c', "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.1; done"),
    )
    await eventually('the trap is set', async () => (await daemon().ok('logs', told)).includes('ready'))
    await daemon().ok('kill', '-s', 'USR1', told)
    await eventually('the signal arrived', async () => (await daemon().ok('logs', told)).includes('usr1'))
    await daemon().ok('kill', told)
    expect(await daemon().ok('wait', told)).toBe('137')
    const again = await daemon().cli(['kill', told])
    expect(again.exitCode).toBe(1)
    expect(again.stderr).toMatch(/is not running/)
  })

  test('--stop-signal is what stop sends', async () => {
    const id = await daemon().ok(
      'run',
      '-d',
      '--stop-signal',
      'INT',
      ...busybox('sh', '-c', "trap 'exit 23' INT; echo ready; while :; do sleep 0.1; done"),
    )
    await eventually('the trap is set', async () => (await daemon().ok('logs', id)).includes('ready'))
    await daemon().ok('stop', id)
    expect(await inspect(daemon(), id, '{{.State.ExitCode}}')).toBe('23')
  })

  test('signals that reach the client of a foreground run reach the container', async () => {
    const script = "trap 'echo got; exit 12' TERM; echo ready; while :; do sleep 0.1; done"
    const [program, ...args] = daemon().argv('run', '--name', 'foreground', ...busybox('sh', '-c', script))
    const client = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    client.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const ended = new Promise<number | null>((resolve) => client.once('close', resolve))
    await eventually('the container is ready', () => output.includes('ready'))
    client.kill('SIGTERM')
    expect(await ended).toBe(12)
    expect(output).toContain('got')
  })

  test('restart gives a new process, the same files, and the log goes on', async () => {
    const id = await daemon().ok(
      'run',
      '-d',
      ...busybox('sh', '-c', "echo start; touch /kept; ls /kept; trap 'exit 0' TERM; while :; do sleep 0.1; done"),
    )
    const pid = await inspect(daemon(), id, '{{.State.Pid}}')
    await daemon().ok('restart', id)
    expect(await inspect(daemon(), id, '{{.State.Pid}} {{.State.Status}}')).not.toBe(`${pid} running`)
    await eventually('it started again', async () => (await daemon().ok('logs', id)) === 'start\n/kept\nstart\n/kept')
  })

  test('pause stops the clock of every process, unpause lets it go on, and a paused container can be removed', async () => {
    const id = await daemon().ok(
      'run',
      '-d',
      ...busybox('sh', '-c', 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done'),
    )
    await eventually('it counts', async () => (await daemon().ok('logs', id)) !== '')
    await daemon().ok('pause', id)
    expect(await inspect(daemon(), id, '{{.State.Status}} {{.State.Paused}}')).toBe('paused true')
    const before = await daemon().ok('logs', id)
    await sleep(300)
    expect(await daemon().ok('logs', id)).toBe(before)
    expect((await daemon().cli(['exec', id, 'true'])).stderr).toMatch(/is paused/)
    await daemon().ok('unpause', id)
    await eventually('it counts on', async () => (await daemon().ok('logs', id)) !== before)
    await daemon().ok('pause', id)
    await daemon().ok('rm', '-f', id)
    expect(await daemon().ok('ps', '-aq')).toBe('')
  })

  test('top lists the processes as the host numbers them', async () => {
    const id = await sleeper(daemon())
    const lines = (await daemon().ok('top', id)).split('\n')
    expect(lines[0]).toMatch(/^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/)
    expect(lines[1]).toMatch(new RegExp(`^root +${await inspect(daemon(), id, '{{.State.Pid}}')} `))
    expect((await daemon().ok('top', id, '-o', 'pid,args')).split('\n')[0]).toMatch(/^PID +COMMAND$/)
  })

  test('stats has what the cgroup says', async () => {
    const id = await sleeper(daemon(), '-m', '64m', '--name', 'measured')
    const row = await daemon().ok('stats', '--no-stream', '--format', '{{.Name}} {{.MemUsage}} {{.PIDs}}', id)
    expect(row).toMatch(/^measured [\d.]+([KM]i)?B \/ 64MiB [123]$/)
  })

  test('rename, and a name that is taken', async () => {
    const id = await sleeper(daemon(), '--name', 'old')
    await daemon().ok('rename', 'old', 'new')
    expect(await inspect(daemon(), 'new', '{{.Id}} {{.Name}}')).toBe(`${id} /new`)
    await sleeper(daemon(), '--name', 'old')
    const taken = await daemon().cli(['rename', 'new', 'old'])
    expect(taken.exitCode).toBe(1)
    expect(taken.stderr).toMatch(/name "\/old" is already in use/)
  })

  test('rm refuses a running container and removes it with -f', async () => {
    const id = await sleeper(daemon(), '--name', 'busy')
    const refused = await daemon().cli(['rm', 'busy'])
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toMatch(/running/)
    expect(await daemon().ok('rm', '-f', 'busy')).toBe('busy')
    expect((await daemon().cli(['inspect', id])).exitCode).toBe(1)
  })

  test('an id prefix names a container, and an ambiguous one is refused', async () => {
    const id = await sleeper(daemon())
    expect(await inspect(daemon(), id.slice(0, 6), '{{.Id}}')).toBe(id)
    expect((await daemon().cli(['inspect', 'zzzz'])).stderr).toMatch(/No such object: zzzz/i)
  })

  test('two clients attached to one container see the same', async () => {
    const id = await daemon().ok('run', '-d', '-i', ...busybox('sh', '-c', 'read line; echo "read: $line"; sleep 0.3'))
    const attach = () => daemon().cli(['attach', '--no-stdin', id])
    const [first, second] = [attach(), attach()]
    await sleep(700)
    // The third one's input ends with the line, and docker's client may leave before the answer.
    await daemon().cli(['attach', id], { input: 'hello both\n' })
    for (const result of await Promise.all([first, second])) expect(result.stdout).toBe('read: hello both\n')
  })

  test.skipIf(onDocker)('fifty containers, eight at a time, all end well', async () => {
    const codes: number[] = []
    const worker = async (first: number) => {
      for (let i = first; i < 50; i += 8)
        codes.push(
          (await daemon().cli(['run', '--rm', '--name', `n${i}`, ...busybox('sh', '-c', `exit ${i}`)])).exitCode,
        )
    }
    await Promise.all(Array.from({ length: 8 }, (_, first) => worker(first)))
    expect(codes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(await daemon().ok('ps', '-aq')).toBe('')
  })
})
