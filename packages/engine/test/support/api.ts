/** Raw HTTP to a daemon on a unix socket, hijacked connections included. */
import * as http from 'node:http'
import * as net from 'node:net'

// oxlint-disable-next-line no-explicit-any -- a test says which shape it expects
export type Answer = { status: number; headers: http.IncomingHttpHeaders; text: string; json: any }

export abstract class Api {
  abstract readonly socket: string
  /** The image that `create` takes when the body names none. */
  readonly defaultImage: string = 'test'

  /** One request; a body that is no string is sent as JSON. */
  request(method: string, target: string, body?: unknown, extra: object = {}): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const headers =
        text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
      const options = { socketPath: this.socket, method, path: target, headers: { ...headers, ...extra } }
      const request = http.request(options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString()
          const isJson = response.headers['content-type'] === 'application/json' && answer !== ''
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: answer,
            json: isJson ? parse(answer) : undefined,
          })
        })
      })
      request.on('error', reject)
      request.end(text)
    })
  }

  /** A connection that upgrades: resolves when the head of the answer is there. `rest` collects what follows. */
  async hijack(target: string, body = ''): Promise<Hijack> {
    const socket = net.connect({ path: this.socket, allowHalfOpen: true })
    const lines = [
      'Host: docker',
      'Connection: Upgrade',
      'Upgrade: tcp',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]
    socket.write(`POST ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
    const hijack = new Hijack(socket)
    await hijack.headArrived
    return hijack
  }

  async create(body: object, name = ''): Promise<string> {
    const answer = await this.request('POST', `/containers/create?name=${name}`, { Image: this.defaultImage, ...body })
    if (answer.status !== 201) throw new Error(answer.text)
    return (answer.json as { Id: string }).Id
  }

  /** The exit code, when it comes; asked for before the start, as docker's client does. */
  async exitCode(id: string, condition = 'next-exit'): Promise<number> {
    const { json } = await this.request('POST', `/containers/${id}/wait?condition=${condition}`)
    return (json as { StatusCode: number }).StatusCode
  }

  /** Runs to the end, attached: what it wrote, and its exit code. Removed afterwards. */
  async run(body: object): Promise<{ code: number; 1: string; 2: string }> {
    const { HostConfig, ...rest } = body as { HostConfig?: object }
    const id = await this.create({ ...rest, HostConfig: { AutoRemove: true, ...HostConfig } })
    const attached = await this.hijack(`/containers/${id}/attach?stdout=1&stderr=1&stream=1`)
    const code = this.exitCode(id, 'removed')
    const started = await this.request('POST', `/containers/${id}/start`)
    if (started.status !== 204) throw new Error(started.text)
    await attached.ended
    return { code: await code, ...attached.frames }
  }
}

export class Hijack {
  readonly socket: net.Socket
  readonly headArrived: Promise<void>
  readonly ended: Promise<void>
  head = ''
  #bytes: Buffer = Buffer.alloc(0)

  constructor(socket: net.Socket) {
    this.socket = socket
    const arrived = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    this.headArrived = arrived.promise
    this.ended = ended.promise
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (this.head !== '' || end === -1) return
      this.head = this.#bytes.toString('latin1', 0, end)
      this.#bytes = this.#bytes.subarray(end + 4)
      arrived.resolve()
    })
    socket.on('end', () => {
      ended.resolve()
      socket.end()
    })
    socket.on('error', () => ended.resolve())
  }

  get raw(): Buffer {
    return this.#bytes
  }

  /** The payloads of the frames, by stream. */
  get frames(): { 1: string; 2: string } {
    const text = { 1: '', 2: '' }
    for (let at = 0; at + 8 <= this.#bytes.length;) {
      const size = this.#bytes.readUInt32BE(at + 4)
      text[this.#bytes[at] as 1 | 2] += this.#bytes.toString('utf8', at + 8, at + 8 + size)
      at += 8 + size
    }
    return text
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
      .split(/\r?\n/)
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown)
  }
}
