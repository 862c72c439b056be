import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  readRecording,
  RecordingError,
  recordingEnd,
  recordingHead,
  recordingLine,
  type ToldEvent,
} from '../src/index.ts'

const EVENTS: ToldEvent[] = [
  {
    type: 'head',
    t: 0,
    version: 1,
    at: '2026-12-01T09:00:00.000Z',
    command: ['mini-docker', 'run', '店'],
    container: { id: 'ab', name: 'cd', image: '店:1' },
    machine: { kernel: '6.18', arch: 'x86_64', cgroup: 'v2', version: '0.1.0' },
  },
  { type: 'words', t: 0, steps: { 'a.b': { en: { title: 'T', why: 'W' }, ja: { title: '題', why: '理由です' } } } },
  {
    type: 'plan',
    t: 1,
    attempt: 1,
    steps: [{ id: 'a.b', stage: 'cgroup', where: 'host', calls: ['x()'], shell: [], man: [], undo: [] }],
  },
  { type: 'step', t: 2, index: 0 },
  { type: 'call', t: 3.25, index: 0, text: 'x()', result: 0, durationNs: 10 },
  { type: 'facts', t: 4, index: 1, sections: { cgroup: { source: '/x', rows: [['pids.max', '1']] } } },
  { type: 'started', t: 5, pid: 7 },
  { type: 'output', t: 6, stream: 'terminal', data: 'aGk=' },
  { type: 'exit', t: 9, exitCode: 0 },
]
const TEXT = [recordingHead(), ...EVENTS.map(recordingLine), recordingEnd(9)].join('')

describe('a recording', () => {
  test('is read as it was written', () => {
    expect(readRecording(TEXT)).toEqual({ events: EVENTS, durationMs: 9, damage: undefined })
  })

  test('that was cut off anywhere after its first line plays up to there, and says so', () => {
    fc.assert(
      fc.property(fc.integer({ min: recordingHead().length, max: TEXT.length - recordingEnd(9).length }), (length) => {
        const { events, damage } = readRecording(TEXT.slice(0, length))
        expect(events).toEqual(EVENTS.slice(0, events.length))
        expect(damage).toContain('cut off')
        const lines = TEXT.slice(0, length).split('\n').length - 2
        expect(events.length).toBeGreaterThanOrEqual(lines)
      }),
    )
  })

  test('with a damaged line in the middle plays up to it, and names it', () => {
    const lines = TEXT.split('\n')
    lines[4] = '{"type":"step","t":"soon"}'
    const { events, damage } = readRecording(lines.join('\n'))
    expect(events).toEqual(EVENTS.slice(0, 3))
    expect(damage).toBe('line 5 is not an event: it ends before that')
  })

  test.each([
    ['nothing', ''],
    ['text', 'hello\nworld\n'],
    ['another kind of JSON', '{"version":2,"width":80}\n[0.1,"o","hi"]\n'],
    ['an image', '\u0089PNG\r\n'],
    ['a list', '[]\n'],
  ])('%s is none', (_, text) => {
    expect(() => readRecording(text)).toThrow(RecordingError)
    expect(() => readRecording(text)).toThrow('not a recording of mini-docker')
  })

  test('of another version is refused with both versions', () => {
    const other = TEXT.replace('"version":1', '"version":9')
    expect(() => readRecording(other)).toThrow('a recording of version 9: this program reads version 1')
  })

  test('whose clock went backwards does not', () => {
    const lines = EVENTS.map((event) => recordingLine(event.type === 'call' ? { ...event, t: 1 } : event))
    const { events } = readRecording([recordingHead(), ...lines, recordingEnd(9)].join(''))
    expect(events.map(({ t }) => t)).toEqual([0, 0, 1, 2, 2, 4, 5, 6, 9])
  })

  test('with any value in any place is read or refused, and never breaks the reader', () => {
    fc.assert(
      fc.property(fc.array(fc.json(), { maxLength: 5 }), (values) => {
        const { events } = readRecording(recordingHead() + values.map((value) => `${value}\n`).join(''))
        expect(events).toEqual([])
      }),
    )
  })
})
