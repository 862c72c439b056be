/**
 * The Docker Engine API as the commands see it: one method per shape of exchange, docker's error messages, and the
 * version negotiation.
 *
 * Docker's client asks `HEAD /_ping` before everything. This one speaks its newest version at once and steps down when
 * the daemon says that it is too new, which saves a round trip where it matters.
 */
import { isNamed } from '../cli/errors.ts'
import type { Answer, Connection, Hijacked, RequestBody } from './connection.ts'
import { openConnection } from './connection.ts'
import { changes, type Face } from './face.ts'

/** The version of the API that this client speaks unasked. */
export const CLIENT_API_VERSION = '1.47'
/** The newest one that it can speak: for flags that came later, when the daemon has it too. */
const NEWEST_API_VERSION = '1.50'

/** The daemon said no. `message` is its own; printed behind `Error response from daemon: `. */
export class ApiError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isNamed(value, 'ApiError')
  }

  override readonly name = 'ApiError'
  readonly status: number
  /** What to check next: our daemon's, docker's has none. */
  readonly hint: string | undefined

  constructor(status: number, message: string, hint?: string) {
    super(message)
    this.status = status
    this.hint = hint
  }
}

/** Nobody answers at the socket. */
export class CannotConnect extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isNamed(value, 'CannotConnect')
  }

  override readonly name = 'CannotConnect'
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>
export type RequestOptions = {
  query?: Query
  json?: unknown
  body?: RequestBody
  contentType?: string
  headers?: Record<string, string>
}

/** Connects to the socket; the command line passes one that starts the daemon where none runs. */
export type Connect = (socketPath: string) => Promise<Connection>

export class Engine {
  readonly socketPath: string
  #version = CLIENT_API_VERSION
  readonly #connect: Connect
  readonly #face: Face | undefined
  readonly #idle: Connection[] = []

  constructor(socketPath: string, connect: Connect = openConnection, face?: Face) {
    this.socketPath = socketPath
    this.#connect = connect
    this.#face = face
  }

  /** The version in use; smaller than CLIENT_API_VERSION after the daemon asked for it. */
  get version(): string {
    return this.#version
  }

  /**
   * For a flag that docker's API has had since `version`: asks the daemon, and from now on speaks the newest version that
   * both know. Throws docker's refusal when that is too old.
   */
  async requireVersion(flag: string, version: string): Promise<void> {
    const { apiVersion } = await this.negotiate()
    if (isOlder(apiVersion, version)) {
      throw new Error(`"${flag}" requires API version ${version}, but the Docker daemon API version is ${apiVersion}`)
    }
    this.#version = isOlder(apiVersion, NEWEST_API_VERSION) ? apiVersion : NEWEST_API_VERSION
  }

  /** Asks the daemon for its version and uses it when it is older. Needed before a body that cannot be sent twice. */
  async negotiate(): Promise<{ apiVersion: string }> {
    const connection = await this.#take()
    const answer = await connection.send('HEAD', '/_ping', {})
    const theirs = answer.head.headers.get('api-version') ?? '1.24'
    if (isOlder(theirs, this.#version)) this.#version = theirs
    await answer.text()
    this.#idle.push(connection)
    return { apiVersion: theirs }
  }

  /** Sends and reads a JSON answer. The caller knows its shape. */
  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const text = await this.text(method, path, options)
    try {
      return JSON.parse(text) as T
    } catch {
      throw new Error(
        `the daemon answered ${method} ${path} with ${JSON.stringify(text.slice(0, 80))}, which is not JSON`,
      )
    }
  }

  /** Sends and reads the whole answer as text. */
  async text(method: string, path: string, options: RequestOptions = {}): Promise<string> {
    const { answer, connection } = await this.#exchange(method, path, options)
    const text = await answer.text()
    if (connection !== undefined) this.#idle.push(connection)
    return text
  }

  /** Sends and gives the answer once its head is here; `body()` streams the rest. `close` gives up on it. */
  async stream(method: string, path: string, options: RequestOptions = {}): Promise<Answer & { close: () => void }> {
    const { answer, connection } = await this.#exchange(method, path, options)
    return { ...answer, close: () => connection?.close() }
  }

  /** Turns a connection into the raw stream of attach or exec start. */
  async hijack(path: string, options: RequestOptions = {}): Promise<Hijacked> {
    const { answer } = await this.#exchange('POST', path, options, { Connection: 'Upgrade', Upgrade: 'tcp' })
    if (answer.hijacked === undefined) throw new Error(`unable to upgrade to tcp, received ${answer.head.status}`)
    return answer.hijacked
  }

  /** Ends idle connections, so that the process can end. */
  close(): void {
    for (const connection of this.#idle.splice(0)) connection.close()
  }

  async #exchange(
    method: string,
    path: string,
    options: RequestOptions,
    extra: Record<string, string> = {},
  ): Promise<{ answer: Answer; connection?: Connection }> {
    const faced = changes(method, path) ? await this.#face?.before(this, { method, path, options }) : undefined
    if (faced !== undefined && 'answer' in faced) return { answer: plannedAnswer(faced.answer) }
    const headers = { ...extra, ...contentType(options), ...options.headers, ...faced?.headers }
    const body = options.json === undefined ? options.body : JSON.stringify(options.json)
    const connection = await this.#take()
    const used = this.#version
    const answer = await connection.send(method, `/v${used}${path}${formatQuery(options.query)}`, headers, body)
    if (answer.head.status < 400) return { answer, connection }
    const { message, hint } = readError(await answer.text(), answer.head.reason)
    this.#idle.push(connection)
    const supported = /client version [\d.]+ is too new\. Maximum supported API version is (\d+\.\d+)/.exec(
      message,
    )?.[1]
    const repeatable = body === undefined || typeof body === 'string'
    if (supported === undefined || !isOlder(supported, used) || !repeatable) {
      throw new ApiError(answer.head.status, message, hint)
    }
    this.#version = supported
    return this.#exchange(method, path, options, extra)
  }

  async #take(): Promise<Connection> {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.idle) return connection
    }
    return this.#connect(this.socketPath)
  }
}

/** What stands for the daemon's answer where it was only asked for its plan. */
function plannedAnswer(text: string): Answer {
  return {
    head: { status: 200, reason: 'OK', headers: new Map() },
    body: async function* () {
      if (text !== '') yield Buffer.from(text)
    },
    text: async () => text,
  }
}

function contentType({ json, body, contentType: type }: RequestOptions): Record<string, string> {
  if (json !== undefined) return { 'Content-Type': 'application/json' }
  return body === undefined ? {} : { 'Content-Type': type ?? 'application/x-tar' }
}

function readError(text: string, reason: string): { message: string; hint?: string } {
  try {
    const { message, hint } = JSON.parse(text) as { message?: unknown; hint?: unknown }
    if (typeof message === 'string') return { message: message.trim(), ...(typeof hint === 'string' ? { hint } : {}) }
  } catch {
    // Not JSON: a proxy, or no daemon of ours. Its text is all there is.
  }
  return { message: text.trim() === '' ? reason : text.trim() }
}

/** Docker's query: keys sorted, empty ones left out, `1` for true. */
export function formatQuery(query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined || value === false || value === '') continue
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value])
      parameters.append(key, one === true ? '1' : String(one))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** `--filter a=b` as the API wants it: `{"a":{"b":true}}`; undefined without filters. */
export function formatFilters(filters: readonly string[]): string | undefined {
  if (filters.length === 0) return undefined
  const grouped: Record<string, Record<string, true>> = {}
  for (const filter of filters) {
    const equals = filter.indexOf('=')
    const [key, value] = [filter.slice(0, equals).trim().toLowerCase(), filter.slice(equals + 1).trim()]
    grouped[key] = { ...grouped[key], [value]: true }
  }
  return JSON.stringify(Object.fromEntries(Object.entries(grouped).toSorted(([a], [b]) => (a < b ? -1 : 1))))
}

/** Whether version `a` of the API came before `b`. */
export function isOlder(a: string, b: string): boolean {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number)
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number)
  return aMajor === bMajor ? aMinor < bMinor : aMajor < bMajor
}
