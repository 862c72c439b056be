/**
 * Volumes and mounts by the command line. With `MINI_DOCKER_E2E=docker` the same is asked of a real dockerd and its client: what is
 * expected here is what it answers. Only what docker 20.10 does not have yet is left out there.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { writeDockerArchive } from '../harness/archive.ts'
import { busyboxArchive } from '../harness/images.ts'
import { busybox, inBusybox, inspect, onDocker, sleeper, suite } from './suite.ts'

const FILLED = 'filled:test'

suite('volumes', [], (daemon) => {
  let host: string
  beforeAll(async () => {
    host = mkdtempSync(join(tmpdir(), 'mini-docker-volumes-'))
    await daemon().ok('load', '-q', '-i', filledArchive(host))
  })
  // Also what a test left that failed.
  afterEach(async () => {
    for (const { Id } of (await daemon().request('GET', '/containers/json?all=1')).json as { Id: string }[])
      await daemon().request('DELETE', `/containers/${Id}?force=1&v=1`)
    const { Volumes } = (await daemon().request('GET', '/volumes')).json as { Volumes: { Name: string }[] | null }
    for (const { Name } of Volumes ?? []) await daemon().request('DELETE', `/volumes/${Name}`)
  })
  afterAll(() => rmSync(host, { recursive: true, force: true }))

  const failure = async (...args: string[]): Promise<string> => {
    const { exitCode, stderr } = await daemon().cli(args)
    expect(exitCode, args.join(' ')).not.toBe(0)
    return stderr.split('\n')[0]?.replace(/^.*?Error response from daemon: /, '') ?? ''
  }
  const inFilled = (options: string[], script: string): Promise<string> =>
    daemon().ok('run', '--rm', '--network', 'none', ...options, FILLED, 'sh', '-c', script)

  test('create, ls, inspect and rm', async () => {
    expect(await daemon().ok('volume', 'create', '--label', 'k=v', 'one')).toBe('one')
    expect(await daemon().ok('volume', 'create', 'one')).toBe('one')
    await daemon().ok('volume', 'create', 'v10')
    await daemon().ok('volume', 'create', 'v9')
    expect(await daemon().ok('volume', 'ls')).toBe('DRIVER    VOLUME NAME\nlocal     one\nlocal     v9\nlocal     v10')
    expect(await daemon().ok('volume', 'ls', '-q', '-f', 'name=v')).toBe('v9\nv10')
    expect(await daemon().ok('volume', 'ls', '-q', '-f', 'label=k=v', '-f', 'dangling=true')).toBe('one')
    expect(
      await daemon().ok('volume', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Labels}} {{.Links}} {{.Size}}'),
    ).toBe('one local k=v N/A N/A\nv9 local  N/A N/A\nv10 local  N/A N/A')
    const format = '{{.Name}} {{.Driver}} {{.Scope}} {{json .Labels}} {{json .Options}}'
    expect(await daemon().ok('volume', 'inspect', '-f', format, 'one')).toBe('one local local {"k":"v"} null')
    expect(await daemon().ok('inspect', '--type', 'volume', '-f', '{{.Mountpoint}}', 'one')).toBe(
      `${daemon().dataRoot}/volumes/one/_data`,
    )
    expect(await failure('volume', 'inspect', 'none')).toMatch(/^(\[\]|get none: no such volume)$/)
    expect(await daemon().ok('volume', 'rm', 'one', 'v9', 'v10')).toBe('one\nv9\nv10')
    expect(await failure('volume', 'rm', 'one')).toBe('get one: no such volume')
    await daemon().ok('volume', 'rm', '-f', 'one')
  })

  test.each([
    [['x'], 'create x: volume name is too short, names should be at least two alphanumeric characters'],
    [
      ['a b'],
      'create a b: "a b" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
    ],
    [['..'], 'create ..: ".." includes invalid characters for a local volume name'],
    [['-d', 'foo', 'vol'], 'create vol: error looking up volume plugin foo: plugin "foo" not found'],
    [['-o', 'wat=1', 'vol'], 'create vol: invalid option: "wat"'],
    [['-o', 'type=tmpfs', 'vol'], 'create vol: missing required option: "device"'],
    [['-o', 'size=10m', 'vol'], 'create vol: quota size requested but no quota support'],
  ])('volume create %j is refused', async (args, words) => {
    expect(await failure('volume', 'create', ...args)).toContain(words)
    expect(await daemon().ok('volume', 'ls', '-q')).toBe('')
  })

  test('an empty volume gets what the image has there: owners, modes, times, links, those of the folder too; once', async () => {
    const tree =
      'cd /data && find . | sort | while read f; do t=%Y; test -L "$f" || ! test -d "$f" || t=-; stat -c "%n %F %a %u:%g %s $t %h" "$f"; done; readlink link'
    const expected = [
      '. directory 1755 7:8 4096 - 3',
      './dir directory 2770 0:9 4096 - 2',
      './dir/setuid regular file 4755 1:2 2 1000000200 1',
      './hard1 regular file 640 5:5 5 1000000300 2',
      './hard2 regular file 640 5:5 5 1000000300 2',
      './link symbolic link 777 3:3 10 1000000400 1',
      'dir/setuid',
    ]
    for (const options of [['-v', 'full:/data'], ['-v', '/data'], [], ['--mount', 'type=volume,src=other,dst=/data']])
      expect((await inFilled(options, tree)).split('\n'), options.join(' ')).toEqual(expected)
    await inFilled(['-v', 'full:/data'], 'rm -r /data/dir')
    expect(await inFilled(['-v', 'full:/data'], 'ls /data')).toBe('hard1\nhard2\nlink')
    expect(await inFilled(['-v', 'none:/data:nocopy'], 'ls -A /data')).toBe('')
    expect(await inFilled(['--mount', 'type=volume,src=none,dst=/data,volume-nocopy'], 'ls -A /data')).toBe('')
    expect(await inFilled(['--tmpfs', '/data'], 'ls -A /data')).toBe('')
    expect(await failure('run', '--rm', '-v', '/data/hard1', FILLED, 'true')).toContain(
      'cannot mount volume over existing file',
    )
    expect(await daemon().ok('volume', 'ls', '-q')).toBe('full\nnone\nother')
    await daemon().ok('volume', 'rm', 'full', 'none', 'other')
  })

  test('inspect shows mounts as docker does', async () => {
    const words = ['-v', 'vol:/a', '-v', 'vol:/b:ro', '-v', '/anon', '-v', `${host}:/h:ro`, '--tmpfs', '/t']
    const mounts = [
      'type=bind,src=/etc,dst=/m',
      'type=volume,src=vol,dst=/v,readonly',
      'type=tmpfs,dst=/tt,tmpfs-mode=1700',
    ]
    await daemon().ok(
      'create',
      '--name',
      'box',
      ...words,
      ...mounts.flatMap((text) => ['--mount', text]),
      ...busybox('true'),
    )
    const found = JSON.parse(await inspect(daemon(), 'box', '{{json .Mounts}}')) as Record<string, unknown>[]
    const data = (name: unknown) => `${daemon().dataRoot}/volumes/${String(name)}/_data`
    const sorted = found.toSorted((a, b) => (String(a['Destination']) < String(b['Destination']) ? -1 : 1))
    const vol = { Type: 'volume', Name: 'vol', Source: data('vol'), Driver: 'local', Propagation: '' }
    expect(sorted).toEqual([
      { ...vol, Destination: '/a', Mode: 'z', RW: true },
      {
        ...vol,
        Destination: '/anon',
        Mode: '',
        RW: true,
        Name: sorted[1]?.['Name'],
        Source: data(sorted[1]?.['Name']),
      },
      { ...vol, Destination: '/b', Mode: 'ro', RW: false },
      { Type: 'bind', Source: host, Destination: '/h', Mode: 'ro', RW: false, Propagation: 'rprivate' },
      { Type: 'bind', Source: '/etc', Destination: '/m', Mode: '', RW: true, Propagation: 'rprivate' },
      { Type: 'tmpfs', Source: '', Destination: '/tt', Mode: '', RW: true, Propagation: '' },
      { ...vol, Destination: '/v', Mode: 'z', RW: false },
    ])
    expect(await failure('volume', 'rm', 'vol')).toMatch(/^remove vol: volume is in use - \[[0-9a-f]{64}\]$/)
    await daemon().ok('rm', '-v', 'box')
    expect(await daemon().ok('volume', 'ls', '-q')).toBe('vol')
    await daemon().ok('volume', 'rm', 'vol')
  })

  test.each([
    [['-v', '/a:/b:wat'], 'invalid mode: wat'],
    [
      ['-v', '/a:/'],
      `invalid volume specification: '/a:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
    ],
    [
      ['-v', '/a:rel'],
      `invalid volume specification: '/a:rel': invalid mount config for type "bind": invalid mount path: 'rel' mount path must be absolute`,
    ],
    [['-v', '/a:/x', '-v', '/b:/x'], 'Duplicate mount point: /x'],
    [['-v', '/a:/x', '--tmpfs', '/x'], 'Duplicate mount point: /x'],
    [
      ['--mount', 'type=bind,src=/no/such,dst=/x'],
      'invalid mount config for type "bind": bind source path does not exist: /no/such',
    ],
    [
      ['--mount', 'type=bind,src=rel,dst=/x'],
      `invalid mount config for type "bind": invalid mount path: 'rel' mount path must be absolute`,
    ],
    [
      ['--mount', 'type=tmpfs,src=/a,dst=/x'],
      'invalid mount config for type "tmpfs": field Source must not be specified',
    ],
    [['--mount', 'type=wat,src=/a,dst=/x'], 'invalid mount config for type "wat": mount type unknown'],
    [['--volumes-from', 'nobody'], 'No such container: nobody'],
    [['--volumes-from', 'nobody:wat'], 'invalid mode: wat'],
  ])('run %j is refused', async (options, words) => {
    expect(await failure('run', '--rm', ...options, ...busybox('true'))).toContain(words)
    expect(await daemon().ok('volume', 'ls', '-q')).toBe('')
  })

  test('--volumes-from takes over mounts, of stopped containers too', async () => {
    await daemon().ok(
      'create',
      '--name',
      'box',
      '-v',
      'vol:/v',
      '-v',
      '/anon',
      '-v',
      `${host}:/h:ro`,
      ...busybox('true'),
    )
    await inBusybox(daemon(), ['--volumes-from', 'box'], 'echo 1 > /v/f; echo 2 > /anon/f')
    expect(
      await inBusybox(daemon(), ['--volumes-from', 'box:ro'], 'cat /v/f /anon/f; touch /v/x /h/x 2>&1 || true'),
    ).toBe('1\n2\ntouch: /v/x: Read-only file system\ntouch: /h/x: Read-only file system')
    await daemon().ok('create', '--name', 'heir', '--volumes-from', 'box', ...busybox('true'))
    await daemon().ok('rm', '-v', 'box')
    expect((await daemon().ok('volume', 'ls', '-q')).split('\n')).toHaveLength(2)
    await daemon().ok('rm', '-v', 'heir')
    expect(await daemon().ok('volume', 'ls', '-q')).toBe('vol')
    await daemon().ok('volume', 'rm', 'vol')
  })

  test('a volume in memory is one for all its containers; one bound to a folder is that folder', async () => {
    await daemon().ok('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m,mode=711', 'mem')
    const id = await sleeper(daemon(), '-v', 'mem:/m')
    await inBusybox(daemon(), ['-v', 'mem:/m'], 'echo x > /m/f')
    expect(
      await daemon().ok(
        'exec',
        id,
        'sh',
        '-c',
        'cat /m/f; stat -c %a /m; df -k /m | tail -1 | tr -s " " | cut -d" " -f2',
      ),
    ).toBe('x\n711\n1024')
    await daemon().ok('rm', '-f', id)
    expect(await inBusybox(daemon(), ['-v', 'mem:/m'], 'ls /m')).toBe('')
    await daemon().ok('volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', `device=${host}`, 'dir')
    await inBusybox(daemon(), ['-v', 'dir:/d'], 'echo y > /d/from-container')
    expect(execFileSync('cat', [join(host, 'from-container')], { encoding: 'utf8' })).toBe('y\n')
    await daemon().ok('volume', 'rm', 'mem', 'dir')
    expect(execFileSync('cat', [join(host, 'from-container')], { encoding: 'utf8' })).toBe('y\n')
  })

  test('data outlives its containers, and a killed daemon', async () => {
    const id = await sleeper(daemon(), '-v', 'kept:/k')
    await daemon().ok('exec', id, 'sh', '-c', 'echo data > /k/f')
    if (!onDocker) {
      await daemon().kill()
      await daemon().start()
    }
    await daemon().ok('rm', '-fv', id)
    expect(await inBusybox(daemon(), ['-v', 'kept:/k'], 'cat /k/f')).toBe('data')
    await daemon().ok('volume', 'rm', 'kept')
  })

  test.skipIf(onDocker)('a daemon killed in the middle of a start leaves no mount of a volume', async () => {
    await daemon().ok('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'mem')
    const mounts = (): string =>
      readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => line.includes('/volumes/mem/_data'))
        .join('\n')
    for (const step of ['rootfs.overlay', 'process.exec']) {
      await daemon().kill()
      await daemon().start({ MINI_DOCKER_TEST_KILL_AT: step })
      const { exitCode } = await daemon().cli(['run', '--name', 'victim', '-v', 'mem:/m', ...busybox('true')], {
        timeoutMs: 20_000,
      })
      expect(exitCode, `run was not killed at ${step}`).not.toBe(0)
      expect(mounts(), step).not.toBe('')
      await daemon().kill()
      await daemon().start()
      expect(mounts(), step).toBe('')
      await daemon().ok('start', '-a', 'victim')
      await daemon().ok('rm', 'victim')
      expect(mounts(), step).toBe('')
    }
  })

  test('prune takes what no container has', async () => {
    await daemon().ok('create', '--name', 'box', '-v', 'used:/u', '-v', '/anon', ...busybox('true'))
    await inBusybox(daemon(), ['-v', 'free:/f'], 'dd if=/dev/zero of=/f/x bs=1000 count=5 2>/dev/null')
    await daemon().ok('rm', 'box')
    await daemon().ok('create', '--name', 'box', '-v', 'used:/u', ...busybox('true'))
    const anonymous = (await daemon().ok('volume', 'ls', '-q')).split('\n').find((name) => name.length === 64) ?? ''
    if (!onDocker) {
      expect(await daemon().ok('volume', 'prune', '-f')).toBe(
        `Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 0B`,
      )
      expect(await daemon().ok('volume', 'prune', '-af')).toBe('Deleted Volumes:\nfree\n\nTotal reclaimed space: 5kB')
    } else await daemon().ok('volume', 'prune', '-f')
    expect(await daemon().ok('volume', 'ls', '-q')).toBe('used')
    await daemon().ok('rm', 'box')
    await daemon().ok('volume', 'rm', 'used')
  })

  test.skipIf(onDocker)('volume-subpath is a part of a volume; :z says that there is no SELinux', async () => {
    await inBusybox(daemon(), ['-v', 'whole:/w'], 'mkdir -p /w/a/b; echo 1 > /w/a/b/f')
    const mount = (subpath: string) => ['--mount', `type=volume,src=whole,dst=/p,volume-subpath=${subpath}`]
    expect(await inBusybox(daemon(), mount('a/b'), 'ls /p')).toBe('f')
    expect(await failure('run', '--rm', ...mount('../x'), ...busybox('true'))).toContain(
      'subpath must be a relative path within the volume',
    )
    expect(await failure('run', '--rm', ...mount('nope'), ...busybox('true'))).toContain('cannot access path')
    const { stdout, stderr } = await daemon().cli(['run', '--rm', '-v', `${host}:/h:ro,z`, ...busybox('echo', 'ran')])
    expect([stdout, stderr]).toEqual(['ran\n', expect.stringMatching(/^WARNING: .*SELinux/)])
    await daemon().ok('volume', 'rm', 'whole')
  })
})

/** An image whose /data, a VOLUME, has one of everything. */
function filledArchive(directory: string): string {
  const root = join(directory, 'filled')
  const at = (name: string): string => join(root, 'data', name)
  mkdirSync(at('dir'), { recursive: true })
  writeFileSync(at('dir/setuid'), '#!')
  writeFileSync(at('hard1'), 'hard\n')
  linkSync(at('hard1'), at('hard2'))
  symlinkSync('dir/setuid', at('link'))
  const entries: [name: string, uid: number, gid: number, mode: number, seconds: number][] = [
    ['dir/setuid', 1, 2, 0o4755, 1000000200],
    ['dir', 0, 9, 0o2770, 1000000100],
    ['hard1', 5, 5, 0o640, 1000000300],
    ['.', 7, 8, 0o1755, 1000000000],
  ]
  lchownSync(at('link'), 3, 3)
  execFileSync('touch', ['-h', '-d', '@1000000400', at('link')])
  for (const [name, uid, gid, mode, seconds] of entries) {
    lchownSync(at(name), uid, gid)
    chmodSync(at(name), mode)
    utimesSync(at(name), seconds, seconds)
  }
  const layer = execFileSync('tar', ['-C', root, '--sort=name', '--numeric-owner', '-cf', '-', '.'], {
    maxBuffer: 1 << 26,
  })
  const base = execFileSync('sh', ['-c', 'tar -xOf "$1" "$(tar -tf "$1" | grep "\\.tar$")"', 'sh', busyboxArchive()], {
    maxBuffer: 1 << 26,
  })
  const archive = join(directory, 'filled.tar')
  writeDockerArchive(archive, FILLED, [base, layer], {
    Cmd: ['sh'],
    Env: ['PATH=/bin:/sbin:/usr/bin'],
    Volumes: { '/data': {} },
  })
  return archive
}
