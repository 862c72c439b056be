import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDaemon } from './support/daemon.ts'

let docker: TestDaemon
beforeAll(async () => {
  docker = await TestDaemon.start()
  await docker.image('test', { Cmd: ['sh', '-c', 'echo from image'], Env: ['FROM=image'], Labels: { l: '1' } })
})
afterAll(() => docker[Symbol.asyncDispose]())

describe('what a container says', () => {
  test('logs: both streams, the last ones, with times, and following to the end', async () => {
    const id = await docker.create({ Cmd: ['sh', '-c', 'echo one; echo two >&2; sleep 0.3; echo three'] }, 'talks')
    await docker.request('POST', `/containers/${id}/start`)
    const followed = await docker.request('GET', `/containers/${id}/logs?stdout=1&stderr=1&follow=1`)
    expect(followed.headers['content-type']).toBe('application/vnd.docker.multiplexed-stream')
    expect(followed.text.replaceAll(/[^\w\n]/g, '')).toBe('one\ntwo\nthree\n')
    expect((await docker.request('GET', `/containers/${id}/logs?stdout=1&tail=1&timestamps=1`)).text).toMatch(
      /\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/,
    )
    expect(await docker.request('GET', `/containers/${id}/logs`)).toMatchObject({
      status: 400,
      json: { message: 'Bad parameters: you must choose at least one stream' },
    })
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('exec: output, input, exit code, and the words of a failure', async () => {
    const id = await docker.create({ Cmd: ['sleep', '60'] }, 'execs')
    expect(await docker.request('POST', `/containers/${id}/exec`, { Cmd: ['true'] })).toMatchObject({
      status: 409,
      json: { message: `container ${id} is not running` },
    })
    await docker.request('POST', `/containers/${id}/start`)
    const exec = async (body: object): Promise<string> =>
      (await docker.request('POST', `/containers/${id}/exec`, { AttachStdout: true, AttachStderr: true, ...body })).json
        .Id as string

    const cat = await exec({ Cmd: ['sh', '-c', 'cat; exit 5'], AttachStdin: true })
    const attached = await docker.hijack(`/exec/${cat}/start`, '{"Detach":false,"Tty":false}')
    attached.socket.end('typed\n')
    await attached.ended
    expect(attached.frames[1]).toBe('typed\n')
    expect((await docker.request('GET', `/exec/${cat}/json`)).json).toMatchObject({
      Running: false,
      ExitCode: 5,
      ProcessConfig: { entrypoint: 'sh', tty: false },
      ContainerID: id,
    })
    expect((await docker.request('POST', `/exec/${cat}/start`, {})).status).toBe(409)

    const missing = await exec({ Cmd: ['nosuchcmd'] })
    const failed = await docker.hijack(`/exec/${missing}/start`, '{}')
    await failed.ended
    expect(failed.frames[1]).toContain(
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuchcmd": executable file not found in $PATH: unknown',
    )
    expect((await docker.request('GET', `/exec/${missing}/json`)).json.ExitCode).toBe(127)

    const detached = await exec({ Cmd: ['true'] })
    expect((await docker.request('POST', `/exec/${detached}/start`, { Detach: true })).status).toBe(200)
    expect(await docker.request('GET', '/exec/nosuch/json')).toMatchObject({
      status: 404,
      json: { message: 'No such exec instance: nosuch' },
    })
    await docker.request('DELETE', `/containers/${id}?force=1`)
  })
  test('events tell a life in docker’s order', async () => {
    const since = Date.now() / 1000
    const id = await docker.create({ Cmd: ['true'], Labels: { k: 'v' }, HostConfig: { AutoRemove: true } }, 'eventful')
    const code = docker.exitCode(id, 'removed')
    await docker.request('POST', `/containers/${id}/start`)
    await code
    const filters = encodeURIComponent(JSON.stringify({ container: { eventful: true }, type: { container: true } }))
    const { text } = await docker.request(
      'GET',
      `/events?since=${since}&until=${(Date.now() + 20) / 1000}&filters=${filters}`,
    )
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { Action: string; from: string; Actor: { Attributes: object } })
    expect(events.map(({ Action }) => Action)).toEqual(['create', 'start', 'die', 'destroy'])
    expect(events[2]).toMatchObject({
      from: 'test',
      Actor: { Attributes: { exitCode: '0', image: 'test', name: 'eventful', k: 'v' } },
    })
    expect(text).toMatch(/"timeNano":\d{19}\}/)
  })
})
