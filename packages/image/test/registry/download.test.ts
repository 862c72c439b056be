/** A blob as one stream, whatever the connections beneath it do. */
import { createServer, type RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import { digestOf, FaultProxy, putBlob, Registry as RealRegistry } from '../../../../test/harness/registry/index.ts'
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import type { RegistryOptions } from '../../src/registry/index.ts'
import { collect } from '../support/archives.ts'
import { connect, failureOf, repositoryAt, type Client } from './client.ts'

const bytes = Buffer.alloc(2_000_000, 'not all the same. ')
const blob = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length } as never

async function setUp(options: RegistryOptions = {}) {
  const stack = new AsyncDisposableStack()
  const real = stack.use(await RealRegistry.start())
  await putBlob(real, 'team/app', bytes)
  const proxy = stack.use(await FaultProxy.start(real))
  const client = stack.use(connect(real, options))
  const repository = await repositoryAt(client, proxy.host)
  return { proxy, client, repository, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describeWith(['docker-registry'], 'a blob', () => {
  test('cut again and again after some progress comes whole, each byte once', async () => {
    await using at = await setUp({ retry: { tries: 2, firstMs: 1 } })
    at.proxy.faults = [{ kind: 'cut', on: /blobs/, afterBytes: 150_000 }]
    expect(digestOf(await collect(at.repository.openBlob(blob)))).toBe(digestOf(bytes))
    const requests = at.proxy.matching(/blobs/)
    expect(requests.length).toBeGreaterThan(10)
    expect(requests.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)).toBe(bytes.length)
    expect(at.client.traces.at(-1)?.note).toMatch(/^goes on at byte \d+$/)
  })

  test('cut without progress is given up after some tries', async () => {
    await using at = await setUp({ retry: { tries: 3, firstMs: 1 } })
    at.proxy.faults = [{ kind: 'cut', on: /blobs/, afterBytes: 'headers' }]
    const failure = await failureOf(collect(at.repository.openBlob(blob)))
    expect(failure).toMatchObject({ code: 'unavailable', retryable: true })
    expect(at.proxy.matching(/blobs/)).toHaveLength(3)
  })

  test('that stalls is asked for again where it stopped', async () => {
    await using at = await setUp({ retry: { firstMs: 1 }, timeouts: { stallMs: 300 } })
    at.proxy.faults = [{ kind: 'stall', on: /blobs/, afterBytes: 100_000, times: 1 }]
    expect(digestOf(await collect(at.repository.openBlob(blob)))).toBe(digestOf(bytes))
    expect(at.client.traces.some(({ error }) => error?.includes('timeout while reading the body'))).toBe(true)
  })

  test('whose reader takes longer than any stall may is not cut', async () => {
    await using at = await setUp({ timeouts: { stallMs: 100 } })
    let read = 0
    let pauses = 2
    for await (const chunk of at.repository.openBlob(blob)) {
      read += chunk.length
      if (pauses-- > 0) await new Promise((resolve) => setTimeout(resolve, 300))
    }
    expect(read).toBe(bytes.length)
    expect(at.proxy.matching(/blobs/)).toHaveLength(1)
  })

  test('from a registry without Range is read anew, and what was there is skipped', async () => {
    await using at = await setUp({ retry: { firstMs: 1 } })
    at.proxy.faults = [
      { kind: 'no-range', on: /blobs/ },
      { kind: 'cut', on: /blobs/, afterBytes: 700_000, times: 1 },
    ]
    expect(digestOf(await collect(at.repository.openBlob(blob)))).toBe(digestOf(bytes))
  })

  test('that is longer than it should be is refused when that is known', async () => {
    await using at = await setUp()
    at.proxy.faults = [{ kind: 'append', on: /blobs/, bytes: Buffer.from('more') }]
    expect(await failureOf(collect(at.repository.openBlob(blob)))).toMatchObject({ code: 'invalid' })
  })

  test('that ends early although it says it is whole is asked for again, then refused', async () => {
    await using at = await setUp({ retry: { tries: 2, firstMs: 1 } })
    at.proxy.faults = [{ kind: 'truncate', on: /blobs/, toBytes: 0 }]
    expect((await failureOf(collect(at.repository.openBlob(blob)))).message).toMatch(/0 of 2000000 bytes/)
  })

  test('whose reading ends before its end lets the connection go', async () => {
    await using at = await setUp()
    for await (const chunk of at.repository.openBlob(blob)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    // The event is there although the body was not read to its end.
    expect(at.client.traces.filter(({ id }) => id === 'image.layer')).toHaveLength(1)
  })

  test.each(['before the head', 'in the body'])('aborted %s ends at once with the reason', async (when) => {
    const controller = new AbortController()
    await using at = await setUp({ signal: controller.signal })
    at.proxy.faults = [
      when === 'in the body'
        ? { kind: 'stall', on: /blobs/, afterBytes: 1000 }
        : { kind: 'delay', on: /blobs/, ms: 60_000 },
    ]
    const reason = new Error('enough')
    const read = failureOf(collect(at.repository.openBlob(blob)))
    setTimeout(() => controller.abort(reason), 300)
    const start = performance.now()
    expect(await read).toBe(reason)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe('a server that nobody would run', () => {
  const lie = async (listener: RequestListener): Promise<{ client: Client; host: string } & AsyncDisposable> => {
    const server = createServer((request, response) => {
      if (request.url === '/v2/') response.end()
      else listener(request, response)
    })
    const client = connect(undefined, { retry: { tries: 2, firstMs: 1 }, timeouts: { stallMs: 500, headMs: 500 } })
    const host = `127.0.0.1:${await listenOnLoopback(server)}`
    const dispose = async (): Promise<void> => {
      client[Symbol.dispose]()
      await closeServer(server)
    }
    return { client, host, [Symbol.asyncDispose]: dispose }
  }

  test.each([
    ['bytes 5-9/10', /asked for the bytes from 2 on, got "bytes 5-9\/10"/],
    ['bytes 2-9/11', /got "bytes 2-9\/11"/],
    ['', /got/],
    ['bytes two-nine/ten', /got/],
  ])('answers a range with Content-Range: %s: refused', async (range, words) => {
    await using at = await lie((_, response) => response.writeHead(206, { 'content-range': range }).end('12345678'))
    const small = { mediaType: 'x', digest: digestOf(Buffer.from('0')), size: 10 } as never
    expect((await failureOf(collect((await repositoryAt(at.client, at.host)).openBlob(small, 2)))).message).toMatch(
      words,
    )
  })

  test('compresses what was asked for as it is: refused', async () => {
    await using at = await lie((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'))
    expect((await failureOf(collect((await repositoryAt(at.client, at.host)).openBlob(blob)))).message).toMatch(
      /Content-Encoding: gzip/,
    )
  })

  test('speaks no HTTP: told', async () => {
    await using at = await lie((request) => void request.socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    expect((await failureOf((await repositoryAt(at.client, at.host)).resolve('1'))).message).toMatch(
      /malformed HTTP response/,
    )
  })

  test('takes no body: told in time', async () => {
    await using at = await lie((request, response) => {
      if (request.method === 'POST') response.writeHead(202, { location: '/v2/team/app/blobs/uploads/1' }).end()
      else if (request.method === 'HEAD') response.writeHead(404).end()
      else request.pause()
    })
    const repository = await repositoryAt(at.client, at.host, 'team/app', 'pull,push')
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield bytes
    }
    const large = { mediaType: 'x', digest: digestOf(bytes), size: 2 ** 40 } as never
    await failureOf(repository.upload(large, endless))
    expect(at.client.traces.find(({ method }) => method === 'PUT')?.error).toMatch(/timeout while sending the body/)
  })

  test('takes the request and says nothing: told in time', async () => {
    await using at = await lie(() => {})
    expect((await failureOf((await repositoryAt(at.client, at.host)).resolve('1'))).message).toMatch(
      /timeout awaiting response headers/,
    )
  })

  test('answers with a head that does not end: refused', async () => {
    await using at = await lie((request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n')
      const line = `X-A: ${'a'.repeat(1000)}\r\n`
      const more = (): void => {
        while (request.socket.writable && request.socket.write(line)) {
          // As much as it takes.
        }
      }
      request.socket.on('drain', more).on('error', () => {})
      more()
    })
    expect((await failureOf((await repositoryAt(at.client, at.host)).resolve('1'))).message).toMatch(
      /malformed HTTP|EOF|reset/,
    )
  })
})
