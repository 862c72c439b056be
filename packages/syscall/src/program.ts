/**
 * Encodes a list of steps for the launcher. The binary format stands in `launcher/program.h`; this file writes it.
 *
 * The list is linear, but two processes run it: up to the one `clone3` the launcher alone, afterwards the launcher
 * (`host`) and its child (`container`). Where the list changes from one to the other, the one hands over with a byte
 * on a socket pair and the other waits for it, so that the order of the list is the order of the calls.
 */
import type { Arg, Call, Field, Filled, Out, Step, Where } from './call.ts'
import { errnoNumber } from './errno.ts'
import { UserError } from './error.ts'
import type { MonitorSpec } from './monitor-spec.ts'
import { fieldWidth, writeField } from './pack.ts'
import { DataSection, OP_BYTES, writeOp, type EncodedArg, type Op } from './program-data.ts'
import {
  MAX_BYTES,
  MAX_SLOTS,
  MAGIC,
  NO_SLOT,
  KIND,
  REPORT,
  NONZERO,
  QUIET,
  RESULT_AT,
  ARG_VALUE,
  ARG_DATA,
  ARG_SLOT,
  ARG_FD_PATH,
  MONITOR_TTY,
  MONITOR_DURABLE,
  MONITOR_LOG,
  MONITOR_FOREGROUND,
  MONITOR_SUBSCRIBED,
} from './program-format.ts'
import { layout } from './struct.ts'
import { syscallNumber } from './table.ts'

export type ProgramOptions = {
  /** Report every call with its time, not only failures. */
  trace?: boolean
  /** Wait for a byte on the control socket before each step. */
  stepping?: boolean
  monitor?: MonitorSpec
  /** Fork a launcher for every connection to this listening socket (`launcher/serve.c`). */
  serve?: string
}

/** What stands behind an operation of the program: what an event's number refers to. */
export type OpSource = { step: Step; call?: Call }

export type Program = { bytes: Buffer; sources: OpSource[] }

/**
 * @throws TypeError when the list cannot be run: an unknown reference or field, a container step before `clone3`, more
 *   than one `clone3`, more than four allowed errors.
 * @throws UserError `invalid` for a list that is too long for the launcher.
 */
export function encodeProgram(steps: Step[], options: ProgramOptions = {}): Program {
  const encoder = new Encoder()
  for (const step of steps) encoder.step(step)
  if (options.monitor !== undefined) encoder.monitor(options.monitor)
  if (options.serve !== undefined) encoder.serve(options.serve)
  return encoder.finish((options.trace === true ? 1 : 0) | (options.stepping === true ? 2 : 0))
}

class Encoder {
  readonly #data = new DataSection()
  readonly #slots = new Map<string, number>()
  /** Operations up to and including the fork, of the child, and of the parent after it. */
  readonly #before: Op[] = []
  readonly #child: Op[] = []
  readonly #parent: Op[] = []
  #forked = false
  /** Who made the last call, and whether the host has done anything since it handed over. */
  #turn: Where = 'host'
  #hostBusy = false
  #step: Step | undefined
  #stepIndex = -1

  step(step: Step): void {
    this.#step = step
    this.#stepIndex++
    this.#handOver(step.where)
    this.#emit({ kind: KIND.step })
    for (const call of step.calls) this.#call(call)
  }

  monitor(spec: MonitorSpec): void {
    if (!this.#forked) throw new TypeError('a monitor needs a clone3 before it')
    const operand = Buffer.alloc(56)
    const flags =
      (spec.tty === true ? MONITOR_TTY : 0) |
      (spec.durable === true ? MONITOR_DURABLE : 0) |
      (spec.log === undefined ? 0 : MONITOR_LOG) |
      (spec.foreground === true ? MONITOR_FOREGROUND : 0) |
      (spec.subscribed === true ? MONITOR_SUBSCRIBED : 0)
    const names = [spec.child, spec.pidfd, SYNC_HOST, spec.out, spec.err, spec.in, spec.listener, spec.directory]
    operand.writeUInt32LE(flags, 0)
    names.forEach((name, i) => operand.writeUInt32LE(name === undefined ? NO_SLOT : this.#slot(name), 4 + 4 * i))
    operand.writeUInt32LE(spec.log?.maxFiles ?? 0, 36)
    operand.writeBigUInt64LE(BigInt(spec.log?.maxBytes ?? 0), 40)
    this.#turn = 'host'
    this.#emit({ kind: KIND.monitor, args: [[ARG_VALUE, BigInt(this.#data.place(operand))]] })
  }

  serve(listener: string): void {
    this.#emit({ kind: KIND.serve, args: [[ARG_VALUE, BigInt(this.#slot(listener))]] })
  }

  finish(flags: number): Program {
    const ops = [...this.#before, ...this.#child, ...this.#parent]
    const fork = this.#before.at(-1)
    if (this.#forked && fork !== undefined) fork.args[2] = [ARG_VALUE, BigInt(this.#before.length + this.#child.length)]
    const { bytes: data, relocations } = this.#data
    const bytes = ops.length * OP_BYTES + relocations.length + data.length
    if (bytes > MAX_BYTES || this.#slots.size > MAX_SLOTS) {
      throw new UserError(
        'invalid',
        `too much for one start: ${ops.length} operations, ${this.#slots.size} results, ${bytes} bytes`,
        {
          hint: `the launcher takes ${MAX_SLOTS} results and ${MAX_BYTES} bytes: fewer mounts, variables or arguments`,
        },
      )
    }
    const header = Buffer.alloc(24)
    ;[MAGIC, flags, ops.length, this.#slots.size, data.length, relocations.length / 8].forEach((n, i) =>
      header.writeUInt32LE(n, 4 * i),
    )
    const table = Buffer.alloc(ops.length * OP_BYTES)
    ops.forEach((op, i) => writeOp(table, i * OP_BYTES, op))
    return { bytes: Buffer.concat([header, table, relocations, data]), sources: ops.map((op) => op.source) }
  }

  #handOver(to: Where): void {
    if (to === this.#turn) return
    if (!this.#forked) throw new TypeError(`step ${this.#step?.id} runs in the container, but no clone3 came before it`)
    if (to === 'host' || this.#hostBusy) {
      this.#hand(this.#turn, to)
    }
    this.#turn = to
    this.#hostBusy = false
  }

  #hand(from: Where, to: Where): void {
    const mine = (where: Where) => (where === 'host' ? SYNC_HOST : SYNC_CONTAINER)
    const at = this.#data.place(Buffer.from('.'))
    this.#turn = from
    this.#emit({
      kind: KIND.syscall,
      flags: QUIET,
      nr: syscallNumber('write'),
      args: [
        [ARG_SLOT, BigInt(this.#slot(mine(from)))],
        [ARG_DATA, BigInt(at)],
        [ARG_VALUE, 1n],
      ],
    })
    this.#turn = to
    this.#emit({ kind: KIND.await, args: [[ARG_VALUE, BigInt(this.#slot(mine(to)))]] })
  }

  #call(call: Call): void {
    if (call.name === 'clone3') return this.#fork(call)
    const afterwards: (() => void)[] = []
    const args = call.args.map((arg) => this.#arg(arg, call, afterwards))
    if ((call.allow?.length ?? 0) > 4) throw new TypeError(`${call.name} allows more than four errors`)
    this.#emit({
      kind: KIND.syscall,
      flags:
        (call.name === 'execve' || call.name === 'execveat' ? REPORT : 0) |
        (call.nonzero === true ? NONZERO : 0) |
        (call.resultAt === undefined ? 0 : RESULT_AT),
      nr: syscallNumber(call.name),
      resultAt: this.#resultAt(call, args),
      slot: call.as === undefined ? NO_SLOT : this.#define(call.as),
      args,
      allow: (call.allow ?? []).map(errnoNumber),
      call,
    })
    for (const load of afterwards) load()
  }

  /** `resultAt` counts from the start of the call's one `out` argument. */
  #resultAt({ name, args, resultAt }: Call, encoded: EncodedArg[]): number {
    if (resultAt === undefined) return 0
    const i = args.findIndex((arg) => typeof arg === 'object' && arg !== null && 'out' in arg)
    const out = args[i]
    if (out === undefined || resultAt + 4 > (out as { out: number }).out)
      throw new TypeError(`${name} receives no result at byte ${resultAt}`)
    return Number(encoded[i]?.[1] ?? 0n) + resultAt
  }

  /** Both processes go on after it, the child with the container's steps; each keeps its own end of the pair. */
  #fork(call: Call): void {
    if (this.#forked) throw new TypeError('a program has one clone3')
    const pair = this.#data.reserve(8)
    this.#emit({
      kind: KIND.syscall,
      flags: QUIET,
      nr: syscallNumber('socketpair'),
      args: [
        [ARG_VALUE, 1n],
        [ARG_VALUE, BigInt(1 | 0o2000000)],
        [ARG_VALUE, 0n],
        [ARG_DATA, BigInt(pair)],
      ],
    })
    this.#load(SYNC_HOST, pair)
    this.#load(SYNC_CONTAINER, pair + 4)
    const afterwards: (() => void)[] = []
    const args = call.args.map((arg) => this.#arg(arg, call, afterwards))
    this.#emit({
      kind: KIND.fork,
      nr: syscallNumber('clone3'),
      slot: this.#define(call.as ?? 'child'),
      call,
      args: [
        [ARG_VALUE, args[0]?.[1] ?? 0n],
        [ARG_VALUE, args[1]?.[1] ?? 0n],
        [ARG_VALUE, 0n],
        [ARG_VALUE, BigInt(this.#slot(SYNC_CONTAINER))],
      ],
    })
    this.#forked = true
    this.#turn = 'container'
    this.#close(SYNC_HOST)
    this.#turn = 'host'
    this.#close(SYNC_CONTAINER)
    for (const load of afterwards) load()
    this.#hostBusy = false
  }

  #close(name: string): void {
    this.#emit({
      kind: KIND.syscall,
      flags: QUIET,
      nr: syscallNumber('close'),
      args: [[ARG_SLOT, BigInt(this.#slot(name))]],
    })
  }

  #arg(arg: Arg, call: Call, afterwards: (() => void)[]): EncodedArg {
    if (arg === null) return [ARG_VALUE, 0n]
    if (typeof arg === 'number' || typeof arg === 'bigint') return [ARG_VALUE, BigInt.asIntN(64, BigInt(arg))]
    if (typeof arg === 'string') return [ARG_DATA, BigInt(this.#data.string(arg))]
    if (arg instanceof Uint8Array) return [ARG_DATA, BigInt(this.#data.place(arg))]
    if ('ref' in arg) return [ARG_SLOT, BigInt(this.#slot(arg.ref))]
    if ('fdPath' in arg) return [ARG_FD_PATH, BigInt(this.#slot(arg.fdPath))]
    if ('strings' in arg) return [ARG_DATA, BigInt(this.#data.strings(arg.strings))]
    if ('out' in arg) return [ARG_DATA, BigInt(this.#out(arg, afterwards))]
    if ('bytes' in arg) return [ARG_DATA, BigInt(this.#filled(arg))]
    return [ARG_DATA, BigInt(this.#struct(arg.struct, arg.fields, afterwards))]
  }

  #struct(name: Parameters<typeof layout>[0], fields: Record<string, Field>, afterwards: (() => void)[]): number {
    const { size, fields: known } = layout(name)
    const bytes = Buffer.alloc(size)
    const patches: [place: number, slot: number, width: number][] = []
    const pointers: [place: number, target: number][] = []
    for (const [field, value] of Object.entries(fields)) {
      const spot = known[field]
      if (spot === undefined) throw new TypeError(`struct ${name} has no field ${field}`)
      const [place, type] = spot
      if (typeof value === 'number' || typeof value === 'bigint') writeField(bytes, place, type, value)
      else if (typeof value === 'string' && type !== 'ptr') writeField(bytes, place, type, value)
      else if (typeof value === 'string') pointers.push([place, this.#data.string(value)])
      else if (value instanceof Uint8Array) pointers.push([place, this.#data.place(value)])
      else if ('ref' in value) patches.push([place, this.#slot(value.ref), fieldWidth(type)])
      else pointers.push([place, this.#out(value, afterwards)])
    }
    const at = this.#data.place(bytes)
    for (const [place, target] of pointers) this.#data.relocate(at + place, target)
    for (const [place, slot, width] of patches) this.#patch(at + place, slot, width)
    return at
  }

  #filled({ bytes, fill }: Filled): number {
    const at = this.#data.place(bytes)
    for (const { at: place, ref } of fill) this.#patch(at + place, this.#slot(ref), 4)
    return at
  }

  #patch(at: number, slot: number, width: number): void {
    this.#emit({ kind: KIND.patch, args: [at, slot, width].map((value): EncodedArg => [ARG_VALUE, BigInt(value)]) })
  }

  #out(out: Out, afterwards: (() => void)[]): number {
    const at = this.#data.reserve(out.out)
    const from = at + (out.at ?? 0)
    for (const [i, name] of (out.as ?? []).entries()) afterwards.push(() => this.#load(name, from + 4 * i))
    return at
  }

  #load(name: string, at: number): void {
    this.#emit({ kind: KIND.load, slot: this.#define(name), args: [[ARG_VALUE, BigInt(at)]] })
  }

  #define(name: string): number {
    const slot = this.#slots.get(name) ?? this.#slots.size
    this.#slots.set(name, slot)
    return slot
  }

  #slot(name: string): number {
    const slot = this.#slots.get(name)
    if (slot === undefined) throw new TypeError(`step ${this.#step?.id}: no earlier call is named ${name}`)
    return slot
  }

  #emit(op: Partial<Omit<Op, 'source'>> & { kind: number; call?: Call }): void {
    const { call, ...rest } = op
    const step = this.#step
    if (step === undefined) throw new TypeError('a program needs a step')
    const source: OpSource = call === undefined ? { step } : { step, call }
    const list = this.#forked ? (this.#turn === 'container' ? this.#child : this.#parent) : this.#before
    if (this.#forked && this.#turn === 'host') this.#hostBusy = true
    list.push({
      flags: 0,
      slot: NO_SLOT,
      nr: 0,
      resultAt: 0,
      args: [],
      allow: [],
      step: this.#stepIndex,
      ...rest,
      source,
    })
  }
}

/** The two ends of the socket pair on which the processes hand over. */
const SYNC_HOST = 'launcher.sync-host'
const SYNC_CONTAINER = 'launcher.sync-container'
