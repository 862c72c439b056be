/** What can be done on the screen of a run, and the keys that do it. A person's keys.json changes them under "run". */
import type { Bindings } from '../shared/bindings.ts'

export type KeyAction =
  | 'next'
  | 'stage'
  | 'continue'
  | 'back'
  | 'abort'
  | 'shell'
  | 'up'
  | 'down'
  | 'first'
  | 'last'
  | 'scroll-up'
  | 'scroll-down'
  | 'page-up'
  | 'page-down'
  | 'next-tab'
  | 'previous-tab'
  | 'follow'
  | 'type'
  | 'stop-typing'
  | 'full'
  | 'language'
  | 'pause'
  | 'faster'
  | 'slower'
  | 'earlier'
  | 'later'
  | 'help'
  | 'quit'
  | 'interrupt'

export const RUN_KEYS: Bindings<KeyAction> = {
  next: ['n', 'space', 'enter'],
  stage: ['s'],
  continue: ['c'],
  back: ['b'],
  abort: ['a'],
  shell: ['!'],
  up: ['up', 'k'],
  down: ['down', 'j'],
  first: ['home', 'g'],
  last: ['end', 'G'],
  'scroll-up': ['K', 'shift-up'],
  'scroll-down': ['J', 'shift-down'],
  'page-up': ['pageup', 'ctrl-b'],
  'page-down': ['pagedown', 'ctrl-f'],
  'next-tab': ['tab', 'right', 'l'],
  'previous-tab': ['shift-tab', 'left', 'h'],
  follow: ['w'],
  type: ['t'],
  'stop-typing': ['ctrl-]'],
  full: ['f'],
  language: ['L'],
  pause: ['p'],
  faster: ['+', '='],
  slower: ['-'],
  earlier: ['<', ','],
  later: ['>', '.'],
  help: ['?'],
  quit: ['q'],
  interrupt: ['ctrl-c'],
}
