/** What can be done on the dashboard: one table for the keys, the help, the command palette and keys.json (under "ui"). */
import type { Language } from '../../faces/explain.ts'
import type { Bindings } from '../shared/bindings.ts'
import type { Container, Item, Section } from './items.ts'

export type ActionSpec = {
  keys: readonly string[]
  label: Record<Language, string>
  /** Shorter, for the line of keys. */
  short?: Record<Language, string>
  /** Only there; absent: everywhere. */
  sections?: readonly Section[]
  /** Whether it makes sense for this one. */
  isFor?: (item: Item) => boolean
  /** Done to the marked rows or the chosen one; absent: nothing is needed. */
  needs?: 'one' | 'some'
  isAsked?: true
  /** A line is typed first. */
  hasInput?: true
}

const container = (test: (one: Container) => boolean) => (item: Item) => 'state' in item && test(item)
const CONTAINERS = ['containers'] as const
const IMAGES = ['images'] as const
const isAlive = container(({ state }) => state === 'running' || state === 'paused' || state === 'restarting')
const isRunning = container(({ state }) => state === 'running')

const SPECS = {
  up: { keys: ['up', 'k'], label: { en: 'Up', ja: '上へ' } },
  down: { keys: ['down', 'j'], label: { en: 'Down', ja: '下へ' } },
  'page-up': { keys: ['pageup', 'ctrl-b'], label: { en: 'Page up', ja: '前のページ' } },
  'page-down': { keys: ['pagedown', 'ctrl-f'], label: { en: 'Page down', ja: '次のページ' } },
  first: { keys: ['home', 'g'], label: { en: 'To the first line', ja: '先頭へ' } },
  last: {
    keys: ['end', 'G'],
    label: { en: 'To the last line, and follow', ja: '末尾へ（追従）' },
    short: { en: 'follow', ja: '追従' },
  },
  left: { keys: ['shift-left', '<'], label: { en: 'Scroll left', ja: '左へスクロール' } },
  right: { keys: ['shift-right', '>'], label: { en: 'Scroll right', ja: '右へスクロール' } },
  focus: { keys: ['tab', 'enter'], label: { en: 'Other pane', ja: 'もう一方の欄' }, short: { en: 'pane', ja: '欄' } },
  zoom: { keys: ['z', 'f'], label: { en: 'Full screen', ja: '全画面' }, short: { en: 'full', ja: '全画面' } },
  'next-tab': {
    keys: ['right', 'l', ']'],
    label: { en: 'Next tab', ja: '次のタブ' },
    short: { en: 'tab', ja: 'タブ' },
  },
  'previous-tab': { keys: ['left', 'h', '['], label: { en: 'Previous tab', ja: '前のタブ' } },
  containers: { keys: ['1'], label: { en: 'Containers', ja: 'コンテナ' } },
  images: { keys: ['2'], label: { en: 'Images', ja: 'イメージ' } },
  networks: { keys: ['3'], label: { en: 'Networks', ja: 'ネットワーク' } },
  volumes: { keys: ['4'], label: { en: 'Volumes', ja: 'ボリューム' } },
  events: { keys: ['5'], label: { en: 'Events', ja: 'イベント' } },
  find: {
    keys: ['/'],
    label: { en: 'Filter the list, search on the right', ja: '一覧の絞り込み、右側の検索' },
    short: { en: 'find', ja: '検索' },
  },
  next: { keys: ['n'], label: { en: 'Next match', ja: '次の一致' }, short: { en: 'next', ja: '次' } },
  previous: { keys: ['N'], label: { en: 'Previous match', ja: '前の一致' } },
  sort: {
    keys: ['o'],
    label: { en: 'Sort by the next column', ja: '次の列で並べ替え' },
    short: { en: 'sort', ja: '並べ替え' },
  },
  reverse: { keys: ['O'], label: { en: 'Sort the other way', ja: '逆順' } },
  all: {
    keys: ['a'],
    label: { en: 'All containers, or those that run', ja: 'すべて・実行中のみ' },
    short: { en: 'all', ja: 'すべて' },
    sections: CONTAINERS,
  },
  mark: {
    keys: ['space'],
    label: { en: 'Mark for an action on many', ja: '印を付ける（まとめて操作）' },
    short: { en: 'mark', ja: '印' },
  },
  'mark-all': { keys: ['*'], label: { en: 'Mark all, or none', ja: 'すべてに印・印を消す' } },
  start: {
    keys: ['u'],
    label: { en: 'Start', ja: '起動' },
    short: { en: 'start', ja: '起動' },
    sections: CONTAINERS,
    isFor: container(({ state }) => state === 'created' || state === 'exited' || state === 'dead'),
    needs: 'some',
  },
  stop: {
    keys: ['s'],
    label: { en: 'Stop', ja: '停止' },
    short: { en: 'stop', ja: '停止' },
    sections: CONTAINERS,
    isFor: isAlive,
    needs: 'some',
  },
  restart: {
    keys: ['r'],
    label: { en: 'Restart', ja: '再起動' },
    short: { en: 'restart', ja: '再起動' },
    sections: CONTAINERS,
    needs: 'some',
  },
  pause: {
    keys: ['p'],
    label: { en: 'Pause or go on', ja: '一時停止・再開' },
    short: { en: 'pause', ja: '一時停止' },
    sections: CONTAINERS,
    isFor: isAlive,
    needs: 'some',
  },
  kill: {
    keys: ['K'],
    label: { en: 'Kill', ja: '強制終了' },
    short: { en: 'kill', ja: '強制終了' },
    sections: CONTAINERS,
    isFor: isAlive,
    needs: 'some',
    isAsked: true,
  },
  exec: {
    keys: ['e'],
    label: { en: 'Shell in the container', ja: 'コンテナ内でシェル' },
    short: { en: 'shell', ja: 'シェル' },
    sections: CONTAINERS,
    isFor: isRunning,
    needs: 'one',
  },
  attach: {
    keys: ['A'],
    label: { en: 'Attach (ctrl-p ctrl-q leaves it)', ja: '接続（ctrl-p ctrl-q で離れる）' },
    short: { en: 'attach', ja: '接続' },
    sections: CONTAINERS,
    isFor: isRunning,
    needs: 'one',
  },
  rename: {
    keys: ['R'],
    label: { en: 'Rename', ja: '名前の変更' },
    short: { en: 'rename', ja: '名前変更' },
    sections: CONTAINERS,
    needs: 'one',
    hasInput: true,
  },
  run: {
    keys: ['x'],
    label: { en: 'Run a container from the image', ja: 'イメージからコンテナを実行' },
    short: { en: 'run', ja: '実行' },
    sections: IMAGES,
    needs: 'one',
    hasInput: true,
  },
  pull: {
    keys: ['P'],
    label: { en: 'Pull an image', ja: 'イメージの取得' },
    short: { en: 'pull', ja: '取得' },
    sections: IMAGES,
    hasInput: true,
  },
  tree: {
    keys: ['t'],
    label: { en: 'Files of the layers', ja: 'レイヤーのファイル' },
    short: { en: 'files', ja: 'ファイル' },
    sections: IMAGES,
    needs: 'one',
  },
  remove: {
    keys: ['d', 'delete'],
    label: { en: 'Remove', ja: '削除' },
    short: { en: 'remove', ja: '削除' },
    sections: ['containers', 'images', 'networks', 'volumes'],
    needs: 'some',
    isAsked: true,
  },
  prune: {
    keys: ['D'],
    label: { en: 'Prune: remove all that nobody uses', ja: '未使用のものをすべて削除' },
    short: { en: 'prune', ja: '一括削除' },
    sections: ['containers', 'images', 'networks', 'volumes'],
    isAsked: true,
  },
  wrap: { keys: ['w'], label: { en: 'Wrap long lines', ja: '長い行を折り返す' }, short: { en: 'wrap', ja: '折返し' } },
  times: {
    keys: ['T'],
    label: { en: 'Times of log lines', ja: 'ログの時刻' },
    short: { en: 'times', ja: '時刻' },
    sections: CONTAINERS,
  },
  theme: { keys: ['ctrl-t'], label: { en: 'Next theme', ja: '次の配色' } },
  language: { keys: ['L'], label: { en: '日本語', ja: 'English' } },
  mouse: { keys: ['M'], label: { en: 'Mouse on, or left to the terminal', ja: 'マウスを使う・端末に任せる' } },
  refresh: { keys: ['ctrl-l', 'f5'], label: { en: 'Ask the daemon again, draw all anew', ja: '再読み込み・再描画' } },
  back: {
    keys: ['escape'],
    label: { en: 'Back: clear search, filter, marks', ja: '戻る（検索・絞り込み・印を消す）' },
  },
  palette: {
    keys: [':', 'ctrl-p'],
    label: { en: 'All commands', ja: 'すべてのコマンド' },
    short: { en: 'commands', ja: 'コマンド' },
  },
  help: { keys: ['?', 'f1'], label: { en: 'Help', ja: 'ヘルプ' }, short: { en: 'help', ja: 'ヘルプ' } },
  quit: { keys: ['q', 'ctrl-c'], label: { en: 'Quit', ja: '終了' }, short: { en: 'quit', ja: '終了' } },
} as const satisfies Record<string, ActionSpec>

export type ActionId = keyof typeof SPECS

export const ACTIONS: Readonly<Record<ActionId, ActionSpec>> = SPECS
export const ACTION_IDS = Object.keys(SPECS) as ActionId[]
export const UI_KEYS = Object.fromEntries(ACTION_IDS.map((id) => [id, ACTIONS[id].keys])) as Bindings<ActionId>

/** Whether it can be done to these, here. */
export function isPossible(id: ActionId, section: Section, targets: readonly Item[]): boolean {
  const { sections, isFor, needs } = ACTIONS[id]
  if (sections?.includes(section) === false) return false
  if (needs === undefined) return true
  if (targets.length === 0) return false
  return isFor === undefined || targets.some(isFor)
}

export function labelOf(id: ActionId, language: Language): string {
  return ACTIONS[id].label[language]
}

export function shortLabelOf(id: ActionId, language: Language): string {
  return (ACTIONS[id].short ?? ACTIONS[id].label)[language]
}
