/** The sending side of a story: events with their time, one line each, to a client that may be slow, deaf or gone. */
import { storyLine, type StoryEvent } from '@mini-docker/story'
import type { Hijacked } from '../api/exchange.ts'

/** An event without its time. */
export type Untimed<E = StoryEvent> = E extends StoryEvent ? Omit<E, 't'> : never

/** What may wait for a client that does not read: some thousand events. Then it counts as gone. */
const MOST_UNREAD = 16 * 1024 * 1024

export class Teller {
  readonly #output: Hijacked['output']
  readonly #began = performance.now()
  readonly #deaf: () => void
  #isOver = false

  /** `deaf` is called when the client does not read what it is told. */
  constructor(output: Hijacked['output'], deaf: () => void) {
    this.#output = output
    this.#deaf = deaf
  }

  tell(event: Untimed): void {
    if (this.#isOver || this.#output.destroyed) return
    const t = Math.round((performance.now() - this.#began) * 1000) / 1000
    const { type, ...rest } = event
    this.#output.write(storyLine({ type, t, ...rest } as StoryEvent))
    if (this.#output.writableLength <= MOST_UNREAD) return
    this.cut()
    this.#deaf()
  }

  /** The last event; the connection ends when it has been read. */
  end(event: Untimed): void {
    this.tell(event)
    if (this.#isOver) return
    this.#isOver = true
    this.#output.end()
  }

  cut(): void {
    this.#isOver = true
    this.#output.destroy()
  }
}
