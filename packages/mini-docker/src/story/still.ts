/** A still of a recording: the screen as it stood at a moment. For pictures in documents, and for tests. */
import type { Recording } from '@mini-docker/story'
import type { Language } from '../faces/explain.ts'
import { RUN_KEYS } from '../tui/run/keys.ts'
import { layoutOf } from '../tui/run/layout.ts'
import { reduce, type Action } from '../tui/run/reduce.ts'
import { startState } from '../tui/run/state.ts'
import { screenRows } from '../tui/run/views/screen.ts'
import { Emulator } from '../tui/shared/emulator.ts'
import type { Row } from '../tui/shared/pieces.ts'

export type Moment = {
  /** Milliseconds since the first event. */
  at: number
  columns: number
  rows: number
  language: Language
  /** What a person did then: moved the cursor, chose a tab. */
  actions?: readonly Action[]
}

export async function stillOf({ events }: Recording, moment: Moment): Promise<Row[]> {
  const { at, columns, rows, language, actions = [] } = moment
  const told = events.filter(({ t }) => t <= at)
  let state = startState({ language, columns, rows, takesInput: false, playing: undefined })
  for (const event of told) state = reduce(state, { kind: 'event', event })
  for (const action of actions) state = reduce(state, action)
  const isTerminal = told.some((event) => event.type === 'output' && event.stream === 'terminal')
  using emulator = new Emulator({ ...layoutOf(state).glass, convertEol: !isTerminal })
  for (const event of told) if (event.type === 'output') emulator.push(Buffer.from(event.data, 'base64'))
  await emulator.advance()
  return screenRows({ ...state, glass: emulator.lines({ cursor: false }) }, RUN_KEYS)
}
