/**
 * One query to one resolver, and its answer. Against forged answers (RFC 5452) each query has a socket, and so a port, and an id of its own; only
 * the resolver's address is heard, and only an answer to the very question counts.
 */
import { randomInt } from 'node:crypto'
import { DnsFormatError } from './message/error.ts'
import { readMessage, type Question } from './message/message.ts'
import { foldCase } from './message/name.ts'
import { FLAG } from './message/numbers.ts'
import { connectTcp, connectUdp, type Place } from './socket.ts'
import { TcpMessages, withLength } from './tcp-messages.ts'

export type Protocol = 'udp' | 'tcp'

export type Resolver = Place & { address: string; port?: number }

export type Limits = { timeoutMs: number; signal: AbortSignal }

/**
 * @returns the answer as it came, with an id of ours
 * @throws SyscallError, and what Node has for a network that fails; Error when the time is over or `signal` aborts
 */
export async function exchange(
  protocol: Protocol,
  query: Buffer,
  question: Question,
  resolver: Resolver,
  limits: Limits,
): Promise<Buffer> {
  const own = Buffer.from(query)
  own.writeUInt16BE(randomInt(0x10000), 0)
  const fits = (bytes: Buffer): boolean => isAnswer(bytes, own.readUInt16BE(0), question)
  return protocol === 'udp' ? overUdp(own, resolver, limits, fits) : overTcp(own, resolver, limits, fits)
}

async function overUdp(
  query: Buffer,
  { address, port = 53, namespace }: Resolver,
  limits: Limits,
  fits: (bytes: Buffer) => boolean,
): Promise<Buffer> {
  const socket = await connectUdp(address, port, { namespace })
  try {
    return await within(limits, (resolve, reject) => {
      socket.on('error', reject)
      socket.on('message', (bytes) => {
        if (fits(bytes)) resolve(bytes)
      })
      socket.send(query, (error) => {
        if (error !== null) reject(error)
      })
    })
  } finally {
    socket.close()
  }
}

async function overTcp(
  query: Buffer,
  { address, port = 53, namespace }: Resolver,
  limits: Limits,
  fits: (bytes: Buffer) => boolean,
): Promise<Buffer> {
  const socket = connectTcp(address, port, { namespace })
  try {
    return await within(limits, (resolve, reject) => {
      const messages = new TcpMessages()
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`${address} closed the connection`)))
      socket.on('data', (piece: Buffer) => {
        for (const bytes of messages.push(piece)) if (fits(bytes)) resolve(Buffer.from(bytes))
      })
      socket.write(withLength(query))
    })
  } finally {
    socket.destroy()
  }
}

async function within(
  { timeoutMs, signal }: Limits,
  start: (resolve: (bytes: Buffer) => void, reject: (reason: Error) => void) => void,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  const abort = (): void => reject(new Error('nobody waits for the answer any more'))
  signal.addEventListener('abort', abort)
  try {
    start(resolve, reject)
    if (signal.aborted) abort()
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** Names are compared without case: some resolvers do not keep it. */
function isAnswer(bytes: Buffer, id: number, asked: Question): boolean {
  try {
    const { id: answered, flags, questions } = readMessage(bytes)
    const [question] = questions
    if (answered !== id || (flags & FLAG.QR) === 0 || question === undefined) return false
    const same = question.type === asked.type && question.class === asked.class
    return same && foldCase(question.name) === foldCase(asked.name)
  } catch (error) {
    if (error instanceof DnsFormatError) return false
    throw error
  }
}
