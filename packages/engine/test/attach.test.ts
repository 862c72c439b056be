import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DetachFilter, parseDetachKeys } from '../src/attach/detach-keys.ts'
import { frame, streamType } from '../src/attach/frames.ts'

test('a frame is what dockerd sent in the trace', () => {
  expect(Buffer.concat([frame(1, Buffer.from('out\n')), frame(2, Buffer.from('err\n'))]).toString('hex')).toBe(
    '01000000000000046f75740a02000000000000046572720a',
  )
})
test('the content type tells framed from raw since 1.42', () => {
  expect([streamType(false, 41), streamType(true, 47), streamType(false, 47)]).toEqual([
    'application/vnd.docker.raw-stream',
    'application/vnd.docker.raw-stream',
    'application/vnd.docker.multiplexed-stream',
  ])
})

describe('detach keys', () => {
  test.each([
    ['', [16, 17]],
    ['ctrl-a,d', [1, 100]],
    ['ctrl-@', [0]],
    ['ctrl-[', [27]],
  ])('%s', (text, bytes) => expect([...parseDetachKeys(text)]).toEqual(bytes))
  test.each(['ctrl-', 'ctrl-1', 'ab', 'ctrl-p,'])('%s is refused', (text) =>
    expect(() => parseDetachKeys(text)).toThrow('Invalid detach keys'),
  )

  test('are found across chunks, and what came before goes on', () => {
    const filter = new DetachFilter(Buffer.from([16, 17]))
    expect(filter.push(Buffer.from([65, 16]))).toEqual({ data: Buffer.from([65]), detached: false })
    expect(filter.push(Buffer.from([17, 66]))).toEqual({ data: Buffer.from([]), detached: true })
  })
  test('a first key alone is passed on with what follows', () => {
    const filter = new DetachFilter(Buffer.from([16, 17]))
    filter.push(Buffer.from([16]))
    expect(filter.push(Buffer.from([16, 65])).data).toEqual(Buffer.from([16, 16, 65]))
  })
  test('text without the keys passes unchanged, however it is cut', () => {
    const text = fc.array(
      fc.integer({ min: 0, max: 20 }).filter((byte) => byte !== 17),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7 }), (bytes, size) => {
        const filter = new DetachFilter(Buffer.from([16, 17]))
        const input = Buffer.from([...bytes, 65])
        const output: Buffer[] = []
        for (let at = 0; at < input.length; at += size) output.push(filter.push(input.subarray(at, at + size)).data)
        expect(Buffer.concat(output)).toEqual(input)
      }),
    )
  })
})
