/**
 * The half of HTTP/1.1 (RFC 9112) that a client of the Engine API needs, read from bytes as they come: a head, then a
 * body that is counted, chunked, ended by the connection's end, or none; after `101` the bytes are no HTTP any more.
 *
 * Own, because node:http takes 8–10 ms to load, which is more than the rest of `mini-docker ps` together.
 */

/** The start of an answer. Header names are lower case. */
export type Head = { status: number; reason: string; headers: Map<string, string> }

/** What the reader found, in order. After `upgraded` the rest belongs to another protocol. */
export type HttpEvent =
  | { type: 'head'; head: Head }
  | { type: 'data'; bytes: Buffer }
  | { type: 'end' }
  | { type: 'upgraded'; rest: Buffer }

type Body = { kind: 'none' } | { kind: 'counted'; left: number } | { kind: 'chunked' } | { kind: 'until-close' }
type State =
  | { at: 'head' }
  | { at: 'counted'; left: number }
  | { at: 'chunk-size' }
  | { at: 'chunk'; left: number }
  | { at: 'chunk-end' }
  | { at: 'trailer' }
  | { at: 'until-close' }
  | { at: 'upgraded' }

const HEAD_MAX_BYTES = 64 * 1024

/** Reads answers one after the other; `feed` gives what is complete so far. Throws on bytes that are not HTTP. */
export class HttpReader {
  #state: State = { at: 'head' }
  #pending: Buffer = Buffer.alloc(0)
  /** HEAD requests have no body whatever the head says; set before each answer. */
  headOnly = false

  feed(bytes: Buffer): HttpEvent[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    const events: HttpEvent[] = []
    while (this.#step(events));
    return events
  }

  /** The connection ended: a body without a length ends with it, anything else is cut off. */
  close(): HttpEvent[] {
    if (this.#state.at === 'until-close') return [{ type: 'end' }]
    if (this.#state.at === 'upgraded') return []
    if (this.#state.at === 'head' && this.#pending.length === 0)
      throw new Error('the daemon closed the connection without an answer')
    throw new Error('the daemon closed the connection in the middle of an answer')
  }

  /** One thing from the pending bytes; false when more bytes are needed. */
  #step(events: HttpEvent[]): boolean {
    const state = this.#state
    switch (state.at) {
      case 'head':
        return this.#readHead(events)
      case 'counted':
      case 'chunk':
        return this.#readSome(state, events)
      case 'chunk-size':
        return this.#readChunkSize()
      case 'chunk-end':
        if (this.#takeLine() === undefined) return false
        this.#state = { at: 'chunk-size' }
        return true
      case 'trailer':
        return this.#readTrailer(events)
      case 'until-close':
        if (this.#pending.length === 0) return false
        events.push({ type: 'data', bytes: this.#take(this.#pending.length) })
        return false
      case 'upgraded':
        return false
    }
  }

  #readHead(events: HttpEvent[]): boolean {
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end === -1) {
      if (this.#pending.length > HEAD_MAX_BYTES)
        throw new Error(`the daemon's answer has a head of more than ${HEAD_MAX_BYTES} bytes`)
      return false
    }
    const head = parseHead(this.#take(end + 4).toString('latin1', 0, end))
    events.push({ type: 'head', head })
    if (head.status === 101) {
      this.#state = { at: 'upgraded' }
      events.push({ type: 'upgraded', rest: this.#take(this.#pending.length) })
      return false
    }
    const body = bodyOf(head, this.headOnly)
    if (body.kind === 'none' || (body.kind === 'counted' && body.left === 0)) {
      events.push({ type: 'end' })
    } else if (body.kind === 'counted') this.#state = { at: 'counted', left: body.left }
    else this.#state = { at: body.kind === 'chunked' ? 'chunk-size' : 'until-close' }
    return this.#pending.length > 0
  }

  #readSome(state: { at: 'counted' | 'chunk'; left: number }, events: HttpEvent[]): boolean {
    if (this.#pending.length === 0) return false
    const bytes = this.#take(Math.min(state.left, this.#pending.length))
    events.push({ type: 'data', bytes })
    state.left -= bytes.length
    if (state.left > 0) return false
    if (state.at === 'chunk') this.#state = { at: 'chunk-end' }
    else {
      this.#state = { at: 'head' }
      events.push({ type: 'end' })
    }
    return true
  }

  #readChunkSize(): boolean {
    const line = this.#takeLine()
    if (line === undefined) return false
    if (!/^[\da-f]{1,13}\s*(;|$)/i.test(line)) throw new Error(`the daemon sent the chunk size ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    this.#state = size === 0 ? { at: 'trailer' } : { at: 'chunk', left: size }
    return true
  }

  #readTrailer(events: HttpEvent[]): boolean {
    const line = this.#takeLine()
    if (line === undefined) return false
    if (line !== '') return true
    this.#state = { at: 'head' }
    events.push({ type: 'end' })
    return true
  }

  #takeLine(): string | undefined {
    const end = this.#pending.indexOf('\r\n')
    if (end !== -1) return this.#take(end + 2).toString('latin1', 0, end)
    if (this.#pending.length > HEAD_MAX_BYTES) throw new Error('the daemon sent a line without an end')
    return undefined
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return taken
  }
}

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const match = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(first)
  if (match === null) throw new Error(`the daemon answered ${JSON.stringify(first.slice(0, 80))}, which is not HTTP`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  return { status: Number(match[1]), reason: match[2] ?? '', headers }
}

/** RFC 9112 §6.3: which of the four bodies follows. */
function bodyOf({ status, headers }: Head, headOnly: boolean): Body {
  if (headOnly || status === 204 || status === 304 || status < 200) return { kind: 'none' }
  if (headers.get('transfer-encoding')?.toLowerCase().endsWith('chunked') === true) return { kind: 'chunked' }
  const length = headers.get('content-length')
  if (length === undefined) return { kind: 'until-close' }
  if (!/^\d+$/.test(length)) throw new Error(`the daemon sent the content-length ${JSON.stringify(length)}`)
  return { kind: 'counted', left: Number(length) }
}

/** Writes a request's head. */
export function formatRequest(method: string, target: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\nHost: mini-docker\r\nUser-Agent: mini-docker-client\r\n${lines.join('')}\r\n`
}
