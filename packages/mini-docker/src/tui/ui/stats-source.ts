/** What containers use: asked in turn of those that are on the screen, and of no others. */
import { containerPath } from '../../client/containers.ts'
import type { Engine } from '../../client/engine.ts'
import { measure, type StatsMessage } from '../../format/stats.ts'
import { isUp } from './columns.ts'
import type { Container } from './items.ts'
import { visibleItems } from './layout.ts'
import type { Emit } from './source.ts'
import { itemOf, listOf, type Sample, type UiState } from './state.ts'

const EVERY_MS = 2000
/** The chosen one's charts. */
const CHART_MS = 1000
/** A share of CPU needs two readings: the second of a new one comes soon. */
const FIRST_MS = 600
const AT_ONCE = 8

export class StatsSource implements Disposable {
  readonly #engine: () => Engine
  readonly #emit: Emit
  readonly #before = new Map<string, { cpu: StatsMessage['cpu_stats']; at: number }>()
  #wanted: readonly string[] = []
  #everyMs = EVERY_MS
  #timer: NodeJS.Timeout | undefined
  #isAsking = false
  #isStopped = true

  constructor(engine: () => Engine, emit: Emit) {
    this.#engine = engine
    this.#emit = emit
  }

  see(state: UiState): void {
    this.#wanted = wantedOf(state)
    this.#everyMs = state.section === 'containers' && state.tabs.containers === 'stats' ? CHART_MS : EVERY_MS
    this.#isStopped = false
    if (this.#wanted.some((id) => !this.#before.has(id)) && !this.#isAsking)
      this.#later(this.#timer === undefined ? 0 : 150, true)
    else if (this.#timer === undefined && !this.#isAsking && this.#wanted.length > 0) this.#later(this.#everyMs)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#before.clear()
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  #soon = false
  #later(milliseconds: number, isSoon = false): void {
    if (isSoon && this.#soon) return
    clearTimeout(this.#timer)
    this.#soon = isSoon
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#soon = false
      void this.#ask()
    }, milliseconds)
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    const ids = [...this.#wanted]
    const samples: Array<readonly [string, Sample]> = []
    let isNew = false
    const worker = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
        const sample = await this.#sample(id)
        if (sample === undefined) isNew = true
        else samples.push([id, sample])
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    this.#isAsking = false
    if (this.#isStopped) return
    if (samples.length > 0) this.#emit({ kind: 'samples', samples })
    if (this.#wanted.length > 0) this.#later(isNew ? FIRST_MS : this.#everyMs)
  }

  /** Undefined for the first reading, and for a container that is gone. */
  async #sample(id: string): Promise<Sample | undefined> {
    try {
      const query = { stream: '0', 'one-shot': '1' }
      const message = await this.#engine().json<StatsMessage>('GET', containerPath(id, 'stats'), { query })
      const before = this.#before.get(id)
      const at = Date.now()
      this.#before.set(id, { cpu: message.cpu_stats, at })
      if (before === undefined) return undefined
      const { usage } = measure({ ...message, precpu_stats: before.cpu }, id)
      return usage === undefined ? undefined : { ...usage, at }
    } catch {
      // It ended between two readings; the list will say so.
      this.#before.delete(id)
      return undefined
    }
  }
}

/** Those in the list that are seen and run, and the chosen one while its charts are. */
function wantedOf(state: UiState): string[] {
  if (state.section !== 'containers') return []
  const { top, shown, chosen } = listOf(state)
  const seen = state.isZoomed ? [] : shown.slice(top, top + visibleItems(state))
  const ids = new Set(seen)
  if (chosen !== undefined && state.tabs.containers === 'stats') ids.add(chosen)
  return [...ids].filter((id) => {
    const item = itemOf(state, 'containers', id) as Container | undefined
    return item !== undefined && isUp(item)
  })
}
