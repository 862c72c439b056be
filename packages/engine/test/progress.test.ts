import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { PlainExchange } from '../src/api/exchange.ts'
import { Progress } from '../src/api/progress.ts'
import { StatusError } from '../src/api/status.ts'

/** A server whose one answer is written by `write`; and a client's socket to it, which has not read anything. */
async function answering(write: (progress: Progress, response: http.ServerResponse) => void) {
  const written = Promise.withResolvers<http.ServerResponse>()
  const server = http.createServer((request, response) => {
    write(new Progress(new PlainExchange(request, response, new URLSearchParams(), 47)), response)
    written.resolve(response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.pause()
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  const response = await written.promise
  return {
    response,
    async text(): Promise<string> {
      let text = ''
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
      socket.resume()
      await once(socket, 'end')
      return text
    },
    [Symbol.dispose]: () => {
      socket.destroy()
      server.close()
    },
  }
}

test('a client that does not read loses what is fleeting, never how it ended, and costs no memory', async () => {
  using slow = await answering((progress, response) => {
    for (let current = 1; current <= 100_000; current++)
      progress.write({ status: 'Downloading', id: 'layer', progressDetail: { current, total: 100_000 } })
    expect(response.writableLength).toBeLessThan(200 * 1024)
    progress.write({ status: 'Digest: sha256:…' })
    progress.end()
  })
  const text = await slow.text()
  expect(text.match(/"status":"Downloading"/g)?.length).toBeLessThan(3000)
  expect(text).toContain('{"status":"Digest: sha256:…"}\r\n')
})

test('a failure after the first line is the last line, with the message twice as docker has it', async () => {
  using failed = await answering((progress) => {
    progress.write({ status: 'Pulling' })
    progress.fail(new StatusError(500, 'no luck', { hint: 'try again' }))
  })
  expect(await failed.text()).toContain(
    '{"errorDetail":{"message":"no luck","hint":"try again"},"error":"no luck"}\r\n',
  )
})

test('a failure before the first line is thrown on, to become a status', async () => {
  using failed = await answering((progress, response) => {
    expect(() => progress.fail(new StatusError(404, 'not there'))).toThrow('not there')
    expect(response.headersSent).toBe(false)
    response.end()
  })
  expect(await failed.text()).toContain('200 OK')
})
