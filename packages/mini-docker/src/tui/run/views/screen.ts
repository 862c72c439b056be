/** The whole screen of a run, as rows: a pure function of the state. */
import { columnsOf, cut, printable } from '@mini-docker/image/inspect'
import { keyLabel, type Bindings } from '../../shared/bindings.ts'
import { SMALLEST } from '../../shared/layout.ts'
import { beside, fillRows, widthOf, type Piece, type Row } from '../../shared/pieces.ts'
import type { KeyAction } from '../keys.ts'
import { layoutOf } from '../layout.ts'
import { TABS, type RunState } from '../state.ts'
import { RUN_WORDS } from '../words.ts'
import { detailRows } from './detail.ts'
import { listRows } from './list.ts'
import { clock, titleOf, wrapped } from './text.ts'

export function screenRows(state: RunState, keys: Bindings<KeyAction>): Row[] {
  const { columns, rows } = state
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) return tooSmall(state)
  const layout = layoutOf(state)
  const body = state.isHelp
    ? helpRows(state, keys)
    : state.isFull
      ? glassRows(state)
      : beside(listRows(state), layout.listColumns, rightRows(state), layout.detailColumns)
  return [headRow(state), ...fillRows(body, layout.bodyRows), promptRow(state, keys), keysRow(state, keys)]
}

function tooSmall({ language, columns, rows }: RunState): Row[] {
  const text = RUN_WORDS[language].tooSmall(SMALLEST.columns, SMALLEST.rows)
  return fillRows(
    wrapped(text, columns).map((line): Row => [line]),
    rows,
  )
}

function headRow(state: RunState): Row {
  const { head, columns, language, phase, now, playing, attempt } = state
  const words = RUN_WORDS[language]
  const playback =
    playing === undefined
      ? ''
      : `${words.replayed} ${clock(playing.position)}/${clock(playing.duration)} ×${playing.speed}${playing.isPaused ? ` ${words.paused}` : ''}  `
  const time = playing === undefined ? `  ${clock(now)}` : ''
  const right = ` ${playback}${attempt > 1 ? `#${attempt} ` : ''}${words.phases[phase]}${time}`
  const name = head === undefined ? '' : `  ${printable(head.container.name.replace(/^\//, ''))}`
  const command = cut(
    printable(head?.command.join(' ') ?? ''),
    Math.max(0, columns - columnsOf(right) - columnsOf(name) - 1),
  )
  const left: Piece[] = [
    { text: command, bold: true },
    { text: name, dim: true },
  ]
  const gap = ' '.repeat(Math.max(0, columns - widthOf(left) - columnsOf(right)))
  return [...left, gap, { text: right, bold: true, color: phase === 'over' ? 'green' : 'yellow' }]
}

function rightRows(state: RunState): Row[] {
  const { detailColumns, detailRows: visible } = layoutOf(state)
  if (state.tab === 'terminal') return [tabRow(state, ''), ...glassRows(state)]
  const all = detailRows(state, detailColumns)
  const top = Math.min(state.top, Math.max(0, all.length - visible))
  const more = all.length > visible ? ` ${top + 1}-${Math.min(all.length, top + visible)}/${all.length}` : ''
  return [tabRow(state, more), ...all.slice(top, top + visible)]
}

function tabRow({ tab, language }: RunState, more: string): Row {
  const words = RUN_WORDS[language]
  return [
    ...TABS.flatMap((one): Piece[] => {
      const name = words.tabs[one]
      return [one === tab ? { text: `[${name}]`, bold: true, color: 'cyan' } : { text: ` ${name} `, dim: true }]
    }),
    { text: more, dim: true },
  ]
}

function glassRows(state: RunState): Row[] {
  const { glass } = layoutOf(state)
  if (state.glass.length > 0) return fillRows(state.glass, glass.rows)
  return [[{ text: ` ${RUN_WORDS[state.language].noOutput}`, dim: true }]]
}

/** What is asked, or said, or waited for. */
function promptRow(state: RunState, keys: Bindings<KeyAction>): Row {
  const words = RUN_WORDS[state.language]
  if (state.isLeaving) return [{ text: ` ${words.stillRuns}`, bold: true, color: 'yellow' }]
  if (state.notice !== undefined)
    return [{ text: ` ${printable(state.notice.text)}`, bold: true, ...(state.notice.isBad && { color: 'red' }) }]
  if (state.isTyping) return [{ text: ` ${words.typing(keyLabel(keys['stop-typing'][0]))}`, color: 'yellow' }]
  switch (state.phase) {
    case 'waiting': {
      const step = state.run.steps[state.current]
      const text = step === undefined ? words.begins : words.waitsBefore(titleOf(step.plan.id, state))
      return [{ text: ` ${text}`, bold: true, color: 'yellow' }]
    }
    case 'over': {
      const { exit } = state
      if (exit?.error !== undefined)
        return [{ text: ` ${words.failedWith(printable(exit.error))}`, bold: true, color: 'red' }]
      return [{ text: ` ${words.exited(exit?.exitCode ?? 0)}`, bold: true }]
    }
    default:
      return [{ text: ` ${words.phases[state.phase]}`, dim: true }]
  }
}

/** Which keys are shown, the most needed first: as many as fit. `quit` and `help` always do. */
function keysRow(state: RunState, keys: Bindings<KeyAction>): Row {
  const words = RUN_WORDS[state.language]
  const pieces = (actions: readonly KeyAction[]): Piece[] =>
    actions.flatMap((action, i): Piece[] => [
      i === 0 ? ' ' : '  ',
      { text: keyLabel(keys[action][0]), bold: true, color: 'cyan' },
      ` ${words.keys[action] ?? action}`,
    ])
  const wanted = state.isTyping ? (['stop-typing', 'full'] as const).slice(0, 1) : wantedKeys(state)
  for (let count = wanted.length; count > 0; count--) {
    const shown = state.isTyping ? wanted : [...wanted.slice(0, count), 'help' as const, 'quit' as const]
    const row = pieces(shown)
    if (widthOf(row) <= state.columns || state.isTyping) return row
  }
  return pieces(['help', 'quit'])
}

function wantedKeys(state: RunState): KeyAction[] {
  const look: KeyAction[] = ['next-tab', 'up', 'down', 'page-down', 'full', 'follow', 'language']
  if (state.playing !== undefined) return ['pause', 'earlier', 'later', 'faster', 'slower', ...look]
  if (state.phase === 'waiting') return ['next', 'stage', 'continue', 'back', 'abort', 'shell', ...look]
  if (state.phase === 'running') return ['type', 'full', 'interrupt', ...look]
  return look
}

function helpRows({ language, columns }: RunState, keys: Bindings<KeyAction>): Row[] {
  const words = RUN_WORDS[language]
  const actions = Object.keys(keys) as KeyAction[]
  const perColumn = Math.ceil(actions.length / 2)
  const cell = (action: KeyAction | undefined): Row =>
    action === undefined
      ? []
      : [
          '  ',
          { text: keys[action].map(keyLabel).join(' ').padEnd(14), bold: true, color: 'cyan' },
          ` ${words.keys[action] ?? action}`,
        ]
  const half = Math.floor((columns - 1) / 2)
  const left = actions.slice(0, perColumn).map(cell)
  const right = actions.slice(perColumn).map(cell)
  return [
    [
      { text: ` ${words.helpTitle}`, bold: true },
      { text: `   ${words.helpEnd}`, dim: true },
    ],
    ...beside(left, half, right, half),
  ]
}
