import * as fs from 'node:fs'
import * as path from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDaemon } from './support/daemon.ts'
import { FULL_BODY, RUN_BODY } from './support/trace.ts'

let docker: TestDaemon
beforeAll(async () => {
  docker = await TestDaemon.start()
  await docker.image('test', { Cmd: ['sh', '-c', 'echo from image'], Env: ['FROM=image'], Labels: { l: '1' } })
})
afterAll(() => docker[Symbol.asyncDispose]())

describe('about the daemon', () => {
  test('every answer carries docker’s headers; HEAD has no body', async () => {
    const { status, headers, text } = await docker.request('HEAD', '/_ping')
    expect([status, text]).toEqual([200, ''])
    expect(headers).toMatchObject({
      'api-version': '1.47',
      'docker-experimental': 'false',
      ostype: 'linux',
      server: 'mini-docker/0.1.0 (linux)',
    })
    expect((await docker.request('GET', '/v1.24/_ping')).text).toBe('OK')
  })
  test('version and info have docker’s fields', async () => {
    expect((await docker.request('GET', '/v1.41/version')).json).toMatchObject({
      ApiVersion: '1.47',
      MinAPIVersion: '1.24',
      Os: 'linux',
      Version: '0.1.0',
    })
    expect((await docker.request('GET', '/info')).json).toMatchObject({
      Driver: 'overlay2',
      OSType: 'linux',
      LoggingDriver: 'json-file',
      LiveRestoreEnabled: true,
    })
  })
  test('what it does not know is 404, what comes later 501, each in one JSON object', async () => {
    expect(await docker.request('GET', '/nope')).toMatchObject({ status: 404, json: { message: 'page not found' } })
    expect(await docker.request('GET', '/v1.50/info')).toMatchObject({ status: 400 })
    expect(await docker.request('POST', '/build')).toMatchObject({
      status: 501,
      json: { message: 'docker build is not built yet' },
    })
    expect(await docker.request('GET', '/nodes')).toMatchObject({ status: 503 })
    expect((await docker.request('GET', '/networks')).json.map((network: { Name: string }) => network.Name)).toEqual([
      'none',
      'host',
    ])
  })
})

describe('create', () => {
  test('the body of the docker client gives an id', async () => {
    const answer = await docker.request('POST', '/v1.47/containers/create', RUN_BODY.replace('busybox:test', 'test'))
    expect(answer).toMatchObject({ status: 201, json: { Id: expect.stringMatching(/^[0-9a-f]{64}$/), Warnings: [] } })
    await docker.request('DELETE', `/containers/${answer.json.Id}`)
  })
  test('inspect shows what was asked for and what the image added', async () => {
    const id = (
      await docker.request(
        'POST',
        '/containers/create?name=full',
        FULL_BODY.replace('busybox:test', 'test').replace('"tvol:/data",', ''),
      )
    ).json.Id as string
    const { json } = await docker.request('GET', '/containers/full/json')
    expect(json).toMatchObject({
      Id: id,
      Name: '/full',
      Path: 'sh',
      State: { Status: 'created', Running: false, ExitCode: 0, StartedAt: '0001-01-01T00:00:00Z' },
      HostConfig: { Memory: 67108864, NetworkMode: 'none', ShmSize: 33554432 },
      Config: {
        Hostname: 'trh',
        Env: ['A=b', 'FROM=image'],
        Labels: { k: 'v', l: '1' },
        StopTimeout: 3,
        Volumes: null,
      },
      Mounts: expect.arrayContaining([
        expect.objectContaining({ Type: 'bind', Destination: '/src', RW: false, Mode: 'ro' }),
      ]),
    })
    expect((await docker.request('DELETE', '/containers/full')).status).toBe(204)
  })
  test('a missing image is 404 in the words that make the client pull', async () => {
    expect(await docker.request('POST', '/containers/create', { Image: 'nosuch', Cmd: ['x'] })).toMatchObject({
      status: 404,
      json: { message: 'No such image: nosuch:latest' },
    })
    expect(await docker.request('POST', '/images/create?fromImage=nosuch&tag=1')).toMatchObject({ status: 501 })
  })
  test('a name is taken once, and free again after rm', async () => {
    const id = await docker.create({}, 'taken')
    const again = await docker.request('POST', '/containers/create?name=taken', { Image: 'test' })
    expect(again).toMatchObject({
      status: 409,
      json: {
        message: `Conflict. The container name "/taken" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
      },
    })
    await docker.request('DELETE', '/containers/taken')
    await docker.request('DELETE', `/containers/${await docker.create({}, 'taken')}`)
  })
  test('nothing is left of one that was refused', async () => {
    const before = fs.readdirSync(path.join(docker.dir, 'root/containers'))
    const refused = await docker.request('POST', '/containers/create?name=refused', {
      Image: 'test',
      HostConfig: { Mounts: [{ Type: 'bind', Source: '/no/such', Target: '/x' }] },
    })
    expect(refused).toMatchObject({
      status: 400,
      json: { message: 'invalid mount config for type "bind": bind source path does not exist: /no/such' },
    })
    expect(fs.readdirSync(path.join(docker.dir, 'root/containers'))).toEqual(before)
    await docker.request('DELETE', `/containers/${await docker.create({}, 'refused')}`)
  })
  test.each([
    ['{', 400],
    ['[]', 400],
    ['"x"', 400],
    ['{"Image":5}', 400],
    ['{"Image":"test","HostConfig":{"Memory":"1g"}}', 400],
    ['{"Image":"UPPER case"}', 400],
    [`{"Image":"test","Cmd":["${'x'.repeat(5 * 1024 * 1024)}"]}`, 400],
  ])('%.40s is the client’s mistake', async (body, status) => {
    const answer = await docker.request('POST', '/containers/create', body)
    expect([answer.status, typeof answer.json.message]).toEqual([status, 'string'])
  })
  test('no JSON body at all makes the daemon fail', async () => {
    const paths = [
      '/containers/create',
      '/volumes/create',
      '/x/containers/plan',
      '/containers/nosuch/exec',
      '/exec/nosuch/start',
    ]
    const almost = fc.record({
      Image: fc.oneof(fc.constant('test'), fc.string()),
      Cmd: fc.jsonValue(),
      HostConfig: fc.oneof(
        fc.jsonValue(),
        fc.record({ Binds: fc.jsonValue(), Tmpfs: fc.jsonValue(), Mounts: fc.jsonValue(), Ulimits: fc.jsonValue() }),
      ),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.oneof(
          fc.json(),
          fc.string(),
          almost.map((value) => JSON.stringify(value)),
        ),
        async (target, body) => {
          const { status } = await docker.request('POST', target, body)
          expect(status).toBeLessThan(500)
        },
      ),
      { numRuns: 150 },
    )
    for (const container of (await docker.request('GET', '/containers/json?all=1')).json as { Id: string }[])
      await docker.request('DELETE', `/containers/${container.Id}?v=1`)
  })
})

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
    const { text } = await docker.request('GET', `/events?since=${since}&until=${Date.now() / 1000}&filters=${filters}`)
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

describe('lists', () => {
  test('ps shows what runs, -a all, filters and -n some', async () => {
    const a = await docker.create({ Cmd: ['sleep', '60'], Labels: { app: 'x' } }, 'list-a')
    const b = await docker.create({ Cmd: ['sh', '-c', "echo 'a b'"] }, 'list-b')
    await docker.request('POST', `/containers/${a}/start`)
    const names = async (query: string): Promise<string[]> =>
      ((await docker.request('GET', `/containers/json?${query}`)).json as { Names: string[] }[]).flatMap(
        ({ Names }) => Names,
      )
    const filter = (value: object): string => `all=1&filters=${encodeURIComponent(JSON.stringify(value))}`
    expect(await names('')).toEqual(['/list-a'])
    expect(await names('all=1')).toEqual(['/list-b', '/list-a'])
    expect(await names('limit=1')).toEqual(['/list-b'])
    expect(await names(filter({ label: { 'app=x': true } }))).toEqual(['/list-a'])
    expect(await names(filter({ name: ['^list-b$'] }))).toEqual(['/list-b'])
    expect(await names(filter({ status: ['created'] }))).toEqual(['/list-b'])
    expect(await names(filter({ ancestor: ['test'] }))).toHaveLength(2)
    expect(await names(filter({ since: ['list-a'] }))).toEqual(['/list-b'])
    expect((await docker.request('GET', `/containers/json?${filter({ wat: ['x'] })}`)).json).toEqual({
      message: "invalid filter 'wat'",
    })
    const [created] = (await docker.request('GET', `/containers/json?${filter({ id: [b] })}`)).json
    expect(created).toMatchObject({
      Image: 'test',
      Command: `sh -c 'echo '"'"'a b'"'"''`,
      State: 'created',
      Status: 'Created',
      Ports: [],
      HostConfig: { NetworkMode: 'default' },
    })
    expect((await docker.request('POST', '/containers/prune')).json).toEqual({
      ContainersDeleted: [b],
      SpaceReclaimed: 0,
    })
    await docker.request('DELETE', `/containers/${a}?force=1`)
  })
  test('images: list, inspect, history, tag, rmi, and one in use', async () => {
    expect((await docker.request('POST', '/images/test/tag?repo=docker.io/library/again&tag=2')).status).toBe(201)
    const [image] = (await docker.request('GET', '/images/json')).json
    expect(image).toMatchObject({
      RepoTags: ['again:2', 'test:latest'],
      Containers: -1,
      SharedSize: -1,
      Labels: { l: '1' },
      Created: 1767225600,
    })
    expect((await docker.request('GET', '/images/again:2/json')).json).toMatchObject({
      Id: image.Id,
      Os: 'linux',
      Config: { Env: ['FROM=image'] },
      RootFS: { Type: 'layers', Layers: [] },
    })
    expect((await docker.request('GET', '/images/test/history')).json).toMatchObject([
      { Id: image.Id, CreatedBy: 'test', Size: 0 },
    ])
    expect((await docker.request('DELETE', '/images/again:2')).json).toEqual([{ Untagged: 'again:2' }])
    const id = await docker.create({}, 'user')
    expect(await docker.request('DELETE', '/images/test')).toMatchObject({
      status: 409,
      json: {
        message: `conflict: unable to remove repository reference "test" (must force) - container ${id.slice(0, 12)} is using its referenced image ${String(image.Id).slice(7, 19)}`,
      },
    })
    expect(await docker.request('GET', '/images/nosuch/json')).toMatchObject({
      status: 404,
      json: { message: 'No such image: nosuch:latest' },
    })
    await docker.request('DELETE', `/containers/${id}`)
  })
  test('a half archive is refused and leaves nothing', async () => {
    const before = (await docker.request('GET', '/images/json')).json
    expect((await docker.request('POST', '/images/load', 'not a tar')).status).toBe(400)
    expect((await docker.request('GET', '/images/json')).json).toEqual(before)
  })
  test('volumes: create, list, in use, rm', async () => {
    expect((await docker.request('POST', '/volumes/create', { Name: 'vol', Labels: { a: 'b' } })).json).toMatchObject({
      Name: 'vol',
      Driver: 'local',
      Scope: 'local',
    })
    const count = async (): Promise<number> => (await docker.request('GET', '/volumes')).json.Volumes.length as number
    const before = await count()
    const id = await docker.create({ HostConfig: { Binds: ['vol:/data', '/anon'] } })
    expect(await count()).toBe(before + 1)
    expect(await docker.request('DELETE', '/volumes/vol')).toMatchObject({
      status: 409,
      json: { message: `remove vol: volume is in use - [${id}]` },
    })
    await docker.request('DELETE', `/containers/${id}?v=1`)
    expect(await count()).toBe(before)
    expect((await docker.request('DELETE', '/volumes/vol')).status).toBe(204)
    expect((await docker.request('GET', '/volumes/vol')).json).toEqual({ message: 'get vol: no such volume' })
  })
})
