/**
 * Who a user is at registries, as docker keeps it: in config.json, or with the credential helpers named there.
 *
 *   { "auths": {…}, "credsStore": "pass", "credHelpers": { "registry.example": "ecr-login" } }
 *
 * Which file it is (`DOCKER_CONFIG`, `~/.docker`) is the caller's business.
 */
import type { Credentials, CredentialsFor } from '../registry/config.ts'
import { credentialsOf, entryOf, type AuthEntry } from './auth-entry.ts'
import { readConfig, updateConfig, type ConfigFile } from './config-file.ts'
import { detectHelper } from './detect.ts'
import { CredentialHelper } from './helper-program.ts'
import type { HelperOptions } from './helper-process.ts'
import { hostOf, serverOf } from './server.ts'

export type DockerConfigOptions = HelperOptions & {
  /** A PATH to find a helper on when the file names none and holds no credentials, as docker does. Without it none is looked for. */
  detectOn?: string
}

/** Where credentials went. `unencrypted` when a password that was not there before now lies in the file. */
export type StoredCredentials = { in: 'helper'; helper: string } | { in: 'file'; unencrypted: boolean }

/** `path` need not exist yet. Every call reads the file anew. */
export class DockerConfig {
  readonly path: string
  readonly #options: DockerConfigOptions

  constructor(path: string, options: DockerConfigOptions = {}) {
    this.path = path
    this.#options = options
  }

  /**
   * `host` may be `docker.io`, `registry:5000`, or have a scheme and a path.
   * @throws UserError `invalid` for a file that is malformed, `unavailable` when a helper fails.
   */
  async read(host: string): Promise<Credentials | undefined> {
    const server = serverOf(host)
    const config = await readConfig(this.path)
    const helper = await this.#helperFor(server, config)
    if (helper !== undefined) return await helper.get(server)
    const [key, entry] = find(config, server) ?? []
    return key === undefined || entry === undefined ? undefined : credentialsOf(`${key} in ${this.path}`, entry)
  }

  /** @throws UserError as `read`; `unavailable` too when the file cannot be written. */
  async store(host: string, credentials: Credentials): Promise<StoredCredentials> {
    const server = serverOf(host)
    const config = await readConfig(this.path)
    const helper = await this.#helperFor(server, config)
    await helper?.store(server, credentials)
    // With a helper the entry is empty: it tells that one is logged in.
    const entry = helper === undefined ? entryOf(credentials) : {}
    let changed = false
    await updateConfig(this.path, (current) => {
      changed = !sameEntry(own(current.auths, server), entry)
      const credsStore = namesHelper(current, server) || helper === undefined ? {} : { credsStore: helper.name }
      return changed ? { ...current, auths: { ...current.auths, [server]: entry }, ...credsStore } : undefined
    })
    if (helper !== undefined) return { in: 'helper', helper: helper.name }
    return { in: 'file', unencrypted: changed && 'password' in credentials && credentials.password !== '' }
  }

  /** Also under the old spellings with a scheme and a path. True when something was there. */
  async erase(host: string): Promise<boolean> {
    const server = serverOf(host)
    const config = await readConfig(this.path)
    const spellings = [server, `http://${server}`, `https://${server}`]
    const matching = Object.keys(config.auths ?? {}).filter((key) => serverOf(key) === server)
    let erased = matching.length > 0
    for (const key of new Set([...spellings, ...matching])) {
      const helper = await this.#helperFor(key, config)
      if ((await helper?.erase(key)) === true) erased = true
    }
    await updateConfig(this.path, (current) => {
      const entries = Object.entries(current.auths ?? {})
      const kept = entries.filter(([key]) => serverOf(key) !== server)
      return kept.length === entries.length ? undefined : { ...current, auths: Object.fromEntries(kept) }
    })
    return erased
  }

  /** User names by server, of the file and all helpers in it; an identity token has the name `<token>`. */
  async list(): Promise<Map<string, string>> {
    const config = await readConfig(this.path)
    const all = new Map<string, string>()
    const common = await this.#commonHelper(config)
    if (common !== undefined) for (const [server, user] of await common.list()) all.set(server, user)
    else
      for (const [key, entry] of Object.entries(config.auths ?? {})) {
        const found = credentialsOf(`${key} in ${this.path}`, entry)
        if (found !== undefined) all.set(key, found.username ?? '<token>')
      }
    for (const [server, name] of Object.entries(config.credHelpers ?? {})) {
      const user = (await this.#helper(name).list()).get(server)
      if (user !== undefined) all.set(server, user)
    }
    return all
  }

  async #helperFor(server: string, config: ConfigFile): Promise<CredentialHelper | undefined> {
    const own = ownHelper(config, server)
    return own === undefined ? await this.#commonHelper(config) : this.#helper(own)
  }

  async #commonHelper(config: ConfigFile): Promise<CredentialHelper | undefined> {
    if (config.credsStore) return this.#helper(config.credsStore)
    const { detectOn } = this.#options
    if (detectOn === undefined || Object.keys(config.auths ?? {}).length > 0 || hasHelpers(config)) return undefined
    const detected = await detectHelper(detectOn)
    return detected === undefined ? undefined : this.#helper(detected)
  }

  #helper(name: string): CredentialHelper {
    return new CredentialHelper(name, this.#options)
  }
}

/**
 * Asks docker's configuration at `path`. When that fails, `onProblem` hears of it and the registry is asked without a name, as docker
 * does: a helper that is broken shall not keep public images away.
 */
export function credentialsFrom(
  path: string,
  options: DockerConfigOptions & { onProblem?: (problem: unknown) => void } = {},
): CredentialsFor {
  const config = new DockerConfig(path, options)
  return async (host) => {
    try {
      return await config.read(host)
    } catch (problem) {
      options.onProblem?.(problem)
      return undefined
    }
  }
}

/** Docker's words for `StoredCredentials.unencrypted`, for standard error. */
export function unencryptedWarning(path: string): string {
  return `
WARNING! Your credentials are stored unencrypted in '${path}'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/
`
}

/** The entry of that very name, or else of the same host with a scheme or a path. */
function find({ auths }: ConfigFile, server: string): [key: string, entry: AuthEntry] | undefined {
  const exact = own(auths, server)
  if (exact !== undefined) return [server, exact]
  return Object.entries(auths ?? {}).find(([key]) => hostOf(key) === server)
}

function ownHelper(config: ConfigFile, server: string): string | undefined {
  const name = own(config.credHelpers, server)
  return name === '' ? undefined : name
}

function namesHelper(config: ConfigFile, server: string): boolean {
  return Boolean(config.credsStore) || ownHelper(config, server) !== undefined
}

function hasHelpers({ credHelpers }: ConfigFile): boolean {
  return Object.keys(credHelpers ?? {}).length > 0
}

/** A host may be called `constructor`. */
function own<T>(record: Record<string, T> | null | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined
}

function sameEntry(old: AuthEntry | undefined, entry: AuthEntry): boolean {
  return old !== undefined && old.auth === entry.auth && old.identitytoken === entry.identitytoken
}
