import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_DETACH_KEYS, DetachWatcher, parseDetachKeys } from '../src/terminal/detach-keys.ts'

describe('detach keys', () => {
  test.each([
    ['ctrl-p,ctrl-q', [16, 17]],
    ['ctrl-a,b', [1, 98]],
    ['ctrl-@', [0]],
    ['ctrl-\\,ctrl-]', [28, 29]],
    ['ctrl-_', [31]],
    ['x', [120]],
  ])('%s', (text, bytes) => expect([...parseDetachKeys(text)]).toEqual(bytes))

  test.each(['ctrl-', 'ctrl-/', 'foo', '', 'ctrl-1'])('%j is no key', (text) => {
    expect(() => parseDetachKeys(text)).toThrow('Unknown character')
  })

  test('the sequence detaches across reads; what came before it is passed on', () => {
    const watcher = new DetachWatcher(DEFAULT_DETACH_KEYS)
    expect(watcher.feed(Buffer.from('ls\n\x10'))).toEqual({ pass: Buffer.from('ls\n'), detached: false })
    expect(watcher.feed(Buffer.from('\x11rest'))).toEqual({ pass: Buffer.alloc(0), detached: true })
  })

  test('a broken sequence reaches the container whole; a doubled first key still detaches', () => {
    const watcher = new DetachWatcher(DEFAULT_DETACH_KEYS)
    watcher.feed(Buffer.from('\x10'))
    expect(watcher.feed(Buffer.from('x'))).toEqual({ pass: Buffer.from('\x10x'), detached: false })
    expect(new DetachWatcher(DEFAULT_DETACH_KEYS).feed(Buffer.from('\x10\x10\x11'))).toEqual({
      pass: Buffer.from('\x10'),
      detached: true,
    })
  })

  test('finds the sequence exactly where it first stands, in any stream and any cuts', () => {
    const keys = fc.uint8Array({ minLength: 1, maxLength: 4, max: 3 })
    fc.assert(
      fc.property(
        keys,
        fc.uint8Array({ maxLength: 60, max: 3 }),
        fc.integer({ min: 1, max: 7 }),
        (sequence, typed, size) => {
          const watcher = new DetachWatcher(Buffer.from(sequence))
          const passed: Buffer[] = []
          let detached = false
          for (let at = 0; at < typed.length && !detached; at += size) {
            const step = watcher.feed(Buffer.from(typed.subarray(at, at + size)))
            passed.push(step.pass)
            detached = step.detached
          }
          const found = Buffer.from(typed).indexOf(Buffer.from(sequence))
          expect(detached).toBe(found !== -1)
          const got = Buffer.concat(passed)
          if (detached) expect(got).toEqual(Buffer.from(typed.subarray(0, found)))
          else expect(Buffer.from(typed).subarray(0, got.length)).toEqual(got)
        },
      ),
    )
  })
})
