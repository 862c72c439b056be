/** `pull --explain`: what would be asked of which registry, and why, as a script that does it by hand; nothing is. */
import { messages } from '@mini-docker/image'
import type { Engine } from '../client/engine.ts'
import type { WantedImage } from '../client/registry-name.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { explainSteps, languageOf } from '../faces/explain.ts'
import { reviveSteps } from '../faces/steps-json.ts'

/** Asks the daemon, which knows mirrors and endpoints, for the plan and prints it; with `--json` the steps as it gives them. */
export async function explainPull(
  engine: Engine,
  { repository, tag }: WantedImage,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const language = flags.string('lang') ?? languageOf(terminal.env)
  if (language !== 'en' && language !== 'ja')
    throw new CliError(`${PROGRAM}: invalid language ${JSON.stringify(language)}: must be "en" or "ja"`, 125)
  const query = { fromImage: repository, tag, platform: flags.string('platform') }
  const text = await engine.text('POST', '/x/images/plan', { query })
  if (flags.bool('json')) return terminal.out(`${JSON.stringify(JSON.parse(text), undefined, 2)}\n`)
  return terminal.out(explainSteps(reviveSteps(text), messages, language))
}
