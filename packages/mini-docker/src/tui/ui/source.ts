/**
 * What the daemon tells, as changes of the state. One stream of events says when a list has to be read again; the right side has a request or a
 * stream of its own, for as long as it is looked at; numbers are asked only of containers that are on the screen. A daemon that goes
 * away is said, and looked for again.
 */
import type { Engine } from '../../client/engine.ts'
import { jsonLines } from '../../client/json-stream.ts'
import { DetailSource } from './detail-source.ts'
import {
  containersFrom,
  eventFrom,
  imagesFrom,
  networksFrom,
  volumesFrom,
  type Items,
  type LoggedEvent,
  type Section,
} from './items.ts'
import type { Change } from './reduce.ts'
import { StatsSource } from './stats-source.ts'
import type { UiState } from './state.ts'

export type Emit = (change: Change) => void
export type Where = { text: string; open: () => Engine }

const RETRY_MS = 1000
/** Events of a burst (compose up, prune) lead to one reading. */
const GATHER_MS = 120
/** `Up 3 minutes` has to become 4 although nothing happens. */
const AGAIN_MS = 10_000
const SIZES_AGAIN_MS = 60_000
const HISTORY_SECONDS = 3600

type Listed = Exclude<Section, 'events'>

export class Source implements Disposable {
  readonly #where: Where
  readonly #emit: Emit
  readonly #detail: DetailSource
  readonly #stats: StatsSource
  readonly #stale = new Set<Listed>()
  #engine: Engine
  #reading: Promise<void> | undefined
  #gathering: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout
  #retry: { timer: NodeJS.Timeout; now: () => void } | undefined
  #closeEvents: () => void = () => {}
  #isOver = false
  #isOpen = false
  #section: Section = 'containers'
  #sizesAt = 0
  #eventNumber = 0
  #waitingEvents: LoggedEvent[] = []
  #eventTimer: NodeJS.Timeout | undefined

  constructor(where: Where, emit: Emit) {
    this.#where = where
    this.#emit = emit
    this.#engine = where.open()
    this.#detail = new DetailSource(() => this.#engine, emit)
    this.#stats = new StatsSource(() => this.#engine, emit)
    this.#again = setInterval(() => this.#readAgain('containers'), AGAIN_MS)
    void this.#live()
  }

  get engine(): Engine {
    return this.#engine
  }

  /** What is on the screen now: what is not, is not asked for. */
  see(state: UiState): void {
    const isNew = state.section !== this.#section
    this.#section = state.section
    if (!this.#isOpen) return
    this.#detail.see(state)
    this.#stats.see(state)
    if (isNew && state.section === 'volumes' && Date.now() - this.#sizesAt > SIZES_AGAIN_MS) this.#readAgain('volumes')
  }

  /** Everything is read again, at once. */
  refresh(): void {
    this.#retry?.now()
    this.#sizesAt = 0
    for (const section of LISTED) this.#readAgain(section)
    this.#detail.again()
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    clearInterval(this.#again)
    clearTimeout(this.#gathering)
    clearTimeout(this.#eventTimer)
    this.#retry?.now()
    this.#closeEvents()
    this.#detail[Symbol.dispose]()
    this.#stats[Symbol.dispose]()
    this.#engine.close()
  }

  async #live(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#follow()
        throw new Error('it closed the connection')
      } catch (error) {
        if (this.#isOver) return
        this.#isOpen = false
        this.#detail.stop()
        this.#stats.stop()
        this.#engine.close()
        this.#emit({
          kind: 'connection',
          connection: { kind: 'lost', where: this.#where.text, message: (error as Error).message },
        })
      }
      await this.#pause()
      this.#engine = this.#where.open()
    }
  }

  /** From the first answer to the end of the events. */
  async #follow(): Promise<void> {
    const { Version, Platform } = await this.#engine.json<{ Version?: string; Platform?: { Name?: string } }>(
      'GET',
      '/version',
    )
    const since = Math.floor(Date.now() / 1000) - HISTORY_SECONDS
    // From here on nothing is missed: the lists are read after the events are listened to.
    const answer = await this.#engine.stream('GET', '/events', {
      query: { since: this.#eventNumber === 0 ? since : since + HISTORY_SECONDS - 1 },
    })
    this.#closeEvents = () => answer.close()
    if (this.#isOver) return answer.close()
    const version = [Platform?.Name ?? '', Version ?? ''].filter((text) => text !== '').join(' ')
    await Promise.all(LISTED.map((section) => this.#read(section)))
    this.#isOpen = true
    this.#emit({ kind: 'connection', connection: { kind: 'open', where: this.#where.text, version } })
    this.#emit({ kind: 'events', events: [] })
    for await (const event of jsonLines<unknown>(answer.body())) this.#happened(event)
  }

  #happened(answer: unknown): void {
    const event = eventFrom(answer, this.#eventNumber++)
    this.#waitingEvents.push(event)
    this.#eventTimer ??= setTimeout(() => {
      this.#eventTimer = undefined
      this.#emit({ kind: 'events', events: this.#waitingEvents.splice(0) })
    }, GATHER_MS)
    if (/^(exec_|top$|archive|export|resize)/.test(event.action)) return
    const actor = (answer as { Actor?: { ID?: string } }).Actor?.ID ?? ''
    this.#detail.happened(actor, event.action)
    for (const section of CHANGED_BY[event.type] ?? []) this.#readAgain(section)
  }

  #readAgain(section: Listed): void {
    if (this.#isOver) return
    this.#stale.add(section)
    if (this.#reading !== undefined) return
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#reading = this.#readStale()
        // The connection is gone: whoever follows the events says so.
        .catch(() => {})
        .finally(() => {
          this.#reading = undefined
          const [next] = this.#stale
          if (next !== undefined && this.#isOpen) this.#readAgain(next)
        })
    }, GATHER_MS)
  }

  async #readStale(): Promise<void> {
    const sections = [...this.#stale]
    this.#stale.clear()
    await Promise.all(sections.map((section) => this.#read(section)))
  }

  async #read(section: Listed): Promise<void> {
    const items = await this.#listed(section)
    if (!this.#isOver) this.#emit({ kind: 'items', items })
  }

  async #listed(section: Listed): Promise<Partial<Omit<Items, 'events'>>> {
    switch (section) {
      case 'containers':
        return {
          containers: containersFrom(await this.#engine.json('GET', '/containers/json', { query: { all: true } })),
        }
      case 'images':
        return { images: imagesFrom(await this.#engine.json('GET', '/images/json')) }
      case 'networks':
        return { networks: networksFrom(await this.#engine.json('GET', '/networks')) }
      case 'volumes':
        return { volumes: volumesFrom(await this.#volumes()) }
    }
  }

  /** How large they are has to be counted file by file: only when somebody looks. */
  async #volumes(): Promise<unknown> {
    if (this.#section !== 'volumes') return this.#engine.json('GET', '/volumes')
    this.#sizesAt = Date.now()
    return this.#engine.json('GET', '/system/df', { query: { type: 'volume' } })
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS)
      this.#retry = {
        timer,
        now: () => {
          clearTimeout(timer)
          resolve()
        },
      }
    })
    this.#retry = undefined
  }
}

const LISTED: readonly Listed[] = ['containers', 'images', 'networks', 'volumes']
const CHANGED_BY: Readonly<Record<string, readonly Listed[]>> = {
  container: ['containers'],
  image: ['images'],
  network: ['networks', 'containers'],
  volume: ['volumes'],
}
