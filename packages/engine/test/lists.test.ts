import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDaemon } from './support/daemon.ts'

let docker: TestDaemon
beforeAll(async () => {
  docker = await TestDaemon.start()
  await docker.image('test', { Cmd: ['sh', '-c', 'echo from image'], Env: ['FROM=image'], Labels: { l: '1' } })
})
afterAll(() => docker[Symbol.asyncDispose]())

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
      HostConfig: { NetworkMode: 'none' },
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
