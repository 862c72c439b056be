/** Volumes with real containers: who shares them, what survives, what is left. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { invoke, lgetxattr, lsetxattr, MNT_DETACH } from '@mini-docker/syscall'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MountDaemon, mountsBelow } from './support/mounts.ts'

let docker: MountDaemon
let host: string
beforeAll(async () => {
  docker = await MountDaemon.start()
  host = fs.mkdtempSync(path.join(os.tmpdir(), 'volumes-host-'))
})
afterAll(async () => {
  await docker[Symbol.asyncDispose]()
  fs.rmSync(host, { recursive: true, force: true })
})
afterEach(() => docker.clear())

async function volume(name: string, DriverOpts: object = {}): Promise<string> {
  const { status, json, text } = await docker.request('POST', '/volumes/create', { Name: name, DriverOpts })
  if (status !== 201) throw new Error(text)
  return json.Mountpoint as string
}

const onVolume = (Source: string, Target: string, options: object = {}, ReadOnly = false): object => ({
  Mounts: [{ Type: 'volume', Source, Target, ReadOnly, VolumeOptions: options }],
})

describe('a volume of memory', () => {
  const memory = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,mode=700' }
  test('is one for all its containers, of the size that was asked for, and ends with the last', async () => {
    const data = await volume('mem', memory)
    const first = await docker.started({ HostConfig: { Binds: ['mem:/m'] } })
    await docker.output('echo x > /m/file', { Binds: ['mem:/m'] })
    expect(await docker.output('cat /m/file; stat -c %a /m; df -k /m | tail -1', { Binds: ['mem:/m:ro'] })).toMatch(
      /^x\n700\ntmpfs\s+1024 /,
    )
    expect(mountsBelow(docker.dir)).toEqual([data])
    await docker.request('DELETE', `/containers/${first}?force=1`)
    expect(mountsBelow(docker.dir)).toEqual([])
    expect(await docker.output('ls /m', { Binds: ['mem:/m'] })).toBe('')
  })
  test('stays while its containers run on without a daemon, and is unmounted when they have ended meanwhile', async () => {
    const data = await volume('mem', memory)
    const [one, two] = [
      await docker.started({ HostConfig: { Binds: ['mem:/m'] } }),
      await docker.started({ HostConfig: { Binds: ['mem:/m'] } }),
    ]
    await docker.end('SIGKILL')
    await docker.boot()
    expect(mountsBelow(docker.dir)).toEqual([data])
    await docker.request('DELETE', `/containers/${one}?force=1`)
    expect(mountsBelow(docker.dir)).toEqual([data])
    const { Pid } = await docker.state(two)
    await docker.end('SIGKILL')
    process.kill(Pid, 'SIGKILL')
    await docker.boot()
    expect(mountsBelow(docker.dir)).toEqual([])
  })
  test('that the kernel refuses is told with its options, and leaves nothing', async () => {
    await volume('bad', { type: 'nosuchfs', device: 'x' })
    expect(await docker.refusal({ Binds: ['bad:/m'] })).toMatchObject({
      status: 500,
      message: expect.stringMatching(
        /^error while mounting volume '.*bad\/_data': failed to mount local volume: mount x:/,
      ),
    })
  })
})

describe('a volume that is a folder of the host', () => {
  test('is bound in the container only; o=ro holds for all, and prune leaves it', async () => {
    fs.mkdirSync(`${host}/folder`, { recursive: true })
    await volume('dir', { type: 'none', o: 'bind', device: `${host}/folder` })
    await volume('frozen', { type: 'none', o: 'bind,ro', device: `${host}/folder` })
    const id = await docker.started({ HostConfig: { Binds: ['dir:/d'] } })
    expect(mountsBelow(docker.dir)).toEqual([])
    await docker.output('echo hi > /d/made', { Binds: ['dir:/d'] })
    expect(fs.readFileSync(`${host}/folder/made`, 'utf8')).toBe('hi\n')
    expect(await docker.output('touch /d/x; cat /d/made', { Binds: ['frozen:/d'] })).toContain('Read-only file system')
    await docker.request('DELETE', `/containers/${id}?force=1`)
    const { json } = await docker.request('POST', '/volumes/prune?filters={"all":["true"]}')
    expect(json.VolumesDeleted).toEqual([])
    await docker.request('DELETE', '/volumes/dir')
    expect(fs.readdirSync(`${host}/folder`)).toEqual(['made'])
  })
  test('whose folder is gone is refused at the start', async () => {
    await volume('dir', { type: 'none', o: 'bind', device: `${host}/nothing` })
    expect((await docker.refusal({ Binds: ['dir:/d:nocopy'] })).message).toContain(
      `${host}/nothing: no such file or directory`,
    )
  })
})

describe('a volume on an image', () => {
  /** Of the demo image and what the script makes in it; `onHost` is done to its files before. */
  const image = async (name: string, script: string, onHost: (upper: string) => void = () => {}): Promise<void> => {
    const id = await docker.create({ Cmd: ['sh', '-c', script] })
    const ended = docker.exitCode(id)
    expect((await docker.request('POST', `/containers/${id}/start`)).status).toBe(204)
    expect(await ended).toBe(0)
    onHost(`${docker.dir}/root/containers/${id}/upper`)
    expect((await docker.request('POST', `/commit?container=${id}&repo=${name}`)).status).toBe(201)
  }
  const shell = async (Image: string, command: string, HostConfig: object): Promise<string> => {
    const result = await docker.run({ Image, Cmd: ['sh', '-c', command], HostConfig })
    return `${result[1]}${result[2]}`.trim()
  }

  test('is filled with extended attributes too, those of capabilities among them', async () => {
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
    await image('attributes', 'mkdir -p /data/sub; echo hello > /data/sub/file; echo x > /data/tool', (upper) => {
      lsetxattr(`${upper}/data/sub/file`, 'user.note', Buffer.from('kept'))
      lsetxattr(`${upper}/data/sub`, 'user.folder', Buffer.from('too'))
      lsetxattr(`${upper}/data`, 'trusted.mine', Buffer.from('also'))
      lsetxattr(`${upper}/data/tool`, 'security.capability', capability)
    })
    expect(await shell('attributes', 'cat /data/sub/file', { Binds: ['vol:/data'] })).toBe('hello')
    const data = `${docker.dir}/root/volumes/vol/_data`
    expect(lgetxattr(`${data}/sub/file`, 'user.note')?.toString()).toBe('kept')
    expect(lgetxattr(`${data}/sub`, 'user.folder')?.toString()).toBe('too')
    expect(lgetxattr(data, 'trusted.mine')?.toString()).toBe('also')
    expect(lgetxattr(`${data}/tool`, 'security.capability')).toEqual(capability)
  })

  test('on a link that leads nowhere is mounted where it leads to, as in docker; no link leads out of the container', async () => {
    await image(
      'links',
      'ln -s /nowhere/deep /link; ln -s ../../../../nowhere/up /up; ln -s link /twice; ln -s loop /loop',
    )
    const mounted = async (destination: string): Promise<string> => {
      const where = "grep ' /nowhere' /proc/self/mountinfo | cut -d' ' -f5"
      return shell('links', `touch ${destination}/made && ${where}`, { Binds: [`vol:${destination}`] })
    }
    expect(await mounted('/link')).toBe('/nowhere/deep')
    expect(await mounted('/twice')).toBe('/nowhere/deep')
    expect(await mounted('/up')).toBe('/nowhere/up')
    expect(await mounted('/link/sub')).toBe('/nowhere/deep/sub')
    expect(await shell('links', 'stat -c %a /nowhere/deep', { Tmpfs: { '/link': 'mode=1777' } })).toBe('1777')
    const unborn = await docker.create({ Image: 'links', HostConfig: { Binds: ['vol:/link'] } })
    expect((await docker.request('GET', `/containers/${unborn}/archive?path=/link/made`)).status).toBe(200)
    expect(fs.existsSync('/nowhere')).toBe(false)
    const made = await docker.request('POST', '/containers/create', {
      Image: 'links',
      Cmd: ['true'],
      HostConfig: { Binds: ['vol:/loop'] },
    })
    expect(
      made.status === 201 ? await docker.request('POST', `/containers/${made.json.Id}/start`) : made,
    ).toMatchObject({
      status: 400,
    })
  })
})

describe('a part of a volume', () => {
  test('is mounted alone, a folder or a file', async () => {
    await volume('whole')
    await docker.output('mkdir -p /v/a/b; echo 1 > /v/a/b/file; ln -s a/b /v/inside', { Binds: ['whole:/v'] })
    expect(await docker.output('ls /p', onVolume('whole', '/p', { Subpath: 'a/b' }))).toBe('file')
    expect(await docker.output('cat /p', onVolume('whole', '/p', { Subpath: 'a/b/file' }))).toBe('1')
    expect(await docker.output('ls /p', onVolume('whole', '/p', { Subpath: 'inside' }))).toBe('file')
    expect(await docker.output('touch /p/x', onVolume('whole', '/p', { Subpath: 'a/b' }, true))).toContain('Read-only')
  })
  test('never leads out of it, and has to be there', async () => {
    await volume('whole')
    await docker.output('ln -s / /v/root; ln -s ../../.. /v/up; ln -s loop /v/loop', { Binds: ['whole:/v'] })
    for (const Subpath of ['root', 'root/etc', 'up', 'up/etc'])
      expect(await docker.refusal(onVolume('whole', '/p', { Subpath }))).toMatchObject({
        status: 400,
        message: expect.stringContaining('path concatenation escapes the base directory'),
      })
    for (const Subpath of ['no', 'loop'])
      expect((await docker.refusal(onVolume('whole', '/p', { Subpath }))).message).toContain('cannot access path')
  })
  test('that changes into a link while containers start never shows the host', async () => {
    await volume('whole')
    await docker.output('mkdir /v/part; touch /v/part/mine; ln -s / /v/link', { Binds: ['whole:/v'] })
    const swapper = await docker.started({
      Cmd: [
        'sh',
        '-c',
        'cd /v; while :; do mv part away; mv link part; sleep 0.01; mv part link; mv away part; sleep 0.03; done',
      ],
      HostConfig: { Binds: ['whole:/v'] },
    })
    const seen = new Set<string>()
    for (let round = 0; round < 25; round++) {
      const id = await docker.create({ Cmd: ['ls', '/p'], HostConfig: onVolume('whole', '/p', { Subpath: 'part' }) })
      const attached = await docker.hijack(`/containers/${id}/attach?stdout=1&stream=1`)
      const { status, json } = await docker.request('POST', `/containers/${id}/start`)
      if (status === 204) await attached.ended
      else attached.socket.destroy()
      seen.add(status === 204 ? attached.frames[1].trim() : String(json.message).replace(/(path|mount|openat2).*/s, ''))
      await docker.request('DELETE', `/containers/${id}?force=1`)
    }
    await docker.request('DELETE', `/containers/${swapper}?force=1`)
    expect([...seen].filter((what) => /(^|\n)(etc|proc|usr)(\n|$)/.test(what))).toEqual([])
    expect(seen).toContain('mine')
  })
})

describe('--volumes-from', () => {
  test('takes the mounts of containers, stopped ones too, the last of several at one place', async () => {
    fs.writeFileSync(`${host}/file`, 'file')
    const box = await docker.create(
      { HostConfig: { Binds: ['vol:/v', `${host}/file:/f:ro`] }, Volumes: { '/anon': {} } },
      'box',
    )
    await docker.create({ HostConfig: { Binds: ['other:/v'] } }, 'second')
    await docker.output('echo other > /v/who', { Binds: ['other:/v'] })
    await docker.output('echo vol > /v/who; echo x > /anon/y', { VolumesFrom: ['box'] })
    expect(await docker.output('cat /v/who /anon/y /f', { VolumesFrom: [box.slice(0, 12)] })).toBe('vol\nx\nfile')
    expect(await docker.output('cat /v/who; touch /anon/z && echo z', { VolumesFrom: ['box', 'second:ro'] })).toBe(
      'other\nz',
    )
    expect(await docker.output('touch /v/no', { VolumesFrom: ['box:ro'] })).toContain('Read-only file system')
    expect(await docker.output('touch /f', { VolumesFrom: ['box'] })).toContain('Read-only file system')
    expect(await docker.output('ls /v', { VolumesFrom: ['box'], Tmpfs: { '/v': '' } })).toBe('')
    expect(await docker.refusal({ VolumesFrom: ['nobody'] })).toEqual({
      status: 400,
      message: 'No such container: nobody',
    })
  })
  test('keeps a volume without a name until the last container is removed', async () => {
    await docker.create({ Volumes: { '/anon': {} } }, 'box')
    await docker.create({ HostConfig: { VolumesFrom: ['box'] } }, 'heir')
    await docker.request('DELETE', '/containers/box?v=1')
    const names = ((await docker.request('GET', '/volumes')).json.Volumes as { Name: string }[]).map(({ Name }) => Name)
    expect(names).toHaveLength(1)
    expect(await docker.request('DELETE', `/volumes/${names[0]}`)).toMatchObject({
      status: 409,
      json: {
        message: expect.stringMatching(new RegExp(`^remove ${names[0]}: volume is in use - \\[[0-9a-f]{64}\\]$`)),
      },
    })
    await docker.request('DELETE', '/containers/heir?v=1')
    expect((await docker.request('GET', '/volumes')).json.Volumes).toEqual([])
  })
})

describe('many at once', () => {
  test('fifty containers on one new volume fill it once and all write to it', async () => {
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        docker.output(`echo ${index} > /etc/n-${index}`, { Binds: ['crowd:/etc'] }),
      ),
    )
    const [count, passwd] = (
      await docker.output('ls /etc | grep -c ^n-; grep -c ^root: /etc/passwd', { Binds: ['crowd:/etc'] })
    ).split('\n')
    expect([count, passwd]).toEqual(['50', '1'])
  })
  test('creates and removals of one volume never leave a container without it', async () => {
    const attempts = Array.from({ length: 20 }, async () => {
      const [made] = await Promise.all([
        docker.request('POST', '/containers/create', {
          Image: 'demo',
          Cmd: ['true'],
          HostConfig: { Binds: ['race:/etc'] },
        }),
        docker.request('DELETE', '/volumes/race'),
        docker.request('POST', '/volumes/prune?filters={"all":["true"]}'),
      ])
      expect(made.status).toBe(201)
      expect((await docker.request('GET', '/volumes/race')).status).toBe(200)
      expect((await docker.request('POST', `/containers/${made.json.Id}/start`)).status).toBe(204)
      await docker.request('DELETE', `/containers/${made.json.Id}?force=1`)
    })
    await Promise.all(attempts)
  })
})

describe('what somebody does behind the back', () => {
  test('a volume whose folder was removed: start refused in words, inspect and rm still work', async () => {
    const data = await volume('lost')
    const id = await docker.create({ Cmd: ['true'], HostConfig: { Binds: ['lost:/l'] } })
    fs.rmSync(path.dirname(data), { recursive: true })
    expect((await docker.request('POST', `/containers/${id}/start`)).json.message).toContain(
      `error while mounting volume '${data}': ${data}: no such file or directory`,
    )
    expect((await docker.request('GET', '/volumes/lost')).status).toBe(200)
    await docker.request('DELETE', `/containers/${id}`)
    expect((await docker.request('DELETE', '/volumes/lost')).status).toBe(204)
    await docker.run({ Cmd: ['true'], HostConfig: { Binds: ['lost:/l'] } })
  })
  test('a filesystem mounted inside of a volume is not deleted with it', async () => {
    const data = await volume('deep')
    fs.mkdirSync(`${data}/disk`)
    invoke('mount', 'tmpfs', `${data}/disk`, 'tmpfs', 0, null)
    // The daemon is in the same mount namespace as the test.
    fs.writeFileSync(`${data}/disk/precious`, '')
    try {
      expect(await docker.request('DELETE', '/volumes/deep')).toMatchObject({
        status: 409,
        json: { message: expect.stringContaining(`remove deep: something is mounted at ${data}/disk`) },
      })
      expect(fs.existsSync(`${data}/disk/precious`)).toBe(true)
    } finally {
      invoke('umount2', `${data}/disk`, MNT_DETACH)
    }
  })
  test('a removal that was cut short is finished by the next daemon', async () => {
    await docker.end('SIGTERM')
    fs.mkdirSync(path.join(docker.dir, 'root/volumes/.removing-0123/_data'), { recursive: true })
    await docker.boot()
    expect(fs.readdirSync(path.join(docker.dir, 'root/volumes'))).toEqual([])
  })
})

test('a daemon that is killed while it fills a volume leaves it empty, and the next use fills it', async () => {
  const list = (): Promise<string> => docker.output('find /usr | wc -l', { Binds: ['big:/usr'] })
  const whole = await docker.output('find /usr | wc -l', {})
  const seen = new Set<string>()
  for (const delayMs of [4, 8, 15, 25]) {
    const made = docker.create({ Cmd: ['true'], HostConfig: { Binds: ['big:/usr'] } }).catch(() => 'cut')
    await sleep(delayMs)
    await docker.end('SIGKILL')
    await made
    await docker.boot()
    const data = path.join(docker.dir, 'root/volumes/big/_data')
    seen.add(fs.existsSync(data) && fs.readdirSync(data).length > 0 ? 'filled' : 'empty')
    expect(await list()).toBe(whole)
    expect(fs.readdirSync(path.dirname(data))).toEqual(['_data', 'volume.json'])
    await docker.clear()
  }
  expect(seen).toContain('empty')
})

test('data outlives rm, kill -9 of the container and of the daemon', async () => {
  const id = await docker.started({
    Cmd: ['sh', '-c', 'echo kept > /d/file; sync; sleep 60'],
    HostConfig: { Binds: ['data:/d'] },
  })
  await expect.poll(async () => docker.output('cat /d/file', { Binds: ['data:/d'] })).toBe('kept')
  const { Pid } = await docker.state(id)
  process.kill(Pid, 'SIGKILL')
  await docker.end('SIGKILL')
  await docker.boot()
  await docker.request('DELETE', `/containers/${id}?v=1`)
  expect(await docker.output('cat /d/file', { Binds: ['data:/d'] })).toBe('kept')
})
