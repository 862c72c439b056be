import { describe, expect, test } from 'vitest'
import { bar, sparkline } from '../../src/tui/shared/chart.ts'
import { Emulator } from '../../src/tui/shared/emulator.ts'
import { colorDepthOf, paintRow } from '../../src/tui/shared/paint.ts'
import { textOf } from '../../src/tui/shared/pieces.ts'

async function show(...chunks: string[]): Promise<string[]> {
  using emulator = new Emulator({ columns: 20, rows: 4, convertEol: true })
  for (const chunk of chunks) emulator.push(Buffer.from(chunk))
  await emulator.advance()
  return emulator.lines({ cursor: false }).map((line) => textOf(line).trimEnd())
}

describe('a container’s terminal in a pane', () => {
  test('shows lines, wide characters, and only the last of them', async () => {
    expect(await show('one\n会議\n')).toEqual(['one', '会議', '', ''])
    expect(await show(Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(''))).toEqual([
      'line 97',
      'line 98',
      'line 99',
      '',
    ])
  })

  test('follows a program that draws', async () => {
    expect(await show('\u001B[2J\u001B[3;5Hhere\u001B[1;1Htop')).toEqual(['top', '', '    here', ''])
  })

  test('keeps colours, by name, number and RGB', async () => {
    using emulator = new Emulator({ columns: 30, rows: 1, convertEol: true })
    emulator.push(
      Buffer.from('\u001B[1;31mred\u001B[0m \u001B[38;5;202mo\u001B[48;2;1;2;3mb\u001B[0m \u001B[92mg\u001B[7mi'),
    )
    await emulator.advance()
    const [line = []] = emulator.lines({ cursor: false })
    expect(line.filter((piece) => typeof piece !== 'string')).toEqual([
      { text: 'red', color: 'red', bold: true },
      { text: 'o', color: 'ansi256(202)' },
      { text: 'b', color: 'ansi256(202)', background: '#010203' },
      { text: 'g', color: 'greenBright' },
      { text: 'i', color: 'greenBright', inverse: true },
    ])
  })

  test('of a flood reads the end, and knows the modes that were set before', async () => {
    using emulator = new Emulator({ columns: 20, rows: 4, convertEol: true })
    emulator.push(Buffer.from('normal\n'))
    await emulator.advance()
    emulator.push(Buffer.from('\u001B[?1049h'))
    const flood = Buffer.from('x'.repeat(18).concat('\n').repeat(60_000))
    for (let i = 0; i < 100; i++) emulator.push(flood)
    emulator.push(Buffer.from('\u001B[2J\u001B[Hlast'))
    expect(emulator.dropped).toBeGreaterThan(100e6)
    const began = performance.now()
    await emulator.advance()
    // 110 MB would take xterm.js some four seconds.
    expect(performance.now() - began).toBeLessThan(2000)
    expect(textOf(emulator.lines({ cursor: false })[0] ?? []).trimEnd()).toBe('last')
    emulator.push(Buffer.from('\u001B[?1049l'))
    await emulator.advance()
    expect(textOf(emulator.lines({ cursor: false })[0] ?? []).trimEnd()).toBe('normal')
  })

  test('shows where the cursor is', async () => {
    using emulator = new Emulator({ columns: 5, rows: 1, convertEol: true })
    emulator.push(Buffer.from('ab'))
    await emulator.advance()
    expect(emulator.lines({ cursor: true })[0]).toEqual(['ab', { text: ' ', inverse: true }, '  '])
  })
})

describe('lines for a terminal', () => {
  const row = [
    { text: 'a', color: 'red', bold: true },
    { text: 'b', color: '#ff8000', background: 'ansi256(21)' },
    ' c',
  ]

  test('without colours keep bold and inverse', () => {
    expect(paintRow(row, 5, 'none')).toBe('\u001B[1ma\u001B[0mb c ')
    expect(paintRow([{ text: 'x', inverse: true, color: 'green' }], 1, 'none')).toBe('\u001B[7mx\u001B[0m')
  })

  test.each([
    ['16', '\u001B[1;31ma\u001B[0m\u001B[93;104mb\u001B[0m c'],
    ['256', '\u001B[1;31ma\u001B[0m\u001B[38;5;214;48;5;21mb\u001B[0m c'],
    ['full', '\u001B[1;31ma\u001B[0m\u001B[38;2;255;128;0;48;5;21mb\u001B[0m c'],
  ] as const)('with %s colours', (depth, painted) => {
    expect(paintRow(row, 4, depth)).toBe(painted)
  })

  test('are cut and filled to the column, wide characters too', () => {
    expect(paintRow(['会議室'], 5, 'none')).toBe('会議…')
    expect(paintRow(['会'], 4, 'none')).toBe('会  ')
  })

  test.each([
    [{ TERM: 'xterm' }, '16'],
    [{ TERM: 'xterm-256color' }, '256'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'full'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }, 'none'],
    [{ TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
  ] as const)('the environment %j has %s colours', (env, depth) => {
    expect(colorDepthOf(env)).toBe(depth)
  })
})

test('charts are as wide as they are told, the last values at the right', () => {
  expect(sparkline([0, 1, 2, 4, 8], 5)).toBe(' ▁▂▄█')
  expect(sparkline([8], 3)).toBe('  █')
  expect(sparkline([1, 2, 3, 4], 2)).toBe('▆█')
  expect(sparkline([0, 0], 2)).toBe('  ')
  expect(bar(0.5, 4)).toBe('██░░')
  expect(bar(7, 2)).toBe('██')
})
