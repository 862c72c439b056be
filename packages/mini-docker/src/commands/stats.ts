/** `stats`: what containers use right now, refreshed twice a second or once with `--no-stream`. */
import { containerPath } from '../client/containers.ts'
import type { Engine } from '../client/engine.ts'
import { jsonLines } from '../client/json-stream.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FORMAT, NO_TRUNC } from '../cli/common-flags.ts'
import { exitWith } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import type { Terminal } from '../cli/terminal.ts'
import { formatRows } from '../format/rows.ts'
import { measure, statsRow, STATS_COLUMNS, STATS_TITLES, type Measured, type StatsMessage } from '../format/stats.ts'

const REFRESH_MS = 500

export const command: Command = {
  name: 'stats',
  usage: '[OPTIONS] [CONTAINER...]',
  about: 'Display a live stream of container(s) resource usage statistics',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show all containers (default shows just running)' },
    FORMAT,
    { name: 'no-stream', kind: 'bool', help: 'Disable streaming stats and only pull the first result' },
    NO_TRUNC,
  ],
  words: { atLeast: 0 },
  async run(flags, names, terminal) {
    const engine = openEngine(terminal)
    const show = (measured: Measured[]) =>
      formatRows(
        {
          rows: measured.map((one) => statsRow(one, !flags.bool('no-trunc'))),
          columns: STATS_COLUMNS,
          titles: STATS_TITLES,
        },
        flags.string('format'),
      )
    const wanted = async () => (names.length > 0 ? names : await listIds(engine, flags.bool('all')))
    if (flags.bool('no-stream')) return once(engine, await wanted(), show, terminal)
    // A name that is wrong from the start is an error; later, containers may come and go.
    for (const name of names) await engine.text('GET', containerPath(name, 'json'))
    return follow(engine, wanted, show, terminal)
  },
}

async function listIds(engine: Engine, all: boolean): Promise<string[]> {
  return (await engine.json<Array<{ Id: string }>>('GET', '/containers/json', { query: { all } })).map(({ Id }) => Id)
}

async function once(
  engine: Engine,
  names: string[],
  show: (measured: Measured[]) => Promise<string>,
  terminal: Terminal,
): Promise<void> {
  const results = await Promise.allSettled(
    names.map((name) => engine.json<StatsMessage>('GET', containerPath(name, 'stats'), { query: { stream: 0 } })),
  )
  const problems = results.flatMap((result) =>
    result.status === 'rejected' ? [daemonMessage(result.reason as Error)] : [],
  )
  if (problems.length > 0) {
    terminal.err(problems.map((problem) => `${problem}\n`).join(''))
    throw exitWith(1)
  }
  terminal.out(
    await show(
      results.flatMap((result, index) =>
        result.status === 'fulfilled' ? [measure(result.value, names[index] ?? '')] : [],
      ),
    ),
  )
}

/** One stream per container; a screen drawn from what each said last. Ends with Ctrl-C. */
async function follow(
  engine: Engine,
  wanted: () => Promise<string[]>,
  show: (measured: Measured[]) => Promise<string>,
  terminal: Terminal,
): Promise<void> {
  const latest = new Map<string, Measured>()
  const watched = new Set<string>()
  const watch = async (name: string): Promise<void> => {
    watched.add(name)
    try {
      const answer = await engine.stream('GET', containerPath(name, 'stats'), { query: { stream: true } })
      for await (const message of jsonLines<StatsMessage>(answer.body())) latest.set(name, measure(message, name))
    } catch {
      // The container is gone: its line shows dashes or disappears with the next list.
    }
    watched.delete(name)
    latest.set(name, { container: name, id: name, name: '--' })
  }
  for (;;) {
    const names = await wanted()
    for (const name of names) if (!watched.has(name)) void watch(name)
    const lines = await show(names.map((name) => latest.get(name) ?? { container: name, id: name, name: '--' }))
    terminal.out(`\x1B[H${lines.replaceAll('\n', '\x1B[K\n')}\x1B[J`)
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS))
  }
}
