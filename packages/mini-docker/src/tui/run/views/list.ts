/** Left: the steps by stage, each with its state and time; below them the charts. */
import { cut, fill, fillStart, formatSize } from '@mini-docker/image/inspect'
import { sparkline } from '../../shared/chart.ts'
import { fillRows, type Piece, type Row } from '../../shared/pieces.ts'
import { layoutOf } from '../layout.ts'
import type { Item, RunState, StatsEvent, StepState } from '../state.ts'
import { RUN_WORDS } from '../words.ts'
import { milliseconds, titleOf } from './text.ts'

export function listRows(state: RunState): Row[] {
  const { listRows: visible, listColumns, chartRows } = layoutOf(state)
  const { top, cursor } = state.list
  const shown = state.items.slice(top, top + visible)
  const rows = shown.map((item, i) => itemRow(state, item, top + i === cursor, listColumns))
  return [...fillRows(rows, visible), ...(chartRows > 0 ? charts(state, listColumns) : [])]
}

function itemRow(state: RunState, item: Item, isChosen: boolean, width: number): Row {
  const words = RUN_WORDS[state.language]
  if (item.kind === 'heading') {
    const text = item.part === 'teardown' ? words.teardown : item.stage
    return [{ text: ` ${words.stages[text] ?? text}`, bold: true, color: 'cyan' }]
  }
  const mark = isChosen ? '>' : ' '
  if (item.kind === 'undo') {
    const group = state.undos[item.index]
    const reason = group?.reason === undefined ? '…' : words.reasons[group.reason]
    const text = cut(`${words.takenBack} (${group?.lines.length ?? 0}): ${reason}`, width - 7)
    return chosen([mark, { text: '<', color: 'yellow' }, '     ', text], isChosen)
  }
  const step = state[item.part].steps[item.index]
  if (step === undefined) return []
  const isHere = state.phase === 'waiting' && item.part === 'run' && item.index === state.current
  const time = step.nanoseconds > 0 ? milliseconds(step.nanoseconds) : ''
  const number = fillStart(String(item.index + 1), 3)
  const titleWidth = width - 7 - (time === '' ? 0 : time.length + 1)
  const title = fill(cut(titleOf(step.plan.id, state), titleWidth), titleWidth)
  const row: Piece[] = [
    mark,
    isHere ? { text: '|', color: 'yellow', bold: true } : markOf(step),
    `${number}  `,
    { text: title, ...(step.status === 'planned' && { dim: true }), ...(step.status === 'failed' && { color: 'red' }) },
  ]
  return chosen(time === '' ? row : [...row, { text: ` ${time}`, dim: true }], isChosen)
}

/** `inverse` is no colour: the cursor stays under NO_COLOR. */
function chosen(row: Row, isChosen: boolean): Row {
  if (!isChosen) return row
  return row.map((piece) => (typeof piece === 'string' ? { text: piece, inverse: true } : { ...piece, inverse: true }))
}

/** What a colour says, a mark says too. */
function markOf({ status, plan }: StepState): Piece {
  if (plan.faulty !== undefined) return { text: plan.faulty === 'left-out' ? '-' : '!', color: 'red', bold: true }
  switch (status) {
    case 'planned':
      return { text: '·', dim: true }
    case 'running':
      return { text: '*', color: 'yellow', bold: true }
    case 'done':
      return { text: '✓', color: 'green' }
    case 'failed':
      return { text: '✗', color: 'red', bold: true }
    case 'undone':
      return { text: '<', color: 'yellow' }
  }
}

function charts({ stats, language }: RunState, width: number): Row[] {
  const words = RUN_WORDS[language].charts
  const last = stats.at(-1)
  if (last === undefined) return []
  const io = rates(stats)
  const line = (name: string, value: string, values: readonly number[], color: string): Row => {
    const head = `${fill(name, 9)}${fillStart(value, 11)} `
    return [' ', head, { text: sparkline(values, width - 22), color }]
  }
  return [
    [{ text: '─'.repeat(width), dim: true }],
    line(
      words.cpu,
      `${last.cpuPercent.toFixed(1)}%`,
      stats.map((one) => one.cpuPercent),
      'green',
    ),
    line(
      words.memory,
      formatSize(last.memory),
      stats.map((one) => one.memory),
      'magenta',
    ),
    line(
      words.pids,
      String(last.pids),
      stats.map((one) => one.pids),
      'blue',
    ),
    line(words.io, `${formatSize(io.at(-1) ?? 0)}/s`, io, 'yellow'),
  ]
}

/** Bytes read and written a second, between two readings. */
function rates(stats: readonly StatsEvent[]): number[] {
  return stats.map((one, i) => {
    const before = stats[i - 1]
    if (before === undefined) return 0
    const bytes = one.read + one.written - before.read - before.written
    return Math.max(0, bytes / Math.max(0.001, (one.t - before.t) / 1000))
  })
}
