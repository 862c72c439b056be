import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Demultiplexer } from '../src/client/stdcopy.ts'

function frame(stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

describe('the demultiplexer', () => {
  test('gives each stream its bytes in order, whatever the boundaries', () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })))
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 50 }), (list, size) => {
        const stream = Buffer.concat(list.map(([fd, payload]) => frame(fd, Buffer.from(payload))))
        const demultiplexer = new Demultiplexer()
        const out: Record<number, Buffer[]> = { 1: [], 2: [] }
        for (let at = 0; at < stream.length; at += size) {
          for (const { fd, bytes } of demultiplexer.feed(stream.subarray(at, at + size))) out[fd]?.push(bytes)
        }
        for (const fd of [1, 2]) {
          expect(Buffer.concat(out[fd] ?? [])).toEqual(
            Buffer.concat(list.filter(([one]) => one === fd).map(([, payload]) => Buffer.from(payload))),
          )
        }
        expect(demultiplexer.complete).toBe(true)
      }),
    )
  })

  test('output comes before its frame is complete', () => {
    const demultiplexer = new Demultiplexer()
    expect(demultiplexer.feed(frame(1, Buffer.from('hello')).subarray(0, 10))).toEqual([
      { fd: 1, bytes: Buffer.from('he') },
    ])
    expect(demultiplexer.complete).toBe(false)
  })

  test('an unknown stream and an error of the daemon are errors', () => {
    expect(() => new Demultiplexer().feed(frame(9, Buffer.from('x')))).toThrow('unrecognized input header: 9')
    expect(() => new Demultiplexer().feed(frame(3, Buffer.from('no log')))).toThrow(
      'error from daemon in stream: no log',
    )
  })
})
