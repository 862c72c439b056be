/**
 * A recorded run: a text file of JSON lines that holds all that a screen needs, the words of the steps included, so that it plays on any
 * machine with Node, without the kernel, the daemon or the packages that made the steps.
 *
 *     {"type":"recording","version":1}
 *     {"type":"head","t":0,"version":1,"at":"2026-12-01T09:00:00.000Z","command":["mini-docker","run","busybox"],…}
 *     {"type":"words","t":0,"steps":{"rootfs.overlay":{"en":{"title":…,"why":…},"ja":…}}}
 *     {"type":"plan","t":0.4,"attempt":1,"steps":[…]}
 *     …
 *     {"type":"end","t":1520.3}
 *
 * `t` is milliseconds since the first event. A file without its `end` was cut off: what is there is played.
 */
import type { StoryEvent } from './event.ts'

export const RECORDING_VERSION = 1

export type StepWords = { title: string; why: string }
/** The words of steps in both languages, by the id of the step; told before the steps are. */
export type WordsEvent = { type: 'words'; t: number; steps: Record<string, { en: StepWords; ja: StepWords }> }
/** What a screen or a recording is told: the daemon's story, and the client's words, output, sizes and statistics. */
export type ToldEvent = StoryEvent | WordsEvent

export type Recording = {
  events: ToldEvent[]
  /** Of the last event. */
  durationMs: number
  /** Why not all of it is there: it has no end, or a line that is none of an event; undefined for a whole one. */
  damage: string | undefined
}

/** The text is no recording, or one that this program cannot read. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
}

/** The first line of a file. */
export function recordingHead(): string {
  return `${JSON.stringify({ type: 'recording', version: RECORDING_VERSION })}\n`
}

export function recordingLine(event: ToldEvent): string {
  return `${JSON.stringify(event)}\n`
}

/** The last line of a file. */
export function recordingEnd(t: number): string {
  return `${JSON.stringify({ type: 'end', t })}\n`
}

/** Reads a whole file's text. Throws RecordingError for what is no recording, or of another version; of a damaged one gives what is good. */
export function readRecording(text: string): Recording {
  const lines = text.split('\n')
  checkHead(lines[0] ?? '')
  const events: ToldEvent[] = []
  let damage: string | undefined = 'it has no end: it was cut off'
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line === '') continue
    const value = parseLine(line)
    if (isRecord(value) && value['type'] === 'end') {
      damage = undefined
      break
    }
    if (!isTold(value)) {
      const isLast = index === lines.length - 1
      if (!isLast) damage = `line ${index + 1} is not an event: it ends before that`
      break
    }
    events.push(value)
  }
  // A clock that was set back, or lines in another order, must not make a player wait for ever.
  let last = 0
  const ordered = events.map((event): ToldEvent => {
    last = Math.max(last, event.t)
    return event.t === last ? event : { ...event, t: last }
  })
  return { events: ordered, durationMs: last, damage }
}

function checkHead(line: string): void {
  const head = parseLine(line)
  if (!isRecord(head) || head['type'] !== 'recording')
    throw new RecordingError('not a recording of mini-docker: its first line does not say so')
  if (head['version'] !== RECORDING_VERSION) {
    throw new RecordingError(
      `a recording of version ${JSON.stringify(head['version'])}: this program reads version ${RECORDING_VERSION}`,
    )
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return undefined
  }
}

type Check = (value: unknown) => boolean
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const isText: Check = (value) => typeof value === 'string'
const isOptional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const isShape =
  (fields: Record<string, Check>): Check =>
  (value) =>
    isRecord(value) && Object.entries(fields).every(([name, check]) => check(value[name]))
const isMapOf =
  (check: Check): Check =>
  (value) =>
    isRecord(value) && Object.values(value).every(check)

const TEXTS = isListOf(isText)
const STEP = isShape({
  id: isText,
  stage: isText,
  where: isText,
  calls: TEXTS,
  shell: TEXTS,
  man: TEXTS,
  undo: TEXTS,
  faulty: isOptional(isText),
})
const STEPS = isListOf(STEP)
const LANGUAGE = isShape({ title: isText, why: isText })
const FACTS = isMapOf(
  isShape({
    source: isText,
    rows: isListOf((row) => Array.isArray(row) && row.length === 2 && row.every(isText)),
  }),
)

/** What each kind of event must have for a screen to show it. */
const EVENTS: Record<ToldEvent['type'], Check> = {
  head: isShape({
    command: TEXTS,
    container: isShape({ id: isText, name: isText, image: isText }),
  }),
  words: isShape({ steps: isMapOf(isShape({ en: LANGUAGE, ja: LANGUAGE })) }),
  plan: isShape({ attempt: isNumber, steps: STEPS }),
  teardown: isShape({ steps: STEPS }),
  step: isShape({ index: isNumber }),
  call: isShape({
    index: isNumber,
    text: isText,
    result: isOptional(isNumber),
    error: isOptional(isText),
    durationNs: isNumber,
  }),
  facts: isShape({ index: isNumber, sections: FACTS }),
  waiting: isShape({ index: isNumber }),
  undo: isShape({ text: isText, error: isOptional(isText) }),
  undone: isShape({ reason: isText, message: isOptional(isText) }),
  started: isShape({ pid: isNumber }),
  output: isShape({ stream: isText, data: isText }),
  stats: isShape({
    cpuPercent: isNumber,
    memory: isNumber,
    memoryLimit: isNumber,
    pids: isNumber,
    read: isNumber,
    written: isNumber,
  }),
  resize: isShape({ columns: isNumber, rows: isNumber }),
  exit: isShape({ error: isOptional(isText) }),
}

function isTold(value: unknown): value is ToldEvent {
  if (!isRecord(value) || typeof value['type'] !== 'string' || !isNumber(value['t'])) return false
  const check = Object.hasOwn(EVENTS, value['type']) ? EVENTS[value['type'] as ToldEvent['type']] : undefined
  return check?.(value) === true
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
