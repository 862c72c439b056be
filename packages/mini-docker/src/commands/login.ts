/** `login`: credentials for a registry, tried by the daemon, then kept in docker's config.json or a helper of its choice. */
import { HUB_SERVER, serverOf, unencryptedWarning, type DockerConfig } from '@mini-docker/image/credentials'
import { ApiError, type Engine } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import { openDockerConfig } from '../client/stored-auth.ts'
import type { Command } from '../cli/command.ts'
import { PROGRAM } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import type { Flags } from '../cli/flags.ts'
import { note } from '../cli/note.ts'
import { Prompter } from '../cli/prompt.ts'
import type { Terminal } from '../cli/terminal.ts'

export const command: Command = {
  name: 'login',
  usage: '[OPTIONS] [SERVER]',
  about: 'Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.',
  faces: 'requests',
  flags: [
    { name: 'password', short: 'p', kind: 'string', help: 'Password or Personal Access Token (PAT)' },
    { name: 'password-stdin', kind: 'bool', help: 'Take the Password or Personal Access Token (PAT) from stdin' },
    { name: 'username', short: 'u', kind: 'string', help: 'Username' },
  ],
  words: { atMost: 1 },
  async run(flags, [address], terminal) {
    // Nobody is asked for a password that is not needed.
    const planned = { username: flags.string('username') || 'NAME', password: 'PASSWORD' }
    const given = terminal.face?.plansOnly === true ? planned : await givenLogin(flags, terminal)
    const server = serverOf(address ?? '')
    const registry = { server, engine: openEngine(terminal), config: openDockerConfig(terminal) }
    const stored = given.username === '' && given.password === '' ? await registry.config.read(server) : undefined
    if (stored !== undefined && (await loginWithStored(registry, stored, terminal))) return
    const login = await completeLogin(given, server, stored?.username ?? '', terminal)
    await authenticate(registry, login, terminal)
  },
}

type Registry = { server: string; engine: Engine; config: DockerConfig }
type Login = NonNullable<Awaited<ReturnType<DockerConfig['read']>>>
type Given = { username: string; password: string }

/** What the command line tells. Throws docker's words for what contradicts itself. */
async function givenLogin(flags: Flags, terminal: Terminal): Promise<Given> {
  const username = flags.string('username') ?? ''
  if (flags.has('username') && username === '') throw new Error('username is empty')
  if (flags.bool('password-stdin')) {
    if (flags.has('password'))
      throw new Error('conflicting options: cannot specify both --password and --password-stdin')
    if (username === '') throw new Error('the --password-stdin option requires --username to be set')
    return { username, password: await passwordFromStdin(terminal) }
  }
  const password = flags.string('password') ?? ''
  if (flags.has('password')) {
    if (password === '') throw new Error('password is empty')
    terminal.err('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n')
  }
  return { username, password }
}

/** All of stdin, without the line end that echo puts there. */
async function passwordFromStdin(terminal: Terminal): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of terminal.stdin()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString().replace(/\n$/, '').replace(/\r$/, '')
}

/** True when the registry still takes what is stored. */
async function loginWithStored(registry: Registry, stored: Login, terminal: Terminal): Promise<boolean> {
  const who = stored.username === undefined ? '' : ` [Username: ${stored.username}]`
  terminal.err(`Authenticating with existing credentials...${who}\n`)
  note(terminal, `To login with a different account, run '${PROGRAM} logout' followed by '${PROGRAM} login'`)
  terminal.err('\n\n')
  try {
    await authenticate(registry, stored, terminal)
    return true
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const refused = error.status === 401
    terminal.err(
      refused ? 'Stored credentials invalid or expired\n' : `Login did not succeed, error: ${daemonMessage(error)}\n`,
    )
    return false
  }
}

/** Asks for what is missing. */
async function completeLogin(given: Given, server: string, lastUsername: string, terminal: Terminal): Promise<Login> {
  if (given.username !== '' && given.password !== '') return given
  if (!terminal.isTty(0)) throw new Error('Error: Cannot perform an interactive login from a non TTY device')
  using prompter = new Prompter(terminal)
  const username = given.username === '' ? await askUsername(prompter, server, lastUsername, terminal) : given.username
  if (username === '') throw new Error('Error: Non-null Username Required')
  if (given.password !== '') return { username, password: given.password }
  if (server === HUB_SERVER) {
    note(
      terminal,
      'A Personal Access Token (PAT) can be used instead.',
      'To create a PAT, visit https://app.docker.com/settings',
      '',
      '',
    )
  }
  const password = await prompter.password('Password: ')
  if (password === '') throw new Error('Error: Password Required')
  return { username, password }
}

const ABOUT_DOCKER_HUB = `Log in with your Docker ID or email address to push and pull images from Docker Hub. If you don't have a Docker ID, head over to https://hub.docker.com/ to create one.
You can log in with your password or a Personal Access Token (PAT). Using a limited-scope PAT grants better security and is required for organizations using SSO. Learn more at https://docs.docker.com/go/access-tokens/

`

async function askUsername(
  prompter: Prompter,
  server: string,
  lastUsername: string,
  terminal: Terminal,
): Promise<string> {
  if (server === HUB_SERVER) terminal.out(ABOUT_DOCKER_HUB)
  const answer = await prompter.line(lastUsername === '' ? 'Username: ' : `Username (${lastUsername}): `)
  return answer === '' ? lastUsername : answer
}

/** Lets the daemon try the login, and keeps it: or the token that the registry gave for it, where it gave one. */
async function authenticate({ server, engine, config }: Registry, login: Login, terminal: Terminal): Promise<void> {
  const answer = await engine.json<{ Status: string; IdentityToken?: string }>('POST', '/auth', {
    json: authConfig(server, login),
  })
  const { username } = login
  const kept = answer.IdentityToken
    ? { ...(username !== undefined && { username }), identityToken: answer.IdentityToken }
    : login
  const stored = await config.store(server, kept).catch((cause: Error) => {
    throw new Error(`Error saving credentials: ${daemonMessage(cause)}`, { cause })
  })
  if (stored.in === 'file' && stored.unencrypted) terminal.err(`${unencryptedWarning(config.path)}\n`)
  terminal.out(`${answer.Status}\n`)
}

/** Docker's AuthConfig. */
function authConfig(server: string, login: Login): Record<string, string | undefined> {
  const secret = 'identityToken' in login ? { identitytoken: login.identityToken } : { password: login.password }
  return { username: login.username, ...secret, serveraddress: server }
}
