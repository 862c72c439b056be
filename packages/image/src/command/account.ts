/** `login`, `logout` and `search`: who one is at a registry, and what it has. */
import type { Readable } from 'node:stream'
import { UserError } from '@mini-docker/syscall'
import type { Command } from 'commander'
import { HUB_SERVER, serverOf, unencryptedWarning } from '../credentials/index.ts'
import { formatTable } from '../format.ts'
import { ask, askSecretly } from './prompt.ts'
import { addCommonFlags, addRegistryFlags, openDockerConfig, openRegistry, type RegistryFlags } from './registry.ts'
import type { Session } from './session.ts'

const HUB = 'docker.io'
const SEARCH_LIMIT = 25
const DESCRIPTION_WIDTH = 45

export function addAccount(image: Command, session: Session): void {
  addCommonFlags(image.command('login [server]'))
    .description('prove who you are at a registry, and keep it for pull and push')
    .option('-u, --username <name>')
    .option('-p, --password <password>', 'seen by all users of this machine: better is --password-stdin')
    .option('--password-stdin', 'read the password from standard input')
    .action((server: string | undefined, flags: LoginFlags) => login(session, server, flags))
  image
    .command('logout [server]')
    .description('forget who you are at a registry')
    .option('--authfile <file>', "instead of docker's config.json")
    .action(async (server: string | undefined, flags: { authfile?: string }) => {
      const host = hostOf(server)
      const erased = await openDockerConfig(session, flags).erase(host)
      session.print(erased ? `Removing login credentials for ${serverOf(host)}` : `Not logged in to ${serverOf(host)}`)
    })
  addRegistryFlags(image.command('search <term>'))
    .description('repositories by a word in their name; HOST/WORD asks another registry than Docker Hub')
    .option('--limit <n>', 'at most so many', parseLimit, SEARCH_LIMIT)
    .action(async (term: string, flags: RegistryFlags & { limit: number }) => {
      using registry = openRegistry(session, flags, term.includes('/') ? [term.slice(0, term.indexOf('/'))] : [])
      const found = await registry.search(term, flags.limit)
      const rows = found.map(({ name, description, stars, official }) => {
        const text = description.replaceAll(/\s+/g, ' ').trim()
        const cut = text.length > DESCRIPTION_WIDTH ? `${text.slice(0, DESCRIPTION_WIDTH - 1)}…` : text
        return [name, cut, String(stars), official ? '[OK]' : '']
      })
      session.io.stdout.write(formatTable(['NAME', 'DESCRIPTION', 'STARS', 'OFFICIAL'], rows))
    })
}

type LoginFlags = RegistryFlags & { username?: string; password?: string; passwordStdin?: boolean }

async function login(session: Session, server: string | undefined, flags: LoginFlags): Promise<void> {
  const host = hostOf(server)
  const { username, password } = await credentialsFrom(session, flags)
  using registry = openRegistry(session, flags, [host])
  const { identityToken } = await registry.checkLogin(host, { username, password })
  const config = openDockerConfig(session, flags)
  const kept = identityToken === undefined ? { username, password } : { username, identityToken }
  const stored = await config.store(host, kept)
  if (stored.in === 'file' && stored.unencrypted) session.note(unencryptedWarning(config.path))
  session.print('Login Succeeded')
}

async function credentialsFrom(
  { io }: Session,
  { username, password, passwordStdin }: LoginFlags,
): Promise<{ username: string; password: string }> {
  if (passwordStdin === true) {
    if (password !== undefined) throw conflict('--password', '--password-stdin')
    if (username === undefined) {
      throw new UserError('invalid', 'the --password-stdin option requires --username to be set')
    }
    return { username, password: (await readAll(io.stdin)).replace(/\r?\n$/, '') }
  }
  const terminal = (io.stdin as { isTTY?: boolean }).isTTY === true
  if (!terminal && (username === undefined || password === undefined)) {
    throw new UserError('invalid', 'cannot ask for a user name and password: standard input is no terminal', {
      hint: 'use --username with --password-stdin',
    })
  }
  const name = username ?? (await ask(io, 'Username: '))
  if (name === '') throw new UserError('invalid', 'username is empty')
  const secret = password ?? (await askSecretly(io, 'Password: '))
  if (secret === '') throw new UserError('invalid', 'password is empty')
  return { username: name, password: secret }
}

/** docker.io for nothing, and for the Hub's old address. */
function hostOf(server: string | undefined): string {
  const key = serverOf(server ?? '')
  return key === HUB_SERVER ? HUB : key
}

async function readAll(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks).toString()
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= 100) return limit
  throw new UserError('invalid', `limit ${text} is outside the range of [1, 100]`)
}

function conflict(a: string, b: string): UserError {
  return new UserError('invalid', `conflicting options: cannot specify both ${a} and ${b}`)
}
