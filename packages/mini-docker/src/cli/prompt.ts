/** Questions at the terminal: a line as it is typed, or a password that nobody sees. */
import { exitWith } from './errors.ts'
import type { Terminal } from './terminal.ts'

const INTERRUPTED = 130

/**
 * Asks on stdout, reads from stdin. What is typed ahead waits for the next question. Disposing lets go of stdin. Every question
 * throws exit status 130 for ctrl-c.
 */
export class Prompter implements Disposable {
  readonly #terminal: Terminal
  readonly #stdin: NodeJS.ReadStream
  readonly #decoder = new TextDecoder()
  #typed = ''
  #ended = false
  #interrupted = false
  readonly #stopListening: () => void
  #wake: () => void = () => {}
  readonly #onData = (bytes: Buffer) => {
    this.#typed += this.#decoder.decode(bytes, { stream: true })
    this.#wake()
  }
  readonly #onEnd = () => {
    this.#ended = true
    this.#wake()
  }

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#stdin = terminal.stdin()
    this.#stdin.on('data', this.#onData).on('end', this.#onEnd)
    this.#stopListening = terminal.on('SIGINT', () => {
      this.#interrupted = true
      this.#wake()
    })
  }

  [Symbol.dispose](): void {
    this.#stopListening()
    this.#stdin.off('data', this.#onData).off('end', this.#onEnd)
    this.#stdin.pause()
  }

  /** The answer without its line end; empty at the end of input. */
  async line(question: string): Promise<string> {
    this.#terminal.out(question)
    try {
      return (await this.#nextLine()).trim()
    } catch (error) {
      this.#terminal.out('\n')
      throw error
    }
  }

  /** The answer, not echoed. The terminal is as before when this settles. */
  async password(question: string): Promise<string> {
    this.#terminal.out(question)
    this.#stdin.setRawMode(true)
    try {
      return await this.#hiddenLine()
    } finally {
      this.#stdin.setRawMode(false)
      this.#terminal.out('\n')
    }
  }

  async #nextLine(): Promise<string> {
    for (;;) {
      const end = this.#typed.indexOf('\n')
      if (end !== -1 || this.#ended) return this.#take(end === -1 ? this.#typed.length : end + 1)
      await this.#more()
    }
  }

  /** In raw mode the editing keys are ours: backspace, ctrl-u, and what ends the line. */
  async #hiddenLine(): Promise<string> {
    const line: string[] = []
    for (;;) {
      while (this.#typed === '' && !this.#ended) await this.#more()
      if (this.#typed === '') return line.join('')
      const key = this.#take(String.fromCodePoint(this.#typed.codePointAt(0) ?? 0).length)
      if (key === '\r' || key === '\n' || (key === '\x04' && line.length === 0)) return line.join('')
      if (key === '\x03') throw exitWith(INTERRUPTED)
      if (key === '\x7f' || key === '\b') line.pop()
      else if (key === '\x15') line.length = 0
      else if (key !== '\x04') line.push(key)
    }
  }

  #take(length: number): string {
    const taken = this.#typed.slice(0, length)
    this.#typed = this.#typed.slice(length)
    return taken
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#interrupted) throw exitWith(INTERRUPTED)
  }
}
