import * as fs from 'node:fs'
import * as path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDaemon } from './support/daemon.ts'

let docker: TestDaemon
beforeAll(async () => {
  docker = await TestDaemon.start()
  await docker.image('test', { Cmd: ['sh', '-c', 'echo from image'], Env: ['FROM=image'], Labels: { l: '1' } })
})
afterAll(() => docker[Symbol.asyncDispose]())

describe('a container’s life', () => {
  test('create, attach, wait, start: the order of `docker run --rm`', async () => {
    const id = await docker.create({
      Cmd: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
      HostConfig: { AutoRemove: true },
    })
    const attached = await docker.hijack(`/v1.47/containers/${id}/attach?stderr=1&stdout=1&stream=1`)
    expect(attached.head).toMatch(
      /^HTTP\/1\.1 101 UPGRADED\r\n[^]*Content-Type: application\/vnd\.docker\.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp$/,
    )
    const code = docker.exitCode(id, 'removed')
    expect((await docker.request('POST', `/containers/${id}/start`)).status).toBe(204)
    expect(await code).toBe(3)
    await attached.ended
    expect(attached.frames).toEqual({ 1: 'out\n', 2: 'err\n' })
    expect((await docker.request('GET', `/containers/${id}/json`)).status).toBe(404)
    expect(fs.existsSync(path.join(docker.dir, 'root/containers', id))).toBe(false)
  })
  test('stdin goes in, its end ends the process', async () => {
    const id = await docker.create({ Cmd: ['cat'], OpenStdin: true, StdinOnce: true })
    const attached = await docker.hijack(`/containers/${id}/attach?stdin=1&stdout=1&stream=1`)
    attached.socket.write('before the start\n')
    const code = docker.exitCode(id)
    await docker.request('POST', `/containers/${id}/start`)
    attached.socket.end('and after\n')
    expect(await code).toBe(0)
    await attached.ended
    expect(attached.frames[1]).toBe('before the start\nand after\n')
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('a stuck reader holds the output back, and loses nothing', async () => {
    const id = await docker.create({
      Cmd: ['sh', '-c', 'head -c 8000000 /dev/zero | tr "\\0" x'],
      HostConfig: { LogConfig: { Type: 'none' } },
    })
    const attached = await docker.hijack(`/containers/${id}/attach?stdout=1&stream=1`)
    attached.socket.pause()
    await docker.request('POST', `/containers/${id}/start`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect((await docker.request('GET', `/containers/${id}/json`)).json.State.Status).toBe('running')
    attached.socket.resume()
    await attached.ended
    expect(attached.frames[1].length).toBe(8_000_000)
    await docker.request('DELETE', `/containers/${id}?force=1`)
  })
  test('who attaches to one that has ended gets the output of its next start: `docker start -a`', async () => {
    const id = await docker.create({ Cmd: ['echo', 'again'] })
    for (let round = 0; round < 3; round++) {
      const attached = await docker.hijack(`/containers/${id}/attach?stdout=1&stream=1`)
      await docker.request('POST', `/containers/${id}/start`)
      await attached.ended
      expect(attached.frames[1]).toBe('again\n')
    }
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('a command that is not there is 127: the state says so, and the words do', async () => {
    const id = await docker.create({ Cmd: ['nosuchcmd'] })
    const answer = await docker.request('POST', `/containers/${id}/start`)
    expect(answer).toMatchObject({
      status: 400,
      json: {
        message: expect.stringContaining(
          'OCI runtime create failed: unable to start container process: exec: "nosuchcmd": executable file not found in $PATH: unknown',
        ),
      },
    })
    expect((await docker.request('GET', `/containers/${id}/json`)).json.State).toMatchObject({
      Status: 'created',
      ExitCode: 127,
      Error: expect.stringContaining('not found'),
    })
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('a failed start of --rm answers the waiter with 127 and removes', async () => {
    const id = await docker.create({ Cmd: ['nosuchcmd'], HostConfig: { AutoRemove: true } })
    const attached = await docker.hijack(`/containers/${id}/attach?stdout=1&stream=1`)
    const code = docker.exitCode(id, 'removed')
    await docker.request('POST', `/containers/${id}/start`)
    expect(await code).toBe(127)
    await attached.ended
  })
  test('start twice is 304, stop is 204 and then 304', async () => {
    const id = await docker.create({ Cmd: ['sleep', '60'] }, 'twice')
    const status = async (target: string): Promise<number> =>
      (await docker.request('POST', `/containers/${id}/${target}`)).status
    expect([await status('start'), await status('start')]).toEqual([204, 304])
    expect([await status('stop'), await status('stop?t=1')]).toEqual([204, 304])
    expect((await docker.request('GET', `/containers/${id}/json`)).json.State).toMatchObject({
      Status: 'exited',
      ExitCode: 143,
    })
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('stop kills what does not listen', async () => {
    const id = await docker.create({ Cmd: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done'] })
    await docker.request('POST', `/containers/${id}/start`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await docker.request('POST', `/containers/${id}/stop?t=1`)
    expect((await docker.request('GET', `/containers/${id}/json`)).json.State.ExitCode).toBe(137)
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('a running one is not removed, by force it is', async () => {
    const id = await docker.create({ Cmd: ['sleep', '60'] }, 'runs')
    await docker.request('POST', `/containers/${id}/start`)
    expect(await docker.request('DELETE', `/containers/${id}`)).toMatchObject({
      status: 409,
      json: {
        message:
          'cannot remove container "/runs": container is running: stop the container before removing or force remove',
      },
    })
    expect((await docker.request('DELETE', `/containers/${id}?force=1`)).status).toBe(204)
    expect((await docker.request('GET', `/containers/${id}/json`)).status).toBe(404)
  })
  test('kill needs a signal that exists and a process that runs', async () => {
    const id = await docker.create({ Cmd: ['sleep', '60'] }, 'killed')
    expect(await docker.request('POST', `/containers/${id}/kill`)).toMatchObject({
      status: 409,
      json: { message: `cannot kill container: killed: container ${id} is not running` },
    })
    await docker.request('POST', `/containers/${id}/start`)
    expect((await docker.request('POST', `/containers/${id}/kill?signal=WAT`)).json).toEqual({
      message: 'invalid signal: WAT',
    })
    expect((await docker.request('POST', `/containers/${id}/kill`)).status).toBe(204)
    expect((await docker.request('GET', `/containers/${id}/json`)).json.State).toMatchObject({
      Running: false,
      ExitCode: 137,
    })
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('restart gives another process, with --rm too', async () => {
    const id = await docker.create({ Cmd: ['sleep', '60'], HostConfig: { AutoRemove: true } })
    await docker.request('POST', `/containers/${id}/start`)
    const pid = (await docker.request('GET', `/containers/${id}/json`)).json.State.Pid as number
    expect((await docker.request('POST', `/containers/${id}/restart?t=0`)).status).toBe(204)
    const { State } = (await docker.request('GET', `/containers/${id}/json`)).json
    expect([State.Running, State.Pid === pid]).toEqual([true, false])
    await docker.request('DELETE', `/containers/${id}?force=1`)
  })
  test('a restart policy starts it again and counts', async () => {
    const id = await docker.create({
      Cmd: ['sh', '-c', 'exit 4'],
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
    })
    await docker.request('POST', `/containers/${id}/start`)
    await expect
      .poll(async () => (await docker.request('GET', `/containers/${id}/json`)).json, { timeout: 5000 })
      .toMatchObject({ RestartCount: 2, State: { Status: 'exited', ExitCode: 4 } })
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('rename moves the name, and refuses a taken one', async () => {
    const id = await docker.create({}, 'old')
    const other = await docker.create({}, 'other')
    expect((await docker.request('POST', `/containers/old/rename?name=new`)).status).toBe(204)
    expect((await docker.request('GET', '/containers/new/json')).json.Id).toBe(id)
    expect((await docker.request('GET', '/containers/old/json')).json).toEqual({ message: 'No such container: old' })
    expect((await docker.request('POST', `/containers/new/rename?name=other`)).status).toBe(409)
    for (const one of [id, other]) await docker.request('DELETE', `/containers/${one}`)
  })
  test('fifty at once all start, run and go', async () => {
    const codes = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const id = await docker.create({ Cmd: ['sh', '-c', `exit ${index}`], HostConfig: { AutoRemove: true } })
        const code = docker.exitCode(id, 'removed')
        await docker.request('POST', `/containers/${id}/start`)
        return code
      }),
    )
    expect(codes).toEqual(Array.from({ length: 50 }, (_, index) => index))
    expect((await docker.request('GET', '/containers/json?all=1')).json).toEqual([])
  })
})
