/** Pushes through the API, to the real registry. Root, since the images come by a pull. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../test/harness/command.ts'
import {
  digestOf,
  dockerImage,
  inspectBySkopeo,
  ociImage,
  putContent,
  Registry,
  tarOf,
  topOf,
} from '../../../test/harness/registry/index.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { TestDaemon } from './support/daemon.ts'
import { ANONYMOUS, auth, pull, push, steady, type Line } from './support/registry.ts'

const short = (digest: string): string => digest.slice(7, 19)

describeWith(['root', 'docker-registry', 'skopeo'], 'POST /images/{name}/push', () => {
  let registry: Registry
  let other: Registry
  let docker: TestDaemon
  const layers = [tarOf({ lower: 'lower\n' }), tarOf({ upper: 'upper\n' })]
  const image = dockerImage(layers)
  const digest = digestOf(topOf(image).bytes)
  const size = topOf(image).bytes.length
  const [lower = '', upper = ''] = layers.map((tar) => short(digestOf(tar)))
  beforeAll(async () => {
    registry = await Registry.start()
    other = await Registry.start({ auth: 'htpasswd' })
    docker = await TestDaemon.start()
    await putContent(registry, 'team/app', '1.0', image)
    await pull(docker, `${registry.host}/team/app:1.0`)
  })
  afterAll(async () => {
    await docker[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
  })
  const tag = (name: string) => {
    const [, repo = '', tagName = ''] = /^(.*):([^:]+)$/.exec(name) ?? []
    return docker.request('POST', `/images/${registry.host}/team/app:1.0/tag?repo=${repo}&tag=${tagName}`)
  }
  const end = (tagName: string): string[] => [
    `${tagName}: digest: ${digest} size: ${size}`,
    JSON.stringify({ Tag: tagName, Digest: digest, Size: size }),
  ]

  test('to another registry sends the layers, topmost first, and what arrives is the same image', async () => {
    const name = `${other.host}/copy:2`
    await tag(name)
    const pushed = await push(docker, name, auth(other.credentials))
    const lines = steady(pushed)
    expect(lines.slice(0, 3)).toEqual([
      `The push refers to repository [${other.host}/copy]`,
      `${upper}: Preparing`,
      `${lower}: Preparing`,
    ])
    expect(lines.slice(3, -2).toSorted()).toEqual([`${lower}: Pushed`, `${upper}: Pushed`].toSorted())
    expect(lines.slice(-2)).toEqual(end('2'))
    expect(
      pushed.lines.some(({ status, progressDetail }) => status === 'Pushing' && progressDetail?.current !== undefined),
    ).toBe(true)
    expect((await inspectBySkopeo(other, 'copy:2')).Digest).toBe(digest)
    const { json } = await docker.request('GET', `/images/${name}/json`)
    expect(json.RepoDigests).toContain(`${other.host}/copy@${digest}`)
    const again = steady(await push(docker, name, auth(other.credentials)))
    expect(again.slice(3, -2).toSorted()).toEqual(
      [`${lower}: Layer already exists`, `${upper}: Layer already exists`].toSorted(),
    )
  })

  test('to another repository of the same registry mounts the layers', async () => {
    await tag(`${registry.host}/elsewhere:1`)
    await tag(`${registry.host}/elsewhere:2`)
    const lines = steady(await push(docker, `${registry.host}/elsewhere:1`))
    expect(lines.slice(3, -2).toSorted()).toEqual(
      [`${lower}: Mounted from team/app`, `${upper}: Mounted from team/app`].toSorted(),
    )
    const all = steady(await push(docker, `${registry.host}/elsewhere`))
    expect(all.filter((line) => line.includes('digest:'))).toEqual([end('1')[0], end('2')[0]])
  })

  test('of layers that are not compressed compresses them on the way', async () => {
    const plain = ociImage([{ tar: tarOf({ big: 'x'.repeat(100_000) }), compression: 'plain' }])
    await putContent(registry, 'plain', '1', plain)
    await pull(docker, `${registry.host}/plain:1`)
    await docker.request('POST', `/images/${registry.host}/plain:1/tag?repo=${registry.host}/packed&tag=1`)
    const pushed = await push(docker, `${registry.host}/packed:1`)
    expect(steady(pushed).at(-3)).toMatch(/: Pushed$/)
    const raw = await run(['skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/packed:1`])
    const [layer] = (JSON.parse(raw.stdout) as { layers: { mediaType: string; size: number }[] }).layers
    expect(layer?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip')
    expect(layer?.size).toBeLessThan(2000)
    expect((pushed.lines.at(-1) as Line).aux?.Digest).toBe(digestOf(Buffer.from(raw.stdout)))
    const again = await push(docker, `${registry.host}/packed:1`)
    expect(steady(again).at(-3)).toMatch(/: Layer already exists$/)
    expect(again.lines.at(-1)).toEqual(pushed.lines.at(-1))
    await docker.request('POST', `/images/${registry.host}/plain:1/tag?repo=${registry.host}/beside&tag=1`)
    expect(steady(await push(docker, `${registry.host}/beside:1`)).at(-3)).toMatch(/: Mounted from packed$/)
  })

  // What dockerd 20.10 answers to each of them.
  test.each([
    ['HOST/team/app:9', 'tag does not exist: HOST/team/app:9'],
    ['HOST/none:1', 'An image does not exist locally with the tag: HOST/none'],
    ['HOST/none', 'An image does not exist locally with the tag: HOST/none'],
  ])('of %s is an error behind the first line', async (name, words) => {
    const { lines, status } = await push(docker, name.replace('HOST', registry.host))
    expect(status).toBe(200)
    expect(lines.at(-1)?.errorDetail?.message).toBe(words.replace('HOST', registry.host))
    expect(lines.at(-1)?.error).toBe(words.replace('HOST', registry.host))
  })

  test.each([
    [undefined, 'no basic auth credentials'],
    [{ username: 'tester', password: 'wrong' }, 'unauthorized: authentication required'],
  ])('with the credentials %j to a registry that wants others is an error', async (credentials, words) => {
    await tag(`${other.host}/refused:1`)
    const { lines } = await push(docker, `${other.host}/refused:1`, auth(credentials))
    expect(lines.at(-1)?.error).toContain(words)
  })

  test('without the header of credentials is 400', async () => {
    const answer = await docker.request('POST', `/images/${registry.host}/team/app/push?tag=1.0`)
    expect(answer).toMatchObject({
      status: 400,
      json: { message: 'Bad parameters and missing X-Registry-Auth: EOF' },
    })
  })

  test('for a platform that the image is not for is refused', async () => {
    const target = `/images/${registry.host}/team/app/push?tag=1.0&platform=${encodeURIComponent('{"os":"linux","architecture":"s390x"}')}`
    const { text } = await docker.request('POST', target, undefined, ANONYMOUS)
    expect(text).toContain('does not match the specified platform (linux/s390x)')
  })

  test('tells an event', async () => {
    const { text } = await docker.request('GET', `/events?since=1&until=${Math.ceil(Date.now() / 1000)}`)
    expect(text).toContain(`"Action":"push","Actor":{"ID":"${registry.host}/elsewhere:1"`)
  })
})
