/**
 * The faces `--explain`, `--trace` and `--json` of a command that changes something by requests. The command runs as always, but for its requests: for
 * `--explain` the daemon is asked what each would do (`/x/plan/…`, from the same functions that do it), and nothing is done; for `--trace` it tells
 * what it does for each of them.
 */
import { randomBytes } from 'node:crypto'
import type { ChangingRequest, Face } from '../client/face.ts'
import { ApiError, type Engine } from '../client/engine.ts'
import { textLines } from '../client/json-stream.ts'
import type { Command } from '../cli/command.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { explainSteps, languageOf, type ExplainedStep, type Language } from './explain.ts'
import { reviveSteps } from './steps-json.ts'
import { TraceFormatter, type TraceEvent } from './trace.ts'
import { words } from './words.ts'

/** Does the command with the face that its flags ask for. */
export async function runFaced(command: Command, flags: Flags, args: string[], terminal: Terminal): Promise<void> {
  const [explain, trace, json] = ['explain', 'trace', 'json'].map((name) => flags.bool(name))
  if (explain && trace) throw new CliError(`${PROGRAM}: --explain does nothing that --trace could show`, 125)
  if (explain) return explained((quiet) => command.run(flags, args, quiet), flags, terminal)
  if (!trace) throw new CliError(`${PROGRAM}: --json needs --explain or --trace`, 125)
  const face = new Tracing(terminal, json === true)
  try {
    await command.run(flags, args, { ...terminal, face })
  } finally {
    await face.end()
  }
}

/** Does the work without doing it, and prints what the daemon would do for it. */
export async function explained(
  work: (terminal: Terminal) => Promise<void>,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const face = new Planning()
  const quiet: Terminal = { ...terminal, face, out: () => {}, write: () => {} }
  const language = languageFor(flags, terminal)
  await work(quiet).catch((error: unknown) => {
    if (error !== END_OF_PLAN) throw error
  })
  printSteps(await face.steps(), language, flags, terminal)
}

/** @throws CliError for a language that is not spoken here. */
function languageFor(flags: Flags, terminal: Terminal): Language {
  const language = flags.string('lang') ?? languageOf(terminal.env)
  if (language !== 'en' && language !== 'ja')
    throw new CliError(`${PROGRAM}: invalid language ${JSON.stringify(language)}: must be "en" or "ja"`, 125)
  return language
}

/** Steps that the client itself makes. */
export function explainOwn(steps: ExplainedStep[], flags: Flags, terminal: Terminal): void {
  printSteps(steps, languageFor(flags, terminal), flags, terminal)
}

function printSteps(steps: ExplainedStep[], language: Language, flags: Flags, terminal: Terminal): void {
  const text = flags.bool('json')
    ? `${JSON.stringify({ steps }, undefined, 2)}\n`
    : explainSteps(reviveSteps(JSON.stringify({ steps })), words, language)
  terminal.out(text)
}

/** The request was the last one: what would follow needs what it had made. */
const END_OF_PLAN = new CliError('', 0)

class Planning implements Face {
  readonly plansOnly = true
  readonly #asked: Promise<{ steps: ExplainedStep[] }>[] = []

  async before(engine: Engine, { method, path, options }: ChangingRequest): Promise<{ answer: string }> {
    const { query = {}, json, headers = {} } = options
    const request = { query, headers, ...(json === undefined ? {} : { json }) }
    const asked = engine.json<{ steps: ExplainedStep[]; answer?: unknown }>(method, `/x/plan${path}`, request)
    this.#asked.push(asked)
    const { answer } = await asked.catch(told)
    if (answer === undefined) throw END_OF_PLAN
    return { answer: typeof answer === 'string' ? answer : JSON.stringify(answer) }
  }

  /** In the order in which the command asked. */
  async steps(): Promise<ExplainedStep[]> {
    const plans = await Promise.allSettled(this.#asked)
    return plans.flatMap((plan) => (plan.status === 'fulfilled' ? plan.value.steps : []))
  }
}

class Tracing implements Face {
  readonly plansOnly = false
  readonly #terminal: Terminal
  readonly #json: boolean
  readonly #token = randomBytes(8).toString('hex')
  #open: Promise<{ engine: Engine; done: Promise<void> }> | undefined

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal
    this.#json = json
  }

  async before(engine: Engine): Promise<{ headers: Record<string, string> }> {
    this.#open ??= this.#listen(engine).catch(told)
    await this.#open
    return { headers: { 'X-Mini-Docker-Trace': this.#token } }
  }

  /** All that was traced is printed. */
  async end(): Promise<void> {
    const open = await this.#open?.catch(() => undefined)
    if (open === undefined) return
    await open.engine.text('DELETE', `/x/traces/${this.#token}`)
    await open.done
  }

  async #listen(engine: Engine): Promise<{ engine: Engine; done: Promise<void> }> {
    const answer = await engine.stream('GET', `/x/traces/${this.#token}`)
    return { engine, done: this.#print(answer.body()) }
  }

  async #print(body: AsyncIterable<Buffer>): Promise<void> {
    const formatter = new TraceFormatter()
    for await (const line of textLines(body)) {
      const event = JSON.parse(line) as TraceEvent
      const text = this.#json ? line : formatter.line(event)
      if (text !== undefined) this.#terminal.err(`${text}\n`)
    }
  }
}

/** Docker's daemon has no faces. */
function told(error: unknown): never {
  if (error instanceof ApiError && error.status === 404 && /page not found/i.test(error.message))
    throw new CliError(`${PROGRAM}: --explain and --trace need a daemon of mini-docker's`, 125)
  throw error
}
