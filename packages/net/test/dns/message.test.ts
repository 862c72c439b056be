import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DnsFormatError, readMessage, writeMessage, type Message, type ResourceRecord } from '../../src/index.ts'

const HEADER = (counts: string): string => `1234 0100 ${counts}`
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

const plainName = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9_-]{1,63}$/), { maxLength: 3 })
  .map((labels) => labels.join('.'))
/** Any bytes as labels, as their text. */
const anyName = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 3 })
  .map((labels) => labels.map(labelText).join('.'))
const name = fc.oneof(plainName, anyName)
const uint16 = fc.nat(0xffff)
const record: fc.Arbitrary<ResourceRecord> = fc
  .record({ name, class: uint16, ttlSeconds: fc.nat(0xffffffff) })
  .chain((head) =>
    fc.oneof(
      fc.constantFrom(2, 5, 12).chain((type) => name.map((data) => ({ ...head, type, data }))),
      fc
        .constantFrom(1, 15, 16, 28, 33, 64)
        .chain((type) => fc.uint8Array({ maxLength: 300 }).map((data) => ({ ...head, type, data: Buffer.from(data) }))),
    ),
  )
const message: fc.Arbitrary<Message> = fc.record({
  id: uint16,
  flags: uint16,
  questions: fc.array(fc.record({ name, type: uint16, class: uint16 }), { maxLength: 2 }),
  answers: fc.array(record, { maxLength: 4 }),
  authorities: fc.array(record, { maxLength: 2 }),
  additionals: fc.array(record, { maxLength: 2 }),
})

describe('messages', () => {
  test('what is written is read back, with names of any bytes and in any case', () => {
    fc.assert(
      fc.property(message, (written) => {
        expect(readMessage(writeMessage(written))).toEqual(written)
      }),
    )
  })

  test('random bytes are a message or a DnsFormatError, at once', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        attempt(bytes)
      }),
      { numRuns: 3_000 },
    )
  })

  test('a message with any bytes changed, or cut anywhere, is a message or a DnsFormatError', () => {
    const changes = fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 8 })
    fc.assert(
      fc.property(message, changes, fc.nat(), (whole, places, length) => {
        const bytes = writeMessage(whole)
        for (const [at, byte] of places) bytes[at % bytes.length] = byte
        attempt(bytes)
        attempt(bytes.subarray(0, length % bytes.length))
      }),
      { numRuns: 1_000 },
    )
  })

  test('names that end alike are written once, and pointed to', () => {
    const answers = ['www.example.org', 'example.org', 'mail.example.org'].map((host) => record1(host))
    const bytes = writeMessage({ ...empty, questions: [{ name: 'www.example.org', type: 1, class: 1 }], answers })
    expect(bytes.length).toBe(12 + 17 + 4 + (2 + 14) + (2 + 14) + (7 + 14))
    expect(readMessage(bytes).answers.map(({ name: host }) => host)).toEqual([
      'www.example.org',
      'example.org',
      'mail.example.org',
    ])
  })

  test.each([
    ['a name that points to itself', `${HEADER('0001 0000 0000 0000')} c00c 0001 0001`],
    ['two names that point to each other', `${HEADER('0002 0000 0000 0000')} c012 0001 0001 c00c 0001 0001`],
    ['a name that points ahead', `${HEADER('0001 0000 0000 0000')} c0ff 0001 0001`],
    ['a label that is longer than the message', `${HEADER('0001 0000 0000 0000')} 3f61`],
    ['a label of a kind nobody defined', `${HEADER('0001 0000 0000 0000')} 8161 00 0001 0001`],
    ['more records than there are bytes', HEADER('0000 ffff ffff ffff')],
    ['a header that is cut', '1234 0100'],
    [
      'a name of more than 255 bytes',
      `${HEADER('0001 0000 0000 0000')} ${`3f${'61'.repeat(63)}`.repeat(4)} 00 0001 0001`,
    ],
    ['a PTR whose data has more than a name', `${HEADER('0000 0001 0000 0000')} 00 000c 0001 00000000 0003 00 0000`],
  ])('%s is a DnsFormatError', (_, hex) => {
    expect(() => readMessage(bytesOf(hex))).toThrow(DnsFormatError)
  })

  test('a chain of pointers as long as a message ends', () => {
    const pointers = Array.from({ length: 8_000 }, (_, i) => [0xc0 | ((12 + 2 * i) >> 8), (12 + 2 * i) & 0xff]).flat()
    const chain = Buffer.concat([bytesOf(HEADER('0000 0000 0000 0000')), Buffer.from([0, 0]), Buffer.from(pointers)])
    const asked = Buffer.concat([
      chain,
      Buffer.from([0xc0 | ((chain.length - 2) >> 8), (chain.length - 2) & 0xff, 0, 1, 0, 1]),
    ])
    asked.writeUInt16BE(1, 4)
    // The question begins with the root's name right behind the header.
    expect(readMessage(asked).questions[0]?.name).toBe('')
  })

  test.each(['a..b', '.', 'a'.repeat(64), `${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(63), 'ü'])(
    'the name %s cannot be written',
    (bad) => {
      expect(() => writeMessage({ ...empty, questions: [{ name: bad, type: 1, class: 1 }] })).toThrow(DnsFormatError)
    },
  )

  test('records that do not fit are left out, the bit TC is set, and EDNS stays', () => {
    const opt = { name: '', type: 41, class: 1232, ttlSeconds: 0, data: Buffer.alloc(0) }
    const answers = Array.from({ length: 100 }, () => record1('www.example.org'))
    const questions = [{ name: 'www.example.org', type: 1, class: 1 }]
    const bytes = writeMessage({ ...empty, questions, answers, additionals: [opt] }, 512)
    expect(bytes.length).toBeLessThanOrEqual(512)
    const read = readMessage(bytes)
    expect(read.flags & 0x0200).toBe(0x0200)
    expect(read.answers.length).toBe(Math.floor((512 - 12 - 21 - 11) / 16))
    expect(read.additionals).toEqual([opt])
  })

  test('a message larger than any can be is a DnsFormatError or cut, never an overflow', () => {
    const questions = Array.from({ length: 20_000 }, (_, i) => ({ name: `host${i}.example.org`, type: 1, class: 1 }))
    expect(() => writeMessage({ ...empty, questions })).toThrow(DnsFormatError)
    const data = Buffer.alloc(70_000)
    expect(() => writeMessage({ ...empty, answers: [{ ...record1('a'), data }] })).toThrow(DnsFormatError)
    const answers = Array.from({ length: 3 }, () => ({ ...record1('a'), data: Buffer.alloc(60_000) }))
    expect(readMessage(writeMessage({ ...empty, answers })).answers).toHaveLength(1)
  })
})

const empty: Message = { id: 1, flags: 0, questions: [], answers: [], authorities: [], additionals: [] }

function record1(host: string): ResourceRecord {
  return { name: host, type: 1, class: 1, ttlSeconds: 600, data: Buffer.from([10, 9, 0, 2]) }
}

function attempt(bytes: Uint8Array): void {
  try {
    readMessage(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(DnsFormatError)
  }
}

/** As zone files have it; written anew here, so that reader and test agree by meaning and not by sharing code. */
function labelText(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => {
      const char = String.fromCharCode(byte)
      if (char === '.' || char === '\\') return `\\${char}`
      return byte > 32 && byte < 127 ? char : `\\${String(byte).padStart(3, '0')}`
    })
    .join('')
}
