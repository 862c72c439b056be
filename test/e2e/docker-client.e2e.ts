/** The real docker client on our daemon: its own words and formats, so that the API is the real one and no look-alike. */
import { expect, test } from 'vitest'
import { sleep } from '../harness/eventually.ts'
import { busyboxArchive } from '../harness/images.ts'
import { Terminal } from '../harness/terminal.ts'
import { busybox, suite } from './suite.ts'

suite('the docker client', ['docker', 'tmux'], (daemon) => {
  const docker = async (...args: string[]) => {
    const result = await daemon().docker(args)
    expect(result.exitCode, `docker ${args.join(' ')}: ${result.stderr}`).toBe(0)
    return result.stdout.replace(/\n$/, '')
  }

  test('version and info', async () => {
    expect(await docker('version', '--format', '{{.Server.Os}} {{.Server.APIVersion}}')).toMatch(/^linux 1\.\d+$/)
    expect(await docker('info', '--format', '{{.ServerVersion}} {{.Driver}} {{.CgroupVersion}}')).toMatch(
      /^\S+ overlay2? [12]$/,
    )
    expect(await docker('info')).toMatch(/Server Version: \S+/)
  })

  test('load, images, inspect, history, tag and rmi', async () => {
    expect(await docker('load', '-i', busyboxArchive())).toContain('Loaded image: busybox:test')
    expect(await docker('images', '--format', '{{.Repository}}:{{.Tag}} {{.Size}}')).toMatch(/^busybox:test [\d.]+MB$/m)
    expect(await docker('inspect', '--format', '{{.Id}} {{index .RepoTags 0}}', 'busybox:test')).toMatch(
      /^sha256:[0-9a-f]{64} busybox:test$/,
    )
    expect(await docker('history', '--format', '{{.CreatedBy}}', 'busybox:test')).toBe('layer 0')
    await docker('tag', 'busybox:test', 'other/name:1')
    expect(await docker('rmi', 'other/name:1')).toBe('Untagged: other/name:1')
  })

  test('run, with output, errors, input and exit code', async () => {
    expect(
      await daemon().docker(['run', '--rm', ...busybox('sh', '-c', 'echo out; echo err >&2; exit 3')]),
    ).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 3 })
    expect(await daemon().docker(['run', '--rm', '-i', ...busybox('cat')], { input: 'through\n' })).toMatchObject({
      stdout: 'through\n',
      exitCode: 0,
    })
    expect((await daemon().docker(['run', '--rm', ...busybox('no-such-command')])).exitCode).toBe(127)
    expect(await docker('ps', '-aq')).toBe('')
  })

  test('run with its defaults', async () => {
    expect(await daemon().docker(['run', '--rm', 'busybox:test', 'echo', 'defaults'])).toMatchObject({
      stdout: 'defaults\n',
      exitCode: 0,
    })
  })

  test('run -d, ps, logs -f, exec, top, stats, wait, stop, rm', async () => {
    const id = await docker(
      'run',
      '-d',
      '--name',
      'web',
      '--label',
      'a=b',
      ...busybox(
        'sh',
        '-c',
        'for i in 1 2 3; do echo $i; sleep 0.2; done; trap "exit 0" TERM; while :; do sleep 0.1; done',
      ),
    )
    expect(await docker('ps', '--no-trunc', '--filter', 'label=a=b', '--format', '{{.ID}} {{.Names}} {{.State}}')).toBe(
      `${id} web running`,
    )
    expect(await docker('exec', 'web', 'echo', 'from exec')).toBe('from exec')
    expect((await daemon().docker(['exec', 'web', 'sh', '-c', 'exit 9'])).exitCode).toBe(9)
    expect(await docker('top', 'web', '-o', 'pid,args')).toMatch(/sh -c/)
    expect(await docker('stats', '--no-stream', '--format', '{{.Name}}', 'web')).toBe('web')
    const follow = daemon().docker(['logs', '-f', 'web'])
    const waiting = daemon().docker(['wait', 'web'])
    await docker('stop', 'web')
    expect((await waiting).stdout).toBe('0\n')
    expect((await follow).stdout).toMatch(/^1\n/)
    expect(await docker('rm', 'web')).toBe('web')
  })

  test('pause, unpause, rename, restart, kill, events', async () => {
    const id = await docker('run', '-d', '--name', 'first', ...busybox('sleep', '100'))
    await docker('pause', 'first')
    expect(await docker('ps', '--format', '{{.Status}}')).toMatch(/\(Paused\)$/)
    await docker('unpause', 'first')
    await docker('rename', 'first', 'second')
    await docker('restart', '-t', '0', 'second')
    await docker('kill', 'second')
    expect(
      await docker('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', 'second'),
    ).toBe('exited 137 0')
    // The client asks for whole seconds.
    await sleep(1100)
    const events = await docker(
      'events',
      '--since',
      '60s',
      '--until',
      '0s',
      '--filter',
      `container=${id}`,
      '--format',
      '{{.Action}}',
    )
    expect(events.split('\n')).toEqual(expect.arrayContaining(['pause', 'unpause', 'rename', 'restart', 'kill', 'die']))
  })

  test('run -it and exec -it on a terminal', async () => {
    await using terminal = await Terminal.open(
      ['docker', '-H', daemon().host, 'run', '-it', '--name', 'tty', ...busybox('sh')],
      { columns: 77, rows: 21 },
    )
    await terminal.waitFor(/^\/ # ?$/m)
    await terminal.line('stty size')
    await terminal.waitFor(/^21 77$/m)
    await using second = await Terminal.open(['docker', '-H', daemon().host, 'exec', '-it', 'tty', 'sh'])
    await second.waitFor(/^\/ # ?$/m)
    await second.line('exit 4')
    expect(await second.exitCode()).toBe(4)
    await terminal.line('exit 5')
    expect(await terminal.exitCode()).toBe(5)
  })
})
