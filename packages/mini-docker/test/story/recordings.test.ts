/** The recordings in docs: real runs, which play to the same frames wherever they are played. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { columnsOf } from '@mini-docker/image/inspect'
import { readRecording } from '@mini-docker/story'
import { describe, expect, test } from 'vitest'
import { stillOf } from '../../src/story/still.ts'
import { fitRow, textOf } from '../../src/tui/shared/pieces.ts'

const directory = join(import.meta.dirname, '../../../../docs/recordings')
const NAMES = ['hello', 'terminal', 'broken'] as const

function read(name: string) {
  return readRecording(gunzipSync(readFileSync(join(directory, `${name}.jsonl.gz`))).toString())
}

describe.each(NAMES)('the recording %s', (name) => {
  test('is whole, small, and has words for each of its steps', () => {
    const { events, damage } = read(name)
    expect(damage).toBeUndefined()
    expect(statSync(join(directory, `${name}.jsonl.gz`)).size).toBeLessThan(100_000)
    const words = new Set(events.flatMap((event) => (event.type === 'words' ? Object.keys(event.steps) : [])))
    const steps = events.flatMap((event) => (event.type === 'plan' || event.type === 'teardown' ? event.steps : []))
    expect(steps.length).toBeGreaterThan(20)
    expect(steps.map(({ id }) => id).filter((id) => !words.has(id))).toEqual([])
    expect(events.some(({ type }) => type === 'facts')).toBe(true)
    expect(events.at(-1)?.type).toBe('exit')
  })

  test.each([
    [60, 20, 'ja'],
    [100, 30, 'en'],
    [250, 80, 'ja'],
  ] as const)('is drawn at %i×%i in %s', async (columns, rows, language) => {
    const recording = read(name)
    const still = await stillOf(recording, { at: recording.durationMs, columns, rows, language })
    const lines = still.map((row) => textOf(fitRow(row, columns)))
    expect(lines).toHaveLength(rows)
    for (const line of lines) expect(columnsOf(line)).toBe(columns)
    const text = lines.map((line) => `${line.trimEnd()}\n`).join('')
    await expect(text).toMatchFileSnapshot(
      join(import.meta.dirname, 'golden', `${name}-${columns}x${rows}.${language}.txt`),
    )
  })
})
