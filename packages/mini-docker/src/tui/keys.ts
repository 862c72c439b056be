/** Which key does what. While a filter is typed, letters are letters. */
import type { Key } from 'ink'
import type { Action } from './reduce.ts'
import type { ScreenState } from './state.ts'

/** Ink's description of a key; tests give only what is pressed. */
export type Pressed = Partial<Key>

/** Keys that were typed quickly, or held down, come as one text. */
export function keysIn(input: string): string[] {
  return input === '' ? [''] : Array.from(input)
}

/** Undefined for a key that means nothing here. */
export function actionOf(input: string, key: Pressed, state: ScreenState): Action | 'quit' | undefined {
  if (key.ctrl === true && input === 'c') return 'quit'
  return state.typing ? whileTyping(input, key, state) : (byName(key) ?? byLetter(input, key, state))
}

function whileTyping(input: string, key: Pressed, { filter }: ScreenState): Action | undefined {
  if (key.escape === true) return { kind: 'filter', text: '', typing: false }
  if (key.return === true || key.tab === true || key.downArrow === true || key.upArrow === true)
    return { kind: 'filter', text: filter, typing: false }
  // Terminals send DEL for the key that people call backspace.
  if (key.backspace === true || key.delete === true)
    return { kind: 'filter', text: Array.from(filter).slice(0, -1).join(''), typing: true }
  const text = key.ctrl === true || key.meta === true ? '' : input.replaceAll(/\p{Cc}/gu, '')
  return text === '' ? undefined : { kind: 'filter', text: filter + text, typing: true }
}

function byName(key: Pressed): Action | undefined {
  if (key.upArrow === true) return { kind: 'move', by: -1 }
  if (key.downArrow === true) return { kind: 'move', by: 1 }
  if (key.leftArrow === true) return { kind: 'close' }
  if (key.rightArrow === true || key.return === true) return { kind: 'open' }
  if (key.pageUp === true) return { kind: 'page', by: -1 }
  if (key.pageDown === true) return { kind: 'page', by: 1 }
  if (key.home === true) return { kind: 'edge', to: 'start' }
  if (key.end === true) return { kind: 'edge', to: 'end' }
  if (key.tab === true) return { kind: 'pane', by: key.shift === true ? -1 : 1 }
  return key.escape === true ? { kind: 'filter', text: '', typing: false } : undefined
}

function byLetter(input: string, key: Pressed, { filter }: ScreenState): Action | 'quit' | undefined {
  if (key.ctrl === true || key.meta === true) return undefined
  switch (input) {
    case 'q':
      return 'quit'
    case '/':
      return { kind: 'filter', text: filter, typing: true }
    case ' ':
      return { kind: 'toggle' }
    case 'a':
      return { kind: 'aggregate' }
    case 'g':
      return { kind: 'edge', to: 'start' }
    case 'G':
      return { kind: 'edge', to: 'end' }
    case 'h':
      return { kind: 'close' }
    case 'l':
      return { kind: 'open' }
    case 'j':
      return { kind: 'move', by: 1 }
    case 'k':
      return { kind: 'move', by: -1 }
    default:
      return undefined
  }
}
