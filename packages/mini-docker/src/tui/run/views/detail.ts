/** Right, for the chosen step: why it is there, its calls, the same in a shell, the man pages, and what the kernel says of it. */
import { printable } from '@mini-docker/image/inspect'
import { changesBetween, type FactChange, type Facts, type SectionId } from '@mini-docker/story'
import type { Row, Style } from '../../shared/pieces.ts'
import { chosenItem, factsAround, type Item, type RunState, type StepState } from '../state.ts'
import { RUN_WORDS, type RunWords } from '../words.ts'
import { microseconds, titleOf, wrapped } from './text.ts'

/** All of it; the screen shows a part. */
export function detailRows(state: RunState, width: number): Row[] {
  const item = chosenItem(state)
  if (item === undefined || item.kind === 'heading') return []
  if (item.kind === 'undo') return undoRows(state, item.index, width)
  return state.tab === 'kernel' ? kernelRows(state, item, width) : stepRows(state, item, width)
}

type StepItem = Extract<Item, { kind: 'step' }>

function stepRows(state: RunState, item: StepItem, width: number): Row[] {
  const words = RUN_WORDS[state.language]
  const step = state[item.part].steps[item.index]
  if (step === undefined) return []
  const { plan } = step
  const text = state.words[plan.id]?.[state.language]
  const body = (lines: readonly string[], style: Style = {}): Row[] =>
    lines.flatMap((line) => wrapped(line, width - 1, '    ').map((one): Row => [' ', { text: one, ...style }]))
  const section = (title: string, rows: readonly Row[]): Row[] =>
    rows.length === 0 ? [] : [[], [{ text: ` ${title}`, bold: true, color: 'cyan' }], ...rows]
  return [
    ...wrapped(titleOf(plan.id, state), width - 1).map((line): Row => [' ', { text: line, bold: true }]),
    [
      {
        text: ` ${printable(plan.id)}  ${words.where[plan.where] ?? plan.where}  ${words.statuses[step.status]}`,
        dim: true,
      },
    ],
    ...faulty(step, words, width),
    ...(text === undefined ? [] : [[], ...wrapped(text.why, width - 1).map((line): Row => [' ', line])]),
    ...section(step.calls.length > 0 ? words.calls : words.plannedCalls, callRows(step, width)),
    ...section(words.shell, body(plan.shell.map((line) => `$ ${line}`))),
    ...section(words.read, body(plan.man.length === 0 ? [] : [plan.man.join('  ')])),
    ...section(words.changes, changeRows(state, item, width)),
    ...section(words.undo, body(plan.undo, { dim: true })),
  ]
}

function faulty({ plan }: StepState, words: RunWords, width: number): Row[] {
  if (plan.faulty === undefined) return []
  const text = plan.faulty === 'left-out' ? words.leftOut : words.brokenBy(plan.faulty)
  return wrapped(`! ${text}`, width - 1).map((line): Row => [' ', { text: line, color: 'red', bold: true }])
}

/** As they return, with what they returned and how long they took; before that as they will be made. */
function callRows({ calls, plan }: StepState, width: number): Row[] {
  if (calls.length === 0)
    return plan.calls.flatMap((call) =>
      wrapped(call, width - 1, '    ').map((line): Row => [' ', { text: line, dim: true }]),
    )
  return calls.flatMap(({ text, result, error, failed, durationNs }) => {
    const lines = wrapped(text, width - 1, '    ')
    const end = error === undefined ? `= ${result}` : `= -1 ${printable(error)}`
    const isBad = failed === true
    const tail: Row = [
      '     ',
      {
        text: end,
        ...(isBad ? { color: 'red', bold: true } : error === undefined ? { color: 'green' } : { color: 'yellow' }),
      },
      { text: `  ${microseconds(durationNs)}`, dim: true },
    ]
    return [...lines.map((line): Row => [' ', { text: line, ...(isBad && { color: 'red' }) }]), tail]
  })
}

function changeRows(state: RunState, item: StepItem, width: number): Row[] {
  const words = RUN_WORDS[state.language]
  const { before, after } = factsAround(state[item.part], item.index)
  if (state[item.part].steps[item.index]?.status === 'planned') return []
  if (before === undefined || after === undefined) {
    return state[item.part].facts.length === 0 ? [] : [[{ text: ` ${words.notReadYet}`, dim: true }]]
  }
  const changes = changesBetween(before, after)
  if (changes.length === 0) return [[{ text: ` ${words.noChange}`, dim: true }]]
  const rows: Row[] = []
  let section: SectionId | undefined
  for (const change of changes) {
    if (change.section !== section)
      rows.push(sourceRow(change.section, after[change.section] ?? before[change.section]))
    section = change.section
    rows.push(...changeLines(change, width))
  }
  return rows
}

function sourceRow(id: SectionId, section: { source: string } | undefined): Row {
  return [
    { text: ` ${id}`, bold: true },
    { text: `  ${printable(section?.source ?? '')}`, dim: true },
  ]
}

const NOTE: Record<FactChange['kind'], { sign: string; color: string }> = {
  added: { sign: '+', color: 'green' },
  removed: { sign: '-', color: 'red' },
  changed: { sign: '~', color: 'yellow' },
}

function changeLines(change: FactChange, width: number): Row[] {
  const { sign, color } = NOTE[change.kind]
  return wrapped(`${sign} ${change.key}  ${valueOf(change)}`, width - 2, '    ').map((line): Row => [
    '  ',
    { text: line, color },
  ])
}

/** `before → after`, or the one that there is. */
export function valueOf(change: FactChange): string {
  if (change.kind === 'changed') return `${change.before} → ${change.after}`
  return change.kind === 'added' ? change.after : change.before
}

/** Everything that was read, after the step; what it changed stands out. */
function kernelRows(state: RunState, item: StepItem, width: number): Row[] {
  const words = RUN_WORDS[state.language]
  const { before, after } = factsAround(state[item.part], item.index)
  const now = after ?? before
  if (now === undefined) return [[{ text: ` ${words.notReadYet}`, dim: true }]]
  const changes = before === undefined || after === undefined ? [] : changesBetween(before, after)
  return (Object.keys(now) as SectionId[]).flatMap((id, i): Row[] => [
    ...(i === 0 ? [] : [[]]),
    sourceRow(id, now[id]),
    ...sectionRows(id, now, changes, width),
  ])
}

function sectionRows(id: SectionId, now: Facts, changes: readonly FactChange[], width: number): Row[] {
  const mine = new Map(changes.filter(({ section }) => section === id).map((change) => [change.key, change]))
  const rows = (now[id]?.rows ?? []).flatMap(([key, value]): Row[] => {
    const change = mine.get(key)
    if (change !== undefined) return changeLines(change, width)
    return wrapped(`  ${key}  ${value}`, width - 2, '    ').map((line): Row => ['  ', line])
  })
  const gone = [...mine.values()].filter(({ kind }) => kind === 'removed')
  return [...rows, ...gone.flatMap((change) => changeLines(change, width))]
}

function undoRows(state: RunState, index: number, width: number): Row[] {
  const words = RUN_WORDS[state.language]
  const group = state.undos[index]
  if (group === undefined) return []
  const reason = group.reason === undefined ? '…' : words.reasons[group.reason]
  return [
    [{ text: ` ${words.takenBack}: ${reason}`, bold: true }],
    ...(group.message === undefined
      ? []
      : wrapped(group.message, width - 1).map((line): Row => [' ', { text: line, color: 'red' }])),
    [],
    ...group.lines.flatMap(({ text, result, error }) => {
      const end = error === undefined ? `= ${result}` : `= -1 ${error}`
      return wrapped(`${text} ${end}`, width - 1, '    ').map((line): Row => [' ', line])
    }),
  ]
}
