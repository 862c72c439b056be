/** What happens, as docker tells it: the last 256 events, and everyone who listens. */
import { nowNs } from '../clock.ts'
import { matchAny, matchLabels, type Filters } from '../api/query.ts'

export type EventType = 'container' | 'image' | 'volume' | 'network' | 'daemon'
export type EngineEvent = {
  type: EventType
  action: string
  id: string
  attributes: Record<string, string>
  timeNs: bigint
}
type Listener = (event: EngineEvent) => void

const REMEMBERED = 256

/** Filters that GET /events knows. */
export const EVENT_FILTERS = [
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'scope',
  'type',
  'volume',
  'node',
  'service',
  'plugin',
  'secret',
  'config',
]

export class EventLog {
  readonly #recent: EngineEvent[] = []
  readonly #listeners = new Set<Listener>()

  emit(type: EventType, action: string, id: string, attributes: Record<string, string>): void {
    const event = { type, action, id, attributes, timeNs: nowNs() }
    if (this.#recent.push(event) > REMEMBERED) this.#recent.shift()
    for (const listener of this.#listeners) listener(event)
  }

  /** Those remembered, oldest first. */
  recent(): EngineEvent[] {
    return [...this.#recent]
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get listeners(): number {
    return this.#listeners.size
  }
}

/** Whether an event passes docker's filters: within one name any value, over names all. */
export function matchEvent(event: EngineEvent, filters: Filters): boolean {
  const about = (type: EventType) => (value: string) =>
    event.type === type &&
    (event.id === value || event.attributes['name'] === value || (value.length >= 4 && event.id.startsWith(value)))
  const image = (value: string): boolean => {
    const name = event.type === 'image' ? event.id : (event.attributes['image'] ?? '')
    return name === value || name.replace(/:[^:/]*$/, '') === value || event.attributes['name'] === value
  }
  return (
    matchAny(filters, 'type', (value) => event.type === value) &&
    matchAny(filters, 'event', (value) => event.action === value || event.action.startsWith(`${value}:`)) &&
    matchAny(filters, 'container', about('container')) &&
    matchAny(filters, 'volume', about('volume')) &&
    matchAny(filters, 'network', about('network')) &&
    matchAny(filters, 'daemon', about('daemon')) &&
    matchAny(filters, 'scope', (value) => value === 'local') &&
    matchAny(filters, 'image', image) &&
    ['node', 'service', 'plugin', 'secret', 'config'].every((name) => !filters.has(name)) &&
    matchLabels(filters, event.attributes)
  )
}

/** One line of JSON. `timeNano` is larger than what a JavaScript number holds exactly. */
export function formatEvent(event: EngineEvent): string {
  const old = event.type === 'container' || event.type === 'image' ? { status: event.action, id: event.id } : {}
  const from =
    event.type === 'container' && event.attributes['image'] !== undefined ? { from: event.attributes['image'] } : {}
  const json = JSON.stringify({
    ...old,
    ...from,
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes },
    scope: 'local',
    time: Number(event.timeNs / 1_000_000_000n),
  })
  return `${json.slice(0, -1)},"timeNano":${event.timeNs}}\n`
}
