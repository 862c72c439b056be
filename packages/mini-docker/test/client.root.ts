/** The command line against our own daemon, as a user has it: processes, pipes, a terminal. Needs root and python3 (for the pty). */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const PTY = join(import.meta.dirname, 'fixtures/at_terminal.py')
const isRoot = process.getuid?.() === 0
const hasPython = spawnSync('python3', ['--version']).status === 0
if (!isRoot) console.warn('skipped: the client’s root tests need root')
if (isRoot && !hasPython) console.warn('skipped: the terminal tests need python3')

const root = isRoot ? mkdtempSync(join(tmpdir(), 'mini-docker-cli-')) : ''
const env = { ...process.env, MINI_DOCKER_HOST: `unix://${root}/run/docker.sock`, LANG: 'C' }
let daemon: ChildProcess | undefined

function arguments_(words: readonly string[]): string[] {
  return ['--', MAIN, ...words]
}

/** Runs the client to its end. */
function docker(words: readonly string[], input = ''): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, arguments_(words), {
    env,
    input,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { status, out: stdout, err: stderr }
}

type Typed = { output: string; status: number | null; sane: boolean }

/** Runs the client at a terminal of 24x80 and types `steps`: [after this appears, this]. */
async function atTerminal(words: readonly string[], steps: Array<[after: string, text: string]>): Promise<Typed> {
  const { stdout } = await promisify(execFile)(
    'python3',
    [PTY, JSON.stringify([steps, 24, 80]), process.execPath, ...arguments_(words)],
    { env },
  )
  return JSON.parse(stdout) as Typed
}

beforeAll(async () => {
  if (!isRoot) return
  const folders = ['--data-root', join(root, 'data'), '--run-root', join(root, 'run')]
  // In a network namespace of its own: its containers get a bridge, which is none of this machine's business.
  const apart = ['--net', '--', process.execPath, ...arguments_(['daemon', ...folders])]
  daemon = spawn('unshare', apart, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let log = ''
  daemon.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString()
    if (log.includes('listening on')) resolve()
  })
  daemon.once('exit', () => reject(new Error(`the daemon ended: ${log}`)))
  await promise
})

afterAll(async () => {
  if (daemon === undefined) return
  const ids = docker(['ps', '-aq'])
    .out.split('\n')
    .filter((id) => id !== '')
  if (ids.length > 0) docker(['rm', '-f', ...ids])
  daemon.kill('SIGTERM')
  await new Promise((resolve) => daemon?.once('exit', resolve))
  rmSync(root, { recursive: true })
})

describe.skipIf(!isRoot)('mini-docker, as a program', () => {
  test('run: both outputs, the exit code, stdin to its end', () => {
    expect(docker(['run', '--rm', 'demo', 'sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      status: 3,
      out: 'out\n',
      err: 'err\n',
    })
    expect(docker(['run', '--rm', '-i', 'demo', 'cat'], 'a'.repeat(300_000))).toEqual({
      status: 0,
      out: 'a'.repeat(300_000),
      err: '',
    })
  })

  test('run: 127 for what is not there, 126 for what cannot be executed, 125 for what the daemon refuses', () => {
    expect(docker(['run', '--rm', 'demo', 'nosuch'])).toMatchObject({
      status: 127,
      err: expect.stringMatching(/^mini-docker: Error response from daemon: .*executable file not found/) as string,
    })
    expect(docker(['run', '--rm', 'demo', '/etc/passwd']).status).toBe(126)
    expect(docker(['run', '--rm', '-m', '1k', 'demo', 'true']).status).toBe(125)
    expect(docker(['ps', '-aq']).out).toBe('')
  })

  test('run: cidfile, env file, names, labels reach the container; -d prints the id', () => {
    writeFileSync(join(root, 'env'), '# comment\nA=from file\nHOME\n')
    const cidFile = join(root, 'cid')
    const { status, out } = docker([
      'run',
      '-d',
      '--name',
      'c1',
      '--cidfile',
      cidFile,
      '--env-file',
      join(root, 'env'),
      '-e',
      'B=2',
      '-l',
      'k=v',
      'demo',
      'sh',
      '-c',
      'echo $A $B; sleep 1000',
    ])
    expect([status, out]).toEqual([0, `${readFileSync(cidFile, 'utf8')}\n`])
    expect(docker(['run', '--cidfile', cidFile, 'demo']).err).toContain('container ID file found')
    expect(docker(['inspect', '-f', '{{.Name}} {{index .Config.Labels "k"}} {{.State.Running}}', 'c1']).out).toBe(
      '/c1 v true\n',
    )
    expect(docker(['ps', '--format', '{{.Names}} {{.Image}} {{.Label "k"}}']).out).toBe('c1 demo v\n')
    expect(docker(['logs', 'c1']).out).toBe('from file 2\n')
    expect(docker(['run', '-d', '--name', 'c1', 'demo'])).toMatchObject({
      status: 125,
      err: expect.stringContaining('Conflict. The container name "/c1" is already in use') as string,
    })
  })

  test('exec: output, exit code, environment, user, directory', () => {
    expect(docker(['exec', '-e', 'X=1', '-w', '/tmp', 'c1', 'sh', '-c', 'pwd; echo $X; exit 5'])).toEqual({
      status: 5,
      out: '/tmp\n1\n',
      err: '',
    })
    expect(docker(['exec', '-i', 'c1', 'cat'], 'typed')).toEqual({ status: 0, out: 'typed', err: '' })
    expect(docker(['exec', 'nosuch', 'true'])).toEqual({
      status: 1,
      out: '',
      err: 'Error response from daemon: No such container: nosuch\n',
    })
    expect(docker(['exec', '-it', 'c1', 'sh'])).toEqual({ status: 1, out: '', err: 'the input device is not a TTY\n' })
  })

  test('pause, unpause, rename, kill, wait, rm; several at once, some wrong', () => {
    for (const word of ['pause', 'unpause']) expect(docker([word, 'c1'])).toEqual({ status: 0, out: 'c1\n', err: '' })
    expect(docker(['rename', 'c1', 'c2']).status).toBe(0)
    expect(docker(['stop', '-t', '0', 'nosuch', 'c2'])).toEqual({
      status: 1,
      out: 'c2\n',
      err: 'Error response from daemon: No such container: nosuch\n',
    })
    expect(docker(['wait', 'c2']).out).toBe('137\n')
    expect(docker(['rm', 'c2', 'nosuch'])).toMatchObject({ status: 1, out: 'c2\n' })
    expect(docker(['rm', '-f', 'nosuch']).status).toBe(0)
  })

  test('a signal to the client goes to the container; its handler decides the exit code', async () => {
    const client = spawn(
      process.execPath,
      arguments_([
        'run',
        '--rm',
        'demo',
        'sh',
        '-c',
        'trap "echo got it; exit 9" TERM; echo ready; while :; do sleep 0.05; done',
      ]),
      { env, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let out = ''
    client.stdout.on('data', (chunk: Buffer) => {
      if (out === '') client.kill('SIGTERM')
      out += chunk.toString()
    })
    const [status] = await new Promise<[number | null]>((resolve) => client.once('exit', (code) => resolve([code])))
    expect([status, out]).toEqual([9, 'ready\ngot it\n'])
  })

  test('a reader that goes away ends the client quietly', () => {
    const line = `${process.execPath} -- ${MAIN} run --rm demo sh -c 'while echo y; do :; done' | head -1`
    const { stdout, stderr } = spawnSync('sh', ['-c', line], { env, encoding: 'utf8', timeout: 30_000 })
    expect([stdout, stderr]).toEqual(['y\n', ''])
    docker(['ps', '-q'])
      .out.split('\n')
      .filter((id) => id !== '')
      .forEach((id) => docker(['rm', '-f', id]))
  })

  test('--explain runs nothing and says why; --trace shows the calls while the container runs', () => {
    const explained = docker(['run', '--explain', 'demo', 'true'])
    expect(explained.out).toMatch(
      /^#!\/bin\/sh\n# \d+ steps, \d+ system calls\. Nothing has been run\.\n[^]*\n# 1\. .*\n#    /,
    )
    expect(explained.out).toContain('pivot_root')
    expect(docker(['run', '--explain', '--lang', 'ja', 'demo', 'true']).out).toContain('まだ何も実行していません')
    const steps = (
      JSON.parse(docker(['run', '--explain', '--json', 'demo', 'true']).out) as { steps: Array<{ id: string }> }
    ).steps
    expect(steps.length).toBeGreaterThan(10)
    expect(docker(['ps', '-aq']).out).toBe('')
    const traced = docker(['run', '--rm', '--trace', 'demo', 'sh', '-c', 'echo hi; exit 4'])
    expect([traced.status, traced.out]).toEqual([4, 'hi\n'])
    expect(traced.err).toMatch(/^\d\.\d{6} host .* = \d+ <\d\.\d{6}>$/m)
    expect(traced.err).toMatch(/^\d\.\d{6} container .*execve\(/m)
    const events = docker(['run', '--rm', '--trace', '--json', 'demo', 'true'])
      .err.trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(events.at(-1)?.type).toBe('exit')
  })

  test('images go out and come back', () => {
    docker(['run', '--rm', 'demo', 'true'])
    const archive = join(root, 'demo.tar')
    expect(docker(['save', '-o', archive, 'demo'])).toMatchObject({ status: 0, err: '' })
    expect(docker(['tag', 'demo', 'again:1']).status).toBe(0)
    expect(docker(['images', '--format', '{{.Repository}}:{{.Tag}}']).out.split('\n')).toEqual(
      expect.arrayContaining(['demo:latest', 'again:1']),
    )
    expect(docker(['rmi', 'again:1']).out).toContain('Untagged: again:1')
    expect(docker(['load', '-i', archive]).out).toContain('Loaded image: demo:latest')
    expect(docker(['load'], readFileSync(archive, 'latin1').slice(0, 10)).status).toBe(1)
    expect(existsSync(archive)).toBe(true)
  })

  describe.skipIf(!hasPython)('at a terminal', () => {
    test('the container has a terminal of our size, which follows ours, and ours is sane afterwards', async () => {
      const { output, status, sane } = await atTerminal(
        ['run', '--rm', '-it', 'demo', 'sh', '-c', 'stty size; echo ready; read x; stty size; exit 3'],
        [
          ['ready', 'resize:33x111'],
          ['', '\n'],
        ],
      )
      expect(output).toContain('24 80\r\n')
      expect(output).toContain('33 111\r\n')
      expect([status, sane]).toEqual([3, true])
    })

    test('Ctrl-C is a key of the container’s terminal', async () => {
      const { output, status, sane } = await atTerminal(
        [
          'run',
          '--rm',
          '-it',
          'demo',
          'sh',
          '-c',
          'trap "echo got INT; exit 9" INT; echo ready; while :; do sleep 0.05; done',
        ],
        [['ready', '\x03']],
      )
      expect(output).toMatch(/ready\r\n.*got INT\r\n$/s)
      expect([status, sane]).toEqual([9, true])
    })

    test('the detach keys leave the container running; attach comes back to it, its exit code too', async () => {
      const first = await atTerminal(
        ['run', '--name', 'tty1', '-it', 'demo', 'sh', '-c', 'echo ready; read x; echo "read $x"; exit 6'],
        [['ready', '\x10\x11']],
      )
      expect([first.status, first.sane]).toEqual([0, true])
      const left = await atTerminal(['attach', '--detach-keys', 'ctrl-a,b', 'tty1'], [['', '\x01b']])
      expect(left).toMatchObject({
        status: 1,
        sane: true,
        output: expect.stringContaining('read escape sequence') as string,
      })
      const last = await atTerminal(['attach', 'tty1'], [['', 'words\n']])
      expect(last.output).toContain('read words')
      expect(last.status).toBe(6)
      docker(['rm', '-f', 'tty1'])
    })

    test('exec -it gets a terminal in a running container', async () => {
      docker(['run', '-d', '--name', 'tty2', 'demo', 'sleep', '1000'])
      const { output, status } = await atTerminal(
        ['exec', '-it', 'tty2', 'sh', '-c', 'stty size; read x; echo "got $x"; exit 4'],
        [['24 80', 'line\n']],
      )
      expect(output).toContain('got line')
      expect(status).toBe(4)
      docker(['rm', '-f', 'tty2'])
    })
  })
})
