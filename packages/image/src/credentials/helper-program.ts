/**
 * Credential helpers: programs `docker-credential-NAME` that keep secrets where they belong (a keyring, pass, a cloud's login).
 *
 *   get     in: server                              out: {"ServerURL", "Username", "Secret"}
 *   store   in: {"ServerURL","Username","Secret"}
 *   erase   in: server
 *   list                                            out: {"server": "user", …}
 *
 * The user name `<token>` says that the secret is an identity token. A helper that fails tells why on its standard output.
 * https://github.com/docker/docker-credential-helpers
 */
import { UserError } from '@mini-docker/syscall'
import * as z from 'zod'
import type { Credentials } from '../registry/config.ts'
import { parseSecretJSON } from './secret-json.ts'
import { runHelper, type HelperOptions, type HelperResult } from './helper-process.ts'

const TOKEN_USER = '<token>'
/** The words that all helpers share for "there is nothing under this name". */
const NOT_FOUND = /^credentials not found in native keychain\s*$/

const Found = z.looseObject({ Username: z.string().optional(), Secret: z.string().optional() })
const Listed = z.record(z.string(), z.string())

type Action = 'get' | 'store' | 'erase' | 'list'

export class CredentialHelper {
  /** `pass` of `docker-credential-pass` */
  readonly name: string
  readonly #options: HelperOptions

  /** @throws UserError `invalid` for a name that could mean another program than one called `docker-credential-…`. */
  constructor(name: string, options: HelperOptions = {}) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/.test(name)) {
      throw new UserError('invalid', `credential helper ${JSON.stringify(name)} is not a name`, {
        hint: 'credsStore and credHelpers in config.json hold names like "pass", of the programs docker-credential-pass',
      })
    }
    this.name = name
    this.#options = options
  }

  /** Undefined when it has none. @throws UserError `unavailable` when the helper fails. */
  async get(server: string): Promise<Credentials | undefined> {
    const result = await this.#run('get', server)
    if (result.failure !== undefined && NOT_FOUND.test(result.output)) return undefined
    const found = this.#parse('get', result, Found)
    const username = found.Username ?? ''
    const secret = found.Secret ?? ''
    if (username === '' && secret === '') return undefined
    return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret }
  }

  async store(server: string, credentials: Credentials): Promise<void> {
    const entry =
      'identityToken' in credentials
        ? { ServerURL: server, Username: TOKEN_USER, Secret: credentials.identityToken }
        : { ServerURL: server, Username: credentials.username, Secret: credentials.password }
    this.#check('store', await this.#run('store', JSON.stringify(entry)))
  }

  /** False when there was nothing. */
  async erase(server: string): Promise<boolean> {
    const result = await this.#run('erase', server)
    if (result.failure !== undefined && NOT_FOUND.test(result.output)) return false
    this.#check('erase', result)
    return true
  }

  /** User names by server. */
  async list(): Promise<Map<string, string>> {
    return new Map(Object.entries(this.#parse('list', await this.#run('list', ''), Listed)))
  }

  async #run(action: Action, input: string): Promise<HelperResult> {
    return await runHelper(`docker-credential-${this.name}`, action, input, this.#options)
  }

  #parse<T>(action: Action, result: HelperResult, schema: z.ZodType<T>): T {
    this.#check(action, result)
    return parseSecretJSON(`what docker-credential-${this.name} ${action} printed`, Buffer.from(result.output), schema)
  }

  #check(action: Action, { failure, output, complaint }: HelperResult): void {
    if (failure === undefined) return
    const out = printable(output)
    throw new UserError('unavailable', `error ${DOING[action]} credentials - err: ${failure}, out: \`${out}\``, {
      hint: printable(complaint) || `try it by hand: docker-credential-${this.name} list`,
    })
  }
}

const DOING = { get: 'getting', store: 'storing', erase: 'erasing', list: 'listing' } as const

/** A helper's words go to a terminal: no control characters, not too many. */
function printable(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 500)
}
