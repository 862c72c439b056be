/** A daemon of its own for a test: fresh folders, a unix socket, and raw HTTP to it. */
import * as fs from 'node:fs'
import * as http from 'node:http'
import * as net from 'node:net'
import * as os from 'node:os'
import * as path from 'node:path'
import { digestOf, parseReference, type Image } from '@mini-docker/image'
import { startDaemon, type Daemon, type DaemonOptions } from '../../src/daemon.ts'
import { fakeRuntime } from './fake-runtime.ts'

export type Answer = { status: number; headers: http.IncomingHttpHeaders; text: string; json: any }

export class TestDaemon implements AsyncDisposable {
  readonly dir: string
  readonly lines: string[] = []
  daemon!: Daemon

  private constructor(dir: string) {
    this.dir = dir
  }

  static async start(options: Partial<DaemonOptions> = {}): Promise<TestDaemon> {
    const test = new TestDaemon(fs.mkdtempSync(path.join(os.tmpdir(), 'engine-')))
    await test.boot(options)
    return test
  }

  /** Starts the daemon (again) on the same folders. */
  async boot(options: Partial<DaemonOptions> = {}): Promise<void> {
    this.daemon = await startDaemon({
      root: path.join(this.dir, 'root'),
      runRoot: path.join(this.dir, 'run'),
      socketPath: this.socket,
      version: '0.1.0',
      runtime: fakeRuntime,
      cgroups: { kind: 'v2', parent: 'mini-docker', hierarchies: [] },
      log: (line) => void this.lines.push(line),
      ...options,
    })
  }

  get socket(): string {
    return path.join(this.dir, 'docker.sock')
  }

  /** An image without layers: enough for a runtime that needs no root filesystem, and unpacked without privileges. */
  async image(name: string, config: object = {}): Promise<Image> {
    const { images } = this.daemon.engine
    const json = (value: object): Buffer => Buffer.from(JSON.stringify(value))
    const imageConfig = json({
      architecture: process.arch === 'x64' ? 'amd64' : 'arm64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config,
      rootfs: { type: 'layers', diff_ids: [] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'test', empty_layer: true }],
    })
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = json({
      schemaVersion: 2,
      mediaType,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: digestOf(imageConfig),
        size: imageConfig.length,
      },
      layers: [],
    })
    return images.adding(async () => {
      await images.ingestBlob(imageConfig)
      await images.ingestBlob(manifest)
      return images.add({ mediaType, digest: digestOf(manifest), size: manifest.length }, [parseReference(name)])
    })
  }

  /** One request; a body that is no string is sent as JSON. */
  request(method: string, target: string, body?: unknown): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const headers =
        text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
      const request = http.request({ socketPath: this.socket, method, path: target, headers }, (response) => {
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
    const answer = await this.request('POST', `/containers/create?name=${name}`, { Image: 'test', ...body })
    if (answer.status !== 201) throw new Error(answer.text)
    return (answer.json as { Id: string }).Id
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]()
    fs.rmSync(this.dir, { recursive: true, force: true })
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
