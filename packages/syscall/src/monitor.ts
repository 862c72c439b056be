/**
 * The daemon's side of a container's monitor (`launcher/monitor.c`): live output, input, signals, the exit.
 * The monitor lives as long as the container, whoever speaks with it; `Monitor.connect` finds it again.
 */
import { connect, type Socket } from 'node:net'

/** How a container's first process ended. `exitCode` is 128+n for signal n. */
export type Exit = { exitCode: number; signal?: number; at: Date }

/** Gets a chunk of output. A returned promise is awaited before more is read: the container waits for slow readers. */
export type OutputListener = (stream: 1 | 2, chunk: Buffer) => void | Promise<void>

const FRAME = { stdin: 0, stdout: 1, stderr: 2, exit: 3, stdinEnd: 4, resize: 5, signal: 6, subscribe: 7 } as const
const HEADER_BYTES = 8
const MAX_STDIN_FRAME = 32 * 1024

export class Monitor {
  /** Settles once: with the exit, or with an error when the connection ends without one (the monitor was killed). */
  readonly exited: Promise<Exit>
  readonly #socket: Socket
  readonly #path: string
  readonly #listeners = new Set<OutputListener>()
  /** Input has a connection of its own, so that a process that does not read cannot hold up a signal or a resize. */
  #input: Socket | undefined
  #rest: Buffer = Buffer.alloc(0)
  #waiting: Promise<void> | undefined
  #settle!: { resolve: (exit: Exit) => void; reject: (error: Error) => void }
  #exitSeen = false

  /**
   * `socket` is the launcher's control socket after EVENT_STARTED, with what was read beyond it in `rest`. `output` is there from
   * the first byte on; the program must have been encoded with `subscribed` then.
   */
  constructor(socket: Socket, path: string, rest: Buffer = Buffer.alloc(0), output?: OutputListener) {
    if (output !== undefined) this.#listeners.add(output)
    this.#socket = socket
    this.#path = path
    this.exited = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.exited.catch(() => {})
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => {})
    socket.on('close', () => void this.#end())
    if (rest.length > 0) this.#read(rest)
    socket.resume()
  }

  /** Connects to the monitor of a running container. Rejects with ENOENT or ECONNREFUSED when none lives. */
  static async connect(path: string): Promise<Monitor> {
    return new Monitor(await connectTo(path), path)
  }

  /** Live output from now on; returns the function that ends it. */
  subscribe(listener: OutputListener): () => void {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#send(FRAME.subscribe, 1)
    return () => this.unsubscribe(listener)
  }

  /** Ends a listener's output, also one that was there from the start. */
  unsubscribe(listener: OutputListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#send(FRAME.subscribe, 0)
  }

  /** Writes to the container's stdin; resolves when the bytes are on their way (backpressure). */
  async writeStdin(chunk: Uint8Array): Promise<void> {
    const input = await this.#inputSocket()
    for (let at = 0; at < chunk.length; at += MAX_STDIN_FRAME) {
      const piece = chunk.subarray(at, at + MAX_STDIN_FRAME)
      input.write(header(FRAME.stdin, piece.length))
      if (!input.write(piece)) await drained(input)
    }
  }

  /** End of file on the container's stdin, after everything written before. With a tty it has no effect, as in docker. */
  async closeStdin(): Promise<void> {
    const input = await this.#inputSocket()
    input.write(header(FRAME.stdinEnd, 0))
  }

  /** Sets the size of the container's terminal; the kernel sends it SIGWINCH. */
  resize(rows: number, cols: number): void {
    this.#send(FRAME.resize, ((rows & 0xffff) << 16) | (cols & 0xffff))
  }

  /** Sends a signal to the container's first process, and to no other even if the pid was taken again. */
  signal(number: number): void {
    this.#send(FRAME.signal, number)
  }

  /** Leaves the monitor and its container alone. */
  close(): void {
    this.#input?.destroy()
    this.#socket.destroy()
  }

  #send(type: number, operand: number): void {
    if (!this.#socket.destroyed) this.#socket.write(header(type, operand))
  }

  async #inputSocket(): Promise<Socket> {
    if (this.#input === undefined || this.#input.destroyed) {
      this.#input = await connectTo(this.#path)
      this.#input.on('error', () => {})
      this.#input.resume()
    }
    return this.#input
  }

  /** What has been read may still wait for a slow listener. */
  async #end(): Promise<void> {
    while (this.#waiting !== undefined) await this.#waiting
    this.#input?.destroy()
    if (!this.#exitSeen) this.#settle.reject(new Error(`the monitor at ${this.#path} is gone`))
  }

  #read(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.#waiting === undefined) this.#frames()
  }

  /** Hands out the whole frames read so far, up to one that a listener wants time for. */
  #frames(): void {
    while (this.#rest.length >= HEADER_BYTES) {
      const size = this.#rest.readUInt32BE(4)
      if (this.#rest.length < HEADER_BYTES + size) return
      const type = this.#rest[0]
      const payload = this.#rest.subarray(HEADER_BYTES, HEADER_BYTES + size)
      this.#rest = this.#rest.subarray(HEADER_BYTES + size)
      if (type === FRAME.exit) {
        this.#exitSeen = true
        this.#settle.resolve(decodeExit(payload))
      } else if (type === FRAME.stdout || type === FRAME.stderr) {
        const waits = [...this.#listeners]
          .map((listener) => listener(type, payload))
          .filter((wait) => wait !== undefined)
        if (waits.length > 0) return this.#wait(waits)
      }
    }
  }

  #wait(waits: Promise<void>[]): void {
    this.#socket.pause()
    // A listener that fails has lost its own output; the others go on.
    this.#waiting = Promise.allSettled(waits).then(() => {
      this.#waiting = undefined
      this.#socket.resume()
      this.#frames()
    })
  }
}

function header(type: number, operand: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes[0] = type
  bytes.writeUInt32BE(operand >>> 0, 4)
  return bytes
}

/** wait(2)'s status word, and the time of the end. */
function decodeExit(payload: Buffer): Exit {
  const status = payload.readInt32LE(0)
  const at = new Date(Number(payload.readBigInt64LE(8)) * 1000 + Number(payload.readBigInt64LE(16)) / 1e6)
  const signal = status & 0x7f
  return signal === 0 ? { exitCode: (status >> 8) & 0xff, at } : { exitCode: 128 + signal, signal, at }
}

async function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

async function drained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
