/** JSON lines, as they go over the connection of a story: events one way, commands the other. Pure; nothing here throws. */
import type { StoryCommand, StoryEvent } from './event.ts'

/** What can be asked for while the gate is shut; `abort` also before and between. */
export const STORY_COMMANDS = ['next', 'stage', 'continue', 'back', 'abort'] as const satisfies StoryCommand['do'][]

/** An event as one line, with its end. */
export function storyLine(event: StoryEvent): string {
  return `${JSON.stringify(event)}\n`
}

/** A command as one line, with its end. */
export function commandLine(command: StoryCommand['do']): string {
  return `${JSON.stringify({ do: command })}\n`
}

/** Reads a line of the client: undefined for what is no command. */
export function parseCommand(line: string): StoryCommand['do'] | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('do' in value)) return undefined
  return STORY_COMMANDS.find((name) => name === value.do)
}

/** Cuts a stream of bytes into lines. A line longer than `limit` characters is given as it is so far, once, and the rest of it is dropped. */
export class LineReader {
  readonly #decoder = new TextDecoder()
  readonly #limit: number
  #rest = ''
  #isDropping = false

  constructor(limit = 64 * 1024) {
    this.#limit = limit
  }

  /** The lines that these bytes complete; empty ones are left out. */
  feed(bytes: Uint8Array): string[] {
    const pieces = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n')
    this.#rest = pieces.pop() ?? ''
    const lines: string[] = []
    for (const piece of pieces) {
      if (!this.#isDropping && piece.trim() !== '') lines.push(piece)
      this.#isDropping = false
    }
    if (this.#rest.length > this.#limit) {
      if (!this.#isDropping) lines.push(this.#rest)
      this.#isDropping = true
      this.#rest = ''
    }
    return lines
  }
}
