/** Two containers row by row, and why a row may differ. Pure. */
import { SECTIONS, type Row, type Section } from './observe.ts'
import { reasonFor, type Reason } from './known.ts'

/** A row that is not the same; `undefined` where one does not have it. */
export type Difference = {
  section: Section
  key: string
  runc: string | undefined
  miniDocker: string | undefined
  reason: Reason | undefined
}
export type Comparison = { compared: Record<Section, number>; differences: Difference[] }

export function compare(runc: readonly Row[], miniDocker: readonly Row[]): Comparison {
  const compared = Object.fromEntries(SECTIONS.map((section) => [section, 0])) as Record<Section, number>
  const differences: Difference[] = []
  const [theirs, ours] = [byName(runc), byName(miniDocker)]
  for (const name of new Set([...theirs.keys(), ...ours.keys()])) {
    const [their, our] = [theirs.get(name), ours.get(name)]
    const { section, key } = (their ?? our) as Row
    compared[section]++
    if (their?.value === our?.value) continue
    const difference = { section, key, runc: their?.value, miniDocker: our?.value }
    differences.push({ ...difference, reason: reasonFor(difference) })
  }
  return { compared, differences }
}

function byName(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [`${row.section} ${row.key}`, row]))
}
