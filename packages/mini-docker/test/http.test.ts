import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HttpReader, type HttpEvent } from '../src/client/http.ts'

/** The events of `stream`, fed in pieces cut at `cuts`; pieces of data joined, since their boundaries mean nothing. */
function read(stream: Buffer, cuts: readonly number[]): unknown[] {
  const reader = new HttpReader()
  const points = [0, ...cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b), stream.length]
  const events: HttpEvent[] = []
  points.slice(1).forEach((point, index) => events.push(...reader.feed(stream.subarray(points[index], point))))
  return joined(events)
}

function joined(events: HttpEvent[]): unknown[] {
  const result: unknown[] = []
  for (const event of events) {
    const last = result.at(-1) as { data?: string } | undefined
    if (event.type !== 'data') result.push(event.type === 'head' ? { status: event.head.status } : event)
    else if (last?.data === undefined) result.push({ data: event.bytes.toString() })
    else last.data += event.bytes.toString()
  }
  return result
}

const CHUNKED = Buffer.from(
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;ext=1\r\n, world!!!\r\n0\r\nTrailer: x\r\n\r\n' +
    'HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No Content\r\n\r\n',
)

describe('the HTTP reader', () => {
  test('reads the same answers whatever the boundaries of the pieces', () => {
    const whole = [
      { status: 200 },
      { data: 'hello, world!!!' },
      { type: 'end' },
      { status: 404 },
      { data: 'abc' },
      { type: 'end' },
      { status: 204 },
      { type: 'end' },
    ]
    fc.assert(
      fc.property(fc.array(fc.nat(CHUNKED.length)), (cuts) => {
        expect(read(CHUNKED, cuts)).toEqual(whole)
      }),
    )
  })

  test('after 101 every byte belongs to the other protocol', () => {
    const events = new HttpReader().feed(Buffer.from('HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nraw HTTP/1.1 bytes'))
    expect(events.map(({ type }) => type)).toEqual(['head', 'upgraded'])
    expect(events[1]).toMatchObject({ rest: Buffer.from('raw HTTP/1.1 bytes') })
  })

  test('a body without a length ends with the connection; a counted one that is cut off is an error', () => {
    const open = new HttpReader()
    open.feed(Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc'))
    expect(open.close()).toEqual([{ type: 'end' }])
    const cut = new HttpReader()
    cut.feed(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc'))
    expect(() => cut.close()).toThrow('in the middle of an answer')
  })

  test.each([
    ['SSH-2.0-OpenSSH\r\n\r\n', 'which is not HTTP'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'the chunk size "zz"'],
    ['HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n', 'the content-length "-4"'],
    ['x'.repeat(70_000), 'a head of more than'],
  ])('refuses %.30s', (text, message) => {
    expect(() => new HttpReader().feed(Buffer.from(text))).toThrow(message)
  })

  test('bytes that are no HTTP end with an error or wait for more, never hang', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          new HttpReader().feed(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
    )
  })
})
