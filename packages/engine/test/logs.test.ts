import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readLog, type FollowOptions } from '../src/logs/follow.ts'
import { parseLogConfig } from '../src/logs/log-config.ts'

let dir: string
let file: string
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'engine-logs-'))
  file = path.join(dir, 'container.log')
})
afterEach(() => fs.rmSync(dir, { recursive: true }))

function line(text: string, second = 0, stream = 'stdout'): string {
  return `${JSON.stringify({ log: `${text}\n`, stream, time: `2026-11-20T20:00:${String(second % 60).padStart(2, '0')}.5Z` })}\n`
}

async function read(options: Partial<FollowOptions> = {}): Promise<string[]> {
  const all = {
    tail: undefined,
    since: undefined,
    until: undefined,
    follow: false,
    live: () => false,
    signal: new AbortController().signal,
  }
  const texts: string[] = []
  for await (const { text } of readLog(file, { ...all, ...options })) texts.push(text.trimEnd())
  return texts
}

describe('a log', () => {
  test('that does not exist is empty', async () => expect(await read()).toEqual([]))
  test('is read over its rotated parts, oldest first', async () => {
    fs.writeFileSync(`${file}.2`, line('a'))
    fs.writeFileSync(`${file}.1`, line('b'))
    fs.writeFileSync(file, line('c') + line('d'))
    expect(await read()).toEqual(['a', 'b', 'c', 'd'])
    expect(await read({ tail: 3 })).toEqual(['b', 'c', 'd'])
    expect(await read({ tail: 0 })).toEqual([])
    expect(await read({ tail: 99 })).toEqual(['a', 'b', 'c', 'd'])
  })
  test('cut to a range of time', async () => {
    fs.writeFileSync(file, [1, 2, 3, 4].map((second) => line(String(second), second)).join(''))
    const at = (second: number): bigint => BigInt(Date.parse(`2026-11-20T20:00:0${second}Z`)) * 1_000_000n
    expect(await read({ since: at(2), until: at(4) })).toEqual(['2', '3'])
  })
  test('with a broken and an unfinished line gives the others', async () => {
    fs.writeFileSync(file, `${line('a')}{"log":"half\n${line('b')}{"log":"not finis`)
    expect(await read()).toEqual(['a', 'b'])
  })
  test('tail gives the last lines, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 8 }),
        fc.nat(9),
        fc.nat(8),
        async (sizes, tail, cut) => {
          const texts = sizes.map((size, index) => `${index}${'x'.repeat(size)}`)
          fs.writeFileSync(
            `${file}.1`,
            texts
              .slice(0, cut)
              .map((text) => line(text))
              .join(''),
          )
          fs.writeFileSync(
            file,
            texts
              .slice(cut)
              .map((text) => line(text))
              .join(''),
          )
          expect((await read({ tail })).map((text) => text.length)).toEqual(
            texts.slice(Math.max(0, texts.length - tail)).map((text) => text.length),
          )
        },
      ),
      { numRuns: 40 },
    )
  })
  test('followed over rotations loses and doubles nothing', async () => {
    fs.writeFileSync(file, line('0'))
    let live = true
    const reading = read({ follow: true, live: () => live })
    const expected = ['0']
    for (let number = 1; number <= 120; number++) {
      fs.appendFileSync(file, line(String(number)))
      expected.push(String(number))
      if (number % 7 === 0) {
        // Late bytes for the old part, then the rotation, as the monitor does it. Many parts are kept: a busy machine lets the reader wait.
        for (let part = 18; part > 0; part--) {
          if (fs.existsSync(`${file}.${part}`)) fs.renameSync(`${file}.${part}`, `${file}.${part + 1}`)
        }
        fs.renameSync(file, `${file}.1`)
        fs.writeFileSync(file, '')
      }
      if (number % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 3))
    }
    live = false
    fs.appendFileSync(file, line('last'))
    expect(await reading).toEqual([...expected, 'last'])
  })
  test('followed ends when the client goes', async () => {
    fs.writeFileSync(file, line('0'))
    const gone = new AbortController()
    const reading = read({ follow: true, live: () => true, signal: gone.signal })
    setTimeout(() => gone.abort(), 20)
    expect(await reading).toEqual(['0'])
  })
})

describe('--log-opt', () => {
  const parse = (Type: string, Config: Record<string, string> = {}) => parseLogConfig({ Type, Config })
  test('a log is limited by default', () =>
    expect(parse('')).toEqual({ kind: 'json-file', maxBytes: 16_777_216, maxFiles: 4 }))
  test('sizes have units of 1000', () =>
    expect(parse('json-file', { 'max-size': '1.5m', 'max-file': '2' })).toMatchObject({
      maxBytes: 1_500_000,
      maxFiles: 2,
    }))
  test.each([[{ 'max-size': 'big' }], [{ 'max-file': '0' }], [{ wat: '1' }]])('%j is refused', (config) =>
    expect(() => parse('json-file', config as Record<string, string>)).toThrow(),
  )
  test('another driver is refused by name', () =>
    expect(() => parse('syslog')).toThrow('log driver syslog is not built yet'))
})
