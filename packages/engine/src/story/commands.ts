/** What the client of a story says, in order; it may speak before it is asked. */
import { LineReader, parseCommand } from '@mini-docker/story'
import type { Command } from './gatekeeper.ts'

/** Nobody types so fast: a client that sends more is broken. */
const MOST_AHEAD = 1000

export class Commands {
  readonly #lines = new LineReader()
  readonly #queue: Command[] = []
  #asker: { resolve: (command: Command) => void; reject: (error: Error) => void } | undefined
  #end: Error | undefined

  /** Bytes of the client. `abort` overtakes the others. */
  feed(bytes: Uint8Array): void {
    for (const line of this.#lines.feed(bytes)) {
      const command = parseCommand(line)
      if (command === undefined) return this.close(new Error(`not a command of a story: ${line.slice(0, 80)}`))
      if (command === 'abort') return this.close(new Error('given up'))
      this.#queue.push(command)
      if (this.#queue.length > MOST_AHEAD) return this.close(new Error('too many commands ahead'))
    }
    this.#serve()
  }

  /** The next command. @throws the error of `close`, at once when it has been closed */
  ask(): Promise<Command> {
    const { promise, resolve, reject } = Promise.withResolvers<Command>()
    this.#asker = { resolve, reject }
    this.#serve()
    return promise
  }

  /** From now on whoever asks is told this error; the first one counts. */
  close(error: Error): void {
    this.#end ??= error
    this.#serve()
  }

  /** Nobody will speak any more: what was said before still counts. */
  endOfInput(error: Error): void {
    this.#ending ??= error
    this.#serve()
  }

  /** Why nothing more is made, when that is so. */
  get closed(): Error | undefined {
    return this.#end
  }

  /** Whoever asked and does not want to know any more. */
  forget(error: Error): void {
    const asker = this.#asker
    this.#asker = undefined
    asker?.reject(error)
  }

  #ending: Error | undefined

  #serve(): void {
    const asker = this.#asker
    if (asker === undefined) return
    const next = this.#end === undefined ? this.#queue.shift() : undefined
    const end = this.#end ?? (next === undefined ? this.#ending : undefined)
    if (next === undefined && end === undefined) return
    this.#asker = undefined
    if (next === undefined) asker.reject(end ?? new Error('closed'))
    else asker.resolve(next)
  }
}
