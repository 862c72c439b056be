/** A subject as rows of a screen: boxes, one below the other, or in two columns where there is room. Pure. */
import type { Language } from '../faces/explain.ts'
import { columnsOf } from '../format/width.ts'
import { fitRow, type Row } from '../tui/shared/pieces.ts'
import { SECTION_NAMES, type SectionName, type Subject } from './subject.ts'
import type { Draw } from './view.ts'
import { cgroupRows } from './views/cgroup.ts'
import { headRows } from './views/head.ts'
import { mountRows } from './views/mounts.ts'
import { namespaceRows } from './views/namespaces.ts'
import { networkRows } from './views/network.ts'
import { processRows } from './views/processes.ts'
import { securityRows } from './views/security.ts'
import { WORDS, type Words } from './words.ts'
import { wrap } from '../format/wrap.ts'

export type DrawOptions = {
  /** From 60 to 250 columns. */
  width: number
  language: Language
  sections?: readonly SectionName[]
}

const VIEWS: Record<SectionName, Draw> = {
  namespaces: namespaceRows,
  mounts: mountRows,
  cgroup: cgroupRows,
  network: networkRows,
  processes: processRows,
  security: securityRows,
}

/** From here on two boxes stand beside each other. */
const TWO_COLUMNS = 150

/** All rows; each is at most as wide as asked for. */
export function drawAnatomy(subject: Subject, { width, language, sections = SECTION_NAMES }: DrawOptions): Row[] {
  const words = WORDS[language]
  const two = width >= TWO_COLUMNS && sections.length > 1
  const boxWidth = two ? Math.floor((width - 1) / 2) : width
  const boxes = sections.map((name) => {
    const { rows, sources } = VIEWS[name](subject, words, boxWidth - 4)
    return boxOf(words.sections[name], rows, sourceRows(sources, words, boxWidth - 4), boxWidth)
  })
  const head = headRows(subject, words, width)
  return [...head, ...(two ? inTwoColumns(boxes, boxWidth) : boxes.flat())]
}

function boxOf(title: string, rows: readonly Row[], sources: readonly Row[], width: number): Row[] {
  const line = Math.max(0, width - columnsOf(title) - 5)
  const inside = (row: Row): Row => [EDGE, ...fitRow(row, width - 4), { text: ' │', dim: true }]
  return [
    [
      { text: '┌─ ', dim: true },
      { text: title, bold: true, color: 'cyan' },
      { text: ` ${'─'.repeat(line)}┐`, dim: true },
    ],
    ...rows.map(inside),
    ...sources.map(inside),
    [{ text: `└${'─'.repeat(width - 2)}┘`, dim: true }],
  ]
}

const EDGE = { text: '│ ', dim: true }

function sourceRows(sources: readonly string[], { from }: Words, width: number): Row[] {
  return wrap(`${from}: ${sources.join(', ')}`, width).map((text) => [{ text, dim: true }])
}

/** Each box goes to the column that is shorter so far, and boxes stay in their order from top to bottom. */
function inTwoColumns(boxes: readonly Row[][], boxWidth: number): Row[] {
  const left: Row[] = []
  const right: Row[] = []
  for (const box of boxes) (left.length <= right.length ? left : right).push(...box)
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const below = right[i]
    return below === undefined ? left[i]! : [...fitRow(left[i] ?? [], boxWidth), ' ', ...below]
  })
}
