/**
 * `image tree` in a terminal, drawn with Ink on the terminal's second screen. The picture is a function of the state; this file is
 * the loop around it: events and keys in, frames out, until a person has seen enough.
 */
import type { TreeEvent } from '@mini-docker/image/inspect'
import { render, useInput } from 'ink'
import type { ReactNode } from 'react'
import { actionOf, keysIn, type Pressed } from './keys.ts'
import { reduce, type Action } from './reduce.ts'
import { startState, type ScreenState, type Start } from './state.ts'
import { Screen } from './views/screen.tsx'

export type ScreenStreams = { stdin: NodeJS.ReadStream; stdout: NodeJS.WriteStream }

/** Draws until `q` or ctrl-c. What goes wrong with the events is told on the screen. The terminal is then as it was. */
export async function drawImageTree(
  events: AsyncIterable<TreeEvent>,
  start: Start,
  { stdin, stdout }: ScreenStreams,
): Promise<void> {
  let state = startState(start)
  const view = (): ReactNode => <Keys state={state} onKey={press} />
  const screen = render(view(), {
    stdin,
    stdout,
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
  })
  const show = (next: ScreenState): void => {
    if (next === state) return
    state = next
    screen.rerender(view())
  }
  const dispatch = (action: Action): void => show(reduce(state, action))
  function press(input: string, key: Pressed): void {
    let next = state
    for (const one of keysIn(input)) {
      const action = actionOf(one, key, next)
      if (action === 'quit') return screen.unmount()
      if (action !== undefined) next = reduce(next, action)
    }
    show(next)
  }
  const resize = (): void => dispatch({ kind: 'resize', columns: stdout.columns, rows: stdout.rows })
  stdout.on('resize', resize)
  const ended = screen.waitUntilExit()
  void receive(events, dispatch)
  await ended
  stdout.off('resize', resize)
}

function Keys({ state, onKey }: { state: ScreenState; onKey: (input: string, key: Pressed) => void }): ReactNode {
  useInput(onKey)
  return <Screen state={state} />
}

/** Pieces come faster than a screen can show them: after each one, keys have their turn. */
async function receive(events: AsyncIterable<TreeEvent>, dispatch: (action: Action) => void): Promise<void> {
  try {
    for await (const event of events) {
      dispatch({ kind: 'event', event })
      await new Promise((resolve) => setImmediate(resolve))
    }
  } catch (error) {
    dispatch({ kind: 'failed', message: (error as Error).message })
  }
}
