import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actionOfKey, bindingsFrom, keyLabel } from '../../src/tui/shared/bindings.ts'
import { isKeyName, KeyDecoder } from '../../src/tui/shared/keyboard.ts'

function names(...chunks: (string | Buffer)[]): string[] {
  const decoder = new KeyDecoder()
  const keys = chunks.flatMap((chunk) => decoder.feed(Buffer.from(chunk)))
  return [...keys, ...decoder.flush()].map(({ name }) => name)
}

const SAMPLES: [bytes: string, name: string][] = [
  ['a', 'a'],
  ['G', 'G'],
  ['?', '?'],
  [' ', 'space'],
  ['店', '店'],
  ['🦀', '🦀'],
  ['\r', 'enter'],
  ['\t', 'tab'],
  ['\u007F', 'backspace'],
  ['\u0003', 'ctrl-c'],
  ['\u001D', 'ctrl-]'],
  ['\u001B[A', 'up'],
  ['\u001BOA', 'up'],
  ['\u001B[1;2A', 'shift-up'],
  ['\u001B[1;5C', 'ctrl-right'],
  ['\u001B[Z', 'shift-tab'],
  ['\u001B[5~', 'pageup'],
  ['\u001B[3~', 'delete'],
  ['\u001BOP', 'f1'],
  ['\u001B[24~', 'f12'],
  ['\u001Bx', 'alt-x'],
  ['\u001B[<0;12;5M', 'click'],
  ['\u001B[<64;1;1M', 'wheelup'],
]

describe('the keyboard', () => {
  test.each(SAMPLES)('%j is %s', (bytes, name) => {
    expect(names(bytes)).toEqual([name])
  })

  test('a lone escape is the escape key, after a while', () => {
    const decoder = new KeyDecoder()
    expect(decoder.feed(Buffer.from('\u001B'))).toEqual([])
    expect(decoder.isPending).toBe(true)
    expect(decoder.flush().map(({ name }) => name)).toEqual(['escape'])
    expect(decoder.isPending).toBe(false)
  })

  test('loses no key and no byte, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...SAMPLES), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        (samples, cuts) => {
          const bytes = Buffer.from(samples.map(([text]) => text).join(''))
          const places = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), bytes.length]
          const chunks = places.slice(1).map((place, i) => bytes.subarray(places[i], place))
          expect(names(...chunks)).toEqual(samples.map(([, name]) => name))
        },
      ),
    )
  })

  test('passes on what it does not know, byte by byte the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const decoder = new KeyDecoder()
        const keys = [...decoder.feed(Buffer.from(bytes)), ...decoder.flush()]
        expect(Buffer.concat(keys.map((key) => key.bytes))).toEqual(Buffer.from(bytes))
      }),
    )
  })

  test('a click tells where', () => {
    const [key] = new KeyDecoder().feed(Buffer.from('\u001B[<0;12;5M'))
    expect(key?.at).toEqual({ column: 11, row: 4 })
  })

  test.each(['a', 'G', '!', 'ctrl-c', 'ctrl-]', 'alt-x', 'shift-up', 'f5', 'space', '店'])(
    '%s is the name of a key',
    (name) => {
      expect(isKeyName(name)).toBe(true)
    },
  )
  test.each(['', 'ab', 'ctrl-', 'ctrl-5', 'hyper-x', 'Enter', ' ', '\u0003'])('%j is none', (name) => {
    expect(isKeyName(name)).toBe(false)
  })
})

describe('keys.json', () => {
  const DEFAULTS = { next: ['n', 'space'], back: ['b'], quit: ['q'] }
  const read = (value: unknown) =>
    bindingsFrom(typeof value === 'string' ? value : JSON.stringify(value), 'run', DEFAULTS)

  test('that is not there changes nothing', () => {
    expect(bindingsFrom(undefined, 'run', DEFAULTS)).toEqual({ bindings: DEFAULTS, problems: [] })
  })

  test('gives an action other keys, and takes them from the others', () => {
    const { bindings, problems } = read({ run: { back: ['space', 'ctrl-b'], quit: 'Q' }, ui: { quit: 'x' } })
    expect(bindings).toEqual({ next: ['n'], back: ['space', 'ctrl-b'], quit: ['Q'] })
    expect(problems).toEqual([])
    expect(actionOfKey(bindings, 'space')).toBe('back')
    expect(actionOfKey(bindings, 'q')).toBeUndefined()
    expect(keyLabel('ctrl-b')).toBe('^b')
  })

  test.each([
    ['{', 'not JSON'],
    [[1], 'not an object of screens'],
    [{ rum: {} }, 'rum: there is no such screen; there are run, ui'],
    [{ run: [] }, 'run: not an object of actions'],
    [{ run: { nxt: 'n' } }, 'run.nxt: there is no such action; there are next, back, quit'],
    [{ run: { next: 'Entre' } }, 'run.next: "Entre" is no key'],
    [{ run: { next: 7 } }, 'run.next: neither a key nor a list of keys'],
    [{ run: { next: 'x', back: 'x' } }, 'run.back: x is already next'],
    [{ run: { next: 'q' } }, 'run.quit: all its keys are given to others, it has none now'],
  ])('%j is told: %s', (value, problem) => {
    expect(read(value).problems.join('\n')).toContain(problem)
  })

  test('what is good in a bad file holds', () => {
    expect(read({ run: { nxt: 'n', quit: ['Entre', 'Q'] } }).bindings).toEqual({ ...DEFAULTS, quit: ['Q'] })
  })
})
