/**
 * A person at a terminal: tmux runs the program on a real pseudo-terminal of a known size, `type` presses keys, `screen` is what
 * stands on the glass. One tmux server per terminal, on a socket of its own.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, run } from './command.ts'
import { eventually } from './eventually.ts'

export class Terminal implements AsyncDisposable {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** Starts `argv` on a terminal of `columns` × `rows`. The terminal outlives the program, so that the last screen can be read. */
  static async open(
    argv: readonly string[],
    { columns = 80, rows = 24, env = {} }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
  ): Promise<Terminal> {
    const terminal = new Terminal(mkdtempSync(join(tmpdir(), 'mini-docker-tty-')))
    // The shell stays, so that the last screen can be read; tmux's own record of exit codes misses some quick ends.
    const script = 'trap : INT QUIT; "$@"; echo $? > "$EXIT.new"; mv "$EXIT.new" "$EXIT"; exec sleep 86400'
    const program = ['env', `EXIT=${terminal.#exitFile}`, 'sh', '-c', script, 'sh', ...argv]
    const size = ['-x', String(columns), '-y', String(rows)]
    await terminal.#tmux(
      ['start-server', ';', 'set-option', '-g', 'status', 'off', ';', 'new-session', '-d', ...size, '--', ...program],
      env,
    )
    return terminal
  }

  /** Types text literally. */
  async type(text: string): Promise<void> {
    await this.#tmux(['send-keys', '-l', '--', text])
  }

  /** Presses keys by tmux's names: `Enter`, `C-c`, `C-p`, `Up`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux(['send-keys', ...keys])
  }

  async line(text: string): Promise<void> {
    await this.type(text)
    await this.press('Enter')
  }

  /** What is on the screen now, without trailing blanks. */
  async screen(): Promise<string> {
    return await this.#capture()
  }

  /** The same with all that has scrolled away before it. */
  async scrollback(): Promise<string> {
    return await this.#capture('-S', '-')
  }

  async #capture(...options: string[]): Promise<string> {
    const text = await this.#tmux(['capture-pane', '-p', '-J', ...options])
    return text
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd()
  }

  /** Waits until the screen matches, and returns it; says what was there instead when it never does. */
  async waitFor(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    return await eventually(
      `the screen matches ${pattern}`,
      async () => {
        const screen = await this.screen()
        if (!pattern.test(screen)) throw new Error(`the screen:\n${screen}`)
        return screen === '' ? ' ' : screen
      },
      { timeoutMs, everyMs: 40 },
    )
  }

  /** Another size, as when a person drags the window's corner: the program gets SIGWINCH. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux(['resize-window', '-x', String(columns), '-y', String(rows)])
  }

  /** Waits for the program's end. */
  async exitCode(timeoutMs = 20_000): Promise<number> {
    const text = await eventually(
      'the program on the terminal ends',
      async () => {
        if (existsSync(this.#exitFile)) return readFileSync(this.#exitFile, 'utf8')
        throw new Error(`it still runs; the screen:\n${await this.screen()}`)
      },
      { timeoutMs },
    )
    return Number(text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(this.#words(['kill-server']))
    rmSync(this.#directory, { recursive: true, force: true })
  }

  get #exitFile(): string {
    return join(this.#directory, 'exit')
  }

  #words(args: readonly string[]): string[] {
    return ['tmux', '-S', join(this.#directory, 'socket'), '-f', '/dev/null', ...args]
  }

  async #tmux(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    return await must(this.#words(args), { env: { TMUX: undefined, LC_ALL: 'C.UTF-8', ...env } })
  }
}
