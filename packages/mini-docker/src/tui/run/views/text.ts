/** Text of the story, made ready for a screen. */
import { columnsOf, printable } from '@mini-docker/image/inspect'
import { wrap } from '../../../format/wrap.ts'
import type { RunState } from '../state.ts'

/** The step's name in the language of the screen; its id where nobody gave it words. */
export function titleOf(id: string, { words, language }: Pick<RunState, 'words' | 'language'>): string {
  return printable(words[id]?.[language].title ?? id)
}

/** `0.041ms`, `12.3ms`, `1.20s`. */
export function milliseconds(nanoseconds: number): string {
  const ms = nanoseconds / 1e6
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)}s`
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(3)}ms`
}

/** `41 µs`. */
export function microseconds(nanoseconds: number): string {
  return `${(nanoseconds / 1000).toFixed(0)} µs`
}

/** Lines of at most `width` columns; what has no place to break is broken anyway. Continuation lines begin with `indent`. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines = wrap(printable(text), Math.max(1, width - indent.length)).flatMap((line) =>
    chopped(line, Math.max(1, width - indent.length)),
  )
  return lines.map((line, i) => (i === 0 ? line : `${indent}${line}`))
}

function chopped(line: string, width: number): string[] {
  if (columnsOf(line) <= width) return [line]
  const pieces: string[] = []
  let piece = ''
  let columns = 0
  for (const character of line) {
    const own = columnsOf(character)
    if (columns + own > width && piece !== '') {
      pieces.push(piece)
      piece = ''
      columns = 0
    }
    piece += character
    columns += own
  }
  return [...pieces, piece]
}

/** Minutes and seconds. */
export function clock(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`
}
