/** `events`: what happens, as it happens. */
import { formatFilters } from '../client/engine.ts'
import { textLines } from '../client/json-stream.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FILTER, FORMAT_ONE } from '../cli/common-flags.ts'
import { CliError } from '../cli/errors.ts'
import { parseTimestamp } from '../format/go-time.ts'
import { compile, goValue } from '../template/index.ts'
import { withTemplateErrors } from '../format/templates.ts'

export type EventMessage = {
  Type: string
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> | null }
  time: number
  timeNano: string
  status?: string
  id?: string
  from?: string
  scope?: string
}

export const command: Command = {
  name: 'events',
  usage: '[OPTIONS]',
  about: 'Get real time events from the server',
  flags: [
    FILTER,
    { name: 'format', kind: 'string', help: FORMAT_ONE.help },
    { name: 'since', kind: 'string', help: 'Show all events created since timestamp' },
    { name: 'until', kind: 'string', help: 'Stream events until this timestamp' },
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const at = (name: string) => {
      const text = flags.string(name)
      if (text === undefined) return undefined
      try {
        return parseTimestamp(text, Date.now())
      } catch (error) {
        throw new CliError((error as Error).message)
      }
    }
    const render = eventRenderer(flags.string('format'))
    const query = { since: at('since'), until: at('until'), filters: formatFilters(flags.list('filter')) }
    const answer = await openEngine(terminal).stream('GET', '/events', { query })
    for await (const line of textLines(answer.body())) terminal.out(`${render(line)}\n`)
  },
}

/** The daemon's own line is the JSON: parsed and written again, timeNano would lose its last digits. */
function eventRenderer(format: string | undefined): (line: string) => string {
  if (format === undefined || format === '') return (line) => formatEvent(readEvent(line))
  if (/^(json|\{\{\s*json \.\s*\}\})$/.test(format)) return (line) => line
  const template = withTemplateErrors('template parsing error', () => compile(format))
  return (line) => withTemplateErrors('template parsing error', () => template(goEvent(readEvent(line))))
}

/** The fields of Go's events.Message, by their Go names. */
function goEvent(event: EventMessage): unknown {
  const { Type, Action, Actor, time, timeNano, status = '', id = '', from = '', scope = '' } = event
  return goValue({
    Status: status,
    ID: id,
    From: from,
    Type,
    Action,
    Actor,
    Scope: scope,
    Time: time,
    TimeNano: timeNano,
  })
}

/** A line of the stream; `timeNano` keeps all its digits, as text. */
export function readEvent(line: string): EventMessage {
  const event = JSON.parse(line) as Omit<EventMessage, 'timeNano'>
  return { ...event, timeNano: /"timeNano":(\d+)/.exec(line)?.[1] ?? `${event.time}000000000` }
}

/** `2026-11-20T19:36:28.580287857Z container start 4355… (image=busybox, name=x)`, in the local time zone. */
export function formatEvent(event: EventMessage): string {
  const attributes = Object.entries(event.Actor.Attributes ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const shown = attributes.length === 0 ? '' : ` (${attributes.map(([key, value]) => `${key}=${value}`).join(', ')})`
  return `${eventTime(event)} ${event.Type} ${event.Action} ${event.Actor.ID}${shown}`
}

function eventTime({ time, timeNano }: EventMessage): string {
  const date = new Date(time * 1000)
  const offset = -date.getTimezoneOffset()
  const two = (value: number) => String(value).padStart(2, '0')
  const zone =
    offset === 0
      ? 'Z'
      : `${offset < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19)
  return `${local}.${timeNano.slice(-9)}${zone}`
}
