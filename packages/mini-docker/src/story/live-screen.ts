/** A live run on the screen: what its keys do to the container. */
import { forwardSignals } from '../terminal/signals.ts'
import { RUN_KEYS, type KeyAction } from '../tui/run/keys.ts'
import { RunScreen } from '../tui/run/screen.ts'
import { RUN_WORDS } from '../tui/run/words.ts'
import { readBindings } from '../tui/shared/keys-file.ts'
import { colorDepthOf } from '../tui/shared/paint.ts'
import type { LiveEnd, LiveRun } from './live.ts'
import type { Showing } from './story-run.ts'
import { openShell } from './shell.ts'

/** Draws it until the person has seen its end, or leaves. */
export async function showOnScreen(
  { live, terminal, language }: Showing,
  run: () => Promise<LiveEnd>,
): Promise<LiveEnd | 'detached'> {
  const { bindings, problems } = readBindings(terminal.env, 'run', RUN_KEYS)
  const { promise: left, resolve: leave } = Promise.withResolvers<'left' | 'detached'>()
  using stack = new DisposableStack()
  const keys = new LiveKeys(live, terminal, leave)
  const screen = stack.use(
    new RunScreen({
      language,
      colors: colorDepthOf(terminal.env),
      keys: bindings,
      problems,
      tty: live.options.tty,
      takesInput: live.options.stdin,
      playing: undefined,
      streams: { stdin: terminal.stdin(), stdout: process.stdout },
      on: (action, on) => keys.press(action, on),
      type: (bytes) => live.write(bytes),
      resize: (columns, rows) => live.resize(columns, rows),
      // The window is closed: a half-made container is undone, one that runs goes on.
      onEnd: () => (live.hasStarted ? leave('detached') : live.hangUp()),
    }),
  )
  live.tell({
    event(event) {
      screen.event(event)
      if (event.type === 'started')
        stack.use(forwardSignals(terminal, (signal) => Promise.resolve(live.signal(signal))))
    },
    output: (stream, bytes) => screen.output(stream, bytes),
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    stack.defer(terminal.on(signal, () => void (live.hasStarted || keys.giveUp())))
  const ending = run()
  ending.catch(() => leave('left'))
  // A container that was given up has nothing more to show.
  const isDone = (): boolean => keys.isLeaving || (live.isAborted && !live.hasStarted)
  const how = await Promise.race([left, ending.then(async () => (isDone() ? 'left' : await left))])
  return how === 'detached' ? 'detached' : await ending
}

class LiveKeys {
  readonly #live: LiveRun
  readonly #terminal: Showing['terminal']
  readonly #leave: (how: 'left' | 'detached') => void
  #interrupts = 0
  /** True when the screen closes with the container's end. */
  isLeaving = false

  constructor(live: LiveRun, terminal: Showing['terminal'], leave: (how: 'left' | 'detached') => void) {
    this.#live = live
    this.#terminal = terminal
    this.#leave = leave
  }

  press(action: KeyAction, screen: RunScreen): void {
    const words = RUN_WORDS[screen.state.language]
    switch (action) {
      case 'next':
      case 'stage':
      case 'continue':
        // Also before it is asked: the daemon takes it when it comes to the gate.
        if (this.#live.options.story.step && !this.#live.hasStarted && !this.#live.isOver) this.#live.send(action)
        return
      case 'back':
        return this.#back(screen)
      case 'abort':
        if (this.#live.hasStarted) return
        screen.do({ kind: 'notice', text: words.aborting })
        return this.#live.send('abort')
      case 'shell':
        return void this.#shell(screen)
      case 'type':
        if (!this.#live.hasStarted || this.#live.isOver) return
        return screen.do(
          this.#live.options.stdin ? { kind: 'typing', on: true } : { kind: 'notice', text: words.noInput },
        )
      case 'quit':
        return this.#quit(screen)
      case 'interrupt':
        return this.#interrupt(screen)
      default:
        return
    }
  }

  /** What is half-made is undone, and the screen closes. */
  giveUp(): void {
    this.isLeaving = true
    this.#live.hangUp()
  }

  #back(screen: RunScreen): void {
    const { phase, current, language } = screen.state
    if (phase !== 'waiting') return
    const words = RUN_WORDS[language]
    screen.do({ kind: 'notice', text: current === 0 ? words.notBack : words.goingBack })
    if (current > 0) this.#live.send('back')
  }

  #quit(screen: RunScreen): void {
    if (this.#live.isOver) return this.#leave('left')
    if (!this.#live.hasStarted) {
      screen.do({ kind: 'notice', text: RUN_WORDS[screen.state.language].aborting })
      return this.giveUp()
    }
    return screen.ask((key) => {
      if (key === 'd') this.#leave('detached')
      if (key !== 'k' && key !== 'ctrl-c') return
      this.isLeaving = true
      this.#live.signal('SIGKILL')
    })
  }

  /** Before it runs: everything is undone. Then as at docker's: SIGINT for the container, and for one that does not care SIGKILL. */
  #interrupt(screen: RunScreen): void {
    if (!this.#live.hasStarted || this.#live.isOver) return this.#quit(screen)
    const words = RUN_WORDS[screen.state.language]
    this.#interrupts++
    this.#live.signal(this.#interrupts === 1 ? 'SIGINT' : 'SIGKILL')
    screen.do({ kind: 'notice', text: this.#interrupts === 1 ? words.interrupted : words.killed })
  }

  async #shell(screen: RunScreen): Promise<void> {
    if (screen.state.phase !== 'waiting' && screen.state.phase !== 'running') return
    const words = RUN_WORDS[screen.state.language]
    try {
      await screen.aside(() =>
        openShell(this.#live, this.#terminal, (place) =>
          this.#terminal.err(`\r\n${place === 'host' ? words.hostShell : words.containerShell}\r\n`),
        ),
      )
    } catch (error) {
      screen.do({ kind: 'notice', text: words.noShell((error as Error).message), isBad: true })
    }
  }
}
