/** The whole screen of the dashboard: a function of its state, exactly as many rows as the terminal has. */
import { clip, columnsOf } from '../../../format/width.ts'
import { keyLabel, type Bindings } from '../../shared/bindings.ts'
import { SMALLEST } from '../../shared/layout.ts'
import { beside, fillRows, fitRow, type Piece, type Row } from '../../shared/pieces.ts'
import { isPossible, shortLabelOf, type ActionId } from '../actions.ts'
import { layoutOf, sectionLabels } from '../layout.ts'
import { tabOf, targetsOf, type UiState } from '../state.ts'
import { themeOf } from '../themes.ts'
import { WORDS } from '../words.ts'
import { detailRows } from './detail.ts'
import { dialogBox } from './dialogs.ts'
import { listRows } from './list.ts'
import { shiftRow } from './rows.ts'

export function frame(state: UiState, bindings: Bindings<ActionId>): Row[] {
  const { columns, rows } = state
  if (columns < SMALLEST.columns || rows < SMALLEST.rows) {
    return fillRows([[WORDS[state.language].tooSmall(SMALLEST.columns, SMALLEST.rows)]], rows)
  }
  const screen = [headRow(state), ...bodyRows(state), noticeRow(state), keyRow(state, bindings)]
  const box = dialogBox(state, bindings)
  return box === undefined ? screen : withBox(screen, box, state)
}

function bodyRows(state: UiState): Row[] {
  const layout = layoutOf(state)
  const detail = fillRows(detailRows(state), layout.detailRows)
  if (layout.listRows === 0) return detail
  const list = fillRows(listRows(state), layout.listRows)
  return layout.isWide ? beside(list, layout.listColumns, detail, layout.detailColumns) : [...list, ...detail]
}

function headRow(state: UiState): Row {
  const theme = themeOf(state.theme)
  const labels = sectionLabels(state)
  const pieces: Piece[] = labels.map(([section, text]) => ({
    text,
    ...(section === state.section ? theme.barChosen : theme.bar),
  }))
  const used = labels.reduce((sum, [, text]) => sum + columnsOf(text), 0)
  const { connection } = state
  const [sign, role] =
    connection.kind === 'open'
      ? (['●', theme.good] as const)
      : ([connection.kind === 'lost' ? '✖' : '…', theme.bad] as const)
  const version = connection.kind === 'open' ? ` ${connection.version}` : ''
  const room = state.columns - used - 3
  const wheres = [` ${connection.where}${version}`, version, '']
  const where = wheres.find((text) => columnsOf(text) <= room) ?? ''
  const fill = ' '.repeat(Math.max(0, room - columnsOf(where)))
  const { color } = role
  return [
    ...pieces,
    { text: `${fill} `, ...theme.bar },
    { text: sign, ...theme.bar, ...(color !== undefined && { color }) },
    { text: `${where} `, ...theme.bar },
  ]
}

/** What is typed, asked or said; above all that the daemon is gone. */
function noticeRow(state: UiState): Row {
  const theme = themeOf(state.theme)
  const words = WORDS[state.language]
  if (state.typing !== undefined) {
    const value = state.typing === 'filter' ? state.lists[state.section].filter : state.search
    return [{ text: words[state.typing], ...theme.key }, value, { text: ' ', inverse: true }]
  }
  if (state.connection.kind === 'lost') return [{ text: words.lost(state.connection.message), ...theme.bad }]
  if (state.connection.kind === 'connecting')
    return [{ text: words.connecting(state.connection.where), ...theme.muted }]
  const doing = state.doing.at(-1)
  if (doing !== undefined) return [{ text: doing, ...theme.warn }]
  return state.notice === undefined
    ? []
    : [{ text: state.notice.text, ...(state.notice.isBad ? theme.bad : theme.good) }]
}

/** In the order of use; as many as there is room for, with how to leave always. */
const KEYS_OF: Record<UiState['section'], readonly ActionId[]> = {
  containers: [
    'start',
    'stop',
    'restart',
    'exec',
    'remove',
    'find',
    'mark',
    'all',
    'pause',
    'kill',
    'rename',
    'attach',
    'sort',
    'prune',
  ],
  images: ['run', 'pull', 'tree', 'remove', 'find', 'mark', 'prune', 'sort'],
  networks: ['remove', 'find', 'mark', 'prune', 'sort'],
  volumes: ['remove', 'find', 'mark', 'prune', 'sort'],
  events: ['find', 'sort'],
}

function keyRow(state: UiState, bindings: Bindings<ActionId>): Row {
  const theme = themeOf(state.theme)
  const targets = targetsOf(state)
  const text =
    tabOf(state) === 'logs' ? (['find', 'next', 'wrap', 'times', 'last'] as const) : (['find', 'next', 'wrap'] as const)
  const own: readonly ActionId[] =
    state.focus === 'detail' || state.isZoomed
      ? [...text, ...KEYS_OF[state.section].filter((id) => id !== 'find')]
      : KEYS_OF[state.section]
  const wanted: ActionId[] = [
    ...own.filter((id) => isPossible(id, state.section, targets)),
    'next-tab',
    'focus',
    'zoom',
  ]
  const always = (['palette', 'help', 'quit'] as const).map((id) => hint(state, bindings, id))
  let left = state.columns - always.reduce((sum, [key, what]) => sum + columnsOf(key) + columnsOf(what) + 3, 0)
  const hints: Array<readonly [string, string]> = []
  for (const id of wanted) {
    const one = hint(state, bindings, id)
    const width = columnsOf(one[0]) + columnsOf(one[1]) + 3
    if (width > left) break
    hints.push(one)
    left -= width
  }
  return [...hints, ...always].flatMap(([key, what]): Piece[] => [{ text: key, ...theme.key }, ` ${what}  `])
}

function hint({ language }: UiState, bindings: Bindings<ActionId>, id: ActionId): readonly [string, string] {
  return [keyLabel(bindings[id][0]), shortLabelOf(id, language)]
}

/** The box in the middle; what is beside it stays. */
function withBox(
  screen: readonly Row[],
  box: { rows: readonly Row[]; width: number },
  { columns, rows }: UiState,
): Row[] {
  const top = Math.max(0, Math.floor((rows - box.rows.length) / 2))
  const left = Math.max(0, Math.floor((columns - box.width) / 2))
  return screen.map((row, y) => {
    const over = box.rows[y - top]
    if (over === undefined) return row
    const whole = fitRow(row, columns)
    return [...clipRow(whole, left), ...over, ...shiftRow(whole, left + box.width)]
  })
}

function clipRow(row: Row, width: number): Row {
  const pieces: Piece[] = []
  let left = width
  for (const piece of row) {
    const whole = typeof piece === 'string' ? { text: piece } : piece
    const text = clip(whole.text, left)
    pieces.push({ ...whole, text })
    left -= columnsOf(text)
    if (text !== whole.text) break
  }
  return left > 0 ? [...pieces, ' '.repeat(left)] : pieces
}
