/** All that the screen of a run shows, as one value: made by `reduce` from the story's events and from keys; views are functions of it. */
import type { Facts, PlannedStep, ToldEvent } from '@mini-docker/story'
import type { Language } from '../../faces/explain.ts'
import { TOP, type Position } from '../shared/layout.ts'
import type { Row } from '../shared/pieces.ts'

export type EventOf<T extends ToldEvent['type']> = Extract<ToldEvent, { type: T }>
export type CallEvent = EventOf<'call'>
export type StatsEvent = EventOf<'stats'>
export type HeadEvent = EventOf<'head'>
export type WordsOfSteps = EventOf<'words'>['steps']

export type StepStatus = 'planned' | 'running' | 'done' | 'failed' | 'undone'
export type StepState = {
  plan: PlannedStep
  status: StepStatus
  calls: CallEvent[]
  /** Of all its calls together. */
  nanoseconds: number
}

/** The making of a container, or its tear-down: steps, and what the kernel said before each. */
export type Part = {
  steps: StepState[]
  /** At `index`: the kernel before that step; at `steps.length`: after the last. Not every one is there. */
  facts: Facts[]
}

export type UndoGroup = {
  /** It stands before this step. */
  before: number
  lines: EventOf<'undo'>[]
  reason: EventOf<'undone'>['reason'] | undefined
  message: string | undefined
}

export type Phase = 'starting' | 'making' | 'waiting' | 'undoing' | 'running' | 'tearing-down' | 'over'

/** What one line of the list on the left stands for. */
export type Item =
  | { kind: 'heading'; part: 'run' | 'teardown'; stage: string }
  | { kind: 'step'; part: 'run' | 'teardown'; index: number }
  | { kind: 'undo'; index: number }

export const TABS = ['step', 'kernel', 'terminal'] as const
export type Tab = (typeof TABS)[number]

/** A replay's own: where it is, and how it goes on. */
export type Playing = { speed: number; isPaused: boolean; position: number; duration: number; isTruncated: boolean }

export type RunState = {
  language: Language
  columns: number
  rows: number
  head: HeadEvent | undefined
  words: WordsOfSteps
  run: Part
  teardown: Part
  undos: UndoGroup[]
  attempt: number
  phase: Phase
  /** The step that runs, or before which the gate is shut. */
  current: number
  pid: number | undefined
  exit: EventOf<'exit'> | undefined
  stats: StatsEvent[]
  /** Time of the last event, in milliseconds since the first. */
  now: number

  items: Item[]
  list: Position
  /** The cursor goes along with what happens, until it is moved by hand. */
  isFollowing: boolean
  tab: Tab
  /** First line of the right side. */
  top: number
  /** Keys go to the container. */
  isTyping: boolean
  isFull: boolean
  isHelp: boolean
  /** Asked: whether to leave a container that runs. */
  isLeaving: boolean
  /** Said once, below. */
  notice: { text: string; isBad: boolean } | undefined
  /** What the container printed, as its terminal shows it; made anew for each frame. */
  glass: readonly Row[]
  playing: Playing | undefined
  /** A container that was started with `-i`. */
  takesInput: boolean
}

export type Start = Pick<RunState, 'language' | 'columns' | 'rows' | 'takesInput' | 'playing'>

export const NO_PART: Part = { steps: [], facts: [] }

export function startState({ language, columns, rows, takesInput, playing }: Start): RunState {
  return {
    language,
    columns,
    rows,
    head: undefined,
    words: {},
    run: NO_PART,
    teardown: NO_PART,
    undos: [],
    attempt: 0,
    phase: 'starting',
    current: 0,
    pid: undefined,
    exit: undefined,
    stats: [],
    now: 0,
    items: [],
    list: TOP,
    isFollowing: true,
    tab: 'step',
    top: 0,
    isTyping: false,
    isFull: false,
    isHelp: false,
    isLeaving: false,
    notice: undefined,
    glass: [],
    playing,
    takesInput,
  }
}

/** The item that the cursor is on. */
export function chosenItem({ items, list }: RunState): Item | undefined {
  return items[list.cursor]
}

/** The kernel before a step and after it, as near as was read. */
export function factsAround({ facts }: Part, index: number): { before: Facts | undefined; after: Facts | undefined } {
  const before = facts.findLast((one, i) => one !== undefined && i <= index)
  const after = facts.find((one, i) => one !== undefined && i > index)
  return { before, after }
}

/** Where the view stays when the events are told anew from the first one (a replay that goes back). */
export function viewOf(state: RunState): Partial<RunState> {
  const { columns, rows, language, tab, isFull, isHelp, isFollowing, list, playing } = state
  return { columns, rows, language, tab, isFull, isHelp, isFollowing, list, playing }
}
