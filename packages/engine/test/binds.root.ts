/** Folders and files of the host in containers: where they come from, what is read-only, which mounts travel. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { invoke, MNT_DETACH, MS_SHARED } from '@mini-docker/syscall'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MountDaemon, mountsBelow } from './support/mounts.ts'

let docker: MountDaemon
let host: string
beforeAll(async () => {
  docker = await MountDaemon.start()
  host = fs.mkdtempSync(path.join(os.tmpdir(), 'binds-host-'))
})
afterAll(async () => {
  await docker[Symbol.asyncDispose]()
  fs.rmSync(host, { recursive: true, force: true })
})
afterEach(() => docker.clear())

describe('binds', () => {
  test('mounts travel both ways over a shared mount, and none stays on the host', async () => {
    fs.mkdirSync(`${host}/shared/in`, { recursive: true })
    expect((await docker.refusal({ Binds: [`${host}/shared:/s:rshared`] })).message).toMatch(
      /^path .*\/shared is mounted on \/.* but it is not a shared mount/,
    )
    expect((await docker.refusal({ Binds: [`${host}/shared:/s:rslave`] })).message).toContain(
      'it is not a shared or slave mount',
    )
    invoke('mount', 'tmpfs', `${host}/shared`, 'tmpfs', 0, null)
    invoke('mount', null, `${host}/shared`, null, MS_SHARED, null)
    try {
      fs.mkdirSync(`${host}/shared/in`)
      fs.mkdirSync(`${host}/shared/out`)
      const before = mountsBelow(host)
      const id = await docker.started({
        Cmd: [
          'sh',
          '-c',
          'mount -t tmpfs fromin /s/in; while ! test -e /s/out/seen; do sleep 0.05; done; umount /s/in; echo both',
        ],
        HostConfig: { Binds: [`${host}/shared:/s:rshared`], Privileged: true },
      })
      await expect.poll(() => mountsBelow(host)).toEqual([...before, `${host}/shared/in`])
      invoke('mount', 'tmpfs', `${host}/shared/out`, 'tmpfs', 0, null)
      fs.writeFileSync(`${host}/shared/out/seen`, '')
      expect(await docker.exitCode(id, 'not-running')).toBe(0)
      invoke('umount2', `${host}/shared/out`, MNT_DETACH)
      expect(mountsBelow(host)).toEqual(before)
      expect(mountsBelow(docker.dir)).toEqual([])
    } finally {
      invoke('umount2', `${host}/shared`, MNT_DETACH)
    }
  })
  test('read-only is read-only all the way down, unless asked otherwise', async () => {
    fs.mkdirSync(`${host}/tree/sub`, { recursive: true })
    invoke('mount', 'tmpfs', `${host}/tree/sub`, 'tmpfs', 0, null)
    try {
      const mount = (BindOptions: object) => ({
        Mounts: [{ Type: 'bind', Source: `${host}/tree`, Target: '/t', ReadOnly: true, BindOptions }],
      })
      expect(await docker.output('touch /t/sub/x', { Binds: [`${host}/tree:/t:ro`] })).toContain(
        'Read-only file system',
      )
      expect(await docker.output('touch /t/sub/x', mount({}))).toContain('Read-only file system')
      expect(await docker.output('touch /t/sub/x && touch /t/x', mount({ ReadOnlyNonRecursive: true }))).toMatch(
        /^touch: .*\/t\/x'?: Read-only/,
      )
      expect(await docker.output('ls /t/sub', mount({ NonRecursive: true }))).toBe('')
    } finally {
      invoke('umount2', `${host}/tree/sub`, MNT_DETACH)
    }
  })
  test('the whole host shows what is mounted there later, and does not hold what is unmounted', async () => {
    fs.mkdirSync(`${host}/later`)
    invoke('mount', 'tmpfs', host, 'tmpfs', 0, null)
    invoke('mount', null, host, null, MS_SHARED, null)
    try {
      fs.mkdirSync(`${host}/later`)
      const id = await docker.started({ HostConfig: { Binds: ['/:/host:ro'] } })
      const { Pid } = await docker.state(id)
      const seen = (): boolean => fs.readFileSync(`/proc/${Pid}/mountinfo`, 'utf8').includes(`/host${host}/later `)
      invoke('mount', 'tmpfs', `${host}/later`, 'tmpfs', 0, null)
      await expect.poll(seen).toBe(true)
      invoke('umount2', `${host}/later`, MNT_DETACH)
      await expect.poll(seen).toBe(false)
      const inspected = (await docker.request('GET', `/containers/${id}/json`)).json
      expect(inspected.Mounts).toMatchObject([{ Source: '/', Propagation: 'rslave', RW: false }])
      await docker.request('DELETE', `/containers/${id}?force=1`)
    } finally {
      invoke('umount2', host, MNT_DETACH)
    }
  })
  test('sources are made for -v and bind-create-src, refused for --mount, and files stay files', async () => {
    expect(await docker.output('ls /d', { Binds: [`${host}/new/er:/d`] })).toBe('')
    expect(fs.statSync(`${host}/new/er`).isDirectory()).toBe(true)
    const mount = (Source: string, BindOptions: object = {}) => ({
      Mounts: [{ Type: 'bind', Source, Target: '/d', BindOptions }],
    })
    expect(await docker.refusal(mount(`${host}/missing`))).toEqual({
      status: 400,
      message: `invalid mount config for type "bind": bind source path does not exist: ${host}/missing`,
    })
    expect(await docker.output('ls /d', mount(`${host}/missing`, { CreateMountpoint: true }))).toBe('')
    fs.writeFileSync(`${host}/plain`, 'text')
    expect(await docker.output('cat /d/e', { Binds: [`${host}/plain:/d/e`] })).toBe('text')
    expect((await docker.refusal({ Binds: [`${host}/plain/below:/d`] })).message).toMatch(
      /^error while creating mount source path '.*plain\/below': mkdir/,
    )
  })
  test('deeper mounts come after the ones they are in; a link in a volume leads nowhere outside', async () => {
    fs.mkdirSync(`${host}/outer`, { recursive: true })
    expect(
      await docker.output('cat /a/b/c/passwd | grep -c root; ls /a', {
        Binds: [`${host}/outer:/a`, '/etc/passwd:/a/b/c/passwd:ro'],
      }),
    ).toBe('1\nb')
    const put = path.basename(host)
    await docker.output('ln -s ../../../../../../etc /v/evil', { Binds: ['links:/v'] })
    const mounts = [{ Type: 'tmpfs', Target: `/v/evil/${put}` }]
    expect(await docker.output(`stat -f -c %T /etc/${put}`, { Binds: ['links:/v'], Mounts: mounts })).toBe('tmpfs')
    expect(fs.existsSync(`/etc/${put}`)).toBe(false)
  })
})
