/** Registries and the daemon when things go wrong: cuts, kill -9, many clients, hostile answers. The store stays what others can read. */
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { must, run, type Result } from '../harness/command.ts'
import { eventually } from '../harness/eventually.ts'
import { BUSYBOX, busyboxArchive } from '../harness/images.ts'
import {
  digestOf,
  FaultProxy,
  inspectBySkopeo,
  MEDIA,
  noise,
  noisyImage,
  ociImage,
  pushBySkopeo,
  putContent,
  Registry,
  tarOf,
  topOf,
  type Fault,
} from '../harness/registry/index.ts'
import { onDocker, suite } from './suite.ts'

const BLOB = /^GET .*\/blobs\//
const image = noisyImage([3_000_000, 1_500_000, 20_000])

// A dockerd of the tests is in a network of its own and cannot reach the registry.
suite(
  'pulls and pushes that go wrong',
  onDocker ? ['mini-dockerd'] : ['docker-registry', 'skopeo', 'umoci', 'docker'],
  (daemon) => {
    let registry: Registry
    let proxy: FaultProxy
    let name = ''

    beforeAll(async () => {
      registry = await Registry.start()
      proxy = await FaultProxy.start(registry)
      await putContent(registry, 'team/app', '1', image)
      await pushBySkopeo(registry, `docker-archive:${busyboxArchive()}`, 'team/busybox:1')
      name = `${proxy.host}/team/app:1`
    })
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]()
      await registry[Symbol.asyncDispose]()
    })
    afterEach(async () => {
      proxy.faults = []
      await expectSound()
      const names = (await daemon().ok('images', '-q', '--no-trunc')).split('\n')
      const busybox = await daemon().ok('images', '-q', '--no-trunc', BUSYBOX)
      const others = [...new Set(names)].filter((id) => id !== '' && id !== busybox)
      if (others.length > 0) await daemon().ok('rmi', '-f', ...others)
      proxy.requests.length = 0
    })

    const pull = (...words: string[]) => daemon().cli(['pull', '-q', ...words])
    const blobBytes = () => proxy.matching(BLOB).reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)
    const fails = (result: Result): string => {
      expect(result.exitCode, result.stdout).toBe(1)
      return result.stderr
    }

    /** skopeo and umoci read the daemon's store as it lies there. */
    async function expectSound(): Promise<void> {
      const root = daemon().dataRoot
      const listed = (await must(['umoci', 'ls', '--layout', root])).trim().split('\n')
      const tags = (await daemon().ok('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n')
      for (const tag of tags.filter((one) => !one.includes('<none>'))) {
        expect(listed).toContain(tag)
        await must(['skopeo', 'inspect', `oci:${root}:${tag}`])
        await must(['umoci', 'stat', '--image', `${root}:${tag}`])
      }
    }

    test('a daemon that is killed in the middle of a pull: the next one goes on there', async () => {
      proxy.faults = [{ kind: 'slow', on: BLOB, bytesPerSecond: 1_500_000 }]
      const first = pull(name)
      await eventually('some came', () => blobBytes() > 1_000_000)
      await daemon().kill()
      expect((await first).exitCode).toBe(1)
      proxy.faults = []
      await daemon().start()
      expect(await daemon().ok('images', '-q', name)).toBe('')
      expect((await pull(name)).stdout).toBe(`${name}\n`)
      const ranges = proxy.matching(BLOB).flatMap(({ headers }) => headers.range ?? [])
      expect(ranges.some((range) => Number(/^bytes=(\d+)-/.exec(range)?.[1]) > 300_000)).toBe(true)
    })

    test('ten clients, ours and docker’s, that pull the same image at once: each layer comes once', async () => {
      proxy.faults = [{ kind: 'slow', on: BLOB, bytesPerSecond: 3_000_000 }]
      const clients = Array.from({ length: 10 }, (_, i) =>
        i % 2 === 0 ? pull(name) : daemon().docker(['pull', '-q', name]),
      )
      for (const result of await Promise.all(clients)) expect(result.stdout).toBe(`${name}\n`)
      for (const layer of image.blobs.slice(0, -1)) {
        const asked = proxy.matching(new RegExp(`^GET .*${digestOf(layer)}`))
        expect(asked.map(({ receivedBytes }) => receivedBytes)).toEqual([layer.length])
      }
    })

    test('one of two clients goes away: the other gets its image, nothing is fetched twice', async () => {
      proxy.faults = [{ kind: 'slow', on: BLOB, bytesPerSecond: 1_500_000 }]
      const leaving = daemon().cli(['pull', '-q', name], { timeoutMs: 900 })
      const staying = pull(name)
      expect((await leaving).exitCode).toBe(137)
      expect((await staying).stdout).toBe(`${name}\n`)
      expect(blobBytes()).toBeLessThan(image.blobs.reduce((sum, { length }) => sum + length, 0) + 1_500_000)
    })

    test('the only client goes away: the daemon stops fetching', async () => {
      proxy.faults = [{ kind: 'slow', on: BLOB, bytesPerSecond: 200_000 }]
      expect((await daemon().cli(['pull', '-q', name], { timeoutMs: 1500 })).exitCode).toBe(137)
      await eventually(
        'all connections are closed',
        () => proxy.requests.every(({ endedMs }) => endedMs !== undefined),
        { timeoutMs: 5000 },
      )
      expect(await daemon().ok('images', '-q', name)).toBe('')
    })

    test('a network that cuts: pull and push end well, and what we pushed skopeo takes', async () => {
      proxy.faults = [{ kind: 'cut', on: BLOB, afterBytes: { seed: 11, below: 1_500_000 } }]
      expect((await pull(name)).stdout).toBe(`${name}\n`)
      const target = `${proxy.host}/new/app:1`
      await daemon().ok('tag', name, target)
      proxy.faults = [{ kind: 'cut-upload', on: /^(PUT|PATCH) .*uploads/, afterBytes: 400_000, times: 2 }]
      expect((await daemon().cli(['push', '-q', target])).stdout).toBe(`${target}\n`)
      expect(await inspectBySkopeo(registry, 'new/app:1')).toMatchObject({ Digest: digestOf(topOf(image).bytes) })
    })

    const html = { 'Content-Type': 'text/html' }
    test.each<[string, Fault[], RegExp]>([
      [
        'HTML',
        [{ kind: 'answer', on: /manifests/, status: 200, headers: html, body: '<html>Wi-Fi</html>' }],
        /web page/,
      ],
      ['500 for ever', [{ kind: 'status', on: /manifests/, status: 500 }], /500 Internal Server Error|proxy says no/],
      ['one bit that is wrong', [{ kind: 'corrupt', on: BLOB, atByte: 15_000 }], /digest|damaged|sha256/],
      [
        'a manifest without end',
        [{ kind: 'answer', on: /manifests/, status: 200, headers: { 'Content-Type': MEDIA.manifest }, body: zeros }],
        /4 MiB/,
      ],
      ['blobs without end', [{ kind: 'answer', on: BLOB, status: 200, body: zeros }], /bytes/],
    ])('a registry with %s: an error, no image, and a daemon that goes on', async (_what, faults, message) => {
      proxy.faults = faults
      expect(fails(await pull(name))).toMatch(message)
      expect(await daemon().ok('images', '-q', name)).toBe('')
      proxy.faults = []
      expect((await pull(name)).stdout).toBe(`${name}\n`)
    })

    test('a name that leads nowhere: docker’s client says what it says of dockerd', async () => {
      const docker = async (what: string) => fails(await daemon().docker(['pull', '-q', what]))
      expect(await docker(`${proxy.host}/team/app:nope`)).toMatch(
        /manifest for .*\/team\/app:nope not found: manifest unknown/,
      )
      expect(await docker('127.0.0.1:1/x')).toMatch(/dial tcp 127.0.0.1:1: connect: connection refused/)
      expect(await docker('no-such-host.invalid/x')).toMatch(
        /dial tcp: lookup no-such-host.invalid.*: (no such host|server misbehaving)/,
      )
      await using closed = await Registry.start({ auth: 'htpasswd' })
      expect(await docker(`${closed.host}/x`)).toMatch(/no basic auth credentials/)
      await using tokens = await Registry.start({ auth: 'token' })
      expect(await docker(`${tokens.host}/x`)).toMatch(
        /pull access denied for .*\/x, repository does not exist or may require 'docker login'/,
      )
    })

    test('run pulls what is not there, pushed by skopeo, and runs it', async () => {
      const busybox = `${registry.host}/team/busybox:1`
      const ran = await daemon().cli(['run', '--rm', '--network', 'none', busybox, 'echo', 'from the registry'])
      expect(ran).toMatchObject({ exitCode: 0, stdout: 'from the registry\n' })
    })

    test('a layer of 150 MB: the daemon needs less than 150 MB more than idle', async () => {
      const content = ociImage([{ tar: tarOf({ big: noise(150_000_000, 1) }), compression: 'gzip' }])
      await putContent(registry, 'team/big', '1', content)
      const memory = (field: string) =>
        Number(
          new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${daemon().pid}/status`, 'utf8'))?.[1],
        ) * 1024
      await daemon().kill()
      await daemon().start()
      const idle = memory('VmRSS')
      expect((await pull(`${registry.host}/team/big:1`)).exitCode).toBe(0)
      expect(memory('VmHWM') - idle).toBeLessThan(150_000_000)
    })

    test('every blob of the store has the digest that it is called by', async () => {
      expect((await pull(name)).exitCode).toBe(0)
      const script = 'cd "$1/blobs/sha256" && for blob in *; do echo "$blob  $blob"; done | sha256sum --check --quiet'
      expect(await run(['sh', '-c', script, 'sh', daemon().dataRoot])).toMatchObject({ exitCode: 0, stdout: '' })
    })
  },
  { network: 'shared' },
)

function* zeros(): Generator<Uint8Array> {
  const chunk = Buffer.alloc(65_536)
  for (;;) yield chunk
}
