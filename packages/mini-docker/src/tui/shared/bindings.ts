/**
 * Which key does what, and what a person's own `keys.json` changes of it. Each screen has a table of actions with their keys:
 *
 *     { "run": { "next": ["n", "right"], "abort": "x" }, "ui": { "quit": "ctrl-q" } }
 *
 * A key that is given to an action is taken from the others of its screen. What is wrong in the file is told, and the rest of it holds.
 */
import { isKeyName } from './keyboard.ts'

/** For each action its keys, the first of which is shown. */
export type Bindings<Action extends string> = Readonly<Record<Action, readonly string[]>>

/** The bindings of one screen, and what is wrong with its part of the file. `screens` are the names a file may have. */
export function bindingsFrom<Action extends string>(
  text: string | undefined,
  screen: string,
  defaults: Bindings<Action>,
  screens: readonly string[] = SCREENS,
): { bindings: Bindings<Action>; problems: string[] } {
  if (text === undefined) return { bindings: defaults, problems: [] }
  const problems: string[] = []
  const own = readOwn(text, screen, screens, problems)
  const changed = new Map<Action, readonly string[]>()
  const taken = new Map<string, string>()
  for (const [action, value] of Object.entries(own)) {
    if (!Object.hasOwn(defaults, action)) {
      problems.push(`${screen}.${action}: there is no such action; there are ${Object.keys(defaults).join(', ')}`)
      continue
    }
    const keys = keysOf(value, `${screen}.${action}`, problems).filter((key) => {
      const other = taken.get(key)
      if (other !== undefined) problems.push(`${screen}.${action}: ${key} is already ${other}`)
      return other === undefined
    })
    if (keys.length === 0) continue
    for (const key of keys) taken.set(key, action)
    changed.set(action as Action, keys)
  }
  const bindings = Object.fromEntries(
    Object.entries(defaults).map(([action, keys]) => {
      const theirs = changed.get(action as Action)
      const left = (keys as readonly string[]).filter((key) => !taken.has(key))
      if (theirs === undefined && left.length === 0)
        problems.push(`${screen}.${action}: all its keys are given to others, it has none now`)
      return [action, theirs ?? left]
    }),
  ) as unknown as Bindings<Action>
  return { bindings, problems }
}

/** The screens that have keys. */
export const SCREENS = ['run', 'ui'] as const

/** The action of a key; undefined for a key that means nothing. */
export function actionOfKey<Action extends string>(bindings: Bindings<Action>, key: string): Action | undefined {
  for (const action of Object.keys(bindings) as Action[]) if (bindings[action].includes(key)) return action
  return undefined
}

/** How a key is shown. */
export function keyLabel(key: string | undefined): string {
  return key === undefined ? '–' : (LABELS[key] ?? key.replace('ctrl-', '^'))
}

const LABELS: Record<string, string> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  escape: 'esc',
  pageup: 'pgup',
  pagedown: 'pgdn',
}

function readOwn(
  text: string,
  screen: string,
  screens: readonly string[],
  problems: string[],
): Record<string, unknown> {
  let whole: unknown
  try {
    whole = JSON.parse(text)
  } catch (error) {
    problems.push(`not JSON: ${(error as Error).message}`)
    return {}
  }
  if (!isObject(whole)) {
    problems.push('not an object of screens')
    return {}
  }
  for (const name of Object.keys(whole))
    if (!screens.includes(name)) problems.push(`${name}: there is no such screen; there are ${screens.join(', ')}`)
  const own = whole[screen] ?? {}
  if (isObject(own)) return own
  problems.push(`${screen}: not an object of actions`)
  return {}
}

function keysOf(value: unknown, place: string, problems: string[]): string[] {
  const keys = typeof value === 'string' ? [value] : value
  if (!Array.isArray(keys) || keys.length === 0) {
    problems.push(`${place}: neither a key nor a list of keys`)
    return []
  }
  return keys.filter((key): key is string => {
    const isGood = typeof key === 'string' && isKeyName(key)
    if (!isGood) problems.push(`${place}: ${JSON.stringify(key)} is no key`)
    return isGood
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
