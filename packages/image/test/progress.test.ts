// Escape sequences are what is tested.
/* oxlint-disable no-control-regex */
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Progress } from '../src/command/progress.ts'
import type { BlobState } from '../src/copy/medium.ts'
import { digestOf, shortID } from '../src/digest.ts'

const blob = (name: string, size = 1000) => ({ mediaType: 'x', digest: digestOf(name), size })
const id = (name: string): string => shortID(digestOf(name))

/** What a screen shows after these bytes: lines, the cursor going up, lines and the rest of the screen cleared. */
class Screen extends Writable {
  readonly isTTY: boolean
  readonly columns: number
  readonly rows: number
  written = ''

  constructor(isTTY: boolean, rows = 24, columns = 80) {
    super()
    this.isTTY = isTTY
    this.rows = rows
    this.columns = columns
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString()
    done()
  }
  get lines(): string[] {
    const lines: string[] = []
    let at = 0
    for (const part of this.written.split(/(\x1b\[\d*[A-K]|\n)/)) {
      if (part === '\n') at++
      else if (/^\x1b\[\d+A$/.test(part)) at -= Number(part.slice(2, -1))
      else if (part === '\x1b[2K') lines[at] = ''
      else if (part === '\x1b[J') lines.length = at
      else if (part !== '') lines[at] = (lines[at] ?? '') + part
    }
    return lines
  }
}

async function show(screen: Screen, steps: [string, BlobState][]): Promise<string[]> {
  const progress = new Progress(screen)
  for (const [name, state] of steps) {
    progress.onEvent({ kind: 'blob', blob: blob(name), role: name === 'c' ? 'config' : 'layer', progress: state })
    await sleep(0)
  }
  progress[Symbol.dispose]()
  return screen.lines
}

describe('progress', () => {
  const planned: [string, BlobState][] = ['c', 'a', 'b'].map((name) => [name, { state: 'planned' }])

  test('on a terminal is a line for each blob, with what it does now', async () => {
    const screen = new Screen(true)
    expect(
      await show(screen, [
        ...planned,
        ['c', { state: 'done' }],
        ['a', { state: 'transferring', bytes: 500 }],
        ['b', { state: 'present' }],
      ]),
    ).toEqual([
      `${id('c')}  Done (config) 1kB`,
      `${id('a')}  Copying     [==========>         ]  500B/1kB`,
      `${id('b')}  Already exists`,
    ])
  })
  test('on a terminal that is too low counts what is through', async () => {
    const many = Array.from({ length: 30 }, (_, i): [string, BlobState] => [`${i}`, { state: 'waiting' }])
    const lines = await show(new Screen(true, 10), [
      ...many,
      ...many.slice(0, 20).map(([name]): [string, BlobState] => [name, { state: 'done' }]),
      ['25', { state: 'unpacking', bytes: 1000 }],
    ])
    expect(lines).toEqual([`${id('25')}  Unpacking   [====================]  1kB/1kB`, '20 of 30 blobs done'])
  })
  test('is drawn again in place, and never wider than the terminal', async () => {
    const screen = new Screen(true, 24, 30)
    const progress = new Progress(screen)
    for (let bytes = 0; bytes <= 1000; bytes += 250) {
      progress.onEvent({ kind: 'blob', blob: blob('a'), role: 'layer', progress: { state: 'transferring', bytes } })
      await sleep(120)
    }
    progress[Symbol.dispose]()
    expect(screen.written.split('\x1b[1A').length).toBeGreaterThan(2)
    expect(screen.lines).toHaveLength(1)
    expect(screen.lines[0]).toHaveLength(29)
  })
  test('piped is a line when a blob is through, and nothing before', async () => {
    const lines = await show(new Screen(false), [
      ...planned,
      ['a', { state: 'transferring', bytes: 500 }],
      ['a', { state: 'done' }],
      ['b', { state: 'mounted', from: { domain: 'x', path: 'team/base' } }],
    ])
    expect(lines).toEqual([`${id('a')}  Done 1kB`, `${id('b')}  Mounted from team/base`])
  })
})
