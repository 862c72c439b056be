/** Pulls that do not go smoothly: clients that leave, daemons that end, many at once. */
import { randomBytes } from 'node:crypto'
import * as http from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { digestOf, FaultProxy, ociImage, putContent, Registry, tarOf } from '../../../test/harness/registry/index.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { TestDaemon } from './support/daemon.ts'
import { KillableDaemon } from './support/killable.ts'
import { pull, steady } from './support/registry.ts'

const MIB = 1 << 20

describeWith(['root', 'docker-registry'], 'a pull of a big layer over a slow line', () => {
  const image = ociImage([{ tar: tarOf({ big: randomBytes(8 * MIB) }), compression: 'plain' }])
  const layer = digestOf(image.blobs[0] ?? Buffer.alloc(0))
  const ofLayer = new RegExp(`blobs/${layer}`)
  let registry: Registry
  let proxy: FaultProxy
  beforeAll(async () => {
    registry = await Registry.start()
    proxy = await FaultProxy.start(registry)
    await putContent(registry, 'big', '1', image)
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
  })
  const slow = (bytesPerSecond: number) => [{ kind: 'slow', on: ofLayer, bytesPerSecond } as const]
  const downloads = () => proxy.requests.filter(({ method, path }) => method === 'GET' && ofLayer.test(path))

  /** A client that hangs up when the first bytes of the layer have come. */
  async function leave(docker: TestDaemon, query: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const request = http.request(
        { socketPath: docker.socket, method: 'POST', path: `/images/create?${query}` },
        (response) => {
          response.on('data', (chunk: Buffer) => {
            if (!chunk.toString().includes('Downloading')) return
            request.destroy()
            resolve()
          })
        },
      )
      request.on('error', reject)
      request.end()
    })
  }

  test('ends with its client, and the next one goes on where it stopped', async () => {
    await using docker = await TestDaemon.start()
    proxy.faults = slow(2 * MIB)
    const before = downloads().length
    await leave(docker, `fromImage=${proxy.host}/big&tag=1`)
    const [left] = downloads().slice(before)
    await eventually('the download has ended', () => left?.endedMs !== undefined)
    expect(left?.receivedBytes).toBeLessThan(8 * MIB)
    expect((await docker.request('GET', '/images/json')).json).toEqual([])
    proxy.faults = []
    const pulled = await pull(docker, `${proxy.host}/big:1`)
    expect(steady(pulled).at(-1)).toMatch('Downloaded newer image')
    const [resumed] = downloads().slice(before + 1)
    expect(resumed?.headers.range).toMatch(/^bytes=[1-9]\d*-$/)
    expect(await docker.daemon.engine.images.verify()).toEqual([])
  })

  test('by ten clients at once is made once', async () => {
    await using docker = await TestDaemon.start()
    proxy.faults = slow(16 * MIB)
    const before = downloads().length
    const ends = await Promise.all(Array.from({ length: 10 }, () => pull(docker, `${proxy.host}/big:1`)))
    expect(ends.map((one) => steady(one).at(-1))).toEqual(ends.map(() => expect.stringContaining('Status: ')))
    expect(downloads().slice(before)).toHaveLength(1)
    // Nine of them wait for the tenth, and see how far it is.
    const seen = ends.map(({ lines }) => lines.filter(({ status }) => status === 'Downloading').length)
    expect(Math.min(...seen)).toBeGreaterThan(1)
    expect(await docker.daemon.engine.images.verify()).toEqual([])
  })

  test('goes on for those who stay when the client leaves that was the first', async () => {
    await using docker = await TestDaemon.start()
    proxy.faults = slow(2 * MIB)
    const before = downloads().length
    const left = leave(docker, `fromImage=${proxy.host}/big&tag=1`)
    await eventually('the first client has the line', () => downloads().length > before)
    const stays = Array.from({ length: 3 }, () => pull(docker, `${proxy.host}/big:1`))
    await left
    const ends = await Promise.all(stays)
    expect(ends.map((one) => steady(one).at(-1))).toEqual(ends.map(() => expect.stringContaining('Status: ')))
    const received = downloads()
      .slice(before)
      .map(({ receivedBytes }) => receivedBytes)
    expect(received.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(10 * MIB)
    expect(await docker.daemon.engine.images.verify()).toEqual([])
  })

  test('does not keep the daemon from ending, and goes on with the next daemon', async () => {
    await using docker = await TestDaemon.start()
    proxy.faults = slow(MIB)
    const before = downloads().length
    const broken = pull(docker, `${proxy.host}/big:1`).catch((error: unknown) => error)
    await eventually('the layer comes', () => (downloads()[before]?.receivedBytes ?? 0) > 0)
    const began = performance.now()
    await docker.daemon[Symbol.asyncDispose]()
    expect(performance.now() - began).toBeLessThan(3000)
    expect(await broken).toBeInstanceOf(Error)
    proxy.faults = []
    await docker.boot()
    expect(steady(await pull(docker, `${proxy.host}/big:1`)).at(-1)).toMatch('Downloaded newer image')
    expect(downloads().slice(before)[1]?.headers.range).toMatch(/^bytes=[1-9]/)
  })

  test('survives kill -9 of the daemon: what had come is not fetched again', async () => {
    await using docker = await KillableDaemon.start({ network: 'shared' })
    proxy.faults = slow(4 * MIB)
    const before = downloads().length
    const broken = pull(docker, `${proxy.host}/big:1`).catch((error: unknown) => error)
    await eventually('half of the layer has come', () => (downloads()[before]?.receivedBytes ?? 0) > 3 * MIB)
    await docker.end('SIGKILL')
    await broken
    proxy.faults = []
    await docker.boot()
    expect((await docker.request('GET', '/images/json')).json).toEqual([])
    expect(steady(await pull(docker, `${proxy.host}/big:1`)).at(-1)).toMatch('Downloaded newer image')
    const from = Number(/^bytes=(\d+)-$/.exec(downloads().slice(before)[1]?.headers.range ?? '')?.[1])
    expect(from).toBeGreaterThan(MIB)
  })

  test('or a push of it ends with its client', async () => {
    await using docker = await TestDaemon.start()
    await using elsewhere = await Registry.start()
    await using slowed = await FaultProxy.start(elsewhere)
    proxy.faults = []
    await pull(docker, `${proxy.host}/big:1`)
    await docker.request('POST', `/images/${proxy.host}/big:1/tag?repo=${slowed.host}/big&tag=1`)
    slowed.faults = [{ kind: 'delay', on: /^PUT|^PATCH/, ms: 30_000 }]
    const uploads = () => slowed.requests.filter(({ method }) => method === 'PUT' || method === 'PATCH')
    const request = http.request({
      socketPath: docker.socket,
      method: 'POST',
      path: `/images/${slowed.host}/big/push?tag=1`,
      headers: { 'X-Registry-Auth': 'e30=' },
    })
    request.on('error', () => {})
    request.end()
    await eventually('the upload has begun', () => uploads().length > 0)
    request.destroy()
    await eventually('the push has ended', () => docker.daemon.engine.transfers.count === 0, { timeoutMs: 5000 })
    expect(slowed.requests.some(({ path }) => path.includes('/manifests/'))).toBe(false)
  })

  test('that fails in the middle ends with an error line, and leaves no image', async () => {
    await using docker = await TestDaemon.start()
    proxy.faults = [{ kind: 'corrupt', on: ofLayer, atByte: 5000 }]
    const { lines, status } = await pull(docker, `${proxy.host}/big:1`)
    expect([status, lines[0]?.status]).toEqual([200, 'Pulling from big'])
    expect(lines.at(-1)).toMatchObject({
      error: expect.stringContaining('sha256:'),
      errorDetail: { message: expect.any(String) },
    })
    expect((await docker.request('GET', '/images/json')).json).toEqual([])
  })
})
