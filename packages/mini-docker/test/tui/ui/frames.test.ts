// oxlint-disable no-control-regex -- those are what must not be there
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { paintRow } from '../../../src/tui/shared/paint.ts'
import { textOf, widthOf, fitRow } from '../../../src/tui/shared/pieces.ts'
import { UI_KEYS } from '../../../src/tui/ui/actions.ts'
import { press } from '../../../src/tui/ui/press.ts'
import { reduce } from '../../../src/tui/ui/reduce.ts'
import type { UiState } from '../../../src/tui/ui/state.ts'
import { THEMES } from '../../../src/tui/ui/themes.ts'
import { frame } from '../../../src/tui/ui/views/frame.ts'
import { plainText } from '../../../src/tui/ui/plain.ts'
import { dashboard, ITEMS, log, pressed, UI_NAMES } from './states.ts'

function text(state: UiState): string[] {
  return frame(state, UI_KEYS).map((row) => textOf(fitRow(row, state.columns)).trimEnd())
}

async function expectGolden(name: string, state: UiState): Promise<void> {
  const golden = join(import.meta.dirname, 'golden', `${name}.txt`)
  await expect(`${text(state).join('\n')}\n`).toMatchFileSnapshot(golden)
}

const SIZES = [
  [60, 20],
  [120, 30],
  [250, 80],
] as const
const LINES = ['GET / 200', '\u001B[31mGET /missing 404\u001B[0m', 'おはようございます、注文は 3 件です']

describe.each(['en', 'ja'] as const)('in %s', (language) => {
  test.each(SIZES)('containers with a log at %i×%i', async (columns, rows) => {
    const state = log(LINES)(pressed(dashboard({ language, columns, rows }), 'end'))
    await expectGolden(`containers-${columns}x${rows}.${language}`, state)
  })
  test('charts', async () => {
    await expectGolden(`charts.${language}`, pressed(dashboard({ language }), 'end', 'right'))
  })
  test('networks, drawn', async () => {
    await expectGolden(`networks.${language}`, pressed(dashboard({ language, rows: 40 }), '3', 'right'))
  })
  test('volumes', async () => {
    await expectGolden(`volumes.${language}`, pressed(dashboard({ language }), '4'))
  })
  test('an image as layers', async () => {
    const state = pressed(dashboard({ language }), '2', 'down')
    const data = [
      { Created: 1_700_000_000, CreatedBy: '/bin/sh -c #(nop)  CMD ["nginx"]', Size: 0 },
      { Created: 1_700_000_000, CreatedBy: 'RUN /bin/sh -c apt-get update # buildkit', Size: 61_000_000 },
      { Created: 1_600_000_000, CreatedBy: 'ADD rootfs.tar.xz /', Size: 126_000_000 },
    ]
    await expectGolden(
      `layers.${language}`,
      reduce(state, { kind: 'detail', key: state.detail.key, detail: { status: 'ready', data } }),
    )
  })
  test('the palette, a question, the help', async () => {
    await expectGolden(
      `palette.${language}`,
      pressed(dashboard({ language, columns: 80, rows: 24 }), ':', language === 'en' ? 'res' : '起動'),
    )
    await expectGolden(`question.${language}`, pressed(dashboard({ language, columns: 80, rows: 24 }), '*', 'd'))
    await expectGolden(`help.${language}`, pressed(dashboard({ language, columns: 80, rows: 24 }), '?'))
  })
  test('plain', async () => {
    await expect(plainText(dashboard({ language }))).toMatchFileSnapshot(
      join(import.meta.dirname, 'golden', `plain.${language}.txt`),
    )
  })
})

describe('the screen', () => {
  const letters = fc.constantFrom(...UI_NAMES, ...Array.from('12345/nNoOa*zwTLM:?dDRPxuskKpegGhl<>日y'))
  const size = fc.record({ columns: fc.integer({ min: 20, max: 250 }), rows: fc.integer({ min: 5, max: 80 }) })
  const at = fc.record({ column: fc.integer({ min: 0, max: 250 }), row: fc.integer({ min: 0, max: 80 }) })
  const mouse = fc.record({ name: fc.constantFrom('click', 'wheelup', 'wheeldown'), at })

  test('fills every size exactly, whatever was pressed and clicked', () => {
    const steps = fc.array(
      fc.oneof(
        letters.map((name) => ({ name })),
        mouse,
      ),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(steps, size, size, (all, first, second) => {
        let state = dashboard(first)
        for (const key of all) state = press(state, key, UI_KEYS).state
        for (const one of [state, reduce(state, { kind: 'resize', ...second })]) {
          const rows = frame(one, UI_KEYS)
          expect(rows).toHaveLength(one.rows)
          for (const row of rows) expect(widthOf(fitRow(row, one.columns))).toBe(one.columns)
          const { cursor, top, shown, chosen } = one.lists[one.section]
          expect(cursor).toBeLessThan(Math.max(1, shown.length))
          expect(top).toBeLessThanOrEqual(cursor)
          expect(chosen).toBe(shown[cursor])
        }
      }),
      { numRuns: 150 },
    )
  })

  test.each([60, 80, 99, 100, 250])('tells at %i columns how to get help and to leave', (columns) => {
    for (const language of ['en', 'ja'] as const)
      for (const section of ['1', '2', '3', '4', '5'])
        expect(text(pressed(dashboard({ columns, language }), section)).at(-1)).toMatch(
          /\? (help|ヘルプ)  q (quit|終了)$/,
        )
  })

  test('says when it is too small, and how large it must be', () => {
    expect(text(dashboard({ columns: 59, rows: 20 }))[0]).toContain('60×20')
    expect(text(dashboard({ columns: 60, rows: 20 }))[0]).toContain('Containers')
  })

  test('lets no name, label or log line speak to the terminal', () => {
    const evil = ['\u001B]0;title\u0007\u001B[2Jgone\u001B[H', 'a\u009B31mb', '\u202Eabc', 'bar\rover\u0008x\u0007']
    for (const state of [log(evil)(dashboard()), pressed(log(evil)(dashboard()), 'w'), pressed(dashboard(), '3')]) {
      for (const row of frame(state, UI_KEYS)) {
        expect(paintRow(row, state.columns, 'full').replaceAll(/\u001B\[[\d;]*m/g, '')).not.toMatch(
          /[\u0000-\u001F\u007F-\u009F\u202E]/,
        )
      }
    }
    expect(text(log(evil)(dashboard())).join('\n')).toContain('gone')
  })

  test.each(THEMES)('the theme %s has no colour without colours, and marks the cursor all the same', (theme) => {
    const state = dashboard({ theme: theme === 'dark' ? 'mono' : theme })
    const rows = frame(state, UI_KEYS).map((row) => paintRow(row, 120, 'none'))
    expect(rows.join('\n')).not.toMatch(/\u001B\[(?:\d;)*(?:3|4|9|10)\d/)
    expect(rows[2]).toContain('›')
  })

  test('shows the state of a container by a sign too, not by colour alone', () => {
    const rows = text(dashboard())
    expect(rows.find((row) => row.includes('web'))).toMatch(/● web/)
    expect(rows.find((row) => row.includes(' db '))).toMatch(/! db/)
    expect(rows.find((row) => row.includes('job-9'))).toMatch(/○ job-9/)
  })

  test('says that the daemon is gone, and goes on showing what it knew', () => {
    const lost = reduce(dashboard(), {
      kind: 'connection',
      connection: { kind: 'lost', where: 'unix:///x', message: 'it closed the connection' },
    })
    expect(text(lost).at(-2)).toContain('the daemon does not answer, trying again: it closed the connection')
    expect(text(lost).join('\n')).toContain('web')
  })

  test('draws a screen of 250×80 with thousands of containers in a few milliseconds', () => {
    const [first] = ITEMS.kind === 'items' ? (ITEMS.items.containers ?? []) : []
    if (first === undefined) throw new Error('there is a container')
    const containers = Array.from({ length: 5000 }, (_, i) => ({ ...first, id: `c${i}`, name: `worker-${i}` }))
    let state = dashboard({ columns: 250, rows: 80 }, { kind: 'items', items: { containers } })
    for (let i = 0; i < 10; i++)
      state = log(Array.from({ length: 2000 }, (_, n) => `line ${n} ${'x'.repeat(n % 80)}`))(state)
    const began = performance.now()
    for (let i = 0; i < 20; i++) {
      state = pressed(state, 'pagedown')
      frame(state, UI_KEYS)
    }
    // 3 ms each on a quiet machine.
    expect((performance.now() - began) / 20).toBeLessThan(60)
  })
})
