/**
 * A load generator: keeps some queries on their way to 127.0.0.11 in the network namespaces it is given, until it has so many answers, but no longer
 * than half a minute, and prints what it got as JSON. `node load.ts ANSWERS ON_THEIR_WAY NAME PATH…`, with ON_THEIR_WAY for all together.
 */
import type { Socket } from 'node:dgram'
import { writeMessage } from '../../src/index.ts'
import { bindUdp } from '../../src/dns/socket.ts'

export type LoadResult = {
  answers: number
  lost: number
  perSecond: number
  p50Us: number
  p99Us: number
  namespaces: number
}

const LOST_MS = 2_000
const LONGEST_MS = 30_000

const [, , answers = '', onTheirWay = '', name = '', ...paths] = process.argv
const nothing = { answers: [], authorities: [], additionals: [] }
const query = writeMessage({ id: 0, flags: 0x0100, questions: [{ name, type: 1, class: 1 }], ...nothing })
const sockets = await Promise.all(paths.map((namespace) => bindUdp('127.0.0.1', 0, { namespace })))
const latenciesUs: number[] = []
let lost = 0
const started = performance.now()
const isOver = (): boolean => latenciesUs.length >= Number(answers) || performance.now() > started + LONGEST_MS

await Promise.all(
  sockets.flatMap((socket, i) => {
    const share = Math.ceil((Number(onTheirWay) - i) / sockets.length)
    return share < 1 ? [] : [drive(socket, share)]
  }),
)
const seconds = (performance.now() - started) / 1000
latenciesUs.sort((a, b) => a - b)
const at = (part: number): number => Math.round(latenciesUs[Math.floor(part * (latenciesUs.length - 1))] ?? 0)
const perSecond = Math.round(latenciesUs.length / seconds)
const result: LoadResult = {
  answers: latenciesUs.length,
  lost,
  perSecond,
  p50Us: at(0.5),
  p99Us: at(0.99),
  namespaces: sockets.length,
}
process.stdout.write(JSON.stringify(result))
process.exit(0)

/** Asks again for each answer; what does not come within a time is lost, and asked again too. */
function drive(socket: Socket, share: number): Promise<void> {
  return new Promise((resolve) => {
    const sentAt = new Map<number, number>()
    let id = 0
    const send = (): void => {
      const bytes = Buffer.from(query)
      id = (id + 1) & 0xffff
      bytes.writeUInt16BE(id)
      sentAt.set(id, performance.now())
      socket.send(bytes, 53, '127.0.0.11', () => {})
    }
    const timer = setInterval(() => {
      const now = performance.now()
      if (isOver()) {
        clearInterval(timer)
        resolve()
        return
      }
      for (const [old, at] of sentAt) {
        if (at > now - LOST_MS) break
        sentAt.delete(old)
        lost++
        send()
      }
    }, 20)
    socket.on('message', (bytes) => {
      const sent = sentAt.get(bytes.readUInt16BE(0))
      if (sent === undefined) return
      sentAt.delete(bytes.readUInt16BE(0))
      latenciesUs.push((performance.now() - sent) * 1000)
      if (!isOver()) send()
    })
    for (let i = 0; i < share; i++) send()
  })
}
