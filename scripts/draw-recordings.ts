/**
 * Draws the pictures of the README from the recordings in docs/recordings: `node scripts/draw-recordings.ts`. Each is a still of a real run, as
 * SVG (text stays text: it can be searched and read aloud), so that no foreign program takes the screenshots.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readRecording } from '../packages/story/src/index.ts'
import { stillOf, type Moment } from '../packages/mini-docker/src/story/still.ts'
import type { Action } from '../packages/mini-docker/src/tui/run/reduce.ts'
import { fitRow, widthOf, type Row, type Styled } from '../packages/mini-docker/src/tui/shared/pieces.ts'

const docs = join(import.meta.dirname, '../docs')
const SIZE = { columns: 110, rows: 32 }

type Picture = { name: string; recording: string; moment: Moment }

const toStep = (id: string, from: { id: string }[]): Action[] => {
  const index = from.findIndex((step) => step.id === id)
  if (index === -1) throw new Error(`the recording has no step ${id}`)
  return [
    { kind: 'edge', to: 'start' },
    { kind: 'move', by: index },
  ]
}

function pictures(): Picture[] {
  return (['en', 'ja'] as const).flatMap((language): Picture[] => {
    const { events, durationMs } = read('hello')
    const steps = events.flatMap((event) => (event.type === 'plan' ? event.steps : []))
    const base = { ...SIZE, language, at: durationMs }
    const at = (id: string): Moment => ({ ...base, actions: toStep(id, steps) })
    return [
      {
        name: `run-step.${language}`,
        recording: 'hello',
        moment: at(steps.find(({ id }) => id.includes('overlay'))?.id ?? 'process.exec'),
      },
      {
        name: `run-terminal.${language}`,
        recording: 'terminal',
        moment: { ...base, at: read('terminal').durationMs * 0.6 },
      },
    ]
  })
}

function read(name: string) {
  return readRecording(gunzipSync(readFileSync(join(docs, 'recordings', `${name}.jsonl.gz`))).toString())
}

const CELL = { width: 8.4, height: 18 }
const INK: Record<string, string> = {
  black: '#3b4252',
  red: '#e06c75',
  green: '#98c379',
  yellow: '#e5c07b',
  blue: '#61afef',
  magenta: '#c678dd',
  cyan: '#56b6c2',
  white: '#dcdfe4',
  gray: '#7f848e',
}
const PAPER = '#1e2127'
const TEXT = '#d7dae0'

function svg(rows: readonly Row[], columns: number): string {
  const [width, height] = [columns * CELL.width + 16, rows.length * CELL.height + 16]
  const lines = rows.map((row, y) => line(fitRow(row, columns), y)).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', 'Noto Sans Mono CJK JP', monospace" font-size="14">\n<rect width="100%" height="100%" rx="6" fill="${PAPER}"/>\n${lines}</svg>\n`
}

function line(pieces: readonly Styled[], y: number): string {
  let column = 0
  return pieces
    .map((piece) => {
      const x = 8 + column * CELL.width
      const width = widthOf([piece])
      column += width
      return cell(piece, x, 8 + y * CELL.height, width * CELL.width)
    })
    .join('')
}

/** Trailing blanks are not drawn; `textLength` keeps wide characters in their columns whatever the font. */
function cell({ text, color, background, bold, dim, inverse }: Styled, x: number, y: number, width: number): string {
  const ink = color === undefined ? TEXT : (INK[color.replace('Bright', '')] ?? color)
  const fill = inverse === true ? PAPER : ink
  const paper = inverse === true ? ink : background === undefined ? undefined : (INK[background] ?? background)
  const box =
    paper === undefined
      ? ''
      : `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${CELL.height}" fill="${paper}"/>\n`
  const shown = text.trimEnd()
  if (shown === '') return box
  const length = widthOf([shown]) * CELL.width
  const style = `${bold === true ? ' font-weight="bold"' : ''}${dim === true ? ' opacity="0.6"' : ''}`
  return `${box}<text x="${x.toFixed(1)}" y="${y + 13}" fill="${fill}" textLength="${length.toFixed(1)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve"${style}>${escaped(shown)}</text>\n`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

mkdirSync(join(docs, 'images'), { recursive: true })
for (const { name, recording, moment } of pictures()) {
  const rows = await stillOf(read(recording), moment)
  writeFileSync(join(docs, 'images', `${name}.svg`), svg(rows, moment.columns))
}
