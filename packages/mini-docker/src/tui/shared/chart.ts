/** Small charts of one line, from blocks of eighths (Unicode U+2581 … U+2588): narrow in every terminal. */

const BLOCKS = ' ▁▂▃▄▅▆▇█'

/** The last `width` values as blocks; `most` is the full height (by default the largest shown). */
export function sparkline(values: readonly number[], width: number, most?: number): string {
  const shown = values.slice(-Math.max(0, width))
  const top = most ?? Math.max(0, ...shown)
  const blocks = shown.map((value) => {
    if (!(top > 0) || !(value > 0)) return BLOCKS[value > 0 ? 1 : 0]
    return BLOCKS[Math.max(1, Math.min(8, Math.round((value / top) * 8)))]
  })
  return blocks.join('').padStart(Math.max(0, width))
}

/** A bar of `width` columns, filled to `share` (0 … 1). */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width)
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`
}
