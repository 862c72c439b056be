/** A recording that plays: its events at their times, faster or slower, forward and back. Knows no screen; the clock is given, so that tests need not wait. */
import type { Recording, ToldEvent } from '@mini-docker/story'
import type { OutputStream, Reader } from './live.ts'

export type PlaybackClock = {
  now: () => number
  /** Calls back after so many milliseconds; gives a way to call it off. */
  after: (ms: number, work: () => void) => () => void
}

export type PlaybackReader = Omit<Reader, 'output'> & {
  output: (stream: OutputStream, bytes: Buffer, t: number) => void
  /** All from the first event again: what follows at once is what came before the place that was sought. */
  rewind: () => void
  /** Position, speed or pause have changed, or the end is reached. */
  moved: () => void
}

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16] as const

/** A place that is sought shows this much output from before it: a screen needs no more. */
const MOST_SOUGHT_OUTPUT = 512 * 1024

export class Playback {
  readonly #events: readonly ToldEvent[]
  readonly durationMs: number
  readonly #reader: PlaybackReader
  readonly #clock: PlaybackClock
  #next = 0
  #speed: number
  #isPaused = false
  /** Where in the recording the clock was started, and when. */
  #from = { position: 0, at: 0 }
  #cancel: () => void = () => {}

  constructor({ events, durationMs }: Recording, reader: PlaybackReader, clock: PlaybackClock, speed = 1) {
    this.#events = events
    this.durationMs = durationMs
    this.#reader = reader
    this.#clock = clock
    this.#speed = speed
  }

  get speed(): number {
    return this.#speed
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  get isOver(): boolean {
    return this.#next >= this.#events.length
  }

  get position(): number {
    if (this.isOver) return this.durationMs
    if (this.#isPaused) return this.#from.position
    return Math.min(this.durationMs, this.#from.position + (this.#clock.now() - this.#from.at) * this.#speed)
  }

  /** Begins, or goes on after a pause. */
  play(): void {
    this.#isPaused = false
    this.#from.at = this.#clock.now()
    this.#schedule()
    this.#reader.moved()
  }

  pause(): void {
    this.#from = { position: this.position, at: 0 }
    this.#isPaused = true
    this.#cancel()
    this.#reader.moved()
  }

  toggle(): void {
    if (this.isOver) this.seek(0)
    if (this.#isPaused) this.play()
    else this.pause()
  }

  /** One speed up or down. */
  changeSpeed(by: 1 | -1): void {
    const at = SPEEDS.findIndex((speed) => speed >= this.#speed)
    this.#from = { position: this.position, at: this.#clock.now() }
    this.#speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (at === -1 ? 3 : at) + by))] ?? 1
    if (!this.#isPaused) this.#schedule()
    this.#reader.moved()
  }

  /** Goes to a moment, forward or back. */
  seek(to: number): void {
    const target = Math.max(0, Math.min(this.durationMs, to))
    if (target < this.position || this.isOver) {
      this.#reader.rewind()
      this.#next = 0
    }
    this.#from = { position: target, at: this.#clock.now() }
    this.#skip(target)
    if (!this.#isPaused) this.#schedule()
    this.#reader.moved()
  }

  stop(): void {
    this.#cancel()
  }

  /** Tells what lies before the target; of the output only the end. */
  #skip(target: number): void {
    const end = this.#events.findIndex(({ t }, i) => i >= this.#next && t > target)
    const due = this.#events.slice(this.#next, end === -1 ? undefined : end)
    this.#next += due.length
    let output = due.reduce((sum, event) => sum + (event.type === 'output' ? event.data.length : 0), 0)
    for (const event of due) {
      if (event.type === 'output') {
        output -= event.data.length
        if (output > MOST_SOUGHT_OUTPUT) continue
      }
      this.#tell(event)
    }
  }

  #schedule(): void {
    this.#cancel()
    const next = this.#events[this.#next]
    if (next === undefined) return
    const wait = (next.t - this.position) / this.#speed
    this.#cancel = this.#clock.after(Math.max(0, wait), () => this.#due())
  }

  #due(): void {
    const { position } = this
    for (
      let next = this.#events[this.#next];
      next !== undefined && next.t <= position + 1;
      next = this.#events[this.#next]
    ) {
      this.#next++
      this.#tell(next)
    }
    if (this.isOver) return this.#reader.moved()
    return this.#schedule()
  }

  #tell(event: ToldEvent): void {
    if (event.type === 'output')
      this.#reader.output(event.stream satisfies OutputStream, Buffer.from(event.data, 'base64'), event.t)
    else this.#reader.event(event)
  }
}

/** The real clock. */
export const PLAYBACK_CLOCK: PlaybackClock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, Math.min(ms, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
}
