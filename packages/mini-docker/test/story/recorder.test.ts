import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readRecording, type ToldEvent } from '@mini-docker/story'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Recorder } from '../../src/story/recorder.ts'
import { wholeStory } from './stories.ts'

let directory: string
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'mini-docker-record-'))))
afterEach(() => rmSync(directory, { recursive: true }))

function record(work: (recorder: Recorder) => void): {
  events: ToldEvent[]
  bytes: number
  damage: string | undefined
} {
  const file = join(directory, 'r.jsonl')
  {
    using recorder = new Recorder(file)
    work(recorder)
  }
  return { ...readRecording(readFileSync(file, 'utf8')), bytes: statSync(file).size }
}

test('what is told is in the file, in its order', () => {
  const { events, damage } = record((recorder) => {
    for (const event of wholeStory()) {
      if (event.type === 'output') recorder.output(event.stream, Buffer.from(event.data, 'base64'), event.t)
      else recorder.event(event)
    }
  })
  expect(events).toEqual(wholeStory())
  expect(damage).toBeUndefined()
})

test('output that comes together is one event; stdout and stderr stay apart', () => {
  const { events } = record((recorder) => {
    recorder.output('stdout', Buffer.from('a'), 1)
    recorder.output('stdout', Buffer.from('b'), 2)
    recorder.output('stderr', Buffer.from('c'), 3)
    recorder.output('stdout', Buffer.from('d'), 4)
  })
  const text = events.map((event) => (event.type === 'output' ? `${event.t} ${event.stream} ${atob(event.data)}` : ''))
  expect(text).toEqual(['1 stdout ab', '3 stderr c', '4 stdout d'])
})

test('a flood does not fill the disk: its end is kept', () => {
  const { events, bytes } = record((recorder) => {
    for (let i = 0; i < 1000; i++) recorder.output('stdout', Buffer.alloc(100_000, 'x'), i)
    recorder.output('stdout', Buffer.from('last'), 1000)
  })
  expect(bytes).toBeLessThan(300_000)
  const last = events.at(-1)
  expect(last?.type === 'output' && atob(last.data).endsWith('xlast')).toBe(true)
})

test('a file that cannot be made is the system’s error', () => {
  expect(() => new Recorder(join(directory, 'no/such/r.jsonl'))).toThrow('ENOENT')
})
