/** A resolver that keeps one socket, as some do. */
import type { Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectUdp } from '../../src/dns/socket.ts'
import { readMessage, writeMessage, type Message } from '../../src/index.ts'
import type { TestNamespace } from '../namespace.ts'

export class Client implements Disposable {
  readonly errors: Error[] = []
  /** Answers that nobody asked for. */
  strangers = 0
  readonly #socket: Socket
  readonly #waiting = new Map<number, (answer: Message) => void>()
  #id = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', (error) => this.errors.push(error))
    socket.on('message', (bytes) => {
      const answer = readMessage(bytes)
      const waiting = this.#waiting.get(answer.id)
      if (waiting === undefined) this.strangers++
      waiting?.(answer)
    })
  }

  static async open(container: TestNamespace): Promise<Client> {
    return new Client(await connectUdp('127.0.0.11', 53, { namespace: container.path }))
  }

  /** The answer, or undefined without one in time. */
  async ask(name: string, timeoutMs = 3_000): Promise<Message | undefined> {
    const id = ++this.#id
    const nothing = { answers: [], authorities: [], additionals: [] }
    this.#socket.send(writeMessage({ id, flags: 0x0100, questions: [{ name, type: 1, class: 1 }], ...nothing }))
    const answered = new Promise<Message>((resolve) => this.#waiting.set(id, resolve))
    const answer = await Promise.race([answered, sleep(timeoutMs, undefined, { ref: false })])
    this.#waiting.delete(id)
    return answer
  }

  /** Any bytes. */
  send(bytes: Buffer): void {
    this.#socket.send(bytes)
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}
