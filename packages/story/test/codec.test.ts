import { expect, test } from 'vitest'
import { commandLine, LineReader, parseCommand, STORY_COMMANDS, storyLine } from '../src/index.ts'

test('each command is read as it was written, and nothing else is one', () => {
  for (const command of STORY_COMMANDS) expect(parseCommand(commandLine(command))).toBe(command)
  for (const line of ['', 'next', '{', 'null', '[]', '{"do":1}', '{"do":"nexT"}', '{"do":"toString"}', '{"to":"next"}'])
    expect(parseCommand(line), line).toBeUndefined()
})

test('an event is one line, whatever is in it', () => {
  const line = storyLine({ type: 'undone', t: 1.5, reason: 'failed', message: 'a\nb' })
  expect(line).toBe('{"type":"undone","t":1.5,"reason":"failed","message":"a\\nb"}\n')
})

test('lines are cut wherever the bytes are cut, in the middle of a letter too', () => {
  const bytes = new TextEncoder().encode('{"a":"コンテナ"}\n\n{"b":1}\r\nrest')
  for (let size = 1; size < bytes.length; size++) {
    const reader = new LineReader()
    const lines: string[] = []
    for (let at = 0; at < bytes.length; at += size) lines.push(...reader.feed(bytes.subarray(at, at + size)))
    expect(lines, `pieces of ${size}`).toEqual(['{"a":"コンテナ"}', '{"b":1}\r'])
  }
})

test('a line without an end does not grow for ever', () => {
  const reader = new LineReader(10)
  const piece = new TextEncoder().encode('xxxxxxxx')
  const lines = Array.from({ length: 100 }, () => reader.feed(piece)).flat()
  expect(lines).toEqual(['xxxxxxxxxxxxxxxx'])
  expect(reader.feed(new TextEncoder().encode('x\n{"do":"next"}\n'))).toEqual(['{"do":"next"}'])
})
