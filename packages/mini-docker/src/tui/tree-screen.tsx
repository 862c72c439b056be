/**
 * `image tree` in a terminal, drawn with Ink on the terminal's second screen. The picture is a function of the state; this file is
 * the loop around it: events and keys in, frames out, until a person has seen enough.
 */
import type { TreeEvent } from '@mini-docker/image/inspect'
import { render, useInput, type Instance } from 'ink'
import type { ReactNode } from 'react'
import { actionOf, keysIn, type Pressed } from './keys.ts'
import { reduce } from './reduce.ts'
import { startState, type ScreenState, type Start } from './state.ts'
import { Screen } from './views/screen.tsx'

export type ScreenStreams = { stdin: NodeJS.ReadStream; stdout: NodeJS.WriteStream }

/** Draws until `q` or ctrl-c; the terminal is then as it was. What goes wrong with the events is told on the screen, and thrown at the end. */
export async function drawImageTree(
  events: AsyncIterable<TreeEvent>,
  start: Start,
  streams: ScreenStreams,
): Promise<void> {
  using picture = new Picture(startState(start), streams)
  void picture.follow(events)
  await picture.left
  if (picture.failure !== undefined) throw picture.failure
}

/** What arrives is shown so often; keys are answered at once. */
const FRAME_MS = 40

class Picture implements Disposable {
  /** Resolves when the person has left. */
  readonly left: Promise<unknown>
  /** What ended the events before their end. */
  failure: Error | undefined
  readonly #stdout: NodeJS.WriteStream
  readonly #screen: Instance
  #state: ScreenState
  #nextFrame: NodeJS.Timeout | undefined
  #isOver = false

  constructor(state: ScreenState, { stdin, stdout }: ScreenStreams) {
    this.#state = state
    this.#stdout = stdout
    this.#screen = render(this.#view(), {
      stdin,
      stdout,
      alternateScreen: true,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
    })
    this.left = this.#screen.waitUntilExit()
    stdout.on('resize', this.#resize)
  }

  /** Takes events up to their end. After each one, keys have their turn. */
  async follow(events: AsyncIterable<TreeEvent>): Promise<void> {
    try {
      for await (const event of events) {
        if (this.#isOver) return
        this.#showSoon(reduce(this.#state, { kind: 'event', event }))
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (error) {
      this.failure = error as Error
      this.#showSoon(reduce(this.#state, { kind: 'failed', message: (error as Error).message }))
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearTimeout(this.#nextFrame)
    this.#stdout.off('resize', this.#resize)
  }

  readonly #press = (input: string, key: Pressed): void => {
    let next = this.#state
    for (const one of keysIn(input)) {
      const action = actionOf(one, key, next)
      if (action === 'quit') return this.#screen.unmount()
      if (action !== undefined) next = reduce(next, action)
    }
    this.#show(next)
  }

  readonly #resize = (): void => {
    this.#show(reduce(this.#state, { kind: 'resize', columns: this.#stdout.columns, rows: this.#stdout.rows }))
  }

  #show(next: ScreenState): void {
    if (next === this.#state) return
    this.#state = next
    this.#draw()
  }

  #showSoon(next: ScreenState): void {
    this.#state = next
    if (!this.#isOver) this.#nextFrame ??= setTimeout(() => this.#draw(), FRAME_MS)
  }

  #draw(): void {
    clearTimeout(this.#nextFrame)
    this.#nextFrame = undefined
    this.#screen.rerender(this.#view())
  }

  #view(): ReactNode {
    return <Keys state={this.#state} onKey={this.#press} />
  }
}

function Keys({ state, onKey }: { state: ScreenState; onKey: (input: string, key: Pressed) => void }): ReactNode {
  useInput(onKey)
  return <Screen state={state} />
}
