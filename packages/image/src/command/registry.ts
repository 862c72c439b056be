/** Registries as the user of this command reaches them: docker's config.json, the proxies of the environment, certificates of certs.d. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { Command } from 'commander'
import { credentialsFrom, DockerConfig } from '../credentials/index.ts'
import { defaultRegistryConfig, Registry, type Credentials, type Proxies } from '../registry/index.ts'
import { TraceLines } from '../registry/http/trace-line.ts'
import type { Session } from './session.ts'

const CERTS_DIRS = ['/etc/mini-docker/certs.d', '/etc/docker/certs.d']

export type RegistryFlags = {
  creds?: string
  authfile?: string
  certDir?: string
  /** Commander's name for `--tls-verify=false`. */
  tlsVerify?: boolean
  trace?: boolean
}

/** The flags of all commands that ask a registry, as skopeo spells them. */
export function addRegistryFlags(command: Command): Command {
  return addCommonFlags(command).option('--creds <user[:password]>', 'who to be at the registry')
}

/** The same without `--creds`, for who has one for each side. */
export function addCommonFlags(command: Command): Command {
  return command
    .option('--authfile <file>', "instead of docker's config.json")
    .option('--cert-dir <dir>', '*.crt (whom to trust), *.cert and *.key (who we are), instead of certs.d')
    .option('--tls-verify <bool>', 'false: plain HTTP and unknown certificates will do', parseBool)
    .option('--trace', 'each HTTP request on standard error, without secrets')
}

/** Disposing it closes the connections. `hosts` are those that need no certificate with `--tls-verify=false`. */
export function openRegistry(
  session: Session,
  flags: RegistryFlags,
  hosts: readonly string[],
  signal?: AbortSignal,
): Registry {
  const { env } = session
  const lines = new TraceLines()
  const given = flags.creds === undefined ? undefined : parseCreds(flags.creds)
  const stored = credentialsFrom(configPath(session, flags), {
    env,
    detectOn: env['PATH'] ?? '',
    onProblem: (problem) => session.note(`WARNING: ${problem instanceof Error ? problem.message : String(problem)}`),
  })
  return new Registry({
    config: {
      ...defaultRegistryConfig,
      certsDirs: CERTS_DIRS,
      insecure: flags.tlsVerify === false ? hosts : [],
      proxies: proxiesOf(env),
      ...(flags.certDir !== undefined && { certDir: flags.certDir }),
    },
    credentialsFor: given === undefined ? stored : () => Promise.resolve(given),
    onRequest: flags.trace === true ? (trace) => session.note(lines.line(trace)) : undefined,
    signal,
  })
}

export function openDockerConfig(session: Session, flags: Pick<RegistryFlags, 'authfile'>): DockerConfig {
  const { env } = session
  return new DockerConfig(configPath(session, flags), { env, detectOn: env['PATH'] ?? '' })
}

/** Docker's own place for it. */
function configPath({ env }: Session, { authfile }: Pick<RegistryFlags, 'authfile'>): string {
  if (authfile !== undefined) return authfile
  return join(env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker'), 'config.json')
}

/** skopeo's `USER[:PASSWORD]`. */
export function parseCreds(text: string): Credentials {
  const colon = text.indexOf(':')
  const [username, password] = colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
  if (username === '') throw new UserError('invalid', 'credentials have no user name', { hint: 'write USER:PASSWORD' })
  return { username, password }
}

export function parseBool(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new UserError('invalid', `"${text}" is neither true nor false`)
}

function proxiesOf(env: Session['env']): Proxies {
  const find = (name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined
  const found = { http: find('HTTP_PROXY'), https: find('HTTPS_PROXY'), no: find('NO_PROXY') }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}
