/**
 * The dashboard on a terminal: changes and keys in, frames out. The picture is a function of the state (`views/frame.ts`); this is the loop
 * around it. Keys are answered at once; what arrives is shown 30 times a second at most.
 */
import { spawn } from 'node:child_process'
import { Canvas, type CanvasOptions, type CanvasStreams } from '../shared/canvas.ts'
import type { ColorDepth } from '../shared/paint.ts'
import type { Bindings } from '../shared/bindings.ts'
import { labelOf, type ActionId } from './actions.ts'
import { selfArguments } from './kernel.ts'
import { perform, programOf, prune } from './perform.ts'
import { press } from './press.ts'
import type { Effect } from './act.ts'
import { reduce, type Change } from './reduce.ts'
import { Source, type Where } from './source.ts'
import { itemOf, startState, type Start, type UiState } from './state.ts'
import { harmlessText } from './harmless.ts'
import { frame } from './views/frame.ts'
import { WORDS } from './words.ts'

export type DashboardOptions = {
  start: Omit<Start, 'columns' | 'rows' | 'where' | 'now'>
  where: Where
  colors: ColorDepth
  bindings: Bindings<ActionId>
  /** What is wrong in the person's keys.json. */
  problems: readonly string[]
  isMouse: boolean
  streams: CanvasStreams
  env: Record<string, string | undefined>
}

const FRAME_MS = 33
/** Exit codes of exec that say that no shell was there to run. */
const NO_SHELL = [125, 126, 127]

/** Draws until a person leaves, or `signal` says so; the terminal is then as it was. */
export async function drawDashboard(options: DashboardOptions, signal: AbortSignal): Promise<void> {
  using dashboard = new Dashboard(options)
  signal.addEventListener('abort', () => dashboard.leave(), { once: true })
  await dashboard.left
}

class Dashboard implements Disposable {
  readonly left: Promise<void>
  leave: () => void = () => {}
  readonly #options: DashboardOptions
  readonly #canvasOptions: CanvasOptions
  readonly #canvas: Canvas
  readonly #source: Source
  #state: UiState
  #timer: NodeJS.Timeout | undefined
  #drawnAt = 0
  #isOver = false
  #isAside = false

  constructor(options: DashboardOptions) {
    this.#options = options
    this.left = new Promise((resolve) => (this.leave = resolve))
    this.#canvasOptions = {
      colors: options.colors,
      mouse: options.isMouse,
      onKey: (key) => {
        if (this.#isAside) return
        const { state, effect } = press(this.#state, key, options.bindings)
        this.#show(state)
        if (effect !== undefined) this.#take(effect)
      },
      onResize: ({ columns, rows }) => this.#show(reduce(this.#state, { kind: 'resize', columns, rows })),
      onEnd: () => this.leave(),
    }
    this.#canvas = new Canvas(options.streams, this.#canvasOptions)
    const { columns, rows } = this.#canvas.size
    this.#state = {
      ...startState({ ...options.start, columns, rows, where: options.where.text, now: Date.now() }),
      isMouse: options.isMouse,
    }
    const [problem] = options.problems
    if (problem !== undefined)
      this.#state = reduce(this.#state, { kind: 'notice', text: `keys.json: ${problem}`, isBad: true })
    this.#draw()
    this.#source = new Source(options.where, (change) => this.#change(change))
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#source[Symbol.dispose]()
    this.#canvas[Symbol.dispose]()
  }

  /** Something was told: seen with the next frame. */
  #change(change: Change): void {
    if (this.#isOver) return
    this.#state = { ...reduce(this.#state, change), now: Date.now() }
    this.#source.see(this.#state)
    this.#timer ??= setTimeout(() => this.#draw(), Math.max(0, FRAME_MS - (performance.now() - this.#drawnAt)))
  }

  #show(state: UiState): void {
    if (this.#isOver) return
    this.#state = state
    this.#source.see(state)
    this.#draw()
  }

  #draw(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#drawnAt = performance.now()
    this.#canvas.draw(() => frame(this.#state, this.#options.bindings))
  }

  #take(effect: Effect): void {
    switch (effect.kind) {
      case 'quit':
        return this.leave()
      case 'refresh':
        this.#source.refresh()
        void this.#aside(async () => {})
        return
      case 'mouse':
        void this.#aside(async () => void (this.#canvasOptions.mouse = this.#state.isMouse))
        this.#say(WORDS[this.#state.language].mouse(this.#state.isMouse), false)
        return
      case 'do':
        void this.#do(effect)
    }
  }

  async #do(effect: Extract<Effect, { kind: 'do' }>): Promise<void> {
    const { action, section, targets, value } = effect
    const words = WORDS[this.#state.language]
    const what = labelOf(action, this.#state.language)
    const items = targets.flatMap((id) => itemOf(this.#state, section, id) ?? [])
    const names =
      items.length <= 3 ? items.map(({ name }) => name).join(', ') : `${items[0]?.name} ${words.more(items.length - 1)}`
    const doing = words.doing(what, action === 'prune' ? (words.pruneWhat[section] ?? '') : names || value)
    try {
      const program = programOf(action, items[0], value)
      if (program !== undefined) return await this.#handOver(action, program)
      this.#change({ kind: 'doing', text: doing, isOver: false })
      if (action === 'prune') return this.#say(words.pruned(await prune(this.#source.engine, section)), false)
      const results = await Promise.allSettled(items.map((item) => perform(this.#source.engine, effect, item)))
      const failed = results.flatMap((result, i) =>
        result.status === 'rejected' ? [{ name: items[i]?.name ?? '', why: (result.reason as Error).message }] : [],
      )
      const [first] = failed
      if (first === undefined) this.#say(words.done(what, names), false)
      else
        this.#say(
          words.failed(
            what,
            failed.length > 1 ? `${first.name} ${words.more(failed.length - 1)}` : first.name,
            first.why,
          ),
          true,
        )
    } catch (error) {
      this.#say(words.failed(what, names || value, (error as Error).message), true)
    } finally {
      this.#change({ kind: 'doing', text: doing, isOver: true })
    }
  }

  #say(text: string, isBad: boolean): void {
    this.#change({ kind: 'notice', text: harmlessText(text), isBad })
  }

  /** A command of this program gets the terminal, until it ends. */
  async #handOver(action: ActionId, words: readonly string[]): Promise<void> {
    const { stdin, stdout } = this.#options.streams
    await this.#aside(async () => {
      // The clear screen of before belongs to the shell that started us: what the command prints begins below it.
      const code = await runProgram(words, { ...this.#options.env, MINI_DOCKER_HOST: this.#options.where.text })
      const isToBeRead =
        action === 'run' ||
        action === 'pull' ||
        (action !== 'tree' && NO_SHELL.includes(code)) ||
        (action === 'tree' && code !== 0)
      if (!isToBeRead) return
      stdout.write(`\n${WORDS[this.#state.language].enterGoesOn}\n`)
      await new Promise<void>((resolve) => {
        stdin.once('data', () => resolve()).once('end', () => resolve())
        stdin.resume()
      })
      stdin.pause()
    })
  }

  async #aside(work: () => Promise<void>): Promise<void> {
    this.#isAside = true
    try {
      await this.#canvas.aside(work)
    } finally {
      this.#isAside = false
      const { columns, rows } = this.#canvas.size
      this.#show(reduce(this.#state, { kind: 'resize', columns, rows }))
    }
  }
}

/** Its exit code. Ctrl-c is meant for it, not for us. */
async function runProgram(words: readonly string[], env: Record<string, string | undefined>): Promise<number> {
  const ignore = (): void => {}
  process.on('SIGINT', ignore).on('SIGQUIT', ignore)
  try {
    const child = spawn(process.execPath, selfArguments(words), { stdio: 'inherit', env })
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', (code) => resolve(code ?? 1))
    })
  } finally {
    process.off('SIGINT', ignore).off('SIGQUIT', ignore)
  }
}
