/**
 * Messages: RFC 1035 §4.
 *
 *   id 16 | flags 16 | counts of: questions 16, answers 16, authorities 16, additionals 16
 *   question: name, type 16, class 16
 *   record:   name, type 16, class 16, ttl 32, length 16, data
 */
import { DnsFormatError } from './error.ts'
import { readName, writeName, type WrittenNames } from './name.ts'
import { FLAG, HEADER_BYTES, MESSAGE_BYTES_MAX, PLAIN_UDP_BYTES, TYPE } from './numbers.ts'

export type Question = { name: string; type: number; class: number }

/** `data` as on the wire; of a type whose data is one name (NS, CNAME, PTR), that name instead, which may be compressed there. */
export type ResourceRecord = { name: string; type: number; class: number; ttlSeconds: number; data: Buffer | string }

export type Message = {
  id: number
  flags: number
  questions: Question[]
  answers: ResourceRecord[]
  authorities: ResourceRecord[]
  additionals: ResourceRecord[]
}

const NAMES: readonly number[] = [TYPE.NS, TYPE.CNAME, TYPE.PTR]

/** @throws DnsFormatError, and nothing else, whatever the bytes are */
export function readMessage(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER_BYTES) throw new DnsFormatError(`${bytes.length} bytes are too few for a message`)
  let at = HEADER_BYTES
  const uint16 = (): number => {
    need(bytes, at, 2)
    at += 2
    return view.getUint16(at - 2)
  }
  const name = (): string => {
    const read = readName(bytes, at)
    at = read.next
    return read.name
  }
  const record = (): ResourceRecord => {
    const head = { name: name(), type: uint16(), class: uint16() }
    need(bytes, at, 6)
    const ttlSeconds = view.getUint32(at)
    at += 4
    const length = uint16()
    need(bytes, at, length)
    const end = at + length
    const data = NAMES.includes(head.type) ? name() : Buffer.from(bytes.subarray(at, end))
    if (typeof data === 'string' && at !== end) throw new DnsFormatError(`the data before ${end} is no name`)
    at = end
    return { ...head, ttlSeconds, data }
  }
  // A record has at least 11 bytes: the counts cannot make this long.
  const list = <T>(count: number, one: () => T): T[] => Array.from({ length: Math.min(count, bytes.length) }, one)
  const count = (i: number): number => view.getUint16(4 + 2 * i)
  return {
    id: view.getUint16(0),
    flags: view.getUint16(2),
    questions: list(count(0), () => ({ name: name(), type: uint16(), class: uint16() })),
    answers: list(count(1), record),
    authorities: list(count(2), record),
    additionals: list(count(3), record),
  }
}

/**
 * The message in at most `maxBytes`: records that do not fit are left out from the end, the OPT record of EDNS excepted, and the bit TC says so.
 * @throws DnsFormatError where a name cannot be written
 */
export function writeMessage(message: Message, maxBytes = MESSAGE_BYTES_MAX): Buffer {
  const opt = message.additionals.filter(({ type }) => type === TYPE.OPT)
  const room = maxBytes - opt.reduce((sum, { data }) => sum + OPT_BYTES + data.length, 0)
  const written: WrittenNames = new Map()
  let at = HEADER_BYTES
  let full = false
  for (const question of message.questions) {
    at = writeName(question.name, SCRATCH, at, written)
    at = SCRATCH.writeUInt16BE(question.type, at)
    at = SCRATCH.writeUInt16BE(question.class, at)
    if (at > room) throw new DnsFormatError(`${message.questions.length} questions are longer than ${maxBytes} bytes`)
  }
  const records = (list: readonly ResourceRecord[]): number => {
    let count = 0
    for (const record of list) {
      const end = full ? Infinity : writeRecord(record, at, written)
      full = end > room
      if (full) break
      at = end
      count++
    }
    return count
  }
  const counts = [message.questions.length, records(message.answers), records(message.authorities)]
  const others = records(message.additionals.filter(({ type }) => type !== TYPE.OPT))
  for (const record of opt) at = writeRecord(record, at, written)
  const flags = full ? message.flags | FLAG.TC : message.flags
  const header = [message.id, flags, ...counts, others + opt.length]
  header.forEach((number, i) => SCRATCH.writeUInt16BE(number, 2 * i))
  return Buffer.from(SCRATCH.subarray(0, at))
}

/** Room for a whole message and one record more, of which it is found out then that it does not fit. Written and copied in one go. */
const SCRATCH = Buffer.alloc(2 * MESSAGE_BYTES_MAX + 1024)
/** With the root's name, and no options. */
const OPT_BYTES = 11

function writeRecord(record: ResourceRecord, at: number, written: WrittenNames): number {
  at = writeName(record.name, SCRATCH, at, written)
  at = SCRATCH.writeUInt16BE(record.type, at)
  at = SCRATCH.writeUInt16BE(record.class, at)
  at = SCRATCH.writeUInt32BE(record.ttlSeconds, at)
  const { data } = record
  if (data.length > MESSAGE_BYTES_MAX) throw new DnsFormatError(`a record of "${record.name}" has ${data.length} bytes`)
  const end = typeof data === 'string' ? writeName(data, SCRATCH, at + 2, written) : at + 2 + data.length
  if (typeof data !== 'string') data.copy(SCRATCH, at + 2)
  SCRATCH.writeUInt16BE(end - at - 2, at)
  return end
}

/** EDNS0 (RFC 6891): how much the asker takes over UDP; undefined without EDNS. */
export function ednsBytes({ additionals }: Message): number | undefined {
  const opt = additionals.find(({ type }) => type === TYPE.OPT)
  return opt && Math.max(PLAIN_UDP_BYTES, opt.class)
}

function need(bytes: Uint8Array, at: number, count: number): void {
  if (at + count > bytes.length) throw new DnsFormatError(`${count} bytes are missing at ${at}`)
}
