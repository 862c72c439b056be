/** `inspect`: everything that the daemon knows about containers and images, as JSON or through a template. */
import { containerPath } from '../client/containers.ts'
import { ApiError, type Engine } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FORMAT_ONE } from '../cli/common-flags.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import { FlagError, mistakeInFlags } from '../cli/flags.ts'
import { parsePlatformFlag, PLATFORM } from '../cli/platform.ts'
import type { Terminal } from '../cli/terminal.ts'
import { compile, goJson, goValue, parseExact, TemplateError, TemplateSyntaxError } from '../template/index.ts'

const TYPES = ['config', 'container', 'image', 'network', 'node', 'plugin', 'secret', 'service', 'task', 'volume']

export const command: Command = {
  name: 'inspect',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  about: 'Return low-level information on Docker objects',
  flags: [
    FORMAT_ONE,
    { name: 'size', short: 's', kind: 'bool', help: 'Display total file sizes if the type is container' },
    { name: 'type', kind: 'string', help: 'Only inspect objects of the given type' },
    { ...PLATFORM('Inspect a specific platform of the multi-platform image (image inspect only)'), hidden: true },
  ],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    const type = flags.string('type') ?? ''
    if (type !== '' && !TYPES.includes(type)) {
      throw new CliError(
        `unknown type: ${JSON.stringify(type)}: must be one of ${TYPES.map((name) => JSON.stringify(name)).join(', ')}`,
      )
    }
    if (!['', 'container', 'image', 'network', 'volume'].includes(type))
      throw new CliError(`--type ${type} is not built yet`, 125)
    if (flags.has('platform') && type !== 'image') {
      const usage = `${PROGRAM} ${command.name} ${command.usage}`
      throw mistakeInFlags(new FlagError('unknown flag: --platform'), PROGRAM, command.name, usage)
    }
    const engine = openEngine(terminal)
    const query = { size: flags.bool('size'), platform: await parsePlatformFlag(flags, engine, '1.49') }
    await inspectAll(names, (name) => inspectOne(engine, name, type, query), flags.string('format'), terminal)
  },
}

/** Prints what is found of each name; what is not found is told after that, with status 1. */
export async function inspectAll(
  names: readonly string[],
  inspect: (name: string) => Promise<unknown>,
  format: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const render = renderer(format)
  const found: unknown[] = []
  const problems: string[] = []
  for (const name of names) {
    try {
      found.push(await inspect(name))
    } catch (error) {
      problems.push(daemonMessage(error as Error))
    }
  }
  terminal.out(printed(() => render(found), terminal))
  if (problems.length > 0) throw new CliError(problems.join('\n'))
}

/** Docker ends the line even when the template fails on it. */
function printed(render: () => string, terminal: Terminal): string {
  try {
    return render()
  } catch (error) {
    terminal.out('\n')
    throw error
  }
}

type InspectQuery = { size: boolean; platform: string | undefined }

/** Where to look, in docker's order. */
async function inspectOne(engine: Engine, name: string, type: string, query: InspectQuery): Promise<unknown> {
  const paths: Record<string, string> = {
    container: containerPath(name, 'json'),
    image: `/images/${name}/json`,
    network: `/networks/${encodeURIComponent(name)}`,
    volume: `/volumes/${encodeURIComponent(name)}`,
  }
  const ask = async (kind: string) => {
    const { size, platform } = query
    const own = kind === 'container' ? { size } : kind === 'image' ? { platform } : {}
    return parseExact(await engine.text('GET', paths[kind] ?? '', { query: own }))
  }
  if (type !== '') return await ask(type)
  for (const kind of Object.keys(paths)) {
    try {
      return await ask(kind)
    } catch (error) {
      // 501: a kind of object that the daemon does not have yet.
      if (!(error instanceof ApiError) || ![404, 501, 400].includes(error.status)) throw error
    }
  }
  throw new Error(`Error: No such object: ${name}`)
}

/** JSON with four spaces, JSON per line, or a template per object. */
function renderer(format: string | undefined): (found: unknown[]) => string {
  if (format === undefined || format === '')
    return (found) => (found.length === 0 ? '[]\n' : `${goJson(found, '    ')}\n`)
  if (format === 'json') return (found) => `${goJson(found)}\n`
  const template = compileFormat(format)
  return (found) => found.map((value) => `${runFormat(template, goValue(value))}\n`).join('') || '\n'
}

function compileFormat(format: string) {
  try {
    return compile(format)
  } catch (error) {
    if (error instanceof TemplateSyntaxError) throw new CliError(`template parsing error: ${error.message}`, 64)
    throw error
  }
}

function runFormat(template: ReturnType<typeof compile>, value: unknown): string {
  try {
    return template(value)
  } catch (error) {
    if (error instanceof TemplateError) throw new CliError(`template parsing error: ${error.message}`)
    throw error
  }
}
