/** `run`: what goes in, what comes out, and how it ends, as docker's users know it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIGURED, configuredArchive } from '../harness/images.ts'
import { eventually } from '../harness/eventually.ts'
import { busybox, inBusybox, inspect, suite } from './suite.ts'

suite('run', [], (daemon) => {
  test('output and errors arrive on their own streams, and the exit code is the command’s', async () => {
    const result = await daemon().cli(['run', '--rm', ...busybox('sh', '-c', 'echo out; echo err >&2; exit 3')])
    expect(result).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 3 })
  })

  test('standard input reaches the container with -i, byte for byte, and its end too', async () => {
    const input = Buffer.alloc(300_000, 'abcdefg\n')
    const result = await daemon().cli(['run', '--rm', '-i', ...busybox('cat')], { input })
    expect(result.exitCode).toBe(0)
    expect(result.stdout).toBe(input.toString())
  })

  test('without -i standard input is empty', async () => {
    const result = await daemon().cli(['run', '--rm', ...busybox('cat')], { input: 'not for the container' })
    expect(result).toMatchObject({ stdout: '', exitCode: 0 })
  })

  test('large output comes complete and in order', async () => {
    const result = await daemon().cli(['run', '--rm', ...busybox('seq', '1', '200000')])
    expect(result.stdout.length).toBe(1_288_895)
    expect(result.stdout.endsWith('199999\n200000\n')).toBe(true)
  })

  test('-d prints the full id and the container runs on', async () => {
    const result = await daemon().cli(['run', '-d', '--name', 'detached', ...busybox('sleep', '30')])
    expect(result.stdout).toMatch(/^[0-9a-f]{64}\n$/)
    expect(await inspect(daemon(), 'detached', '{{.Id}} {{.State.Running}}')).toBe(`${result.stdout.trim()} true`)
  })

  test('--rm leaves no container, and its name is free at once', async () => {
    for (let round = 0; round < 3; round += 1) await daemon().ok('run', '--rm', '--name', 'again', ...busybox('true'))
    expect(await daemon().ok('ps', '-aq')).toBe('')
  })

  test('-e, --env-file, -w, --hostname and --entrypoint', async () => {
    await withDirectory(async (directory) => {
      writeFileSync(join(directory, 'env'), '# a comment\nFROM_FILE=a b\nFROM_OUTSIDE\n')
      const options = [
        '-e',
        'A=1',
        '-e',
        'FROM_OUTSIDE',
        '--env-file',
        join(directory, 'env'),
        '-w',
        '/new/dir',
        '--hostname',
        'somewhere',
      ]
      const result = await daemon().cli(
        [
          'run',
          '--rm',
          ...options,
          '--entrypoint',
          '/bin/sh',
          ...busybox('-c', 'echo "$A|$FROM_FILE|$FROM_OUTSIDE|$(pwd)|$(hostname)|$(cat /etc/hostname)"'),
        ],
        { env: { FROM_OUTSIDE: 'outside' } },
      )
      expect(result).toMatchObject({ stdout: '1|a b|outside|/new/dir|somewhere|somewhere\n', stderr: '', exitCode: 0 })
    })
  })

  test.each([
    ['1234', '1234:0 groups 0 home /'],
    ['1234:55', '1234:55 groups 55 home /'],
    ['alice', '1000:1000 groups 1000 10 home /home/alice'],
    ['alice:staff', '1000:50 groups 50 home /home/alice'],
    ['1000', '1000:1000 groups 1000 10 home /home/alice'],
  ])('-u %s is looked up in the container’s own /etc/passwd and group', async (user, expected) => {
    expect(await inBusybox(daemon(), ['-u', user], 'echo "$(id -u):$(id -g) groups $(id -G) home $HOME"')).toBe(
      expected,
    )
  })

  test('--cidfile holds the id, and an existing file is refused', async () => {
    await withDirectory(async (directory) => {
      const file = join(directory, 'cid')
      await daemon().ok('run', '--cidfile', file, '--name', 'with-cid', ...busybox('true'))
      expect(readFileSync(file, 'utf8')).toBe(await inspect(daemon(), 'with-cid', '{{.Id}}'))
      const again = await daemon().cli(['run', '--cidfile', file, ...busybox('true')])
      expect(again.exitCode).toBe(125)
      expect(again.stderr).toMatch(/container ID file found/)
    })
  })

  test('a bind mount shows the host’s directory; :ro cannot be written', async () => {
    await withDirectory(async (directory) => {
      writeFileSync(join(directory, 'file'), 'from the host\n')
      expect(await inBusybox(daemon(), ['-v', `${directory}:/mnt`], 'cat /mnt/file; echo back > /mnt/answer')).toBe(
        'from the host',
      )
      expect(readFileSync(join(directory, 'answer'), 'utf8')).toBe('back\n')
      const readOnly = await daemon().cli([
        'run',
        '--rm',
        '--mount',
        `type=bind,src=${directory},dst=/mnt,readonly`,
        ...busybox('touch', '/mnt/x'),
      ])
      expect(readOnly.exitCode).toBe(1)
      expect(readOnly.stderr).toMatch(/Read-only file system/)
    })
  })

  test('--tmpfs and --mount type=tmpfs have their size and mode', async () => {
    const options = ['--tmpfs', '/fast:size=4m,mode=700', '--mount', 'type=tmpfs,dst=/other,tmpfs-size=1048576']
    const text = await inBusybox(
      daemon(),
      options,
      "stat -c %a /fast; df -k /fast | tail -1 | awk '{print $2}'; df -k /other | tail -1 | awk '{print $2}'",
    )
    expect(text).toBe('700\n4096\n1024')
  })

  test('--read-only closes the root, and /dev, /dev/shm and volumes stay open', async () => {
    const text = await inBusybox(
      daemon(),
      ['--read-only', '-v', '/data'],
      'touch /x 2>&1; touch /data/x /dev/shm/x && echo open',
    )
    expect(text).toMatch(/Read-only file system\nopen$/)
  })

  test('--init reaps orphans and passes the exit code on', async () => {
    expect(await inBusybox(daemon(), ['--init'], 'test $$ != 1 && tr "\\0" " " < /proc/1/cmdline')).toMatch(/init/)
    expect((await daemon().cli(['run', '--rm', '--init', ...busybox('sh', '-c', 'exit 41')])).exitCode).toBe(41)
  })

  test('--network none has only lo, and it is up; --network host has the host’s links', async () => {
    expect(
      await daemon().ok('run', '--rm', ...busybox('sh', '-c', 'ls /sys/class/net; cat /sys/class/net/lo/flags')),
    ).toBe('lo\n0x9')
    const host = await daemon().cli(['run', '--rm', '--network', 'host', 'busybox:test', 'hostname'])
    expect(host.exitCode).toBe(0)
  })

  test('an image’s USER, ENTRYPOINT, ENV, WORKDIR and VOLUME are honoured, and its STOPSIGNAL', async () => {
    await daemon().ok('load', '-q', '-i', configuredArchive())
    const lines = await daemon().ok('run', '--rm', '--network', 'none', CONFIGURED)
    expect(lines.split('\n')).toEqual([
      'args from-entrypoint from-cmd',
      'user 1000:50 groups 50',
      'cwd /work/deep',
      'greeting hello from the image home /home/alice empty ',
      'seed from the image',
    ])
    const id = await daemon().ok('run', '-d', '--network', 'none', CONFIGURED, 'wait')
    await eventually('the container is ready', async () => (await daemon().ok('logs', id)).includes('ready'))
    await daemon().ok('stop', id)
    expect(await daemon().ok('logs', '--tail', '1', id)).toBe('stopped by SIGUSR1')
    expect(await inspect(daemon(), id, '{{.State.ExitCode}}')).toBe('9')
  })

  test('labels, ulimits and the memory limit are where inspect says', async () => {
    const id = await daemon().ok(
      'run',
      '-d',
      '--label',
      'a=b',
      '--ulimit',
      'nofile=100:200',
      '-m',
      '64m',
      '--pids-limit',
      '50',
      '--cpus',
      '0.5',
      ...busybox('sleep', '30'),
    )
    expect(
      await inspect(
        daemon(),
        id,
        '{{.Config.Labels.a}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}',
      ),
    ).toBe('b 67108864 50 500000000')
    expect(await daemon().ok('exec', id, 'sh', '-c', 'ulimit -n')).toBe('100')
  })

  test('a container over its memory limit is killed with 137, and the state says why', async () => {
    const script = 'head -c 200m /dev/zero | tail'
    const id = await daemon().ok('run', '-d', '-m', '16m', '--memory-swap', '16m', ...busybox('sh', '-c', script))
    await daemon().ok('wait', id)
    expect(['137', '1']).toContain(await inspect(daemon(), id, '{{.State.ExitCode}}'))
  })
})

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-run-'))
  try {
    await body(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
