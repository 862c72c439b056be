/**
 * A run that happens now: the daemon's story, the container's streams and its statistics, joined into one stream of events. Whoever reads
 * it (the screen, plain lines, a recording) sees the same; whoever drives it has the commands of the gate, the keyboard and signals.
 */
import { setTimeout } from 'node:timers/promises'
import type { StoryCommand, ToldEvent } from '@mini-docker/story'
import { openWait, type Exit } from '../client/containers.ts'
import type { Hijacked } from '../client/connection.ts'
import type { Engine } from '../client/engine.ts'
import { daemonMessage } from '../cli/failure.ts'
import { openStory, type Story, type StoryOptions } from './connection.ts'
import { followStats } from './stats.ts'

export type OutputStream = Extract<ToldEvent, { type: 'output' }>['stream']

/** Who is told. Output is told apart from the rest, as bytes: there may be much of it. */
export type Reader = {
  event: (event: ToldEvent) => void
  /** A reader that gives a promise is waited for. */
  output: (stream: OutputStream, bytes: Buffer, t: number) => Promise<void> | void
}

export type LiveOptions = {
  engine: Engine
  id: string
  /** What the user typed. */
  command: readonly string[]
  tty: boolean
  stdin: boolean
  autoRemove: boolean
  detachKeys: string | undefined
  story: StoryOptions
}

/** So long the tear-down waits for the last of the output. */
const OUTPUT_LATE_MS = 500

/** How it ended. `error` is there when the container never ran, or the daemon is gone. */
export type LiveEnd = { exitCode: number; error?: Error }

export class LiveRun implements Disposable {
  readonly options: LiveOptions
  readonly #readers: Reader[] = []
  readonly #stack = new DisposableStack()
  #story: Story | undefined
  #attached: Hijacked | undefined
  #began = performance.now()
  #hasStarted = false
  #isOver = false
  #isAborted = false

  constructor(options: LiveOptions) {
    this.options = options
  }

  tell(reader: Reader): void {
    this.#readers.push(reader)
  }

  /** Milliseconds of the story's clock. */
  get now(): number {
    return performance.now() - this.#began
  }

  /** True from the moment when the command runs. */
  get hasStarted(): boolean {
    return this.#hasStarted
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** True when the person asked for the half-made container to be undone. */
  get isAborted(): boolean {
    return this.#isAborted
  }

  /** Makes and runs the container; resolves with its end. Words for the steps come from `wordsOf`. */
  async run(wordsOf: (ids: string[]) => Promise<ToldEvent & { type: 'words' }>): Promise<LiveEnd> {
    const { engine, id, stdin, detachKeys, autoRemove, story: options } = this.options
    const query = { stream: true, stdin, stdout: true, stderr: true, detachKeys }
    // All three are on their way at once.
    const [attached, story, wait] = await Promise.all([
      engine.hijack(`/containers/${id}/attach`, { query }),
      openStory(engine, id, options),
      openWait(engine, id, autoRemove ? 'removed' : 'next-exit'),
    ])
    this.#attached = attached
    this.#story = story
    this.#stack.defer(() => attached.socket.destroy())
    this.#stack.defer(() => story.close())
    this.#stack.defer(() => wait.close())
    const output = this.#readOutput(attached)
    const told = this.#follow(story, output, wordsOf)
    const start = engine.text('POST', `/containers/${id}/start`).then(
      () => undefined,
      (error: unknown) => error as Error,
    )
    const failure = await Promise.race([start, told.then(() => start)])
    if (failure !== undefined) return this.#failed(failure, told)
    return this.#ended(wait.exit, output, told)
  }

  send(command: StoryCommand['do']): void {
    if (command === 'abort') this.#isAborted = true
    this.#story?.send(command)
  }

  /** Undoes a half-made container, whatever the daemon is doing: the connection is closed. */
  hangUp(): void {
    if (!this.#hasStarted) this.#isAborted = true
    this.#story?.close()
  }

  /** Typed bytes for the container. */
  write(bytes: Buffer): void {
    const socket = this.#attached?.socket
    if (this.options.stdin && socket !== undefined && !socket.destroyed && socket.writable) socket.write(bytes)
  }

  /** The end of input. */
  endInput(): void {
    this.#attached?.socket.end()
  }

  resize(columns: number, rows: number): void {
    if (this.options.tty && this.#hasStarted && !this.#isOver)
      this.options.engine
        .text('POST', `/containers/${this.options.id}/resize`, { query: { h: rows, w: columns } })
        .catch(() => {})
    this.#event({ type: 'resize', t: this.now, columns, rows })
  }

  signal(signal: string): void {
    // The container may be gone already.
    this.options.engine.text('POST', `/containers/${this.options.id}/kill`, { query: { signal } }).catch(() => {})
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#stack.dispose()
  }

  #event(event: ToldEvent): void {
    for (const reader of this.#readers) reader.event(event)
  }

  async #follow(
    story: Story,
    output: Promise<void>,
    wordsOf: (ids: string[]) => Promise<ToldEvent & { type: 'words' }>,
  ): Promise<ToldEvent | undefined> {
    for await (const event of story.events) {
      if (event.type === 'head') {
        this.#began = performance.now() - event.t
        this.#event({ ...event, command: [...this.options.command] })
        continue
      }
      // What it printed was printed before it ended, whichever connection is the quicker one.
      if (event.type === 'teardown') await Promise.race([output, setTimeout(OUTPUT_LATE_MS)])
      if (event.type === 'plan' || event.type === 'teardown')
        this.#event({ ...(await wordsOf(event.steps.map(({ id }) => id))), t: event.t })
      if (event.type === 'started') this.#started()
      if (event.type === 'exit') return event
      this.#event(event)
    }
    return undefined
  }

  #started(): void {
    this.#hasStarted = true
    const { engine, id } = this.options
    this.#stack.use(followStats(engine, id, (stats) => this.#event({ type: 'stats', t: this.now, ...stats })))
  }

  /** A screen is not waited for: what it cannot show it drops, and the container is not held back. A pipe is. */
  async #readOutput({ socket, head }: Hijacked): Promise<void> {
    const { Demultiplexer } = await import('../client/stdcopy.ts')
    const frames = new Demultiplexer()
    const take = async (bytes: Buffer): Promise<void> => {
      if (this.options.tty) return this.#output('terminal', bytes)
      for (const piece of frames.feed(bytes)) await this.#output(piece.fd === 1 ? 'stdout' : 'stderr', piece.bytes)
    }
    try {
      if (head.length > 0) await take(head)
      for await (const bytes of socket as AsyncIterable<Buffer>) await take(bytes)
    } catch (error) {
      if (error instanceof Error && error.name === 'OutputClosed') throw error
      // The daemon went away in the middle, or this run was left: its story tells which.
    }
  }

  async #output(stream: OutputStream, bytes: Buffer): Promise<void> {
    for (const reader of this.#readers) {
      const writing = reader.output(stream, bytes, this.now)
      if (writing !== undefined) await writing
    }
  }

  /** The command never ran. The story tells what was undone, unless the daemon is gone. */
  async #failed(failure: Error, told: Promise<ToldEvent | undefined>): Promise<LiveEnd> {
    const exit = await told.catch(() => undefined)
    const error = exit?.type === 'exit' && exit.error !== undefined ? exit.error : daemonMessage(failure)
    this.#finish({ type: 'exit', t: this.now, exitCode: 125, error })
    return { exitCode: 125, error: failure }
  }

  async #ended(waiting: Promise<Exit>, output: Promise<void>, told: Promise<ToldEvent | undefined>): Promise<LiveEnd> {
    try {
      const exit = await waiting
      await output
      const event = await told
      this.#finish(
        event?.type === 'exit'
          ? { ...event, t: Math.max(event.t, this.now) }
          : { type: 'exit', t: this.now, exitCode: exit.statusCode },
      )
      return { exitCode: exit.statusCode, ...(exit.error !== undefined && { error: new Error(exit.error) }) }
    } catch (cause) {
      const error = new Error('the daemon went away', { cause })
      this.#finish({ type: 'exit', t: this.now, exitCode: 125, error: error.message })
      return { exitCode: 125, error }
    }
  }

  #finish(event: ToldEvent & { type: 'exit' }): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#event(event)
  }
}
