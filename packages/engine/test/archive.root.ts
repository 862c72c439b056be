/** Files in and out of real containers, running and not, hostile ones included. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as http from 'node:http'
import * as os from 'node:os'
import * as path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { invoke, MNT_DETACH } from '@mini-docker/syscall'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bytes, holders, isWhole, noHolders, tar } from './support/archives.ts'
import { KillableDaemon } from './support/killable.ts'

let docker: KillableDaemon
let host: string
beforeAll(async () => {
  docker = await KillableDaemon.start()
  host = fs.mkdtempSync(path.join(os.tmpdir(), 'archive-host-'))
})
afterAll(async () => {
  await docker[Symbol.asyncDispose]()
  fs.rmSync(host, { recursive: true, force: true })
})
afterEach(async () => {
  for (const { Id } of (await docker.request('GET', '/containers/json?all=1')).json as { Id: string }[])
    await docker.request('DELETE', `/containers/${Id}?force=1&v=1`)
  await noHolders()
})

async function started(script: string, body: object = {}): Promise<string> {
  const id = await docker.create({ Cmd: ['sh', '-c', `${script}; echo ready; exec sleep 600`], ...body })
  await start(id)
  for (let logs = ''; !logs.includes('ready'); await delay(20))
    logs = (await docker.request('GET', `/containers/${id}/logs?stdout=1`)).text
  return id
}

async function start(id: string): Promise<void> {
  const { status, text } = await docker.request('POST', `/containers/${id}/start`)
  if (status !== 204) throw new Error(text)
}

const archive = (id: string, where: string): string => `/containers/${id}/archive?path=${encodeURIComponent(where)}`

/** Begins an answer; its body is not read yet. */
async function open(target: string): Promise<http.IncomingMessage> {
  const request = http.get({ socketPath: docker.socket, path: target })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return response
}

/** The archive of a path as GNU tar lists it, or the status. */
async function listed(id: string, where: string): Promise<string[] | number> {
  const response = await open(archive(id, where))
  const body = await bytes(response)
  if (response.statusCode !== 200) return response.statusCode ?? 0
  return execFileSync('tar', ['-t'], { input: body }).toString().trimEnd().split('\n')
}

async function content(id: string, where: string): Promise<string> {
  const response = await open(archive(id, where))
  const body = await bytes(response)
  if (response.statusCode !== 200) throw new Error(body.toString())
  return execFileSync('tar', ['-xO'], { input: body }).toString()
}

const put = (id: string, where: string, body: Buffer, query = '') =>
  docker.request('PUT', `${archive(id, where)}${query}`, body)

const exec = async (id: string, script: string): Promise<string> => {
  const { json } = await docker.request('POST', `/containers/${id}/exec`, {
    Cmd: ['sh', '-c', script],
    AttachStdout: true,
    AttachStderr: true,
  })
  const stream = await docker.hijack(`/exec/${json.Id}/start`, '{}')
  await stream.ended
  return `${stream.frames[1]}${stream.frames[2]}`
}

describe('a running container', () => {
  test('shows its volumes and its tmpfs, and nothing of the machine', async () => {
    const id = await started('echo v > /data/v; echo t > /mem/t', {
      HostConfig: { Binds: ['n6-data:/data'], Tmpfs: { '/mem': '' } },
    })
    expect(await content(id, '/data/v')).toBe('v\n')
    expect(await content(id, '/mem/t')).toBe('t\n')
    expect(await listed(id, '/proc')).toEqual(['proc/'])
    expect(await listed(id, '/sys')).toEqual(['sys/'])
    expect((await put(id, '/mem', tar({ in: 'x' }))).status).toBe(200)
    expect((await put(id, '/data', tar({ in: 'y' }))).status).toBe(200)
    expect(await exec(id, 'cat /mem/in /data/in')).toBe('xy')
  })

  test('that swaps a directory for a link to the host while files go both ways gets nothing of the host', async () => {
    const secret = path.join(host, 'secret')
    fs.mkdirSync(path.join(secret, 'deep'), { recursive: true })
    fs.writeFileSync(path.join(secret, 'deep/file'), 'of the host')
    fs.chmodSync(secret, 0o700)
    const script = [
      'mkdir -p /r/real/deep; echo inside > /r/real/deep/file; cp -a /r/real /r/d',
      `(while :; do mv /r/d /r/away; ln -s ${secret} /r/d; rm /r/d; mv /r/away /r/d; done) 2>/dev/null &`,
      `(while :; do ln -sfn ${secret} /r/n; rm -rf /r/n; mkdir /r/n; rmdir /r/n; done) 2>/dev/null &`,
    ].join('\n')
    const id = await started(`${script} true`)
    const seen = new Set<string>()
    docker.errors = ''
    for (let round = 0; round < 60; round++) {
      for (const where of ['/r', '/r/d', '/r/d/deep/file']) {
        const response = await open(archive(id, where))
        const body = (await bytes(response).catch(() => Buffer.alloc(0))).toString('latin1')
        expect(body).not.toContain('of the host')
        seen.add(`${response.statusCode}`)
      }
      await put(id, '/r', tar({ 'n/planted': 'x', 'd/deep/planted': 'y' }, '--mode=777'))
      await put(id, '/r/d/deep', tar({ planted: 'x' }, '--mode=777'))
    }
    expect(docker.errors).toBe('')
    expect([...seen]).toContain('200')
    expect(fs.readdirSync(secret)).toEqual(['deep'])
    expect(fs.readdirSync(path.join(secret, 'deep'))).toEqual(['file'])
    expect(fs.statSync(secret).mode & 0o777).toBe(0o700)
  })

  test('with fifos, devices and names of odd bytes is read to the end', async () => {
    const id = await started(`mkdir /o; mkfifo /o/fifo; mknod /o/null c 1 3; echo x > "$(printf '/o/\\377\\nx')"`)
    const response = await open(archive(id, '/o'))
    const names = execFileSync('tar', ['-t', '--quoting-style=escape'], { input: await bytes(response) }).toString()
    expect(names.trimEnd().split('\n').toSorted()).toEqual(['o/', 'o/\\377\\nx', 'o/fifo', 'o/null'].toSorted())
  })

  test('that ends while it is copied is copied to the end', async () => {
    const id = await started('mkdir /b; dd if=/dev/urandom of=/b/big bs=1M count=24 2>/dev/null; echo z > /b/z')
    const response = await open(archive(id, '/b'))
    await docker.request('POST', `/containers/${id}/kill`)
    const names = execFileSync('tar', ['-t'], { input: await bytes(response) }).toString()
    expect(names).toBe('b/\nb/big\nb/z\n')
  })

  test('removed by force (somebody copies) ends the copy', async () => {
    const id = await started('dd if=/dev/zero of=/big bs=1M count=24 2>/dev/null')
    const response = await open(archive(id, '/big'))
    expect((await docker.request('DELETE', `/containers/${id}?force=1`)).status).toBe(204)
    expect(await isWhole(response)).toBe(false)
  })

  test('a full filesystem is told, and what was there stays', async () => {
    const id = await started('echo old > /mem/old', { HostConfig: { Tmpfs: { '/mem': 'size=1m' } } })
    const { json } = await put(id, '/mem', tar({ big: 'x'.repeat(3 << 20) }))
    expect(json.message).toContain('no space left')
    expect(await content(id, '/mem/old')).toBe('old\n')
  })
})

describe('a stopped container', () => {
  test('has in its next start what was put in, with owners and modes, and not what was replaced', async () => {
    const id = await docker.create({
      Cmd: ['sh', '-c', 'stat -c "%u:%g %a %n" /etc/new /etc/new/f; cat /etc/new/f /vol/in'],
      HostConfig: { Binds: ['n6-stopped:/vol'] },
    })
    expect((await put(id, '/etc', tar({ 'new/f': 'new' }, '--owner=12', '--group=34', '--mode=750'))).status).toBe(200)
    expect((await put(id, '/vol', tar({ in: '+volume' }))).status).toBe(200)
    expect(await content(id, '/etc/new/f')).toBe('new')
    const attached = await docker.hijack(`/containers/${id}/attach?stdout=1&stderr=1&stream=1`)
    await start(id)
    await attached.ended
    expect(attached.frames[1]).toBe('0:0 755 /etc/new\n12:34 750 /etc/new/f\nnew+volume')
  })

  test('starts only when its last reader has gone', async () => {
    const id = await docker.create({ Cmd: ['sleep', '600'] })
    await put(id, '/', tar({ big: 'x'.repeat(8 << 20) }))
    const response = await open(archive(id, '/big'))
    let up = false
    const starting = start(id).then(() => (up = true))
    await delay(300)
    expect(up).toBe(false)
    response.destroy()
    await starting
    expect((await docker.state(id)).Status).toBe('running')
  })

  test('whose holder is killed (somebody copies) ends the copy, and the next one works', async () => {
    const id = await docker.create({ Cmd: ['true'], HostConfig: { Binds: ['n6-killed:/vol'] } })
    await put(id, '/vol', tar({ big: 'x'.repeat(8 << 20) }))
    await noHolders()
    const response = await open(archive(id, '/vol/big'))
    const [holder] = holders()
    process.kill(Number(holder), 'SIGKILL')
    await delay(300)
    expect(await isWhole(response)).toBe(false)
    expect(await listed(id, '/vol')).toEqual(['vol/', 'vol/big'])
  })

  test('is read, written and started by many at once, one after the other where they would disturb each other', async () => {
    const id = await docker.create({ Cmd: ['true'] })
    docker.errors = ''
    const work = Array.from({ length: 24 }, async (_none, i) => {
      if (i % 3 === 0) return (await put(id, '/tmp', tar({ [`f${i}`]: `${i}` }))).status
      if (i % 3 === 1) {
        const found = await listed(id, '/etc')
        return typeof found === 'number' ? found : 200
      }
      return (await docker.request('POST', `/containers/${id}/start`)).status
    })
    // A running container ends between two looks: that is told, and nothing worse.
    for (const status of await Promise.all(work)) expect([200, 204, 304, 409]).toContain(status)
    expect(docker.errors).toBe('')
  })

  test.each([
    ['/nosuch', 404, 'Could not find the file /nosuch in container c1'],
    ['/etc/passwd', 400, 'extraction point is not a directory'],
  ])('nothing is put into %s', async (where, status, message) => {
    const id = await docker.create({}, 'c1')
    const answer = await put(id, where, tar({ a: 'a' }))
    expect([answer.status, answer.json.message]).toEqual([status, message])
  })

  test('read-only places stay as they are', async () => {
    const HostConfig = { ReadonlyRootfs: true, Binds: ['n6-ro:/vol:ro'] }
    const id = await docker.create({ HostConfig })
    expect((await put(id, '/tmp', tar({ a: 'a' }))).json.message).toBe('container rootfs is marked read-only')
    expect((await put(id, '/vol', tar({ a: 'a' }))).json.message).toBe('mounted volume is marked read-only')
  })

  test('a directory takes no file’s place where the client forbids it, nor the other way round', async () => {
    const id = await docker.create({})
    await put(id, '/', tar({ 'w/f': 'f', 'w/d': undefined }))
    const forbid = '&noOverwriteDirNonDir=true'
    expect((await put(id, '/w', tar({ f: undefined }), forbid)).json.message).toBe(
      'cannot overwrite non-directory "/w/f" with directory "/w"',
    )
    expect((await put(id, '/w', tar({ d: 'file' }), forbid)).json.message).toBe(
      'cannot overwrite directory "/w/d" with non-directory "/w"',
    )
    expect((await put(id, '/w', tar({ f: undefined, d: 'file' }))).status).toBe(200)
    expect(await listed(id, '/w')).toEqual(['w/', 'w/d', 'w/f/'])
  })

  test('an archive that leads out of its directory is refused', async () => {
    const id = await docker.create({})
    const { status } = await put(id, '/tmp', tar({ a: 'a' }, '-P', '--transform=s,^,../,'))
    expect(status).toBe(400)
    expect(await listed(id, '/a')).toBe(404)
  })
})

describe('commit', () => {
  test('makes an image of the changes that runs, without places of our own mounts', async () => {
    const id = await started('echo mine > /mine; rm /etc/group; mkdir /etc/own')
    const query = `container=${id}&repo=made&tag=1&author=me&comment=why&changes=${encodeURIComponent('CMD ["cat","/mine"]')}`
    const { status, json } = await docker.request('POST', `/commit?${query}`)
    expect(status).toBe(201)
    expect((await docker.state(id)).Status).toBe('running')
    const image = (await docker.request('GET', '/images/made:1/json')).json
    expect([image.Id, image.Author, image.Comment, image.Config.Cmd]).toEqual([json.Id, 'me', 'why', ['cat', '/mine']])
    const layer = (image.RootFS.Layers as string[]).at(-1)
    const blob = fs.readFileSync(path.join(docker.dir, 'root/blobs/sha256', (layer ?? '').replace('sha256:', '')))
    expect(execFileSync('tar', ['-t'], { input: blob }).toString().trimEnd().split('\n').toSorted()).toEqual([
      'etc/',
      'etc/.wh.group',
      'etc/own/',
      'mine',
    ])
    expect(await docker.run({ Image: 'made:1' })).toMatchObject({ code: 0, 1: 'mine\n' })
    await docker.request('DELETE', '/images/made:1?force=1')
  })

  test('of a container that changed nothing adds a line of history and no layer', async () => {
    const id = await docker.create({ Cmd: ['true'] })
    const before = (await docker.request('GET', '/images/demo/json')).json
    const { json } = await docker.request('POST', `/commit?container=${id}`)
    const image = (await docker.request('GET', `/images/${json.Id}/json`)).json
    expect(image.RootFS.Layers).toEqual(before.RootFS.Layers)
    await docker.request('DELETE', `/images/${json.Id}?force=1`)
  })

  test('with a change that is none leaves the container running and unpaused', async () => {
    const id = await started('true')
    const { status, json } = await docker.request('POST', `/commit?container=${id}&changes=FROM%20x`)
    expect([status, json.message]).toEqual([400, expect.stringContaining('FROM is not a valid change command')])
    expect((await docker.state(id)).Status).toBe('running')
  })
})

test('kill -9 of the daemon (files on their way, an image being made) leaves no process; the next daemon goes on', async () => {
  const id = await started('dd if=/dev/urandom of=/big bs=1M count=32 2>/dev/null')
  const stopped = await docker.create({ Cmd: ['cat', '/in'] }, 'stopped')
  const reading = await open(archive(id, '/big'))
  const writing = http.request({ socketPath: docker.socket, method: 'PUT', path: archive(stopped, '/') })
  writing.on('error', () => {})
  writing.write(tar({ in: 'half' }).subarray(0, 700))
  const commit = docker.request('POST', `/commit?container=${id}&repo=half`).catch(() => undefined)
  await delay(100)
  expect(holders().length).toBe(2)
  await docker.end('SIGKILL')
  reading.on('error', () => {})
  reading.destroy()
  await commit
  await noHolders()
  await docker.boot()
  expect((await docker.state(id)).Status).toMatch(/running|paused/)
  expect((await docker.request('GET', '/images/half/json')).status).toBe(404)
  expect((await put(stopped, '/', tar({ in: 'whole' }))).status).toBe(200)
  expect(await content(stopped, '/in')).toBe('whole')
})

test('a full disk (an image being made, files on their way) is told, loses nothing, and is no trouble once there is room', async () => {
  await using small = new KillableDaemon()
  const root = path.join(small.dir, 'root')
  fs.mkdirSync(root)
  invoke('mount', 'tmpfs', root, 'tmpfs', 0, 'size=96m')
  try {
    await small.boot()
    const id = await small.create({ Cmd: ['sleep', '600'] })
    await small.request('POST', `/containers/${id}/start`)
    const { bavail, bsize } = fs.statfsSync(root)
    const half = tar({ big: 'x'.repeat(Math.floor(bavail * bsize * 0.6)) })
    const upload = () => small.request('PUT', archive(id, '/'), half)
    expect((await upload()).status).toBe(200)
    const full = await small.request('POST', `/commit?container=${id}&repo=full`)
    expect([full.status, full.json.message]).toEqual([503, expect.stringContaining('no space left')])
    expect((await small.state(id)).Status).toBe('running')
    expect((await small.request('GET', '/images/full/json')).status).toBe(404)
    expect(
      (await small.request('PUT', archive(id, '/'), tar({ more: 'x'.repeat(half.length) }))).json.message,
    ).toContain('no space left')
    await small.request('PUT', archive(id, '/'), tar({ big: 'little', more: 'little' }))
    expect((await small.request('POST', `/commit?container=${id}&repo=full`)).status).toBe(201)
    await small.request('DELETE', `/containers/${id}?force=1`)
  } finally {
    await small.end('SIGKILL')
    invoke('umount2', root, MNT_DETACH)
  }
})
