/** What happens to the screen of a run: the story's events, keys, another size. Pure. */
import type { Facts, ToldEvent } from '@mini-docker/story'
import { scrolled } from '../shared/layout.ts'
import { layoutOf } from './layout.ts'
import {
  NO_PART,
  startState,
  TABS,
  viewOf,
  type Item,
  type Part,
  type Playing,
  type RunState,
  type StepState,
  type StepStatus,
  type Tab,
  type UndoGroup,
} from './state.ts'

export type Action =
  | { kind: 'event'; event: ToldEvent }
  /** All from the start again, up to a moment: a replay that goes back. */
  | { kind: 'rewind' }
  | { kind: 'resize'; columns: number; rows: number }
  /** Lines down; negative is up. */
  | { kind: 'move'; by: number }
  | { kind: 'edge'; to: 'start' | 'end' }
  | { kind: 'scroll'; by: number }
  | { kind: 'page'; by: 1 | -1 }
  | { kind: 'tab'; by: 1 | -1 }
  | { kind: 'show'; tab: Tab }
  | { kind: 'follow' }
  | { kind: 'typing'; on: boolean }
  | { kind: 'full' }
  | { kind: 'help' }
  | { kind: 'language' }
  | { kind: 'leaving'; on: boolean }
  | { kind: 'notice'; text: string; isBad?: boolean }
  | { kind: 'playing'; playing: Playing }

/** So many readings of the stats are kept: the widest chart. */
const KEPT_STATS = 250

export function reduce(state: RunState, action: Action): RunState {
  switch (action.kind) {
    case 'event':
      return receive(state, action.event)
    case 'rewind':
      return { ...startState(state), ...viewOf(state), words: state.words }
    case 'resize':
      return moveTo({ ...state, columns: action.columns, rows: action.rows }, state.list.cursor)
    case 'move':
      return moveTo(free(state), nextStop(state, action.by))
    case 'edge':
      return moveTo(free(state), action.to === 'start' ? 0 : state.items.length - 1)
    case 'scroll':
      return { ...state, top: Math.max(0, state.top + action.by) }
    case 'page':
      return { ...state, top: Math.max(0, state.top + action.by * (layoutOf(state).detailRows - 1)) }
    case 'tab':
      return show(state, TABS.at((TABS.indexOf(state.tab) + action.by) % TABS.length) ?? 'step')
    case 'show':
      return show(state, action.tab)
    case 'follow':
      return follow({ ...state, isFollowing: true })
    case 'typing':
      return action.on
        ? { ...show(state, 'terminal'), isTyping: true, notice: undefined }
        : { ...state, isTyping: false, isFull: false }
    case 'full':
      return { ...show(state, 'terminal'), isFull: !state.isFull }
    case 'help':
      return { ...state, isHelp: !state.isHelp }
    case 'language':
      return { ...state, language: state.language === 'en' ? 'ja' : 'en' }
    case 'leaving':
      return { ...state, isLeaving: action.on }
    case 'notice':
      return { ...state, notice: action.text === '' ? undefined : { text: action.text, isBad: action.isBad === true } }
    case 'playing':
      return { ...state, playing: action.playing }
  }
}

function receive(before: RunState, event: ToldEvent): RunState {
  const state = { ...before, now: Math.max(before.now, event.t) }
  switch (event.type) {
    case 'head':
      return { ...state, head: event }
    case 'words':
      return { ...state, words: { ...state.words, ...event.steps } }
    case 'plan': {
      const run = { steps: event.steps.map(planned), facts: [] }
      return follow(listed({ ...state, run, attempt: event.attempt, phase: 'making', current: 0, teardown: NO_PART }))
    }
    case 'teardown':
      return follow(
        listed({
          ...state,
          teardown: { steps: event.steps.map(planned), facts: [] },
          phase: 'tearing-down',
          current: 0,
        }),
      )
    case 'step': {
      const next = inPart(state, event, (part) => withStatus(finished(part), event.index, 'running'))
      return follow({ ...next, current: event.index, phase: event.phase === 'teardown' ? 'tearing-down' : 'making' })
    }
    case 'call':
      return inPart(state, event, (part) => withCall(part, event))
    case 'facts':
      return inPart(state, event, (part) => withFacts(part, event.index, event.sections))
    case 'waiting':
      return follow({ ...inPart(state, {}, finished), current: event.index, phase: 'waiting', notice: undefined })
    case 'undo':
      return listed({ ...state, phase: 'undoing', undos: withUndo(state, event) })
    case 'undone':
      return listed({ ...state, run: undone(state.run), undos: withReason(state, event) })
    case 'started':
      return started(inPart({ ...state, pid: event.pid, phase: 'running' }, {}, finished))
    case 'stats':
      return { ...state, stats: [...state.stats.slice(1 - KEPT_STATS), event] }
    case 'output':
    case 'resize':
      return state
    case 'exit':
      return exited(state, event)
  }
}

/** The terminal of the container is what one wants to see now, unless one looks at something. */
function started(state: RunState): RunState {
  return state.isFollowing ? { ...show(state, 'terminal'), isTyping: state.takesInput } : state
}

function exited(state: RunState, event: Extract<ToldEvent, { type: 'exit' }>): RunState {
  const teardown = finished(state.teardown)
  return { ...state, teardown, exit: event, phase: 'over', isTyping: false, isLeaving: false, notice: undefined }
}

function planned(plan: StepState['plan']): StepState {
  return { plan, status: 'planned', calls: [], nanoseconds: 0 }
}

function inPart(state: RunState, event: { phase?: string | undefined }, change: (part: Part) => Part): RunState {
  return event.phase === 'teardown'
    ? { ...state, teardown: change(state.teardown) }
    : { ...state, run: change(state.run) }
}

/** Whatever ran is done: the next thing has begun. */
function finished(part: Part): Part {
  if (!part.steps.some(({ status }) => status === 'running')) return part
  return { ...part, steps: part.steps.map((step) => (step.status === 'running' ? { ...step, status: 'done' } : step)) }
}

function withStatus(part: Part, index: number, status: StepStatus): Part {
  return { ...part, steps: part.steps.map((step, i) => (i === index ? { ...step, status } : step)) }
}

function withCall(part: Part, event: Extract<ToldEvent, { type: 'call' }>): Part {
  const steps = part.steps.map((step, i): StepState => {
    if (i !== event.index) return step
    const nanoseconds = step.nanoseconds + event.durationNs
    const status = event.failed === true ? 'failed' : step.status === 'planned' ? 'running' : step.status
    return { ...step, calls: [...step.calls, event], nanoseconds, status }
  })
  return { ...part, steps }
}

/** Sections that did not change are not told again. */
function withFacts(part: Part, index: number, sections: Facts): Part {
  const last = part.facts.findLast((one, i) => one !== undefined && i <= index)
  const facts = part.facts.slice(0, index + 1)
  facts[index] = { ...last, ...sections }
  return { ...part, facts }
}

function undone(part: Part): Part {
  const steps = part.steps.map((step): StepState => {
    return step.status === 'done' || step.status === 'running' ? { ...step, status: 'undone' } : step
  })
  return { ...part, steps }
}

function withUndo(state: RunState, event: Extract<ToldEvent, { type: 'undo' }>): UndoGroup[] {
  const { closed, open } = groupsOf(state)
  return [...closed, { ...open, lines: [...open.lines, event] }]
}

/** Going back, the next attempt waits before the step that was made last: above that one it is seen. */
function withReason(state: RunState, { reason, message }: Extract<ToldEvent, { type: 'undone' }>): UndoGroup[] {
  const { closed, open } = groupsOf(state)
  const before = reason === 'back' ? Math.max(0, state.current - 1) : open.before
  return [...closed, { ...open, before, reason, message }]
}

/** The last one is open until its reason is told. */
function groupsOf({ undos, current }: RunState): { closed: readonly UndoGroup[]; open: UndoGroup } {
  const last = undos.at(-1)
  if (last !== undefined && last.reason === undefined) return { closed: undos.slice(0, -1), open: last }
  return { closed: undos, open: { before: current + 1, lines: [], reason: undefined, message: undefined } }
}

/** The lines of the list, from the parts. What was taken back stands beside the step where that happened. */
function listed(state: RunState): RunState {
  const { run, undos } = state
  const items = itemsOf(run, 'run').flatMap((item): Item[] => [
    ...(item.kind === 'step' ? undosAt(undos, item.index) : []),
    item,
  ])
  items.push(...undosAt(undos, run.steps.length, Infinity), ...itemsOf(state.teardown, 'teardown'))
  return moveTo({ ...state, items }, state.list.cursor)
}

/** Of the steps from `first` to `last`. */
function undosAt(undos: readonly UndoGroup[], first: number, last = first): Item[] {
  return undos.flatMap(({ before }, index): Item[] =>
    before >= first && before <= last ? [{ kind: 'undo', index }] : [],
  )
}

function itemsOf({ steps }: Part, part: 'run' | 'teardown'): Item[] {
  const items: Item[] = []
  let stage: string | undefined
  if (part === 'teardown' && steps.length > 0) items.push({ kind: 'heading', part, stage: '' })
  for (const [index, { plan }] of steps.entries()) {
    if (part === 'run' && plan.stage !== stage) items.push({ kind: 'heading', part, stage: plan.stage })
    stage = plan.stage
    items.push({ kind: 'step', part, index })
  }
  return items
}

function follow(state: RunState): RunState {
  if (!state.isFollowing) return state
  const part = state.phase === 'tearing-down' ? 'teardown' : 'run'
  const at = state.items.findIndex((item) => item.kind === 'step' && item.part === part && item.index === state.current)
  return at === -1 ? state : moveTo(state, at)
}

function free(state: RunState): RunState {
  return { ...state, isFollowing: false, tab: state.tab === 'terminal' ? 'step' : state.tab }
}

/** The line that is `by` lines away, headings not counted. */
function nextStop({ items, list }: RunState, by: number): number {
  const stops = items.flatMap((item, i) => (item.kind === 'heading' ? [] : [i]))
  const here = stops.findIndex((i) => i >= list.cursor)
  return stops[Math.max(0, Math.min(stops.length - 1, (here === -1 ? 0 : here) + by))] ?? 0
}

function moveTo(state: RunState, wanted: number): RunState {
  const { items } = state
  let cursor = Math.max(0, Math.min(wanted, items.length - 1))
  while (items[cursor]?.kind === 'heading' && cursor < items.length - 1) cursor++
  const visible = layoutOf(state).listRows
  const top = scrolled(state.list.top, nearest(state, cursor, visible), items.length, visible)
  const moved = cursor !== state.list.cursor
  return { ...state, list: { cursor, top }, ...(moved && { top: 0 }) }
}

/** The line to be seen besides the cursor's: a stage's name is seen together with its first step, and what was taken back beside its step. */
function nearest({ items, list: { top } }: RunState, cursor: number, visible: number): number {
  let first = cursor
  while (first > 0 && cursor - first < visible - 1 && items[first - 1]?.kind !== 'step') first--
  if (top > first) return first
  return visible > 1 && top <= cursor && items[cursor + 1]?.kind === 'undo' ? cursor + 1 : cursor
}

function show(state: RunState, tab: Tab): RunState {
  return { ...state, tab, top: 0, ...(tab !== 'terminal' && { isTyping: false, isFull: false }) }
}
