/** `run --explain`: what would be done, as a script with reasons; nothing is. */
import { messages as network } from '@mini-docker/net'
import { messages as runtime } from '@mini-docker/runtime'
import { ApiError, type Engine } from '../client/engine.ts'
import { runFailure } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import type { CreateBody } from '../create/body.ts'
import { explainSteps, languageOf, type Language } from '../faces/explain.ts'
import { reviveSteps } from '../faces/steps-json.ts'

/** Asks the daemon for the plan and prints it; with `--json` the steps as the daemon gives them. */
export async function explain(engine: Engine, flags: Flags, body: CreateBody, terminal: Terminal): Promise<void> {
  const language = flags.string('lang') ?? languageOf(terminal.env)
  if (language !== 'en' && language !== 'ja')
    throw runFailure('run', `invalid language ${JSON.stringify(language)}: must be "en" or "ja"`)
  const text = await askPlan(engine, flags, body)
  if (flags.bool('json')) return terminal.out(`${JSON.stringify(JSON.parse(text), undefined, 2)}\n`)
  return terminal.out(explainSteps(reviveSteps(text), { ...runtime, ...network }, language satisfies Language))
}

async function askPlan(engine: Engine, flags: Flags, body: CreateBody): Promise<string> {
  try {
    return await engine.text('POST', '/x/containers/plan', { query: { name: flags.string('name') }, json: body })
  } catch (error) {
    throw runFailure('run', error instanceof ApiError ? daemonMessage(error) : (error as Error).message)
  }
}
