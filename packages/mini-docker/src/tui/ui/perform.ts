/** What the actions do: requests to the daemon, or a program that gets the terminal. */
import { containerPath } from '../../client/containers.ts'
import type { Engine } from '../../client/engine.ts'
import { humanSize } from '../../format/units.ts'
import type { ActionId } from './actions.ts'
import type { Container, Image, Item, Section } from './items.ts'
import type { Effect } from './act.ts'

/** Does it to one thing. Rejects with the daemon's words. */
export async function perform(
  engine: Engine,
  { action, section, value }: Extract<Effect, { kind: 'do' }>,
  item: Item,
): Promise<void> {
  const post = (what: string, query: Record<string, string | boolean> = {}): Promise<string> =>
    engine.text('POST', containerPath(item.id, what), { query })
  switch (action) {
    case 'start':
    case 'stop':
    case 'restart':
    case 'kill':
      await post(action)
      return
    case 'pause':
      await post((item as Container).state === 'paused' ? 'unpause' : 'pause')
      return
    case 'rename':
      await post('rename', { name: value })
      return
    case 'remove':
      await remove(engine, section, item)
      return
    default:
      throw new Error(`${action} is nothing that a daemon does`)
  }
}

/** By force for containers, which were asked about; an image goes with all its names; anonymous volumes with their container. */
async function remove(engine: Engine, section: Section, item: Item): Promise<void> {
  if (section === 'containers') {
    await engine.text('DELETE', containerPath(item.id), { query: { force: true, v: true } })
  } else if (section === 'images') {
    const { names } = item as Image
    // By ID an image with several names is refused; the last name takes the image along.
    for (const name of names.length > 1 ? names : [item.id])
      await engine.text('DELETE', `/images/${encodeURIComponent(name)}`)
  } else {
    await engine.text('DELETE', `/${section}/${encodeURIComponent(item.id)}`)
  }
}

/** Removes all that nobody uses, and tells how much was freed. */
export async function prune(engine: Engine, section: Section): Promise<string> {
  const { SpaceReclaimed } = await engine.json<{ SpaceReclaimed?: number }>('POST', `/${section}/prune`)
  return humanSize(SpaceReclaimed ?? 0, 3)
}

/** The shell that is there: bash where it is, sh elsewhere. */
const SHELL = 'if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi'

/** The words of the command that gets the terminal; undefined for actions that need none. */
export function programOf(action: ActionId, item: Item | undefined, value: string): string[] | undefined {
  switch (action) {
    case 'exec':
      return item === undefined ? undefined : ['exec', '-it', item.id, 'sh', '-c', SHELL]
    case 'attach':
      return item === undefined ? undefined : ['attach', item.id]
    case 'tree':
      return item === undefined ? undefined : ['image', 'tree', item.id]
    case 'run':
      return ['run', ...shellWords(value)]
    case 'pull':
      return ['pull', ...shellWords(value)]
    default:
      return undefined
  }
}

/** Words as a shell splits them: blanks between, quotes around, backslash before. Throws on a quote without its end. */
export function shellWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let i = 0; i < line.length; i++) {
    const char = line[i] ?? ''
    if (char === '\\' && quote !== "'" && i + 1 < line.length) word = (word ?? '') + (line[++i] ?? '')
    else if (quote !== '') {
      if (char === quote) quote = ''
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (quote !== '') throw new Error(`there is a ${quote} without its end`)
  return word === undefined ? words : [...words, word]
}
