/** Measures that every screen has in common. */

/** Below this, plain lines are better, and a screen says that it is too small. */
export const SMALLEST = { columns: 60, rows: 20 } as const

/** One list: which line the cursor is on, and which is the first one shown. */
export type Position = { cursor: number; top: number }

export const TOP: Position = { cursor: 0, top: 0 }

/** The value, or the bound that it passes; `least` wins where the bounds cross. */
export function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most))
}

/** The first line to show, so that the cursor is seen and the list moves no more than needed. */
export function scrolled(top: number, cursor: number, count: number, visible: number): number {
  const lowest = Math.max(0, count - visible)
  return between(0, between(cursor - visible + 1, top, cursor), lowest)
}
