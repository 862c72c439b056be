/** Bad input: docker's exit code, a message that names the object and the value, and nothing left behind. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiRequest } from '../harness/api.ts'
import { writeDockerArchive } from '../harness/archive.ts'
import { busyboxArchive } from '../harness/images.ts'
import { busybox, inBusybox, onDocker, sleeper, suite } from './suite.ts'

suite('bad input', [], (daemon) => {
  const cases: [name: string, args: string[], exitCode: number, message: RegExp][] = [
    ['a command that is not there', busybox('no-such-command'), 127, /no-such-command.*(not found|no such file)/i],
    ['a file that is not executable', busybox('/etc/passwd'), 126, /\/etc\/passwd.*permission denied/i],
    ['a directory as the command', busybox('/etc'), 126, /\/etc.*(permission denied|is a directory)/i],
    ['a malformed reference', ['UPPER'], 125, /invalid reference format|must be lowercase/],
    ['an unknown user', ['-u', 'nobody-here', ...busybox('true')], 125, /nobody-here/],
    ['an unknown group', ['-u', 'alice:no-group', ...busybox('true')], 125, /no-group/],
    ['a relative working directory', ['-w', 'relative', ...busybox('true')], 125, /relative/],
    ['memory that is no number', ['-m', 'lots', ...busybox('true')], 125, /invalid (argument|size).*lots/],
    ['memory below the minimum', ['-m', '1k', ...busybox('true')], 125, /[Mm]inimum memory limit/],
    ['negative cpus', ['--cpus', '-1', ...busybox('true')], 125, /CPUs|cpus/],
    ['a malformed ulimit', ['--ulimit', 'nofile=x', ...busybox('true')], 125, /ulimit|nofile/],
    ['an unknown ulimit', ['--ulimit', 'nonsense=1', ...busybox('true')], 125, /nonsense/],
    [
      'a missing bind source',
      ['--mount', 'type=bind,src=/no/such/dir,dst=/mnt', ...busybox('true')],
      125,
      /\/no\/such\/dir/,
    ],
    ['a relative mount target', ['-v', '/tmp:relative', ...busybox('true')], 125, /relative/],
    ['a malformed name', ['--name', '-bad-', ...busybox('true')], 125, /-bad-/],
    ['an unknown capability', ['--cap-add', 'FLY', ...busybox('true')], 125, /FLY/],
    ['an unknown flag', ['--no-such-flag', ...busybox('true')], 125, /unknown flag: --no-such-flag/],
    ['a missing device', ['--device', '/dev/no-such', ...busybox('true')], 127, /\/dev\/no-such/],
    ['a missing env file', ['--env-file', '/no/such/env', ...busybox('true')], 125, /\/no\/such\/env/],
    ['no image', [], 1, /requires at least 1 argument/],
  ]
  test.each(cases)('run with %s', async (_name, args, exitCode, message) => {
    const result = await daemon().cli(['run', '--rm', ...args])
    expect(result.stderr).toMatch(message)
    expect(result.exitCode).toBe(exitCode)
    expect(await daemon().ok('ps', '-aq')).toBe('')
  })

  test('no such image: the name with its tag, and 125', async () => {
    const result = await daemon().cli(['run', '--rm', '--pull', 'never', 'no-such-image'])
    expect(result.exitCode).toBe(125)
    expect(result.stderr).toMatch(/no-such-image/)
  })

  test('a name that is taken names its owner', async () => {
    const id = await sleeper(daemon(), '--name', 'taken')
    const result = await daemon().cli(['run', '--name', 'taken', ...busybox('true')])
    expect(result.exitCode).toBe(125)
    expect(result.stderr).toContain(`The container name "/taken" is already in use by container "${id}"`)
  })

  test.each(['start', 'stop', 'kill', 'rm', 'logs', 'top', 'wait', 'pause', 'attach', 'inspect', 'stats'])(
    '%s of a container that is not there',
    async (command) => {
      const result = await daemon().cli([command, 'not-there'])
      expect(result.exitCode).toBe(1)
      expect(result.stderr).toMatch(/No such (container|object): not-there/i)
    },
  )

  test('a start that failed can be looked at and removed', async () => {
    expect((await daemon().cli(['run', '--name', 'failed', ...busybox('no-such-command')])).exitCode).toBe(127)
    expect(await daemon().ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'failed')).toBe(
      'created 127',
    )
    await daemon().ok('rm', 'failed')
  })

  test('hostile symlinks in a container lead nowhere outside of it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mini-docker-hostile-'))
    try {
      const victim = join(directory, 'victim')
      mkdirSync(victim)
      mkdirSync(join(directory, 'layer/etc'), { recursive: true })
      symlinkSync(victim, join(directory, 'layer/mnt'))
      symlinkSync(`../../../../../../../..${victim}`, join(directory, 'layer/work'))
      symlinkSync('/proc/self/root/etc/shadow', join(directory, 'layer/etc/passwd'))
      const tar = execFileSync('tar', ['-C', join(directory, 'layer'), '-cf', '-', '.'])
      const base = execFileSync(
        'tar',
        [
          '-xOf',
          busyboxArchive(),
          (
            JSON.parse(execFileSync('tar', ['-xOf', busyboxArchive(), 'manifest.json'], { encoding: 'utf8' })) as {
              Layers: string[]
            }[]
          )[0]!.Layers[0]!,
        ],
        { maxBuffer: 1 << 28 },
      )
      writeDockerArchive(join(directory, 'hostile.tar'), 'hostile:test', [base, tar], { Cmd: ['sh'] })
      await daemon().ok('load', '-q', '-i', join(directory, 'hostile.tar'))
      await daemon().cli([
        'run',
        '--rm',
        '--network',
        'none',
        '--tmpfs',
        '/mnt/deep',
        '-w',
        '/work/here',
        'hostile:test',
        'sh',
        '-c',
        'touch /mnt/x ./y',
      ])
      expect(execFileSync('ls', ['-A', victim], { encoding: 'utf8' })).toBe('')
      expect(
        (await daemon().cli(['run', '--rm', '--network', 'none', '-u', 'alice', 'hostile:test', 'true'])).exitCode,
      ).not.toBe(0)
    } finally {
      await daemon().cli(['rmi', '-f', 'hostile:test'])
      rmSync(directory, { recursive: true })
    }
  })

  test.each([
    ['cut off', (path: string) => truncateSync(path, 700_000)],
    ['not an archive', (path: string) => writeFileSync(path, 'this is no tar')],
    ['empty', (path: string) => writeFileSync(path, '')],
    [
      'changed in the middle of a layer',
      (path: string) => {
        const bytes = readFileSync(path)
        bytes.fill(0x55, 1_000_000, 1_000_100)
        writeFileSync(path, bytes)
      },
    ],
  ])('load of an archive that is %s fails and leaves no image', async (_name, spoil) => {
    const directory = mkdtempSync(join(tmpdir(), 'mini-docker-bad-'))
    try {
      const path = join(directory, 'bad.tar')
      const text = readFileSync(busyboxArchive())
      writeFileSync(path, Buffer.from(text.toString('latin1').replaceAll('busybox:test', 'badbusy:test'), 'latin1'))
      spoil(path)
      const result = await daemon().cli(['load', '-i', path])
      // dockerd says nothing of an empty stream, and reads on over some damage.
      if (daemon().kind === 'mini-docker') {
        expect(result.exitCode).toBe(1)
        expect(result.stderr).toMatch(/\S/)
        expect(await daemon().ok('images', '-q', 'badbusy')).toBe('')
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  // dockerd 20.10 answers some of these with 500.
  test.skipIf(onDocker)('the API answers bad bodies with 400 and a message, and lives on', async () => {
    const bodies: [string, string][] = [
      ['{"Image": ', 'not JSON'],
      ['[]', 'no object'],
      ['{"Image": 7}', 'a number for a name'],
      ['{"Image":"busybox:test","Env":"A=1"}', 'a string for a list'],
      ['{"Image":"busybox:test","HostConfig":{"Memory":"much"}}', 'a string for a number'],
    ]
    for (const [body, name] of bodies) {
      const answer = await apiRequest(daemon().socket, 'POST', '/v1.41/containers/create', body)
      expect(answer.status, name).toBe(400)
      expect((answer.json as { message: string }).message, name).toMatch(/\S/)
    }
    expect((await daemon().request('GET', '/v1.41/nonsense')).status).toBe(404)
    expect((await daemon().request('GET', '/v9.99/version')).status).toBe(400)
    expect((await daemon().request('GET', '/_ping')).text).toBe('OK')
  })

  test('a full disk is told, and nothing of the container stays', async () => {
    const text = await inBusybox(
      daemon(),
      ['--tmpfs', '/small:size=64k'],
      'head -c 200000 /dev/zero > /small/f; echo $?',
    )
    expect(text).toBe('1')
  })
})
