/** One check on one program: the machine before, a container, what the check sees, its end, the machine after. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Check, Ended, Finding } from './check.ts'
import { changes, ownCgroups, readHost, type HostState } from './host.ts'
import { NotStarted, runToEnd, start, type Program } from './program.ts'

/** What takes a moment to go after the end of a program: a cgroup whose last process is being reaped, a veth. */
const SETTLE_MS = 3000

/** All that was found, the broken last. Never throws for what the program does. */
export async function verify(check: Check, program: Program): Promise<Finding[]> {
  const before = readHost()
  const { findings, cgroups } = await look(check, program)
  return [...findings, ...(await remains(before, cgroups, check.chapter))]
}

async function look(check: Check, program: Program): Promise<{ findings: Finding[]; cgroups: string[] }> {
  try {
    await using prepared = await check.prepare?.(program)
    const told = { ...program, env: { ...program.env, ...prepared?.env } }
    await using running = await start(told)
    const cgroups = prepared === undefined ? ownCgroups(running.pid) : []
    const run = (...command: string[]): Promise<Ended> => runToEnd(told, command)
    return { findings: await check.look({ pid: running.pid, run }), cgroups }
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error
    const finding: Finding = { id: `${check.chapter}.runs`, answer: 'not-yet', says: RUNS, saw: error.message }
    return { findings: [finding], cgroups: [] }
  }
}

const RUNS = {
  en: 'the program runs the command it is given, in a container',
  ja: 'プログラムは、渡されたコマンドをコンテナの中で実行します',
}

async function remains(before: HostState, cgroups: readonly string[], chapter: string): Promise<Finding[]> {
  const until = Date.now() + SETTLE_MS
  for (;;) {
    const found = changes(before, readHost(), cgroups, chapter)
    if (found.length === 0 || Date.now() > until) return found
    await delay(50)
  }
}
