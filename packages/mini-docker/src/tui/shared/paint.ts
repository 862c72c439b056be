/** Rows as the bytes a terminal understands (ECMA-48 SGR), in as many colours as it has. Pure. */
import { fitRow, type Row, type Style } from './pieces.ts'

/** `none` under NO_COLOR (no-color.org): bold, dim and inverse stay, they are no colours. */
export type ColorDepth = 'none' | '16' | '256' | 'full'

/** What the environment says of the terminal. */
export function colorDepthOf(env: Record<string, string | undefined>): ColorDepth {
  if ((env['NO_COLOR'] ?? '') !== '') return 'none'
  if (/^(truecolor|24bit)$/.test(env['COLORTERM'] ?? '')) return 'full'
  return /256|direct|kitty|ghostty|alacritty/.test(env['TERM'] ?? '') || env['WT_SESSION'] !== undefined ? '256' : '16'
}

/** A line exactly `width` columns wide. */
export function paintRow(row: Row, width: number, depth: ColorDepth): string {
  let line = ''
  for (const { text, ...style } of fitRow(row, width)) {
    const codes = codesOf(style, depth)
    line += codes === '' ? text : `\u001B[${codes}m${text}\u001B[0m`
  }
  return line
}

function codesOf({ bold, dim, inverse, color, background }: Style, depth: ColorDepth): string {
  const codes: string[] = []
  if (bold === true) codes.push('1')
  if (dim === true) codes.push('2')
  if (inverse === true) codes.push('7')
  if (depth !== 'none') {
    if (color !== undefined) codes.push(colorCode(color, depth, 0))
    if (background !== undefined) codes.push(colorCode(background, depth, 10))
  }
  return codes.filter((code) => code !== '').join(';')
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/** `shift` is 10 for backgrounds. */
function colorCode(color: string, depth: ColorDepth, shift: 0 | 10): string {
  const name = color.replace(/Bright$/, '')
  const number = name === 'gray' ? 8 : NAMES.indexOf(name)
  if (number >= 0) return sixteen(number + (color.endsWith('Bright') ? 8 : 0), shift)
  const [, palette] = /^ansi256\((\d+)\)$/.exec(color) ?? []
  if (palette !== undefined) {
    return depth === '16' ? sixteen(nearest(rgbOf(Number(palette))), shift) : `${38 + shift};5;${palette}`
  }
  const [, hex] = /^#([\da-f]{6})$/i.exec(color) ?? []
  if (hex === undefined) return ''
  const rgb = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
  if (depth === 'full') return `${38 + shift};2;${rgb.join(';')}`
  return depth === '256' ? `${38 + shift};5;${cubeOf(rgb)}` : sixteen(nearest(rgb), shift)
}

function sixteen(number: number, shift: 0 | 10): string {
  return String((number < 8 ? 30 + number : 82 + number) + shift)
}

/** The 6×6×6 cube and the greys of the 256 colours. */
function rgbOf(palette: number): number[] {
  if (palette >= 232) return Array.from({ length: 3 }, () => 8 + (palette - 232) * 10)
  const level = (value: number): number => (value === 0 ? 0 : 55 + value * 40)
  const index = palette - 16
  return [level(Math.floor(index / 36)), level(Math.floor(index / 6) % 6), level(index % 6)]
}

function cubeOf(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => Math.round((value / 255) * 5))
  return 16 + 36 * r + 6 * g + b
}

/** The one of the 16 that is nearest: a bit for each of red, green and blue, and bright ones. */
function nearest(rgb: readonly number[]): number {
  const most = Math.max(...rgb)
  if (most < 48) return 0
  const bits = rgb.reduce((sum, value, i) => sum + (value > most / 2 ? 1 << i : 0), 0)
  return bits + (most > 192 ? 8 : 0)
}
