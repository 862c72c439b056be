/** Starts somebody's container runtime on a command that can be found again among all processes of the machine, and ends it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Ended } from './check.ts'

/** docker on a slow machine takes seconds for its first container. */
const START_MS = 20_000
const END_MS = 10_000

/** A shell command line, to which the words of the command to run are added: `./mine`, `docker run --rm alpine`. */
export type Program = { commandLine: string; cwd: string; env: NodeJS.ProcessEnv }

/** A program that runs, with a process in its container. Disposed of, the process is killed and the program ends by itself. */
export type Running = AsyncDisposable & { pid: number }

/** The program ended, or too much time passed, before there was a process. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted'
}

/**
 * Runs `sleep N` in a container, where N is a number nobody else sleeps for, and finds that process in /proc. Needs to see all processes: root.
 * @throws NotStarted with what the program printed.
 */
export async function start(program: Program): Promise<Running> {
  const seconds = String(randomInt(100_000_000, 999_999_999))
  const { child, output } = spawnProgram(program, ['sleep', seconds])
  const ended = endOf(child)
  const until = Date.now() + START_MS
  for (let pid = findSleeper(seconds); ; pid = findSleeper(seconds)) {
    if (pid !== undefined) return { pid, [Symbol.asyncDispose]: () => end(child, ended, seconds) }
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) break
    await delay(20)
  }
  const exit = child.exitCode ?? child.signalCode
  await end(child, ended, seconds)
  const how = exit === null ? `no process after ${START_MS / 1000} s` : `the program ended with ${exit}`
  throw new NotStarted(`${how}${output() === '' ? '' : `: ${output().trim()}`}`)
}

/** Runs the program to its end. 128+n for signal n. */
export async function runToEnd(program: Program, command: readonly string[]): Promise<Ended> {
  const { child, output } = spawnProgram(program, command)
  const timer = setTimeout(() => killGroup(child), START_MS)
  const exitCode = await endOf(child)
  clearTimeout(timer)
  return { exitCode, output: output() }
}

function spawnProgram({ commandLine, cwd, env }: Program, command: readonly string[]) {
  const child = spawn('/bin/sh', ['-c', `${commandLine} "$@"`, 'sh', ...command], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { child, output: () => Buffer.concat(chunks).toString() }
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(127))
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)))
  })
}

/** The first process dies, and a runtime that works notices, cleans up and ends. One that hangs is killed. */
async function end(child: ChildProcess, ended: Promise<number>, seconds: string): Promise<void> {
  for (let pid = findSleeper(seconds); pid !== undefined; pid = undefined) process.kill(pid, 'SIGKILL')
  const isOver = await Promise.race([ended.then(() => true), delay(END_MS, false, { ref: false })])
  if (isOver) return
  killGroup(child)
  await ended
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

/** The process that is `sleep N` and nothing else: the program itself has the same words in its own command line. */
export function findSleeper(seconds: string): number | undefined {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const words = commandOf(entry)
    const [first = ''] = words
    const rest = basename(first) === 'busybox' ? words.slice(1) : words
    if (rest.length === 2 && basename(rest[0] ?? '') === 'sleep' && rest[1] === seconds) return Number(entry)
  }
  return undefined
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    // It has ended meanwhile.
    return []
  }
}
