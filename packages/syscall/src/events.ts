/** What the launcher reports on its control socket while it runs a program: 32 bytes an event (`launcher/program.h`). */
import type { Call, Step } from './call.ts'
import type { Program } from './program.ts'

/** One thing that happened, with the step and call it belongs to. Times in nanoseconds of CLOCK_MONOTONIC. */
export type LaunchEvent =
  | { type: 'step'; step: Step; startNs: bigint }
  /** `result` is the return value, or the negative errno of an allowed error. */
  | { type: 'call'; step: Step; call: Call; result: number; startNs: bigint; durationNs: bigint }
  /** The error that ended the program; `errno` is positive. */
  | { type: 'failed'; step: Step; call?: Call; errno: number; startNs: bigint; durationNs: bigint }
  /** execve has succeeded; `pid` is the container's first process, as the launcher sees it. */
  | { type: 'started'; pid: number; startNs: bigint; step: Step; call?: Call }

export const EVENT_BYTES = 32
const KINDS = { 1: 'call', 2: 'step', 3: 'failed', 4: 'started' } as const

/**
 * Reads one event at `offset`.
 * @throws TypeError for bytes that are no event of this program.
 */
export function decodeEvent(bytes: Buffer, offset: number, program: Program): LaunchEvent {
  const index = bytes.readUInt32LE(offset)
  const kind = KINDS[bytes.readUInt16LE(offset + 4) as keyof typeof KINDS]
  const result = Number(bytes.readBigInt64LE(offset + 8))
  const startNs = bytes.readBigUInt64LE(offset + 16)
  const durationNs = bytes.readBigUInt64LE(offset + 24)
  const source = program.sources[index]
  if (source === undefined || kind === undefined)
    throw new TypeError(`not an event of this program: operation ${index}`)
  const { step, call } = source
  if (kind === 'started') return { type: 'started', pid: result, startNs, step }
  if (kind === 'step') return { type: 'step', step, startNs }
  const times = { startNs, durationNs }
  if (kind === 'failed')
    return { type: 'failed', step, ...(call === undefined ? {} : { call }), errno: -result, ...times }
  if (call === undefined) throw new TypeError(`an event of no call: operation ${index}`)
  return { type: 'call', step, call, result, ...times }
}
