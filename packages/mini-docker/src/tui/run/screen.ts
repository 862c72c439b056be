/**
 * The screen of a run, live or replayed: events, bytes and keys in, frames out. The picture is a function of the state (`views/screen.ts`);
 * this is the loop around it. What arrives is shown 25 times a second at most, keys at once.
 */
import type { ToldEvent } from '@mini-docker/story'
import type { Language } from '../../faces/explain.ts'
import type { OutputStream } from '../../story/live.ts'
import { actionOfKey, type Bindings } from '../shared/bindings.ts'
import { Canvas, type CanvasStreams } from '../shared/canvas.ts'
import type { Emulator } from '../shared/emulator.ts'
import type { KeyPress } from '../shared/keyboard.ts'
import type { ColorDepth } from '../shared/paint.ts'
import type { KeyAction } from './keys.ts'
import { layoutOf } from './layout.ts'
import { reduce, type Action } from './reduce.ts'
import { startState, type Playing, type RunState } from './state.ts'
import { screenRows } from './views/screen.ts'

export type ScreenOptions = {
  language: Language
  colors: ColorDepth
  keys: Bindings<KeyAction>
  /** What is wrong in the person's keys.json: said on the screen. */
  problems: readonly string[]
  tty: boolean
  takesInput: boolean
  playing: Playing | undefined
  streams: CanvasStreams
  /** What the keys mean that change more than the screen. */
  on: (action: KeyAction, screen: RunScreen) => void
  /** Bytes for the container; undefined where nothing is typed (a replay). */
  type?: (bytes: Buffer) => void
  /** The size of the container's terminal has changed. */
  resize?: (columns: number, rows: number) => void
  /** The terminal itself was closed. */
  onEnd: () => void
}

/** Ten pictures more a second than the 20 that a flood must not go below. */
const FRAME_MS = 33

export class RunScreen implements Disposable {
  readonly #options: ScreenOptions
  readonly #canvas: Canvas
  #state: RunState
  #emulator: Emulator | undefined
  #loading: Promise<void> | undefined
  /** Output that came before the emulator was loaded. */
  #early: Buffer[] = []
  #timer: NodeJS.Timeout | undefined
  #isDrawing = false
  #isStale = false
  #isOver = false
  #isAside = false
  #glassSize = ''
  /** Where a question waits for a key: who is told. */
  #answer: ((key: string) => void) | undefined

  constructor(options: ScreenOptions) {
    this.#options = options
    this.#canvas = new Canvas(options.streams, {
      colors: options.colors,
      onKey: (key) => this.#press(key),
      onResize: ({ columns, rows }) => this.do({ kind: 'resize', columns, rows }),
      onEnd: options.onEnd,
    })
    const { columns, rows } = this.#canvas.size
    this.#state = startState({ ...options, columns, rows })
    const [problem] = options.problems
    if (problem !== undefined)
      this.#state = reduce(this.#state, { kind: 'notice', text: `keys.json: ${problem}`, isBad: true })
    void this.#draw()
  }

  get state(): RunState {
    return this.#state
  }

  /** Changes the state and draws at once. */
  do(action: Action): void {
    this.#state = reduce(this.#state, action)
    this.#fitGlass()
    void this.#draw()
  }

  /** Something was told: it is drawn with the next frame. */
  event(event: ToldEvent): void {
    this.#state = reduce(this.#state, { kind: 'event', event })
    if (event.type === 'started') void this.#load()
    this.#fitGlass()
    this.#soon()
  }

  output(_stream: OutputStream, bytes: Buffer): void {
    if (this.#emulator === undefined) {
      this.#early.push(bytes)
      void this.#load()
    } else this.#emulator.push(bytes)
    this.#soon()
  }

  /** A replay goes back to its first event. */
  rewind(): void {
    this.#state = reduce(this.#state, { kind: 'rewind' })
    this.#emulator?.clear()
    this.#early = []
  }

  moved(playing: Playing): void {
    this.#state = reduce(this.#state, { kind: 'playing', playing })
    this.#soon()
  }

  /** Waits for one of these keys; escape is 'escape'. */
  ask(tell: (key: string) => void): void {
    this.#answer = tell
    this.do({ kind: 'leaving', on: true })
  }

  /** Leaves the screen to another program while it runs. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.#isAside = true
    try {
      return await this.#canvas.aside(work)
    } finally {
      this.#isAside = false
      const { columns, rows } = this.#canvas.size
      this.do({ kind: 'resize', columns, rows })
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#canvas[Symbol.dispose]()
    this.#emulator?.[Symbol.dispose]()
  }

  #press({ name, bytes }: KeyPress): void {
    if (this.#answer !== undefined) return this.#answered(name)
    if (this.#state.isHelp) return this.do({ kind: 'help' })
    const action = actionOfKey(this.#options.keys, name)
    if (this.#state.isTyping) return this.#typed(action, bytes)
    if (action === undefined) return
    if (this.#state.notice !== undefined) this.do({ kind: 'notice', text: '' })
    const own = this.#ownAction(action)
    if (own === undefined) this.#options.on(action, this)
    else this.do(own)
  }

  #answered(key: string): void {
    const tell = this.#answer
    if (!['d', 'k', 'escape', 'q', 'ctrl-c'].includes(key)) return
    this.#answer = undefined
    this.do({ kind: 'leaving', on: false })
    tell?.(key)
  }

  /** Without a terminal in the container a newline is a newline, ctrl-c a signal, ctrl-d the end, and what is typed is shown here. */
  #typed(action: KeyAction | undefined, bytes: Buffer): void {
    if (action === 'stop-typing') return this.do({ kind: 'typing', on: false })
    const { tty, type, on } = this.#options
    if (tty) return type?.(bytes)
    if (action === 'interrupt') return on('interrupt', this)
    const text = bytes[0] === 0x0d ? Buffer.from('\n') : bytes
    this.output('stdout', text)
    return type?.(text)
  }

  #ownAction(action: KeyAction): Action | undefined {
    switch (action) {
      case 'up':
        return { kind: 'move', by: -1 }
      case 'down':
        return { kind: 'move', by: 1 }
      case 'first':
        return { kind: 'edge', to: 'start' }
      case 'last':
        return { kind: 'edge', to: 'end' }
      case 'scroll-up':
        return { kind: 'scroll', by: -1 }
      case 'scroll-down':
        return { kind: 'scroll', by: 1 }
      case 'page-up':
        return { kind: 'page', by: -1 }
      case 'page-down':
        return { kind: 'page', by: 1 }
      case 'next-tab':
        return { kind: 'tab', by: 1 }
      case 'previous-tab':
        return { kind: 'tab', by: -1 }
      case 'follow':
      case 'full':
      case 'language':
      case 'help':
        return { kind: action }
      default:
        return undefined
    }
  }

  #soon(): void {
    if (!this.#isOver) this.#timer ??= setTimeout(() => void this.#draw(), FRAME_MS)
  }

  /** One frame. A frame that is asked for while one is made comes after it. */
  async #draw(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isOver || this.#isAside) return
    if (this.#isDrawing) {
      this.#isStale = true
      return
    }
    this.#isDrawing = true
    await this.#emulator?.advance()
    this.#isDrawing = false
    if (this.#isOver || this.#isAside) return
    this.#canvas.draw(({ columns, rows }) => this.#frame(columns, rows))
    if (this.#isStale || this.#emulator?.hasNews === true) {
      this.#isStale = false
      this.#soon()
    }
  }

  #frame(columns: number, rows: number) {
    if (this.#state.tab === 'terminal' && this.#emulator !== undefined)
      this.#state = { ...this.#state, glass: this.#emulator.lines({ cursor: this.#state.isTyping }) }
    return screenRows({ ...this.#state, columns, rows }, this.#options.keys)
  }

  /** xterm.js takes a tenth of a second to load: not before something is printed. */
  #load(): Promise<void> {
    this.#loading ??= import('../shared/emulator.ts').then(({ Emulator: Made }) => {
      const { glass } = layoutOf(this.#state)
      const emulator = new Made({ ...glass, convertEol: !this.#options.tty })
      if (this.#options.tty) emulator.onAnswer((text) => this.#options.type?.(Buffer.from(text)))
      for (const bytes of this.#early.splice(0)) emulator.push(bytes)
      this.#emulator = emulator
      this.#soon()
    })
    return this.#loading
  }

  /** The container's terminal is as large as its place on the screen. */
  #fitGlass(): void {
    const { columns, rows } = layoutOf(this.#state).glass
    const size = `${columns}x${rows}`
    this.#emulator?.resize(columns, rows)
    if (this.#state.pid === undefined || size === this.#glassSize) return
    this.#glassSize = size
    this.#options.resize?.(columns, rows)
  }
}
