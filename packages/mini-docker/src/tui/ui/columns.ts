/** The columns of the five lists: what stands in them, how they are sorted, which go first when there is no room. Pure. */
import { displayPorts } from '../../format/ports.ts'
import { binarySize, humanSize, shortId } from '../../format/units.ts'
import { age, sinceOf } from './durations.ts'
import type { Container, Image, Item, LoggedEvent, Network, Section, Volume } from './items.ts'
import type { Sample, UiState } from './state.ts'
import type { Theme } from './themes.ts'
import { WORDS } from './words.ts'
import type { Language } from '../../faces/explain.ts'

export type Column = {
  id: string
  /** Least columns of the terminal; what is left over goes to those that may grow. */
  width: number
  grows?: true
  isRight?: true
  text: (item: Item, state: UiState) => string
  /** By which it is sorted; absent: the text. Numbers begin with the largest. */
  value?: (item: Item, state: UiState) => number
  role?: (item: Item, state: UiState) => keyof Omit<Theme, 'series'> | undefined
}

/** Of an item's sort: the cast is true for the columns of one section. */
const of =
  <T extends Item, R>(read: (item: T, state: UiState) => R) =>
  (item: Item, state: UiState): R =>
    read(item as T, state)

/** In order of importance: the last ones go first. */
export const COLUMNS: Readonly<Record<Section, readonly Column[]>> = {
  containers: [
    { id: 'name', width: 14, grows: true, text: of((one: Container) => one.name) },
    { id: 'state', width: 10, text: of(stateText), role: of(stateRole) },
    {
      id: 'cpu',
      width: 6,
      isRight: true,
      text: of((one: Container, state) => withSample(one, state, (sample) => `${sample.cpuPercent.toFixed(1)}%`)),
      value: of((one: Container, state) => lastSample(one, state)?.cpuPercent ?? -1),
      role: of(cpuRole),
    },
    {
      id: 'memory',
      width: 9,
      isRight: true,
      text: of((one: Container, state) => withSample(one, state, (sample) => binarySize(sample.memory))),
      value: of((one: Container, state) => lastSample(one, state)?.memory ?? -1),
    },
    {
      id: 'image',
      width: 12,
      grows: true,
      text: of((one: Container) => one.image.replace(/^sha256:([0-9a-f]{12}).*/, '$1')),
    },
    {
      id: 'since',
      width: 12,
      text: of((one: Container, { language }) => sinceOf(one.status, language)),
      value: of((one: Container) => one.created),
    },
    { id: 'ports', width: 14, grows: true, text: of((one: Container) => displayPorts(one.ports)) },
  ],
  images: [
    { id: 'name', width: 20, grows: true, text: of((one: Image) => one.names.join(' ') || one.name) },
    {
      id: 'size',
      width: 9,
      isRight: true,
      text: of((one: Image) => humanSize(one.size, 3)),
      value: of((one: Image) => one.size),
    },
    {
      id: 'used',
      width: 4,
      isRight: true,
      text: of((one: Image) => countText(one.users)),
      value: of((one: Image) => one.users),
    },
    {
      id: 'age',
      width: 14,
      text: of((one: Image, { now, language }) => age(one.created, now, language)),
      value: of((one: Image) => one.created),
    },
    { id: 'id', width: 12, text: of((one: Image) => shortId(one.id)) },
  ],
  networks: [
    { id: 'name', width: 16, grows: true, text: of((one: Network) => one.name) },
    { id: 'driver', width: 8, text: of((one: Network) => one.driver) },
    {
      id: 'used',
      width: 4,
      isRight: true,
      text: of((one: Network) => countText(one.users)),
      value: of((one: Network) => one.users),
    },
    { id: 'subnet', width: 18, grows: true, text: of((one: Network) => one.subnets.join(' ')) },
    { id: 'id', width: 12, text: of((one: Network) => one.id.slice(0, 12)) },
  ],
  volumes: [
    {
      id: 'name',
      width: 20,
      grows: true,
      text: of((one: Volume) => (/^[0-9a-f]{64}$/.test(one.name) ? one.name.slice(0, 20) : one.name)),
    },
    {
      id: 'size',
      width: 9,
      isRight: true,
      text: of((one: Volume) => (one.bytes === undefined ? '' : humanSize(one.bytes, 3))),
      value: of((one: Volume) => one.bytes ?? -1),
    },
    {
      id: 'used',
      width: 4,
      isRight: true,
      text: of((one: Volume) => countText(one.users)),
      value: of((one: Volume) => one.users),
    },
    { id: 'driver', width: 8, text: of((one: Volume) => one.driver) },
    {
      id: 'age',
      width: 14,
      text: of((one: Volume, { now, language }) => age(one.created, now, language)),
      value: of((one: Volume) => one.created),
    },
  ],
  events: [
    {
      id: 'time',
      width: 8,
      text: of((one: LoggedEvent) => clock(one.time)),
      value: of((one: LoggedEvent) => -Number(one.id)),
    },
    { id: 'type', width: 9, text: of((one: LoggedEvent) => one.type), role: () => 'muted' },
    { id: 'action', width: 14, grows: true, text: of((one: LoggedEvent) => one.action), role: of(eventRole) },
    { id: 'name', width: 14, grows: true, text: of((one: LoggedEvent) => one.name) },
  ],
}

/** IDs in the order of the list: filtered by what is typed, sorted by the chosen column. */
export function arranged(state: UiState, section: Section): string[] {
  const { filter, sort, isReversed } = state.lists[section]
  const columns = COLUMNS[section]
  const wanted = filter.toLowerCase()
  let items: readonly Item[] = state.items[section]
  if (section === 'containers' && !state.isAll) items = items.filter((item) => isUp(item as Container))
  if (wanted !== '') {
    items = items.filter(
      (item) =>
        item.id.startsWith(wanted) || columns.some((column) => column.text(item, state).toLowerCase().includes(wanted)),
    )
  }
  const column = columns.find(({ id }) => id === sort)
  if (column === undefined) return items.map(({ id }) => id)
  const { value, text } = column
  const keyed = items.map((item) => ({
    item,
    number: value?.(item, state) ?? 0,
    text: natural(value === undefined ? text(item, state) : item.name),
  }))
  keyed.sort((a, b) => b.number - a.number || byText(a.text, b.text) || byText(a.item.id, b.item.id))
  if (isReversed) keyed.reverse()
  return keyed.map(({ item }) => item.id)
}

export function isUp({ state }: Container): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting'
}

export function lastSample({ id }: { id: string }, { usage }: UiState): Sample | undefined {
  return usage.get(id)?.at(-1)
}

export function clock(milliseconds: number): string {
  return new Date(milliseconds).toTimeString().slice(0, 8)
}

export function stateRole(one: Container): 'good' | 'warn' | 'bad' | 'muted' {
  if (one.health === 'unhealthy' || one.state === 'dead') return 'bad'
  if (one.state === 'running') return one.health === 'starting' ? 'warn' : 'good'
  if (one.state === 'exited') return exitCode(one) === 0 || exitCode(one) === undefined ? 'muted' : 'bad'
  return one.state === 'created' ? 'muted' : 'warn'
}

/** A sign beside the colour, for those who see none. */
export function glyphOf(container: Container): string {
  if (container.health === 'unhealthy') return '!'
  return (
    { running: '●', paused: '‖', restarting: '↻', created: '○', exited: '○', removing: '×', dead: '!' }[
      container.state
    ] ?? '?'
  )
}

export function columnTitle(section: Section, id: string, language: Language): string {
  return WORDS[language].columns[id] ?? `${section}.${id}`
}

function stateText(one: Container, { language }: UiState): string {
  const words = WORDS[language].states
  if (one.health !== '' && one.state === 'running') return words[one.health] ?? one.health
  const code = one.state === 'exited' ? exitCode(one) : undefined
  return `${words[one.state] ?? one.state}${code === undefined ? '' : ` ${code}`}`
}

function exitCode({ status }: Container): number | undefined {
  const [, code] = /^Exited \((\d+)\)/.exec(status) ?? []
  return code === undefined ? undefined : Number(code)
}

function withSample(one: Container, state: UiState, text: (sample: Sample) => string): string {
  const sample = one.state === 'running' || one.state === 'paused' ? lastSample(one, state) : undefined
  return sample === undefined ? '' : text(sample)
}

function cpuRole(one: Container, state: UiState): 'bad' | 'warn' | undefined {
  const percent = lastSample(one, state)?.cpuPercent ?? 0
  return percent >= 90 ? 'bad' : percent >= 50 ? 'warn' : undefined
}

function eventRole({ action }: LoggedEvent): 'good' | 'bad' | 'warn' | undefined {
  if (/^(start|create|unpause|pull|connect|mount)/.test(action)) return 'good'
  if (/^(die|kill|oom|destroy|delete|remove|health_status: unhealthy)/.test(action)) return 'bad'
  return /^(stop|pause|disconnect|prune)/.test(action) ? 'warn' : undefined
}

function countText(count: number): string {
  return count === 0 ? '' : String(count)
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** `web9` before `web10`; made once for each item, where comparing piece by piece would be done for each pair. */
function natural(text: string): string {
  return text.replace(/\d+/g, (digits) => digits.padStart(12, '0'))
}
