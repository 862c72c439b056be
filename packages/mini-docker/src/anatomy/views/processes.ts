/** Its processes as a tree: the number inside, the number outside, memory, command. */
import type { ProcessFact } from '@mini-docker/facts'
import { printableLine } from '../../format/printable.ts'
import { binarySize } from '../../format/units.ts'
import type { Row } from '../../tui/shared/pieces.ts'
import type { View } from '../view.ts'
import type { Subject } from '../subject.ts'
import type { Words } from '../words.ts'

const MOST = 40

export function processRows({ anatomy }: Subject, words: Words, _width: number): View {
  const { processes, pid } = anatomy
  const known = new Set(processes.map((one) => one.pid))
  const roots = processes.filter(({ parent }) => !known.has(parent))
  const all = roots.flatMap((root) => branch(root, processes, '', '', new Set()))
  const rows = all.slice(0, MOST)
  if (all.length > MOST) rows.push([{ text: words.more(all.length - MOST), dim: true }])
  return { rows, sources: [`/proc/${pid}/status NSpid`, '/proc/*/ns/pid'] }
}

function branch(
  process: ProcessFact,
  all: readonly ProcessFact[],
  lead: string,
  below: string,
  above: ReadonlySet<number>,
): Row[] {
  const { pid, inner, uid, state, residentBytes, command, name } = process
  const children = all.filter(({ parent }) => parent === pid && !above.has(parent))
  const passed = new Set([...above, pid])
  return [
    [
      { text: lead, dim: true },
      { text: String(inner), bold: true, color: 'green' },
      { text: ` (${pid}) ${state.slice(0, 1)} uid ${uid} ${binarySize(residentBytes)} `, dim: true },
      printableLine(command.join(' ')) || `[${name}]`,
    ],
    ...children.flatMap((child, i) => {
      const isLast = i === children.length - 1
      return branch(child, all, `${below}${isLast ? '└─ ' : '├─ '}`, `${below}${isLast ? '   ' : '│  '}`, passed)
    }),
  ]
}
