import { join } from 'node:path'
import { columnsOf } from '@mini-docker/image/inspect'
import type { ToldEvent } from '@mini-docker/story'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RUN_KEYS } from '../../src/tui/run/keys.ts'
import { reduce, type Action } from '../../src/tui/run/reduce.ts'
import type { RunState } from '../../src/tui/run/state.ts'
import { screenRows } from '../../src/tui/run/views/screen.ts'
import { fitRow, textOf } from '../../src/tui/shared/pieces.ts'
import { stateOf, steppedTo, STEPS, wentBack, wholeStory } from './stories.ts'

/** What would stand on the glass, without colours. */
function frame(state: RunState): string[] {
  return screenRows(state, RUN_KEYS).map((row) => textOf(fitRow(row, state.columns)))
}

function after(state: RunState, ...actions: Action[]): RunState {
  return actions.reduce(reduce, state)
}

async function expectGolden(name: string, state: RunState): Promise<void> {
  const text = frame(state)
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, 'golden', `${name}.txt`))
}

const SIZES = [
  [60, 20],
  [100, 30],
  [250, 80],
] as const

describe.each(['en', 'ja'] as const)('the screen of a run in %s', (language) => {
  test.each(SIZES)('before the third step at %i×%i', async (columns, rows) => {
    const state = stateOf(steppedTo(2), { language, columns, rows })
    await expectGolden(`waiting-${columns}x${rows}.${language}`, state)
  })
  test.each(SIZES)('of a step that is done at %i×%i', async (columns, rows) => {
    const state = after(stateOf(steppedTo(3), { language, columns, rows }), { kind: 'move', by: -1 })
    await expectGolden(`done-${columns}x${rows}.${language}`, state)
  })
  test('what the kernel says', async () => {
    const state = after(stateOf(steppedTo(3), { language }), { kind: 'move', by: -2 }, { kind: 'show', tab: 'kernel' })
    await expectGolden(`kernel.${language}`, state)
  })
  test('after its end, with charts and the tear-down', async () => {
    await expectGolden(`over.${language}`, after(stateOf(wholeStory(), { language }), { kind: 'edge', to: 'end' }))
  })
  test('after going back', async () => {
    await expectGolden(`back.${language}`, stateOf(wentBack(), { language }))
  })
  test('the keys', async () => {
    await expectGolden(`help.${language}`, after(stateOf(steppedTo(1), { language }), { kind: 'help' }))
  })
})

describe('the screen of a run', () => {
  test('fills every size exactly, whatever is pressed and however far it is', () => {
    const action = fc.constantFrom<Action>(
      { kind: 'move', by: 1 },
      { kind: 'move', by: -1 },
      { kind: 'edge', to: 'end' },
      { kind: 'edge', to: 'start' },
      { kind: 'tab', by: 1 },
      { kind: 'tab', by: -1 },
      { kind: 'page', by: 1 },
      { kind: 'scroll', by: 3 },
      { kind: 'follow' },
      { kind: 'full' },
      { kind: 'help' },
      { kind: 'language' },
      { kind: 'typing', on: true },
      { kind: 'leaving', on: true },
      { kind: 'notice', text: '会議 '.repeat(100) },
    )
    const size = fc.record({ columns: fc.integer({ min: 1, max: 250 }), rows: fc.integer({ min: 1, max: 80 }) })
    const story = fc.constantFrom(wholeStory(), wentBack(), steppedTo(4))
    fc.assert(
      fc.property(
        story,
        fc.nat({ max: 30 }),
        fc.array(action, { maxLength: 12 }),
        size,
        size,
        (events, cut, actions, first, second) => {
          const told = stateOf(events.slice(0, cut), first)
          const pressed = after(told, ...actions)
          const later = after(stateOf([], first), ...actions)
          for (const state of [pressed, later, after(pressed, { kind: 'resize', ...second })]) {
            const lines = frame(state)
            expect(lines).toHaveLength(state.rows)
            for (const line of lines) expect(columnsOf(line)).toBe(state.columns)
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  test.each([60, 61, 85, 110, 250])('shows at %i columns how to leave it, and its keys', (columns) => {
    for (const language of ['en', 'ja'] as const) {
      const last = frame(stateOf(steppedTo(2), { language, columns })).at(-1)
      expect(last).toMatch(/\? (keys|キー一覧) {2}q (quit|終了) *$/)
      expect(last).toMatch(/n (next step|次へ)/)
    }
  })

  test('says that it is too small, and is there again when it grows', () => {
    const small = stateOf(steppedTo(2), { columns: 50, rows: 10 })
    expect(frame(small)[0]).toContain('too small: 60×20 at least')
    expect(frame(after(small, { kind: 'resize', columns: 60, rows: 20 })).join('\n')).toContain(
      'waits before: Lay the layers',
    )
  })

  test('shows rebound keys', () => {
    const keys = { ...RUN_KEYS, next: ['ctrl-n'], quit: ['Q'] }
    const last = textOf(screenRows(stateOf(steppedTo(1)), keys).at(-1) ?? [])
    expect(last).toMatch(/\^n next step.*Q quit/)
  })

  test('never lets what a container is called speak to the terminal', () => {
    const evil = steppedTo(1).map((event): ToldEvent =>
      event.type === 'head'
        ? { ...event, command: ['run', '\u001B[31mred'] }
        : event.type === 'call'
          ? { ...event, text: 'x\u001B]0;t\u0007' }
          : event,
    )
    const text = frame(after(stateOf(evil), { kind: 'move', by: -1 })).join('\n')
    expect(text).not.toContain('\u001B')
    expect(text).toContain('\\x1b[31mred')
  })
})

describe('the state of a run', () => {
  test('the cursor goes along with the steps until it is moved, and again when asked', () => {
    const here = (state: RunState) => {
      const item = state.items[state.list.cursor]
      return item?.kind === 'step' ? item.index : undefined
    }
    expect(here(stateOf(steppedTo(2)))).toBe(2)
    const moved = after(stateOf(steppedTo(2)), { kind: 'move', by: -1 })
    expect(here(moved)).toBe(1)
    const on = after(
      moved,
      ...steppedTo(3)
        .slice(-4)
        .map((event): Action => ({ kind: 'event', event })),
    )
    expect(here(on)).toBe(1)
    expect(here(after(on, { kind: 'follow' }))).toBe(3)
  })

  test('steps are done when the next thing begins, and their calls add up', () => {
    const { run } = stateOf(steppedTo(2))
    expect(run.steps.map(({ status }) => status)).toEqual(['done', 'done', 'planned', 'planned'])
    expect(run.steps.map(({ nanoseconds }) => nanoseconds)).toEqual([41_000, 82_000, 0, 0])
  })

  test('a failed call fails its step, and the rest is told as taken back', () => {
    const failed: ToldEvent[] = [
      ...steppedTo(1),
      { type: 'step', t: 20, index: 1 },
      { type: 'call', t: 21, index: 1, text: 'clone3(…)', result: -1, error: 'EPERM', failed: true, durationNs: 5 },
      { type: 'undo', t: 22, text: 'rmdir(…)', result: 0 },
      { type: 'undone', t: 23, reason: 'failed', message: 'clone3: EPERM' },
      { type: 'exit', t: 24, exitCode: 125, error: 'clone3: EPERM' },
    ]
    const state = stateOf(failed)
    expect(state.run.steps.map(({ status }) => status)).toEqual(['undone', 'failed', 'planned', 'planned'])
    expect(frame(state).join('\n')).toMatch(/Taken back/)
    expect(frame(state).at(-2)).toContain('failed: clone3: EPERM')
  })

  test('going back begins anew, with what was taken back kept to be seen', () => {
    const state = stateOf(wentBack())
    expect(state).toMatchObject({ attempt: 2, phase: 'waiting', current: 2 })
    expect(state.undos).toMatchObject([{ reason: 'back', lines: [{ result: 0 }] }])
    expect(state.run.steps.map(({ status }) => status)).toEqual(['done', 'done', 'planned', 'planned'])
  })

  test('facts that did not change are not told again, and are known all the same', () => {
    const { run } = stateOf(steppedTo(3))
    expect(run.facts[3]?.cgroup?.rows).toContainEqual(['pids.max', '100'])
    expect(run.facts[3]?.namespaces?.source).toBe('/proc/4243/ns')
  })

  test('the terminal comes forward when the command runs, but not while one looks at a step', () => {
    const events = wholeStory()
    const started = events.findIndex(({ type }) => type === 'started') + 1
    expect(stateOf(events.slice(0, started)).tab).toBe('terminal')
    expect(stateOf(events.slice(0, started), { takesInput: true }).isTyping).toBe(true)
    const looking = after(stateOf(events.slice(0, started - 1)), { kind: 'move', by: -1 })
    const on = after(looking, ...events.slice(started - 1).map((event): Action => ({ kind: 'event', event })))
    expect(on).toMatchObject({ tab: 'step', phase: 'over' })
    expect(on.exit?.exitCode).toBe(3)
  })

  test('a rewound screen tells the same as a new one', () => {
    const whole = stateOf(wholeStory())
    const again = after(whole, { kind: 'rewind' }, ...steppedTo(2).map((event): Action => ({ kind: 'event', event })))
    expect(again.run).toEqual(stateOf(steppedTo(2)).run)
    expect(again.exit).toBeUndefined()
    expect(again.stats).toEqual([])
    expect(STEPS).toHaveLength(again.run.steps.length)
  })
})
