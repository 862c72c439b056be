/** What a request waits for at the moment, and how long at most. While nothing is waited for but our own source, no clock runs. */
import type { ClientRequest } from 'node:http'
import { TimeoutError, type Phase } from './network-words.ts'
import type { Timeouts } from './request.ts'

/** Destroys the request with a {@link TimeoutError} when it runs out. */
export class Clock implements Disposable {
  readonly #sent: ClientRequest
  readonly #timeouts: Timeouts
  #connected = false
  /** What is waited for once there is a connection. */
  #next: Phase | undefined
  #timer: NodeJS.Timeout | undefined
  #disposed = false

  constructor(sent: ClientRequest, timeouts: Timeouts) {
    this.#sent = sent
    this.#timeouts = timeouts
    this.#start('connect')
    sent.once('socket', (socket) => {
      if (!socket.connecting) return this.#connect()
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => this.#connect())
    })
  }

  /** The connection has to take more of the body. */
  sending(): void {
    this.#wait('send')
  }

  /** All is sent: now the answer. */
  waiting(): void {
    this.#wait('head')
  }

  /** The source of the body may take its time: that is not the registry's fault. */
  rest(): void {
    this.#wait(undefined)
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    clearTimeout(this.#timer)
  }

  #connect(): void {
    this.#connected = true
    this.#start(this.#next)
  }

  #wait(phase: Phase | undefined): void {
    this.#next = phase
    if (this.#connected) this.#start(phase)
  }

  #start(phase: Phase | undefined): void {
    clearTimeout(this.#timer)
    if (phase === undefined || this.#disposed) return
    const { connectMs, headMs, stallMs } = this.#timeouts
    const ms = { connect: connectMs, send: stallMs, head: headMs, body: stallMs }[phase]
    this.#timer = setTimeout(() => this.#sent.destroy(new TimeoutError(phase, ms)), ms)
  }
}
