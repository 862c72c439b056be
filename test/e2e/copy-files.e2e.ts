/** Files in and out of containers: `cp` both ways and `-`, `diff`, `export`, `commit`. */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { busybox, onDocker, sleeper, suite } from './suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'copy-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What `find` and checksums tell of a tree, without times. */
function tree(dir: string): string {
  const names = execFileSync('find', ['.', '-printf', '%P %y %m %n %l\n'], { cwd: dir }).toString()
  const sums = execFileSync('sh', ['-c', 'find . -type f -exec md5sum {} +'], { cwd: dir }).toString()
  // A directory's links say how many are in it.
  const lines = `${names.replaceAll(/( d \d+) \d+/g, '$1')}${sums}`.trimEnd().split('\n')
  return lines.toSorted().join('\n')
}

function fresh(name: string): string {
  const dir = join(folder, name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir)
  return dir
}

suite('cp', [], (daemon) => {
  const MAKE =
    'mkdir -p /d/sub; echo hi > /d/f; ln /d/f /d/hard; ln -s f /d/link; mkfifo /d/fifo; chmod 4750 /d/f; mkdir -m 1777 /d/sticky; dd if=/dev/zero of=/d/sparse bs=1 count=1 seek=1000000 2>/dev/null'

  test('of a directory out and in again gives the same tree, by our client and by docker’s, running and stopped', async () => {
    const id = await sleeper(daemon())
    await daemon().ok('exec', id, 'sh', '-c', MAKE)
    const trees: string[] = []
    for (const state of ['running', 'stopped']) {
      if (state === 'stopped') await daemon().ok('stop', id)
      const [ours, docker] = [fresh('ours'), fresh('docker')]
      await daemon().ok('cp', `${id}:/d`, ours)
      expect((await daemon().docker(['cp', `${id}:/d`, docker])).exitCode).toBe(0)
      trees.push(tree(ours), tree(docker))
      await daemon().ok('cp', `${ours}/d/.`, `${id}:/back-${state}`)
      const back = fresh('back')
      await daemon().ok('cp', `${id}:/back-${state}`, `${back}/d`)
      trees.push(tree(back))
    }
    expect(new Set(trees).size, trees.join('\n---\n')).toBe(1)
  })

  test('follows docker’s rules for names: into what is there, else as what is named', async () => {
    const id = await sleeper(daemon())
    await daemon().ok('exec', id, 'sh', '-c', 'mkdir /d; echo hi > /d/f; ln -s /d /ld; ln -s d/f /lf')
    const out = fresh('names')
    await daemon().ok('cp', `${id}:/d/f`, out)
    await daemon().ok('cp', `${id}:/d/f`, `${out}/g`)
    await daemon().ok('cp', `${id}:/d`, `${out}/new`)
    await daemon().ok('cp', `${id}:/d/.`, `${out}/new`)
    await daemon().ok('cp', `${id}:/lf`, out)
    await daemon().ok('cp', '-L', `${id}:/lf`, `${out}/followed`)
    await daemon().ok('cp', '-L', `${id}:/ld`, out)
    expect(readlinkSync(join(out, 'lf'))).toBe('d/f')
    for (const file of ['f', 'g', 'new/f', 'followed', 'ld/f'])
      expect(readFileSync(join(out, file), 'utf8')).toBe('hi\n')
  })

  test('of `-` passes a tar through in both directions', async () => {
    const id = await sleeper(daemon())
    const tar = execFileSync('tar', ['-C', '/etc', '-c', 'hostname'])
    expect((await daemon().cli(['cp', '-', `${id}:/tmp`], { input: tar })).exitCode).toBe(0)
    const { stdout } = await daemon().cli(['cp', `${id}:/tmp/hostname`, '-'])
    expect(execFileSync('tar', ['-xO'], { input: stdout }).toString()).toBe(readFileSync('/etc/hostname', 'utf8'))
  })

  test.each([
    [
      ['cp', 'CONTAINER:/nosuch', '.'],
      'Error response from daemon: Could not find the file /nosuch in container CONTAINER',
    ],
    [['cp', '/tmp/nosuch', 'CONTAINER:/'], 'lstat /tmp/nosuch: no such file or directory'],
    [['cp', '/etc', 'CONTAINER:/etc/passwd'], 'cannot copy directory'],
    [['cp', '/etc/passwd', 'CONTAINER:/nodir/'], 'no such directory'],
    [['cp', '-', 'CONTAINER:/etc/passwd'], 'destination "CONTAINER:/etc/passwd" must be a directory'],
    [['cp', 'CONTAINER:/etc', '/nosuch/x'], 'invalid output path: directory "/nosuch" does not exist'],
    [
      ['cp', 'CONTAINER:/etc', '/dev/null'],
      'invalid output path: "/dev/null" must be a directory or a regular file: got a device',
    ],
    [['cp', 'CONTAINER:/etc', 'CONTAINER:/tmp'], 'copying between containers is not supported'],
    [['cp', 'a', 'b'], 'must specify at least one container source'],
    [['cp', '', 'b'], 'source can not be empty'],
    [['diff', ''], 'Container name cannot be empty'],
    [
      ['export', '-o', '/nosuch/x', 'CONTAINER'],
      'failed to export container: invalid output path: stat /nosuch: no such file or directory',
    ],
    [['export', '-o', '/tmp', 'CONTAINER'], 'failed to export container: cannot write to a directory'],
    [['commit', 'CONTAINER', 'Bad'], 'invalid reference format: repository name (library/Bad) must be lowercase'],
  ])('%j is refused in docker’s words', async (words, message) => {
    const name = 'refused'
    await daemon().ok('create', '--name', name, ...busybox('true'))
    const args = words.map((word) => word.replace('CONTAINER', name))
    const { exitCode, stderr } = await daemon().cli(args)
    // The client of docker logs what its archiver left behind.
    const said = stderr.split('\n').filter((line) => !line.startsWith('time='))
    expect([exitCode, said.join('\n').trim()]).toEqual([1, message.replaceAll('CONTAINER', name)])
  })

  test('keeps owners as they come, and says nothing where no terminal is', async () => {
    const id = await sleeper(daemon())
    const source = fresh('owners')
    writeFileSync(join(source, 'f'), 'x')
    execFileSync('chown', ['12:34', join(source, 'f')])
    await daemon().ok('cp', `${source}/f`, `${id}:/tmp/f`)
    expect(await daemon().ok('exec', id, 'stat', '-c', '%u:%g', '/tmp/f')).toBe('12:34')
    const { exitCode, stderr } = await daemon().cli(['cp', `${source}/f`, `${id}:/`])
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  test('a link in the archive leads nowhere outside of the destination', async () => {
    const [id, out, trap] = [await sleeper(daemon()), fresh('out'), fresh('trap')]
    await daemon().ok('exec', id, 'sh', '-c', `mkdir /d; ln -s ${trap} /d/a`)
    await daemon().ok('cp', `${id}:/d/.`, out)
    await daemon().ok('exec', id, 'sh', '-c', 'rm /d/a; mkdir /d/a; echo x > /d/a/file')
    await daemon().cli(['cp', `${id}:/d/.`, out])
    expect(existsSync(join(trap, 'file'))).toBe(false)
  })

  test('without privileges makes files of the user’s own', async () => {
    if (onDocker) return
    const id = await sleeper(daemon())
    const out = fresh('user')
    execFileSync('chown', ['1000:1000', out])
    execFileSync('chmod', ['755', folder])
    for (const place of [daemon().socket, dirname(daemon().socket), dirname(dirname(daemon().socket))])
      execFileSync('chmod', ['a+rwx', place])
    const args = ['--reuid=1000', '--regid=1000', '--clear-groups', ...daemon().argv('cp', `${id}:/etc`, out)]
    execFileSync('setpriv', args, { cwd: '/' })
    expect(statSync(join(out, 'etc/passwd')).uid).toBe(1000)
  })
})

suite('export and commit', ['skopeo'], (daemon) => {
  test('an exported filesystem is an image again', async () => {
    const id = await sleeper(daemon(), '-v', '/volume')
    await daemon().ok('exec', id, 'sh', '-c', 'echo mine > /mine; echo v > /volume/v')
    const file = join(folder, 'export.tar')
    await daemon().ok('export', '-o', file, id)
    const names = execFileSync('tar', ['-tf', file]).toString().split('\n')
    expect(names).toContain('mine')
    expect(names).not.toContain('volume/v')
    await daemon().ok('import', file, 'again:1')
    expect(await daemon().ok('run', '--rm', '--network', 'none', 'again:1', 'cat', '/mine')).toBe('mine')
    await daemon().ok('rmi', 'again:1')
  })

  test('a commit runs, tells its history, is seen by diff and skopeo', async () => {
    const id = await sleeper(daemon())
    await daemon().ok('exec', id, 'sh', '-c', 'echo mine > /mine; rm /etc/group')
    expect((await daemon().ok('diff', id)).split('\n').toSorted()).toEqual(['A /mine', 'C /etc', 'D /etc/group'])
    const words = [
      '-a',
      'Ada <ada@example.org>',
      '-m',
      'by hand',
      '-c',
      'CMD ["cat", "/mine"]',
      '-c',
      'ENV GREETING=hello',
    ]
    const made = await daemon().ok('commit', ...words, id, 'made:1')
    expect(made).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await daemon().ok('inspect', '--format', '{{.State.Status}}', id)).toBe('running')
    expect(await daemon().ok('run', '--rm', '--network', 'none', 'made:1')).toBe('mine')
    expect(await daemon().ok('inspect', '--format', '{{.Author}} {{.Comment}} {{json .Config.Cmd}}', 'made:1')).toBe(
      'Ada <ada@example.org> by hand ["cat","/mine"]',
    )
    expect((await daemon().ok('history', '--format', '{{.Comment}}', 'made:1')).split('\n')[0]).toBe('by hand')
    if (!onDocker) {
      expect(await daemon().ok('image', 'tree', 'made:1')).toContain('mine')
      execFileSync('skopeo', ['inspect', `oci:${daemon().dataRoot}:made:1`])
      execFileSync('skopeo', ['copy', '-q', `oci:${daemon().dataRoot}:made:1`, `dir:${fresh('skopeo')}`])
    }
    await daemon().ok('rmi', 'made:1')
  })

  test('a container made of a commit of a commit has the changes of both', async () => {
    const first = await sleeper(daemon())
    await daemon().ok('exec', first, 'sh', '-c', 'mkdir /a; echo 1 > /a/one')
    await daemon().ok('commit', first, 'step:1')
    await daemon().ok(
      'run',
      '--name',
      'second',
      '--network',
      'none',
      'step:1',
      'sh',
      '-c',
      'rm -r /a; mkdir /a; echo 2 > /a/two',
    )
    await daemon().ok('commit', '-c', 'CMD ["ls", "/a"]', 'second', 'step:2')
    expect(await daemon().ok('run', '--rm', '--network', 'none', 'step:2')).toBe('two')
    await daemon().ok('rm', 'second')
    await daemon().ok('rmi', 'step:2', 'step:1')
  })
})
