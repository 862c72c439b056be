/** The client against small servers on unix sockets: node:http and raw bytes, as a daemon might send them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createRawServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openWait } from '../src/client/containers.ts'
import {
  ApiError,
  CannotConnect,
  CLIENT_API_VERSION,
  Engine,
  formatFilters,
  formatQuery,
} from '../src/client/engine.ts'
import { openEngine } from '../src/client/open.ts'
import { createImage } from '../src/client/create-image.ts'
import { wantedImage } from '../src/client/registry-name.ts'
import { runSession } from '../src/client/session.ts'
import type { Terminal } from '../src/cli/terminal.ts'

const cleanups: Array<() => void> = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-client-'))
  cleanups.push(() => rmSync(directory, { recursive: true }))
  return join(directory, 'd.sock')
}

async function serve(listener: RequestListener): Promise<Engine> {
  const path = socketPath()
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return new Engine(path)
}

async function serveRaw(answer: (socket: Socket) => void): Promise<Engine> {
  const path = socketPath()
  const sockets: Socket[] = []
  const server = createRawServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return new Engine(path)
}

function recordingTerminal(): Terminal & { output: Record<1 | 2, string> } {
  const output = { 1: '', 2: '' }
  return {
    output,
    out: (text) => void (output[1] += text),
    err: (text) => void (output[2] += text),
    write: (fd, bytes) => void (output[fd] += Buffer.from(bytes).toString()),
    stdin: () => process.stdin,
    isTty: () => false,
    size: () => undefined,
    env: {},
    on: () => () => {},
  }
}

describe('the engine client', () => {
  test('speaks its newest version, and steps down when the daemon says that it is too new', async () => {
    const asked: string[] = []
    const engine = await serve((request, response) => {
      asked.push(request.url ?? '')
      if (request.url?.startsWith('/v1.41/') === true) return void response.end('[]')
      response.writeHead(400).end(
        JSON.stringify({
          message: `client version ${CLIENT_API_VERSION} is too new. Maximum supported API version is 1.41`,
        }),
      )
      return undefined
    })
    await Promise.all([engine.json('GET', '/a'), engine.json('GET', '/b')])
    await engine.json('GET', '/c')
    expect(engine.version).toBe('1.41')
    expect(asked.toSorted()).toEqual(
      [`/v${CLIENT_API_VERSION}/a`, `/v${CLIENT_API_VERSION}/b`, '/v1.41/a', '/v1.41/b', '/v1.41/c'].toSorted(),
    )
  })

  test('a connection is used again, and a new one opened when the daemon has closed it', async () => {
    const connections = new Set<unknown>()
    const engine = await serve((request, response) => {
      connections.add(request.socket)
      response.setHeader('Connection', connections.size === 2 ? 'close' : 'keep-alive').end('1')
    })
    for (const path of ['/a', '/b']) await engine.json('GET', path)
    expect(connections.size).toBe(1)
    await Promise.all([engine.json('GET', '/c'), engine.json('GET', '/d')])
    await new Promise((resolve) => setTimeout(resolve, 20))
    await engine.json('GET', '/e')
    expect(connections.size).toBeLessThanOrEqual(3)
  })

  test('an error has the daemon’s words and status; what is not JSON is shown as it is', async () => {
    const engine = await serve((request, response) => {
      if (request.url?.endsWith('/plain') === true) response.writeHead(502).end('bad gateway\n')
      else response.writeHead(409).end('{"message":"Conflict. The name is taken"}')
    })
    const failure = await engine.json('POST', '/x').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect(failure).toMatchObject({ status: 409, message: 'Conflict. The name is taken' })
    await expect(engine.json('GET', '/plain')).rejects.toThrow('bad gateway')
  })

  test('a streamed body arrives whole, in chunks', async () => {
    const engine = await serve((request, response) => {
      const chunks: Buffer[] = []
      request
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const body = Buffer.concat(chunks)
          response.end(
            JSON.stringify({
              bytes: body.length,
              sum: body.reduce((sum, byte) => sum + byte, 0),
              encoding: request.headers['transfer-encoding'],
            }),
          )
        })
    })
    async function* body() {
      for (let index = 0; index < 100; index += 1) yield Buffer.alloc(50_000, 1)
      yield Buffer.alloc(0)
    }
    expect(await engine.json('POST', '/images/load', { body: body() })).toEqual({
      bytes: 5e6,
      sum: 5e6,
      encoding: 'chunked',
    })
  })

  test('wait has begun when openWait returns, and gives the exit later', async () => {
    let finish: (text: string) => void = () => {}
    const engine = await serve((_request, response) => {
      response.writeHead(200).flushHeaders()
      finish = (text) => response.end(text)
    })
    const wait = await openWait(engine, 'c', 'next-exit')
    finish('{"StatusCode":137,"Error":null}\n')
    expect(await wait.exit).toEqual({ statusCode: 137 })
    const broken = await openWait(engine, 'c')
    finish('{"StatusCode":0,"Error":{"Message":"gone"}}')
    expect(await broken.exit).toEqual({ statusCode: 125, error: 'gone' })
  })

  test('a session shows both outputs, from the bytes that came with the answer on', async () => {
    const out = Buffer.from([1, 0, 0, 0, 0, 0, 0, 4, ...Buffer.from('out\n')])
    const err = Buffer.from([2, 0, 0, 0, 0, 0, 0, 4, ...Buffer.from('err\n')])
    const engine = await serveRaw((socket) => {
      socket.write(
        Buffer.concat([
          Buffer.from('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'),
          out,
          err.subarray(0, 3),
        ]),
      )
      setTimeout(() => socket.end(err.subarray(3)), 10)
    })
    const terminal = recordingTerminal()
    const hijacked = await engine.hijack('/containers/c/attach')
    expect(await runSession(hijacked, terminal, { tty: false, stdin: false, stdout: true, stderr: true })).toBe(
      'closed',
    )
    expect(terminal.output).toEqual({ 1: 'out\n', 2: 'err\n' })
  })

  test('progress ends with the error that the stream carries', async () => {
    const engine = await serve((_request, response) => {
      response.write(
        '{"status":"Pulling from x","id":"1"}\r\n{"status":"Downloading","progress":"[=>  ]","id":"a"}\r\n',
      )
      response.end('{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}\r\n')
    })
    const terminal = { ...recordingTerminal(), env: { DOCKER_CONFIG: '/nowhere' } }
    const wanted = wantedImage('x:1', { allTags: false })
    await expect(createImage(engine, wanted, { platform: undefined, on: 2 }, terminal)).rejects.toThrow(
      'manifest unknown',
    )
    expect(terminal.output).toEqual({ 1: '', 2: '1: Pulling from x\n' })
  })

  test.each([
    ['', 'without an answer'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'in the middle of an answer'],
  ])('a daemon that dies after %j is an error, no hang', async (bytes, message) => {
    const engine = await serveRaw((socket) => socket.end(bytes))
    await expect(engine.json('GET', '/x')).rejects.toThrow(message)
  })

  test('nobody at the socket: docker’s message; the host must be a unix socket', async () => {
    const terminal = { ...recordingTerminal(), env: { MINI_DOCKER_HOST: 'unix:///nowhere/d.sock' } }
    const failure = await openEngine(terminal)
      .json('GET', '/x')
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(CannotConnect)
    expect(failure).toMatchObject({
      message: 'Cannot connect to the Docker daemon at unix:///nowhere/d.sock. Is the docker daemon running?',
    })
    expect(() => openEngine({ ...terminal, env: { DOCKER_HOST: 'tcp://1.2.3.4:2375' } })).toThrow(
      'the host "tcp://1.2.3.4:2375" is not built yet',
    )
  })

  test('queries and filters have docker’s form', () => {
    expect(formatQuery({ t: 0, b: true, a: 'x y', none: undefined, off: false, list: ['1', '2'], empty: '' })).toBe(
      '?a=x+y&b=1&list=1&list=2&t=0',
    )
    expect(formatFilters(['label=a=b', 'label=c', 'status=running'])).toBe(
      '{"label":{"a=b":true,"c":true},"status":{"running":true}}',
    )
    expect(formatFilters([])).toBeUndefined()
  })
})
