/** `version`: of the client and of the daemon. */
import { CLIENT_API_VERSION, CannotConnect, type Engine } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FORMAT_ONE } from '../cli/common-flags.ts'
import { CliError } from '../cli/errors.ts'
import { compile, goJson, goValue, TemplateError, TemplateSyntaxError } from '../template/index.ts'
import { CLIENT_VERSION } from '../cli/version.ts'

type Details = Record<string, string>
type ServerVersion = {
  Platform?: { Name: string }
  Components?: Array<{ Name: string; Version: string; Details?: Details | null }>
  [field: string]: unknown
}

export const command: Command = {
  name: 'version',
  usage: '[OPTIONS]',
  about: 'Show the version information of client and daemon',
  flags: [FORMAT_ONE, { name: 'short', kind: 'bool', help: '', hidden: true }],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    if (flags.bool('short')) return terminal.out(`mini-docker version ${CLIENT_VERSION}\n`)
    const engine = openEngine(terminal)
    const { server, problem } = await askServer(engine)
    const client = clientVersion(engine)
    const format = flags.string('format')
    if (format === undefined || format === '') terminal.out(plainVersion(client, server, engine.version))
    else terminal.out(`${formatted(format, { Client: client, Server: server ?? null })}\n`)
    if (problem !== undefined) throw new CliError(problem)
  },
}

async function askServer(engine: Engine): Promise<{ server?: ServerVersion; problem?: string }> {
  try {
    await engine.negotiate()
    return { server: await engine.json<ServerVersion>('GET', '/version') }
  } catch (error) {
    if (error instanceof CannotConnect) return { problem: error.message }
    throw error
  }
}

function clientVersion(engine: Engine) {
  return {
    Version: CLIENT_VERSION,
    ApiVersion: engine.version,
    DefaultAPIVersion: CLIENT_API_VERSION,
    NodeVersion: process.version,
    Os: process.platform,
    Arch: goArch(),
    Context: 'default',
  }
}

function goArch(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

function plainVersion(
  client: ReturnType<typeof clientVersion>,
  server: ServerVersion | undefined,
  apiVersion: string,
): string {
  const downgraded = apiVersion === CLIENT_API_VERSION ? '' : ` (downgraded from ${CLIENT_API_VERSION})`
  const lines = [
    'Client:',
    ` Version:           ${client.Version}`,
    ` API version:       ${client.ApiVersion}${downgraded}`,
    ` Node version:      ${client.NodeVersion}`,
    ` OS/Arch:           ${client.Os}/${client.Arch}`,
    ` Context:           ${client.Context}`,
  ]
  if (server !== undefined)
    lines.push(
      '',
      `Server:${server.Platform?.Name ? ` ${server.Platform.Name}` : ''}`,
      ...(server.Components ?? []).flatMap(componentLines),
    )
  return `${lines.join('\n')}\n`
}

/** Details in the order that docker's client prints the ones it knows. */
const DETAILS: Record<string, string> = {
  ApiVersion: 'API version',
  GoVersion: 'Go version',
  NodeVersion: 'Node version',
  GitCommit: 'Git commit',
  BuildTime: 'Built',
  Os: 'OS/Arch',
  Experimental: 'Experimental',
}

function componentLines({ Name, Version, Details }: NonNullable<ServerVersion['Components']>[number]): string[] {
  const line = (title: string, value: string) => `  ${`${title}:`.padEnd(17)} ${value}`
  const lines = [` ${Name}:`, line('Version', Version)]
  if (Name !== 'Engine') return [...lines, ...Object.entries(Details ?? {}).map(([key, value]) => line(key, value))]
  const known = Object.entries(DETAILS).filter(([key]) => Details?.[key] !== undefined)
  return [...lines, ...known.map(([key, title]) => line(title, detailText(key, Details ?? {})))]
}

function detailText(key: string, details: Details): string {
  const value = details[key] ?? ''
  if (key === 'ApiVersion') return `${value} (minimum version ${details['MinAPIVersion'] ?? ''})`
  if (key === 'Os') return `${value}/${details['Arch'] ?? ''}`
  return key === 'BuildTime' ? ansiC(value) : value
}

/** `2026-05-07T21:09:36Z` → `Thu May  7 21:09:36 2026`, as Go's client reformats build times. */
function ansiC(text: string): string {
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) return text
  // `Thu, 07 May 2026 21:09:36 GMT`
  const [day = '', dayOfMonth = '', month = '', year = '', time = ''] = date.toUTCString().replace(',', '').split(' ')
  return `${day} ${month} ${String(Number(dayOfMonth)).padStart(2)} ${time} ${year}`
}

function formatted(format: string, value: unknown): string {
  if (format === 'json') return goJson(value)
  try {
    return compile(format, { name: 'version' })(goValue(value))
  } catch (error) {
    if (error instanceof TemplateError || error instanceof TemplateSyntaxError) throw new CliError(error.message)
    throw error
  }
}
