import * as fs from 'node:fs'
import * as path from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDaemonConfig } from '../src/config/config.ts'
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
  test('info shows what was configured, without the password of a proxy', async () => {
    const config = readDaemonConfig({
      flags: {
        'registry-mirrors': ['http://mirror.lan'],
        'insecure-registries': ['reg.lan:5000', '10.0.0.0/8'],
        'http-proxy': 'http://alice:secret@proxy.lan:3128',
        'no-proxy': 'lan',
      },
    })
    await using configured = await TestDaemon.start({ config })
    expect((await configured.request('GET', '/info')).json).toMatchObject({
      IndexServerAddress: 'https://index.docker.io/v1/',
      HttpProxy: 'http://xxxxx:xxxxx@proxy.lan:3128',
      NoProxy: 'lan',
      RegistryConfig: {
        InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', '10.0.0.0/8'],
        IndexConfigs: {
          'reg.lan:5000': { Name: 'reg.lan:5000', Mirrors: [], Secure: false, Official: false },
          'docker.io': { Name: 'docker.io', Mirrors: ['http://mirror.lan/'], Secure: true, Official: true },
        },
        Mirrors: ['http://mirror.lan/'],
      },
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
      'bridge',
      'host',
      'none',
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
