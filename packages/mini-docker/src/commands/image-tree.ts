/** `image tree`: the layers of an image, who added which file, what is stored for nothing. Drawn in a terminal, lines elsewhere. */
import { collectTree, formatTree, type ImageTree, type TreeEvent } from '@mini-docker/image/inspect'
import { openEngine } from '../client/open.ts'
import { ApiError, type Engine } from '../client/engine.ts'
import { jsonLines } from '../client/json-stream.ts'
import type { Command } from '../cli/command.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { SMALLEST } from '../tui/shared/layout.ts'
import { explainMissing, imagePath, LANG, languageFrom, printLines } from './inspect-image.ts'

export const command: Command = {
  name: 'image tree',
  usage: '[OPTIONS] IMAGE',
  about: 'Show the layers of an image, which one added, changed and removed which file, and wasted space',
  flags: [
    { name: 'json', kind: 'bool', help: 'Print everything as one JSON object' },
    { name: 'plain', kind: 'bool', help: 'Print lines, in a terminal too' },
    {
      name: 'layer',
      kind: 'int',
      help: 'Only what this layer does, 1 is the lowest; in a terminal: begin there',
      check(text) {
        if (!(Number(text) >= 1)) throw new Error('layers are counted from 1')
      },
    },
    { name: 'wasted', kind: 'bool', help: 'Only what is stored and never seen; in a terminal: begin there' },
    LANG,
  ],
  words: { exactly: 1 },
  async run(flags, [image = ''], terminal) {
    const events = readTree(openEngine(terminal), image)
    if (flags.bool('json')) return printLines([JSON.stringify(withLayer(await collectTree(events), flags))], terminal)
    const size = flags.bool('plain') ? undefined : screenSize(terminal)
    if (size === undefined) return printPlain(await collectTree(events), flags, terminal)
    // An image that is not there is told before the screen changes.
    const first = await events.next()
    const { drawImageTree } = await import('../tui/tree-screen.tsx')
    const layer = flags.int('layer')
    const start = {
      ...size,
      language: languageFrom(flags, terminal),
      colors: (terminal.env['NO_COLOR'] ?? '') === '',
      ...(layer !== undefined && { layer: layer - 1 }),
      ...(flags.bool('wasted') && { pane: 'wasted' as const }),
    }
    await drawImageTree(withFirst(first, events), start, { stdin: terminal.stdin(), stdout: process.stdout })
  },
}

type TreeAnswer = TreeEvent | { kind: 'error'; message: string }

async function* readTree(engine: Engine, image: string): AsyncGenerator<TreeEvent, void, undefined> {
  const answer = await engine.stream('GET', imagePath(image, 'tree')).catch((error: unknown) => {
    throw explainMissing(error, 'image tree')
  })
  try {
    for await (const event of jsonLines<TreeAnswer>(answer.body())) {
      if (event.kind === 'error') throw new ApiError(500, event.message)
      yield event
    }
  } finally {
    answer.close()
  }
}

async function* withFirst(first: IteratorResult<TreeEvent>, rest: AsyncIterable<TreeEvent>): AsyncGenerator<TreeEvent> {
  if (first.done !== true) yield first.value
  yield* rest
}

/** Undefined where lines are better: no terminal, one that can do nothing, or a tiny one. */
function screenSize(terminal: Terminal): { columns: number; rows: number } | undefined {
  const size = terminal.size()
  if (!terminal.isTty(0) || size === undefined || terminal.env['TERM'] === 'dumb') return undefined
  return size.columns >= SMALLEST.columns && size.rows >= SMALLEST.rows ? size : undefined
}

async function printPlain(tree: ImageTree, flags: Flags, terminal: Terminal): Promise<void> {
  const columns = terminal.size()?.columns
  const layer = chosenLayer(tree, flags)
  const format = {
    language: languageFrom(flags, terminal),
    wasted: flags.bool('wasted'),
    ...(columns !== undefined && columns > 0 && { columns }),
    ...(layer !== undefined && { layer }),
  }
  await printLines(formatTree(tree, format), terminal)
}

/** The same choice of what to tell as for people. */
function withLayer(tree: ImageTree, flags: Flags): ImageTree | ImageTree['layers'][number] | undefined {
  const layer = chosenLayer(tree, flags)
  if (layer !== undefined) return tree.layers[layer]
  return flags.bool('wasted') ? { ...tree, layers: tree.layers.map((one) => ({ ...one, entries: [] })) } : tree
}

/** Counted from 0. */
function chosenLayer(tree: ImageTree, flags: Flags): number | undefined {
  const layer = flags.int('layer')
  if (layer === undefined) return undefined
  if (layer <= tree.layers.length) return layer - 1
  throw new CliError(`${PROGRAM}: no layer ${layer}: the image has ${tree.layers.length}`)
}
