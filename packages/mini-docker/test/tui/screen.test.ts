import { join } from 'node:path'
import { columnsOf } from '@mini-docker/image/inspect'
import * as fc from 'fast-check'
import { renderToString } from 'ink'
import { createElement } from 'react'
import { describe, expect, test } from 'vitest'
import { actionOf } from '../../src/tui/keys.ts'
import { reduce } from '../../src/tui/reduce.ts'
import type { ScreenState } from '../../src/tui/state.ts'
import { Screen } from '../../src/tui/views/screen.tsx'
import { eventsOf, KEY_NAMES, manyFiles, press, screen } from './states.ts'

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

/** What would stand on the glass, without colours. */
function frame(state: ScreenState): string[] {
  const text = renderToString(createElement(Screen, { state }), { columns: state.columns })
  return text.replaceAll(ESCAPES, '').split('\n')
}

/** The line with the cursor in the focused pane, without what stands beside it. */
function chosen(state: ScreenState): string | undefined {
  const { cursor } = state.positions.files
  return state.files[cursor]?.node.path
}

async function expectGolden(name: string, state: ScreenState): Promise<void> {
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

describe.each(['en', 'ja'] as const)('the screen in %s', (language) => {
  test.each(SIZES)('at %i×%i', async (columns, rows) => {
    const state = press(screen({ language, columns, rows }), 'down', 'tab', 'down', 'down')
    await expectGolden(`layer-${columns}x${rows}.${language}`, state)
  })
  test('with everything up to the last layer, which removes', async () => {
    await expectGolden(`up-to-last.${language}`, press(screen({ language, columns: 100, rows: 24 }), 'end', 'a', 'tab'))
  })
  test('while a filter is typed', async () => {
    const state = press(screen({ language, columns: 100, rows: 24 }), 'down', '/', '店')
    await expectGolden(`filter.${language}`, state)
  })
  test('before anything is read', async () => {
    await expectGolden(`reading.${language}`, screen({ language, columns: 80, rows: 20 }, eventsOf().slice(0, 2)))
  })
})

describe('the screen', () => {
  test('fills every size exactly, whatever keys were pressed before', () => {
    const letters = fc.constantFrom('j', 'k', 'h', 'l', 'a', ' ', '/', 'g', 'G', 'é', '店', ...KEY_NAMES)
    const size = fc.record({ columns: fc.integer({ min: 60, max: 250 }), rows: fc.integer({ min: 20, max: 80 }) })
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 30 }), size, size, (keys, first, second) => {
        const pressed = press(screen(first), ...keys)
        for (const state of [pressed, reduce(pressed, { kind: 'resize', ...second })]) {
          const lines = frame(state)
          expect(lines).toHaveLength(state.rows)
          expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(state.columns)
          const { cursor, top } = state.positions.files
          expect(cursor).toBeLessThan(Math.max(1, state.files.length))
          expect(top).toBeLessThanOrEqual(cursor)
        }
      }),
      { numRuns: 40 },
    )
  })

  test.each([60, 61, 85, 110, 250])('shows at %i columns how to leave it', (columns) => {
    for (const language of ['en', 'ja'] as const) {
      expect(frame(screen({ language, columns })).at(-1)).toMatch(/ {2}q (quit|終了) *$/)
    }
  })

  test('without colours tells by marks what changed', () => {
    const text = renderToString(createElement(Screen, { state: press(screen(), 'end', 'a') }), { columns: 80 })
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/\u001B\[(3|4|9)\d/)
    expect(text).toMatch(/D .*cache/)
  })

  test('never lets a name of the image speak to the terminal', () => {
    const text = renderToString(createElement(Screen, { state: press(screen(), 'down') }), { columns: 80 })
    expect(text).not.toContain('\u001B[31m')
    expect(text).toContain('evil\\x1b[31m')
  })

  test('says what went wrong while it was reading', () => {
    const failed = reduce(screen({}, eventsOf().slice(0, 3)), { kind: 'failed', message: 'layer sha256:1 is damaged' })
    expect(frame(failed)[0]).toContain('layer sha256:1 is damaged')
  })
})

describe('keys', () => {
  test('move through layers, whose files follow', () => {
    expect(screen().files.map(({ node }) => node.path)).toContain('var/cache/packages.db')
    expect(press(screen(), 'j').files.map(({ node }) => node.path)).toContain('srv/店/注文票.csv')
    expect(press(screen(), 'G', 'k').positions.layers.cursor).toBe(1)
    expect(press(screen(), 'jj').positions.layers.cursor).toBe(2)
  })

  test('fold and unfold directories; left goes to the directory above, then to the layers', () => {
    const inside = press(screen(), 'tab', 'down')
    expect(chosen(inside)).toBe('bin/busybox')
    const above = press(inside, 'left')
    expect(chosen(above)).toBe('bin')
    const folded = press(above, 'left')
    expect(folded.files.map(({ node }) => node.path)).not.toContain('bin/busybox')
    expect(press(folded, 'h').pane).toBe('layers')
    expect(press(folded, ' ').files).toEqual(above.files)
    expect(press(folded, 'l').files).toEqual(above.files)
  })

  test('tab goes round the three panes, and back with shift', () => {
    expect(press(screen(), 'tab').pane).toBe('files')
    expect(press(screen(), 'tab', 'tab').pane).toBe('wasted')
    expect(press(screen(), 'tab', 'tab', 'tab').pane).toBe('layers')
    expect(press(screen(), 'shift-tab').pane).toBe('wasted')
  })

  test('a filter shows what has the text in its path, and the way to it; escape takes it away', () => {
    const filtered = press(screen(), '/PA', 'SS')
    expect(filtered.files.map(({ node }) => node.path)).toEqual(['etc', 'etc/passwd'])
    expect(press(filtered, 'backspace', 'backspace', 'enter', 'q').filter).toBe('PA')
    expect(press(filtered, 'esc').files).toEqual(screen().files)
    expect(press(screen(), '/', 'q').filter).toBe('q')
  })

  test('a adds up the layers below, and what the chosen one removes stays to be seen', () => {
    const all = press(screen(), 'end', 'a')
    const byPath = Object.fromEntries(all.files.map(({ node }) => [node.path, node]))
    expect(byPath['srv/店/注文票.csv']).toMatchObject({ change: 'kept', layer: 1 })
    expect(byPath['etc/motd']).toMatchObject({ change: 'removed', layer: 2 })
    expect(byPath['var/cache/packages.db']).toBeUndefined()
    expect(byPath['etc']).toMatchObject({ bytes: 1300, layer: 0 })
  })

  test('q and ctrl-c end it, but q is a letter in a filter', () => {
    expect(actionOf('q', {}, screen())).toBe('quit')
    expect(actionOf('c', { ctrl: true }, press(screen(), '/'))).toBe('quit')
    expect(actionOf('q', {}, press(screen(), '/'))).toMatchObject({ kind: 'filter', text: 'q' })
  })
})

describe('a hundred thousand files', () => {
  const state = screen({ columns: 120, rows: 40, pane: 'files' }, eventsOf([manyFiles(100_000)]))

  test('begin folded, and the screen draws only what it shows', () => {
    expect(state.files).toHaveLength(1 + 2000)
    expect(frame(state)).toHaveLength(40)
  })

  test('are gone through and filtered without a wait that a person would notice', () => {
    const began = performance.now()
    const found = press(state, 'end', '/', '9', '9', '9', '9')
    expect(found.files.length).toBeGreaterThan(10)
    frame(found)
    // Measured 0.15 s; a quadratic step would take minutes.
    expect(performance.now() - began).toBeLessThan(5000)
  })
})
