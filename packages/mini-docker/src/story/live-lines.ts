/** A live run as lines on stderr, with a question before each step where it is stepped; what the container prints stays on stdout. */
import { createInterface } from 'node:readline'
import { DEFAULT_DETACH_KEYS, DetachWatcher, parseDetachKeys } from '../terminal/detach-keys.ts'
import { rawMode } from '../terminal/raw.ts'
import { followSize } from '../terminal/resize.ts'
import { forwardSignals } from '../terminal/signals.ts'
import { RUN_WORDS } from '../tui/run/words.ts'
import type { LiveEnd, LiveRun } from './live.ts'
import { PlainStory } from './plain.ts'
import type { Showing } from './story-run.ts'
import { openShell } from './shell.ts'

/** Runs it. `isTold`: with its story, otherwise only what it prints. */
export async function showLines(
  { live, terminal, language, isStepped, flags }: Showing,
  isTold: boolean,
  run: () => Promise<LiveEnd>,
): Promise<LiveEnd | 'detached'> {
  const story = new PlainStory(language)
  using stack = new DisposableStack()
  const { promise: detached, resolve: detach } = Promise.withResolvers<'detached'>()
  const prompt = isStepped ? new Prompt({ live, terminal, language }) : undefined
  stack.defer(() => prompt?.close())
  live.tell({
    event(event) {
      if (isTold) for (const line of story.lines(event)) terminal.err(`${line}\n`)
      if (event.type === 'waiting') prompt?.ask(event.index)
      if (event.type !== 'started') return
      for (const line of prompt?.close() ?? []) live.write(Buffer.from(`${line}\n`))
      stack.use(forwardSignals(terminal, (signal) => Promise.resolve(live.signal(signal))))
      joinInput(live, terminal, stack, flags.string('detach-keys'), detach)
    },
    output: (stream, bytes) => terminal.write(stream === 'stderr' ? 2 : 1, bytes),
  })
  // Before it runs there is nothing to send a signal to: what is half-made is undone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    stack.defer(terminal.on(signal, () => void (live.hasStarted || live.hangUp())))
  }
  return await Promise.race([run(), detached])
}

/** From now on, what is typed goes to the container. */
function joinInput(
  live: LiveRun,
  terminal: Showing['terminal'],
  stack: DisposableStack,
  keys: string | undefined,
  detach: (how: 'detached') => void,
): void {
  const { tty, stdin, engine, id } = live.options
  if (tty && terminal.isTty(1))
    stack.use(followSize(terminal, (query) => engine.text('POST', `/containers/${id}/resize`, { query })))
  if (!stdin) return
  if (tty && terminal.isTty(0)) stack.use(rawMode(terminal.stdin()))
  const watcher = tty
    ? new DetachWatcher(keys === undefined || keys === '' ? DEFAULT_DETACH_KEYS : parseDetachKeys(keys))
    : undefined
  const onData = (bytes: Buffer): void => {
    const { pass, detached } = watcher?.feed(bytes) ?? { pass: bytes, detached: false }
    if (detached) return detach('detached')
    if (pass.length > 0) live.write(pass)
  }
  const onEnd = (): void => live.endInput()
  const input = terminal.stdin()
  input.on('data', onData).on('end', onEnd)
  input.resume()
  stack.defer(() => {
    input.off('data', onData).off('end', onEnd)
    input.pause()
    input.unref?.()
  })
}

const COMMANDS = { n: 'next', s: 'stage', c: 'continue', b: 'back', a: 'abort' } as const

/** Asks what to do, a line at a time: n, s, c, b, a, ! and ?. Nobody there to answer means giving up. */
class Prompt {
  readonly #shown: Pick<Showing, 'live' | 'terminal' | 'language'>
  #lines: ReturnType<typeof createInterface> | undefined
  #index = 0
  #isWaiting = false
  /** Said before it was asked. */
  #early: string[] = []
  /** Nobody is there any more. */
  #isEnded = false

  constructor(shown: Pick<Showing, 'live' | 'terminal' | 'language'>) {
    this.#shown = shown
    this.#open()
  }

  ask(index: number): void {
    this.#index = index
    this.#isWaiting = true
    this.#shown.terminal.err('n s c b a ! ? > ')
    const next = this.#early.shift()
    if (next !== undefined) void this.#answer(next)
    else if (this.#isEnded) this.#shown.live.hangUp()
  }

  /** What was typed ahead, and is for the container. */
  close(): string[] {
    const lines = this.#lines
    this.#lines = undefined
    lines?.close()
    return this.#early.splice(0)
  }

  #open(): void {
    const lines = createInterface({ input: this.#shown.terminal.stdin(), terminal: false })
    this.#lines = lines
    lines.on('line', (line) => {
      if (this.#isWaiting) void this.#answer(line)
      else this.#early.push(line)
    })
    lines.on('close', () => {
      if (this.#lines !== lines) return
      this.#isEnded = true
      if (this.#isWaiting && this.#early.length === 0) this.#shown.live.hangUp()
    })
  }

  async #answer(line: string): Promise<void> {
    const { live, terminal, language } = this.#shown
    const words = RUN_WORDS[language]
    const text = line.trim() === '' ? 'n' : line.trim()
    const command = Object.hasOwn(COMMANDS, text) ? COMMANDS[text as keyof typeof COMMANDS] : undefined
    if (text === '!') await this.#shell()
    else if (command === 'back' && this.#index === 0) terminal.err(`${words.notBack}\n`)
    else if (command !== undefined) {
      this.#isWaiting = false
      return live.send(command)
    } else terminal.err(help(language))
    return this.ask(this.#index)
  }

  /** The shell has the keyboard meanwhile. */
  async #shell(): Promise<void> {
    const { live, terminal, language } = this.#shown
    const lines = this.#lines
    this.#lines = undefined
    lines?.close()
    const words = RUN_WORDS[language]
    await openShell(live, terminal, (where) =>
      terminal.err(`${where === 'host' ? words.hostShell : words.containerShell}\n`),
    ).catch((error: unknown) =>
      terminal.err(`${words.noShell(error instanceof Error ? error.message : String(error))}\n`),
    )
    this.#open()
  }
}

function help(language: Showing['language']): string {
  const { keys } = RUN_WORDS[language]
  const lines = Object.entries(COMMANDS).map(([key, name]) => `  ${key}  ${keys[name]}\n`)
  return `${lines.join('')}  !  ${keys.shell}\n  ?  ${keys.help}\n`
}
