/** What the right side shows, asked for while it is looked at: one request, a request again and again, or a stream. */
import { setImmediate } from 'node:timers/promises'
import { containerPath } from '../../client/containers.ts'
import type { Engine } from '../../client/engine.ts'
import { harmless, jsonLinesOf } from './harmless.ts'
import type { LoggedEvent } from './items.ts'
import { anatomyOf } from './kernel.ts'
import { LogFeed } from './logs.ts'
import type { Emit } from './source.ts'
import { detailKey, itemOf, type Tab, type UiState } from './state.ts'

/** Whoever goes through a list with the arrow held down asks for nothing on the way. */
const SETTLE_MS = 60
const TOP_MS = 2000
const LOG_FRAME_MS = 33
const FIRST_LOG_LINES = 2000
/** So long the keyboard may wait for a log that floods. */
const MOST_WITHOUT_BREAK_MS = 8

export class DetailSource implements Disposable {
  readonly #engine: () => Engine
  readonly #emit: Emit
  #key = ''
  #timer: NodeJS.Timeout | undefined
  /** Ends what is under way. */
  #abort = new AbortController()
  #state: UiState | undefined

  constructor(engine: () => Engine, emit: Emit) {
    this.#engine = engine
    this.#emit = emit
  }

  see(state: UiState): void {
    this.#state = state
    const key = detailKey(state)
    if (key === this.#key) return
    this.stop()
    this.#key = key
    if (key !== '') this.#timer = setTimeout(() => void this.#show(key), SETTLE_MS)
  }

  /** Something happened to a thing: when it is the one that is looked at, it is read again. */
  happened(id: string, action: string): void {
    const [, tab, chosen] = this.#key.split('/', 3)
    if (chosen !== id || id === '') return
    if (tab === 'logs' && action !== 'start') return
    if (/^(die|kill|stop|destroy|delete|remove)$/.test(action) && (tab === 'kernel' || tab === 'top')) return
    this.again()
  }

  again(): void {
    if (this.#state === undefined) return
    this.#key = ''
    this.see(this.#state)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#key = ''
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  async #show(key: string): Promise<void> {
    const { signal } = this.#abort
    const [section, tab] = key.split('/', 2) as [string, Tab]
    const id = key.slice(section.length + tab.length + 2)
    try {
      await this.#read(key, section, tab, id, signal)
    } catch (error) {
      if (!signal.aborted)
        this.#emit({
          kind: 'detail',
          key,
          detail: { status: 'failed', message: String(harmless((error as Error).message)), lines: [], data: undefined },
        })
    }
  }

  async #read(key: string, section: string, tab: Tab, id: string, signal: AbortSignal): Promise<void> {
    const ready = (detail: { lines?: string[]; data?: unknown }): void => {
      if (!signal.aborted) this.#emit({ kind: 'detail', key, detail: { status: 'ready', ...detail } })
    }
    switch (tab) {
      case 'logs':
        return this.#logs(key, id, signal)
      case 'top':
        return this.#top(id, signal, ready)
      case 'kernel':
        return ready({ lines: await anatomyOf(this.#engine().socketPath, id, this.#state, signal) })
      case 'layers':
        return ready({ data: await this.#engine().json('GET', `/images/${encodeURIComponent(id)}/history`) })
      case 'config':
        return ready({ data: await this.#engine().json('GET', containerPath(id, 'json')) })
      case 'inspect':
        return ready({ lines: jsonLinesOf(await this.#engine().json('GET', inspectPath(section, id))) })
      case 'event': {
        const event =
          this.#state === undefined ? undefined : (itemOf(this.#state, 'events', id) as LoggedEvent | undefined)
        return ready({ lines: event === undefined ? [] : jsonLinesOf(JSON.parse(event.raw)) })
      }
      default:
        return undefined
    }
  }

  async #top(id: string, signal: AbortSignal, ready: (detail: { data: unknown }) => void): Promise<void> {
    while (!signal.aborted) {
      ready({ data: harmless(await this.#engine().json('GET', containerPath(id, 'top'))) })
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, TOP_MS)
        signal.addEventListener(
          'abort',
          () => {
            clearTimeout(timer)
            resolve()
          },
          { once: true },
        )
      })
    }
  }

  /** Follows until the container ends, or nobody looks any more. */
  async #logs(key: string, id: string, signal: AbortSignal): Promise<void> {
    const engine = this.#engine()
    const { Config } = await engine.json<{ Config?: { Tty?: boolean } }>('GET', containerPath(id, 'json'))
    const query = { follow: true, stdout: true, stderr: true, timestamps: true, tail: FIRST_LOG_LINES }
    const answer = await engine.stream('GET', containerPath(id, 'logs'), { query })
    signal.addEventListener('abort', () => answer.close(), { once: true })
    if (signal.aborted) return answer.close()
    const feed = new LogFeed(Config?.Tty !== true)
    this.#emit({ kind: 'detail', key, detail: { status: 'ready', lines: [] } })
    let timer: NodeJS.Timeout | undefined
    const show = (): void => {
      timer = undefined
      if (!signal.aborted) this.#emit({ kind: 'log', key, news: feed.take() })
    }
    let began = performance.now()
    for await (const bytes of answer.body()) {
      feed.push(bytes)
      timer ??= setTimeout(show, LOG_FRAME_MS)
      if (performance.now() - began < MOST_WITHOUT_BREAK_MS) continue
      await setImmediate()
      began = performance.now()
    }
    clearTimeout(timer)
    show()
    const rest = feed.finish()
    if (rest.length > 0 && !signal.aborted) this.#emit({ kind: 'log', key, news: { lines: rest, skipped: 0 } })
  }
}

function inspectPath(section: string, id: string): string {
  if (section === 'containers') return containerPath(id, 'json')
  return section === 'images' ? `/images/${encodeURIComponent(id)}/json` : `/${section}/${encodeURIComponent(id)}`
}
