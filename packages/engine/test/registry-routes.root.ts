/** POST /auth, GET /distribution, GET /images/search, and what clients ask about platforms. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  artifact,
  describe as describeBlob,
  digestOf,
  dockerImage,
  json,
  MEDIA,
  multiPlatform,
  PLATFORMS,
  pullBySkopeo,
  putContent,
  Registry,
  tarOf,
  topOf,
} from '../../../test/harness/registry/index.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { TestDaemon } from './support/daemon.ts'
import { auth, pull } from './support/registry.ts'

describeWith(['root', 'docker-registry', 'skopeo'], 'what is asked of registries', () => {
  let open: Registry
  let locked: Registry
  let tokens: Registry
  let docker: TestDaemon
  const image = dockerImage([tarOf({ file: 'x' })])
  const top = topOf(image)
  beforeAll(async () => {
    ;[open, locked, tokens, docker] = await Promise.all([
      Registry.start(),
      Registry.start({ auth: 'htpasswd' }),
      Registry.start({ auth: 'token' }),
      TestDaemon.start(),
    ])
    for (const registry of [open, locked, tokens]) await putContent(registry, 'team/app', '1.0', image)
    await putContent(open, 'team/multi', 'latest', multiPlatform())
    await putContent(open, 'team/sbom', '1', artifact(describeBlob(top.mediaType, top.bytes)))
  })
  afterAll(async () => {
    for (const one of [docker, open, locked, tokens]) await one[Symbol.asyncDispose]()
  })
  const at = (text: string): string =>
    text.replaceAll('OPEN', open.host).replaceAll('LOCKED', locked.host).replaceAll('TOKENS', tokens.host)

  describe('POST /auth', () => {
    const login = (serveraddress: string, password: string) =>
      docker.request('POST', '/auth', { username: 'tester', password, serveraddress: at(serveraddress) })
    test.each(['LOCKED', 'http://LOCKED/v2/', 'TOKENS', 'OPEN'])(
      'with the right password at %s is 200',
      async (address) => {
        const { status, json } = await login(address, locked.password)
        expect([status, json.Status]).toEqual([200, 'Login Succeeded'])
      },
    )
    test.each([
      ['LOCKED', 'wrong', 500, 'login attempt to http://LOCKED/v2/ failed with status: 401 Unauthorized'],
      ['TOKENS', 'wrong', 401, 'Get "http://TOKENS/v2/": unauthorized: incorrect username or password'],
      ['127.0.0.1:1', 'x', 500, 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'],
    ])('at %s with %s is %i: %s', async (address, password, status, message) => {
      const answer = await login(address, password)
      expect([answer.status, answer.json.message]).toEqual([status, at(message)])
    })
    test('without a name is 400', async () => {
      expect(await docker.request('POST', '/auth', { serveraddress: locked.host })).toMatchObject({ status: 400 })
    })
  })

  describe('GET /distribution', () => {
    const ask = (name: string, headers: object = {}) =>
      docker.request('GET', `/distribution/${at(name)}/json`, undefined, headers)
    test('of an index has all its platforms, and without a tag means latest', async () => {
      const { mediaType, bytes } = topOf(multiPlatform())
      const { status, json } = await ask('OPEN/team/multi')
      expect(status).toBe(200)
      expect(json).toEqual({
        Descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
        Platforms: PLATFORMS,
      })
    })
    test('of an image has the platform of its config, of an artifact none', async () => {
      expect((await ask('OPEN/team/app:1.0')).json.Platforms).toEqual([{ architecture: 'amd64', os: 'linux' }])
      expect((await ask('OPEN/team/sbom:1')).json.Platforms).toBe(null)
    })
    test('of an artifact whose config is no JSON has none either', async () => {
      const config = Buffer.from('\0asm')
      const described = describeBlob('application/vnd.example.config', config)
      const bytes = json({ schemaVersion: 2, mediaType: MEDIA.manifest, config: described, layers: [] })
      await putContent(open, 'team/wasm', '1', { blobs: [config], manifests: [{ mediaType: MEDIA.manifest, bytes }] })
      expect(await ask('OPEN/team/wasm:1')).toMatchObject({ status: 200, json: { Platforms: null } })
    })
    test.each([
      ['OPEN/team/app:none', 404, 'manifest unknown: manifest unknown'],
      [`OPEN/team/app@sha256:${'0'.repeat(64)}`, 404, 'manifest unknown: manifest unknown'],
      ['127.0.0.1:1/x:1', 500, 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'],
      ['LOCKED/team/app:1.0', 500, 'Head "http://LOCKED/v2/team/app/manifests/1.0": no basic auth credentials'],
      ['UPPER', 400, 'invalid reference format'],
    ])('of %s is %i: %s', async (name, status, message) => {
      const answer = await ask(name)
      expect([answer.status, answer.json.message]).toEqual([status, expect.stringContaining(at(message))])
    })
    test('with credentials reaches a locked one, with wrong ones is 401', async () => {
      expect((await ask('LOCKED/team/app:1.0', auth(locked.credentials))).status).toBe(200)
      const wrong = await ask('LOCKED/team/app:1.0', auth({ username: 'tester', password: 'wrong' }))
      expect(wrong).toMatchObject({ status: 401, json: { message: 'unauthorized: authentication required' } })
    })
  })

  describe('GET /images/search', () => {
    const search = (query: string) => docker.request('GET', `/images/search?${at(query)}`)
    test('at a registry of one’s own looks through its catalog', async () => {
      expect(await search('term=OPEN/app')).toMatchObject({
        status: 200,
        json: [{ name: 'team/app', description: '', star_count: 0, is_official: false, is_automated: false }],
      })
      expect((await search('term=OPEN/team&limit=2')).json).toHaveLength(2)
      expect((await search(`term=OPEN/team&filters=${encodeURIComponent('{"stars":["1"]}')}`)).json).toEqual([])
    })
    test.each([
      ['term=x&limit=101', 400, 'Limit 101 is outside the range of [1, 100]'],
      ['term=x&limit=0', 400, 'Limit 0 is outside the range of [1, 100]'],
      ['term=https://x', 500, 'Invalid repository name (ex: "registry.domain.tld/myrepos")'],
      [`term=x&filters=${encodeURIComponent('{"nope":["1"]}')}`, 400, "invalid filter 'nope'"],
    ])('%s is %i', async (query, status, message) => {
      expect(await search(query)).toMatchObject({ status, json: { message } })
    })
  })

  describe('platforms', () => {
    test('an image that is here for another one is 404 for create, and the client then pulls', async () => {
      const name = `${open.host}/team/multi:latest`
      await pull(docker, name)
      const create = (platform: string) =>
        docker.request('POST', `/containers/create?platform=${platform}`, { Image: name, Cmd: ['true'] })
      expect(await create('linux/arm/v7')).toMatchObject({
        status: 404,
        json: {
          message: `image with reference ${name} was found but its platform (linux/amd64) does not match the specified platform (linux/arm/v7)`,
        },
      })
      const { status, json } = await create('linux/amd64')
      expect(status).toBe(201)
      await docker.request('DELETE', `/containers/${json.Id}`)
    })
    test('inspect, history, get and load take one', async () => {
      const name = `${open.host}/team/multi:latest`
      const { json } = await docker.request('GET', `/images/${name}/json?manifests=1`)
      expect(json.Manifests).toMatchObject([
        { Available: true, Kind: 'image', ImageData: { Platform: { os: 'linux', architecture: 'amd64' } } },
      ])
      for (const path of [`${name}/json`, `${name}/history`, `${name}/get`]) {
        const s390x = encodeURIComponent('{"os":"linux","architecture":"s390x"}')
        expect((await docker.request('GET', `/images/${path}?platform=${s390x}`)).status, path).toBe(404)
        expect((await docker.request('GET', `/images/${path}?platform=linux/amd64`)).status, path).toBe(200)
      }
      const file = path.join(docker.dir, 'multi.tar')
      await pullBySkopeo(open, 'team/multi:latest', `oci-archive:${file}:multi:all`, '--all')
      const load = (platform: string) =>
        docker.request('POST', `/images/load?platform=${platform}`, fs.readFileSync(file))
      expect((await load('linux/arm/v7')).text).toContain('Loaded image')
      expect((await docker.request('GET', '/images/multi:all/json')).json).toMatchObject({ Architecture: 'arm' })
      expect((await load('linux/s390x')).status).toBe(404)
      expect((await docker.request('POST', '/images/load?platform=bad/bad/bad/bad', 'x')).status).toBe(400)
      expect((await docker.request('POST', '/images/load?platform=linux/s390x', 'no archive')).status).toBe(400)
    })
  })
})
