/** `diff runc`: the same image and command under runc and under mini-docker, and what the kernel says of both. Exit code 1 when they differ and nobody knows why. */
import { openEngine } from '../client/open.ts'
import { ApiError, type Engine } from '../client/engine.ts'
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from '../cli/command.ts'
import { CliError, exitWith, PROGRAM } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { createBody } from '../create/body.ts'
import { createContainer } from '../create/create.ts'
import { CREATE_FLAGS } from '../create/flags.ts'
import type { Comparison } from '../oci-diff/compare.ts'
import type { Config } from '../oci-diff/runc.ts'
import { LANG, languageFrom, printLines } from './inspect-image.ts'

export const command: Command = {
  name: 'diff runc',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  about: 'Run an image under runc and under mini-docker, and compare what the kernel says of both',
  flags: [...CREATE_FLAGS, { name: 'json', kind: 'bool', help: 'Print the comparison as JSON' }, LANG],
  words: { atLeast: 1 },
  stopAtFirstWord: true,
  async run(flags, [image = '', ...words], terminal) {
    for (const name of ['tty', 'init', 'rm'])
      if (flags.has(name)) throw new CliError(`${PROGRAM}: diff runc cannot have --${name}: ${WHY_NOT[name]}`)
    const { runcVersion } = await import('../oci-diff/runc.ts')
    const version = runcVersion()
    const comparison = await compareOn(openEngine(terminal), flags, [image, ...words], terminal)
    const unknown = comparison.differences.filter(({ reason }) => reason === undefined).length
    const { linesOf } = await import('../oci-diff/print.ts')
    const lines = flags.bool('json')
      ? [JSON.stringify({ runc: version, same: unknown === 0, ...comparison }, undefined, 2)]
      : linesOf(comparison, version, languageFrom(flags, terminal))
    await printLines(lines, terminal)
    if (unknown > 0) throw exitWith(1)
  },
}

const WHY_NOT: Record<string, string> = {
  tty: 'runc hands a terminal over by a socket, which is not built here',
  init: 'runc has no init; docker and mini-docker bring it along',
  rm: 'nothing stays anyway',
}

async function compareOn(
  engine: Engine,
  flags: Flags,
  [image = '', ...words]: string[],
  terminal: Terminal,
): Promise<Comparison> {
  const made = createBody(flags, image, words, { env: terminal.env, detach: true })
  // With an open input a shell waits, and can be looked at.
  const body = { ...made, OpenStdin: true, StdinOnce: false }
  const id = await told(createContainer(engine, flags, body, terminal))
  try {
    const { spec, layers } = await told(
      engine.json<{ spec: Config; layers: string[] }>('GET', `/x/containers/${id}/spec`),
    )
    if (layers.length === 0) throw new CliError(`${PROGRAM}: image ${image} has no layers: nothing can run in it`)
    if (spec.mounts?.some(({ subpath }) => subpath !== undefined) === true)
      throw new CliError(`${PROGRAM}: diff runc cannot have volume-subpath: OCI's config has no word for it`)
    await told(engine.text('POST', `/containers/${id}/start`))
    const pid = await pidOf(engine, id, spec.process.args)
    const [{ startRunc }, { observe }, { compare }] = await Promise.all([
      import('../oci-diff/runc.ts'),
      import('../oci-diff/observe.ts'),
      import('../oci-diff/compare.ts'),
    ])
    await using runc = await startRunc(spec, layers, `${id}-runc`)
    const { maskedPaths = [], readonlyPaths = [] } = spec.linux
    const rowsOf = (process: number) => observe({ pid: process, id, maskedPaths, readonlyPaths })
    return compare(rowsOf(runc.pid), rowsOf(pid))
  } finally {
    await engine.text('DELETE', `/containers/${id}`, { query: { force: true, v: true } })
  }
}

/** Waits until the command itself runs. */
async function pidOf(engine: Engine, id: string, args: readonly string[]): Promise<number> {
  const { runs } = await import('../oci-diff/runc.ts')
  type Inspected = { State: { Running: boolean; Pid: number } }
  for (;;) {
    const { State: state } = await told(engine.json<Inspected>('GET', `/containers/${id}/json`))
    if (!state.Running)
      throw new CliError(
        `${PROGRAM}: the command ended before it could be looked at\nhint: give one that stays, such as sleep 1000`,
      )
    if (runs(state.Pid, args)) return state.Pid
    await delay(10)
  }
}

async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new CliError(`${PROGRAM}: ${daemonMessage(error)}`)
  }
}
