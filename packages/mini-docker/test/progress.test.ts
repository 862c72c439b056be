/** Progress streams as a person sees them: the text for pipes, and the glass of a terminal after each write. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { progressBar } from '../src/client/progress/bar.ts'
import { ProgressBlock } from '../src/client/progress/block.ts'
import type { ProgressMessage } from '../src/client/progress/message.ts'
import { describeFailure } from '../src/cli/failure.ts'
import { showProgress } from '../src/client/progress/show.ts'
import type { Terminal } from '../src/cli/terminal.ts'
import { Glass } from './fixtures/glass.ts'

const MB = 1_000_000

describe('the bar', () => {
  test.each([
    ['nothing counted', {}, 80, ''],
    ['a narrow terminal', { current: 36_450, total: 2.501 * MB }, 80, ' 36.45kB/2.501MB'],
    [
      'a wide one',
      { current: 16_063_488, total: 40_828_300 },
      120,
      `[${'='.repeat(19)}>${' '.repeat(31)}]  16.06MB/40.83MB`,
    ],
    ['all of it', { current: 5, total: 5 }, 120, `[${'='.repeat(50)}>]       5B/5B`],
    ['no total', { current: 1234 }, 120, ' 1.234kB'],
    ['more than all', { current: 7, total: 5 }, 80, '      7B'],
    ['units that are not bytes', { current: 3, total: 9, units: 'files' }, 80, '3/9 files'],
    ['hidden counts', { current: 5, total: 10, hidecounts: true }, 120, `[${'='.repeat(25)}>${' '.repeat(25)}] `],
    ['time left', { current: 25, total: 100, start: 990 }, 80, '     25B/100B 30s'],
    ['much time left', { current: 1, total: 1000, start: 990 }, 80, '      1B/1kB 2h46m30s'],
  ])('%s', (_name, detail, columns, expected) => expect(progressBar(detail, columns, 1_000_000)).toBe(expected))
})

const layer = (id: string, status: string, current?: number, total?: number): ProgressMessage => ({
  id,
  status,
  progressDetail: current === undefined ? {} : { current, ...(total === undefined ? {} : { total }) },
})

describe('on a pipe', () => {
  test('a line per status; what only counts further, and what is for programs, is left out', async () => {
    const { terminal, output } = recordingTerminal()
    await showProgress(
      stream(
        { status: 'Pulling from x', id: '1' },
        layer('a', 'Pulling fs layer'),
        layer('a', 'Downloading', 10, 100),
        { status: 'Downloading', progress: '[=>  ]', id: 'a' },
        layer('a', 'Pull complete'),
        { stream: 'Loaded image: x\n' },
        { progressDetail: {}, aux: { Tag: '1' } },
        { status: 'Status: Downloaded newer image' },
      ),
      terminal,
    )
    expect(output()).toBe(
      '1: Pulling from x\na: Pulling fs layer\na: Pull complete\nLoaded image: x\nStatus: Downloaded newer image\n',
    )
  })

  test('a failure ends it with the daemon’s words, after what was told before; quietly too', async () => {
    const messages = [
      { status: 'Preparing' },
      { errorDetail: { message: 'denied' }, error: 'denied' },
      { status: 'never' },
    ]
    const { terminal, output } = recordingTerminal()
    await expect(showProgress(stream(...messages), terminal)).rejects.toThrow('denied')
    expect(output()).toBe('Preparing\n')
    await expect(showProgress(stream(...messages), terminal, { quiet: true })).rejects.toThrow('denied')
    await expect(
      showProgress(stream({ error: 'x', errorDetail: { code: 401, message: 'x' } }), terminal),
    ).rejects.toThrow('authentication is required')
  })

  test('ctrl-c ends a stream that says nothing, with status 130', async () => {
    const { terminal, interrupt } = recordingTerminal()
    const silent = (async function* (): AsyncGenerator<Buffer> {
      await sleep(60_000, undefined, { ref: false })
      yield Buffer.from('')
    })()
    const shown = showProgress(silent, terminal)
    interrupt()
    await expect(shown).rejects.toMatchObject({ exitCode: 130, message: '' })
  })
})

describe('on a terminal', () => {
  test('each layer has its line, redrawn in place; other messages go below and begin a new block', async () => {
    const glass = new Glass(10, 60)
    const { terminal } = recordingTerminal(glass)
    await showProgress(
      stream(
        { status: 'Pulling from x', id: '1' },
        layer('a', 'Pulling fs layer'),
        layer('b', 'Pulling fs layer'),
        layer('a', 'Downloading', 10, 100),
        layer('b', 'Pull complete'),
        { status: 'Digest: sha256:0' },
        layer('a', 'Mounted'),
      ),
      terminal,
    )
    expect(glass.lines()).toEqual([
      '1: Pulling from x',
      'a: Downloading      10B/100B',
      'b: Pull complete',
      'Digest: sha256:0',
      'a: Mounted',
    ])
  })

  test('what a registry says moves no cursor and makes no lines of its own, in a block, below it or as a failure', async () => {
    const glass = new Glass(10, 60)
    const { terminal } = recordingTerminal(glass)
    const messages = [layer('a\n\u001b[9A', 'Pull\u001b]0;title\u0007ing'), { status: 'Digest:\u001b[2J x' }]
    await showProgress(stream(...messages), terminal)
    expect(glass.lines()).toEqual(['a  [9A: Pull ]0;title ing', 'Digest: [2J x'])
    const failure = describeFailure(new Error('bad\u001b[31m\r\nline\u009b1A'), {})
    expect(failure.message).toBe('bad [31m\nline 1A')
  })

  test('TERM=dumb gets what a pipe gets', async () => {
    const glass = new Glass(10, 60)
    const { terminal, output } = recordingTerminal(glass)
    terminal.env['TERM'] = 'dumb'
    await showProgress(stream(layer('a', 'Waiting'), layer('a', 'Downloading', 1, 2), layer('a', 'Done')), terminal)
    expect(output()).toBe('a: Waiting\na: Done\n')
  })

  test('at most twenty writes come in a second, and the last state is always drawn', async () => {
    const glass = new Glass(10, 60)
    let writes = 0
    const block = new ProgressBlock(
      (text) => {
        writes += 1
        glass.write(text)
      },
      () => glass,
    )
    const end = Date.now() + 300
    let count = 0
    while (Date.now() < end) {
      block.update('a', layer('a', 'Downloading', (count += 1), 1e9))
      await sleep(1)
    }
    await sleep(80)
    expect(writes).toBeGreaterThan(2)
    expect(writes).toBeLessThanOrEqual(9)
    expect(glass.lines()).toEqual([`a: Downloading ${progressBar({ current: count, total: 1e9 }, 60)}`])
  })

  test('more layers than rows: those at work are shown, the rest is counted, and all stand there at the end', () => {
    const glass = new Glass(6, 40)
    glass.write('$ pull\n')
    const block = new ProgressBlock(
      (text) => glass.write(text),
      () => glass,
    )
    const ids = Array.from({ length: 12 }, (_, index) => `layer-${index}`)
    for (const id of ids) redraw(block, id, layer(id, 'Waiting'))
    for (const id of ids.slice(0, 5)) redraw(block, id, layer(id, 'Pull complete'))
    expect(glass.screen()).toEqual([
      'layer-5: Waiting',
      'layer-6: Waiting',
      'layer-7: Waiting',
      'layer-8: Waiting',
      '… 8 more, 5 of 12 complete',
      '',
    ])
    block.end()
    const all = ids.map((id, index) => `${id}: ${index < 5 ? 'Pull complete' : 'Waiting'}`)
    expect(glass.lines().slice(-12)).toEqual(all)
    expect(glass.lines()[0]).toBe('$ pull')
  })

  test.each([
    ['narrower', 30],
    ['wider', 120],
  ])('a terminal that becomes %s is drawn anew, without remains', (_name, columns) => {
    const glass = new Glass(12, 60)
    glass.write('$ pull\n')
    const block = new ProgressBlock(
      (text) => glass.write(text),
      () => glass,
    )
    for (const id of ['aaaaaaaaaaaa', 'bbbbbbbbbbbb']) redraw(block, id, layer(id, 'Downloading', 10 * MB, 20 * MB))
    glass.resize(12, columns)
    redraw(block, 'bbbbbbbbbbbb', layer('bbbbbbbbbbbb', 'Pull complete'))
    const bar = progressBar({ current: 10 * MB, total: 20 * MB }, columns)
    expect(glass.lines()).toEqual([
      '$ pull',
      `aaaaaaaaaaaa: Downloading ${bar}`.slice(0, columns - 1).trimEnd(),
      'bbbbbbbbbbbb: Pull complete',
    ])
  })

  test('a line that is too long is cut, wide characters counted as two', () => {
    const glass = new Glass(5, 20)
    const block = new ProgressBlock(
      (text) => glass.write(text),
      () => glass,
    )
    block.update('層', layer('層', '展開しています展開しています'))
    expect(glass.lines()).toEqual(['層: 展開しています'])
  })
})

/** As if 50 ms had gone by. */
function redraw(block: ProgressBlock, id: string, message: ProgressMessage): void {
  const now = Date.now
  Date.now = () => now() + 1000 * (clock += 1)
  try {
    block.update(id, message)
  } finally {
    Date.now = now
  }
}
let clock = 0

async function* stream(...messages: ProgressMessage[]): AsyncGenerator<Buffer> {
  for (const message of messages) yield Buffer.from(`${JSON.stringify(message)}\r\n`)
}

function recordingTerminal(glass?: Glass) {
  let output = ''
  let onInterrupt = () => {}
  const out = (text: string) => {
    output += text
    glass?.write(text)
  }
  const terminal: Terminal = {
    out,
    err: out,
    write: () => {},
    stdin: () => process.stdin,
    isTty: () => glass !== undefined,
    size: () => glass,
    env: {},
    on(signal, listener) {
      if (signal === 'SIGINT') onInterrupt = listener
      return () => {}
    },
  }
  return { terminal, output: () => output, interrupt: () => onInterrupt() }
}
