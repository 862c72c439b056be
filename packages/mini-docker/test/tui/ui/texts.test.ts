// oxlint-disable no-control-regex -- those are what must not be there
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { harmless, harmlessLog, jsonLinesOf, logRow, plainLog } from '../../../src/tui/ui/harmless.ts'
import { LogFeed } from '../../../src/tui/ui/logs.ts'
import { programOf, shellWords } from '../../../src/tui/ui/perform.ts'
import { markMatches, shiftRow, wrapRow } from '../../../src/tui/ui/views/rows.ts'
import { chartLines } from '../../../src/tui/ui/views/charts.ts'
import { textOf, widthOf } from '../../../src/tui/shared/pieces.ts'

const framed = (output: number, text: string): Buffer => {
  const payload = Buffer.from(text)
  const head = Buffer.alloc(8)
  head[0] = output
  head.writeUInt32BE(payload.length, 4)
  return Buffer.concat([head, payload])
}

describe('texts of others', () => {
  test('lose what is a command to the terminal, and keep their colours', () => {
    expect(harmlessLog('\u001B[1;31mred\u001B[0m \u001B[2Jgone')).toBe('\u001B[1;31mred\u001B[0m gone')
    expect(plainLog('\u001B[1;31mred\u001B[0m')).toBe('red')
    expect(logRow('a\u001B[31mb\u001B[0mc')).toEqual(
      ['a', { text: 'b', color: 'red' }, { text: 'c' }].map((piece) => (piece === 'a' ? { text: 'a' } : piece)),
    )
    expect(harmlessLog('10%\r50%\r100%')).toBe('100%')
    expect(harmlessLog('a\tb')).toBe('a       b')
    expect(harmlessLog('\u001B]8;;http://x\u001B\\link\u001B]8;;\u001B\\')).toBe('link')
    expect(harmless({ a: ['b\u001B[31m'], '\u202Ec': 1 })).toEqual({ a: ['b [31m'], c: 1 })
    expect(jsonLinesOf({ a: 'b\u001B\u009B\u202E' }).join('')).toBe(String.raw`{  "a": "b\u001b\u009b\u202e"}`)
  })

  test('no line of any bytes has a control character but colours', () => {
    const sign = fc.constantFrom(
      '\u001B',
      '[',
      ']',
      'm',
      '3',
      '1',
      ';',
      '\u0007',
      '\u009B',
      'P',
      '\\',
      'x',
      '\r',
      '\t',
      '店',
      '?',
    )
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 30 }), (signs) => {
        const rest = harmlessLog(signs.join('')).replaceAll(/\u001B\[[\d;:]*m/g, '')
        expect(rest).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a log', () => {
  test('is read line by line, however its bytes are cut', () => {
    const all = Buffer.concat([framed(1, 'one\ntw'), framed(2, 'err\n'), framed(1, 'o\n日本'), framed(1, '語\n')])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
        const feed = new LogFeed(true)
        const lines: string[] = []
        for (let at = 0, i = 0; at < all.length; i++) {
          const size = sizes[i % sizes.length] ?? 1
          feed.push(all.subarray(at, at + size))
          at += size
          lines.push(...feed.take().lines)
        }
        expect(lines).toEqual(['one', 'err', 'two', '日本語'])
      }),
    )
  })

  test('without frames, and with a last line that has no end', () => {
    const feed = new LogFeed(false)
    feed.push(Buffer.from('a\r\nb'))
    expect(feed.take()).toEqual({ lines: ['a'], skipped: 0 })
    expect(feed.finish()).toEqual(['b'])
  })

  test('a flood keeps the last lines and counts the others; a frame is never taken for another', () => {
    for (const isFramed of [true, false]) {
      const feed = new LogFeed(isFramed)
      let kept = 0
      let skipped = 0
      let last = ''
      const count = 200_000
      for (let i = 0; i < count; i++) {
        const line = `line ${i} of many, which are all as long as this one is\n`
        feed.push(isFramed ? framed(1 + (i % 2), line) : Buffer.from(line))
        if (i % 50_000 !== 49_999) continue
        const news = feed.take()
        kept += news.lines.length
        skipped += news.skipped
        last = news.lines.at(-1) ?? ''
        for (const one of news.lines) expect(one).toMatch(/^line \d+ of many, which are all as long as this one is$/)
      }
      expect(last).toBe('line 199999 of many, which are all as long as this one is')
      expect(skipped).toBeGreaterThan(0)
      // Of each of the four readings at most one line that was cut in two is neither.
      expect(Math.abs(count - kept - skipped)).toBeLessThanOrEqual(40)
    }
  })

  test('a frame of which only the beginning came when it was dropped', () => {
    const feed = new LogFeed(true)
    const huge = framed(1, `${'x'.repeat(3_000_000)}\n`)
    feed.push(huge.subarray(0, 2_500_000))
    feed.push(huge.subarray(2_500_000))
    feed.push(framed(1, 'after\n'))
    expect(feed.take().lines).toEqual(['after'])
  })
})

describe('rows', () => {
  const row = ['plain ', { text: '赤い文字', color: 'red' }, ' end']
  test('are broken at an edge, without losing a sign', () => {
    for (let width = 2; width < 20; width++) {
      const rows = wrapRow(row, width)
      expect(rows.map(textOf).join('')).toBe(textOf(row))
      for (const one of rows) expect(widthOf(one)).toBeLessThanOrEqual(width)
    }
  })
  test('are moved to the side by columns; half of a wide character is a blank', () => {
    expect(textOf(shiftRow(row, 6))).toBe('赤い文字 end')
    expect(textOf(shiftRow(row, 7))).toBe(' い文字 end')
    expect(textOf(shiftRow(row, 100))).toBe('')
  })
  test('show where a text is, across pieces', () => {
    const marked = markMatches(['ab', { text: 'CD', color: 'red' }, 'e'], 'bc', { inverse: true })
    expect(marked).toEqual([
      { text: 'a' },
      { text: 'b', inverse: true },
      { text: 'C', inverse: true },
      { text: 'D', color: 'red' },
      { text: 'e' },
    ])
  })
  test('charts have the newest value at the right, the largest at the top', () => {
    expect(chartLines([1, 4, 8], 5, 2, 8)).toEqual(['    █', '  ▂██'])
    expect(chartLines([0.001], 1, 1, 100)).toEqual(['▁'])
    expect(chartLines([], 3, 1)).toEqual(['   '])
  })
})

describe('what an action does', () => {
  test('a typed line is words as in a shell', () => {
    expect(shellWords(`-d  --name 'my web' -e "A=b \\"c\\"" img\\ x ''`)).toEqual([
      '-d',
      '--name',
      'my web',
      '-e',
      'A=b "c"',
      'img x',
      '',
    ])
    expect(() => shellWords(`'open`)).toThrow(/without its end/)
  })
  test('only some take the terminal', () => {
    expect(programOf('pull', undefined, 'alpine:3 -q')).toEqual(['pull', 'alpine:3', '-q'])
    expect(programOf('stop', undefined, '')).toBeUndefined()
  })
})
