/** /x/images/…: what a pull or push would ask, and what it did ask. */
import { expect, test } from 'vitest'
import { digestOf, multiPlatform, putContent, Registry, topOf } from '../../../test/harness/registry/index.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { TestDaemon } from './support/daemon.ts'
import { auth, pull, steady, type Line } from './support/registry.ts'

type Steps = { steps: { id: string; shell: string[]; requests: { method: string; url: string }[] }[] }

describeWith(['root', 'docker-registry'], 'a pull with its requests', () => {
  test('is planned without asking anybody, then tells each request, and no secret', async () => {
    await using registry = await Registry.start({ auth: 'token' })
    await putContent(registry, 'team/app', '1.0', multiPlatform())
    await using docker = await TestDaemon.start()
    const name = `${registry.host}/team/app:1.0`
    const before = registry.log
    const plan = await docker.request('POST', `/x/images/plan?fromImage=${registry.host}/team/app&tag=1.0`)
    const { steps } = plan.json as Steps
    expect(steps.map(({ id }) => id)).toEqual(
      ['ping', 'token', 'manifest', 'config', 'layer', 'unpack', 'name'].map((id) => `image.${id}`),
    )
    expect(steps[0]?.requests.map(({ url }) => url)).toEqual([
      `https://${registry.host}/v2/`,
      `http://${registry.host}/v2/`,
    ])
    expect(registry.log).toBe(before)

    const headers = auth(registry.credentials)
    const traced = await pull(docker, name, { headers, path: '/x/images/create' })
    const requests = traced.lines.flatMap(({ trace }) => trace ?? [])
    const made = requests.map(({ id, method, status }) => `${id} ${method} ${String(status)}`)
    expect(made.filter((line) => !line.startsWith('image.layer'))).toEqual([
      'image.ping GET undefined',
      'image.ping GET 401',
      'image.token GET 200',
      'image.manifest HEAD 200',
      'image.manifest GET 200',
      'image.manifest GET 200',
      'image.config GET 200',
    ])
    expect(made.filter((line) => line === 'image.layer GET 200')).toHaveLength(2)
    expect(requests.every(({ startNs }) => /^\d+$/.test(String(startNs)))).toBe(true)
    expect(steady(traced).at(-2)).toBe(`Digest: ${digestOf(topOf(multiPlatform()).bytes)}`)
    const secrets = [
      registry.password,
      Buffer.from(`${registry.username}:${registry.password}`).toString('base64'),
      'eyJ',
    ]
    expect(secrets.filter((secret) => traced.text.includes(secret))).toEqual([])
  })

  test('all planned requests of a pull are made, in their order', async () => {
    await using registry = await Registry.start()
    await putContent(registry, 'team/app', '1.0', multiPlatform())
    await using docker = await TestDaemon.start()
    const query = `fromImage=${registry.host}/team/app&tag=1.0`
    const { steps } = (await docker.request('POST', `/x/images/plan?${query}`)).json as Steps
    const planned = steps.flatMap(({ requests }) => requests.map(({ method, url }) => `${method} ${url}`))
    const traced = await pull(docker, `${registry.host}/team/app:1.0`, { path: '/x/images/create' })
    const made = traced.lines.flatMap(({ trace }) => trace ?? []).map(({ method, url }) => `${method} ${url}`)
    // What the registry told: digests for the variables; TLS was tried before, in vain; nobody wanted a token.
    const expected = planned
      .filter((line) => !line.includes('$REALM'))
      .map((line) => line.replace(/^(?!.*\/v2\/$)(\w+) https:/, '$1 http:').replace(/\$\w+/, 'sha256:HEX'))
    const seen = made.map((line) => line.replace(/sha256:[0-9a-f]{64}/, 'sha256:HEX'))
    expect([...new Set(seen)]).toEqual([...new Set(expected)])
  })

  test('a push is planned from the store, mounts included, and traced', async () => {
    await using registry = await Registry.start()
    await putContent(registry, 'team/app', '1.0', multiPlatform())
    await using docker = await TestDaemon.start()
    await pull(docker, `${registry.host}/team/app:1.0`)
    await docker.request('POST', `/images/${registry.host}/team/app:1.0/tag?repo=${registry.host}/copy&tag=2`)
    const { steps } = (await docker.request('POST', `/x/images/${registry.host}/copy/push/plan?tag=2`)).json as Steps
    expect(steps.map(({ id }) => id)).toEqual(
      ['ping', 'token', 'mount', 'upload', 'publish'].map((id) => `image.${id}`),
    )
    expect(steps[2]?.requests[0]?.url).toContain('from=team/app')
    const { text } = await docker.request('POST', `/x/images/${registry.host}/copy/push?tag=2`, undefined, auth({}))
    const lines = text
      .split('\r\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line)
    const ids = new Set(lines.flatMap(({ trace }) => trace?.id ?? []))
    expect([...ids]).toEqual(['image.ping', 'image.upload', 'image.mount', 'image.publish'])
    const missing = await docker.request('POST', `/x/images/${registry.host}/copy/push/plan?tag=none`)
    expect(missing).toMatchObject({ status: 404, json: { message: `tag does not exist: ${registry.host}/copy:none` } })
  })

  test('of the demo image, of all tags and of nothing has no plan', async () => {
    await using docker = await TestDaemon.start()
    for (const query of ['fromImage=demo&tag=latest', 'fromImage=127.0.0.1:1/a', ''])
      expect((await docker.request('POST', `/x/images/plan?${query}`)).status).toBe(400)
  })
})
