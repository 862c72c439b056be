/** Simple contents of the right side: the process table, who uses a volume, JSON and a report with colours. */
import { humanSize } from '../../../format/units.ts'
import { columnsOf } from '../../../format/width.ts'
import type { Row } from '../../shared/pieces.ts'
import { logRow } from '../harmless.ts'
import type { Volume } from '../items.ts'
import { chosenItem, type UiState } from '../state.ts'
import { themeOf, type Theme } from '../themes.ts'
import { WORDS } from '../words.ts'
import { glyphOf, stateRole } from '../columns.ts'

type TopAnswer = { Titles?: string[] | null; Processes?: string[][] | null }

/** `GET /containers/{id}/top` as a table. */
export function topRows(data: unknown, theme: Theme): Row[] {
  const { Titles, Processes } = (data ?? {}) as TopAnswer
  const titles = Titles ?? []
  const lines = Processes ?? []
  const widths = titles.map((title, i) => Math.max(columnsOf(title), ...lines.map((line) => columnsOf(line[i] ?? ''))))
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, i) =>
        i === cells.length - 1 ? cell : cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - columnsOf(cell))),
      )
      .join('  ')
  return titles.length === 0 ? [] : [[{ text: row(titles), ...theme.title }], ...lines.map((line): Row => [row(line)])]
}

export function volumeRows(state: UiState): Row[] {
  const volume = chosenItem(state) as Volume | undefined
  if (volume === undefined) return []
  const words = WORDS[state.language]
  const theme = themeOf(state.theme)
  const users = state.items.containers.flatMap((container) =>
    container.mounts
      .filter(({ type, name }) => type === 'volume' && name === volume.name)
      .map((mount) => ({ container, mount })),
  )
  const width = Math.max(0, ...users.map(({ container }) => columnsOf(container.name)))
  return [
    [{ text: volume.name, ...theme.title }],
    [`${volume.driver}  ${volume.bytes === undefined ? '' : humanSize(volume.bytes, 3)}`],
    [{ text: volume.mountpoint, ...theme.muted }],
    [],
    [{ text: words.mountedBy, ...theme.title }],
    ...(users.length === 0 ? [[{ text: `  ${words.nobody}`, ...theme.muted }]] : []),
    ...users.map(({ container, mount }): Row => [
      { text: `  ${glyphOf(container)} `, ...theme[stateRole(container)] },
      container.name + ' '.repeat(width - columnsOf(container.name)),
      { text: '  →  ', ...theme.muted },
      mount.destination,
      mount.isWritable ? '' : { text: `  ${words.readOnly}`, ...theme.warn },
    ]),
  ]
}

/** A line of pretty JSON: the key, and the value by its kind. */
export function jsonRow(line: string, theme: Theme): Row {
  const [, indent = '', key = '', value = ''] = /^(\s*)("(?:[^"\\]|\\.)*": )?(.*)$/.exec(line) ?? []
  const style = value.startsWith('"') ? theme.good : /^(?:true|false|null|-?\d)/.test(value) ? theme.warn : {}
  return [indent, { text: key, ...theme.key, bold: false }, { text: value, ...style }]
}

/** A report that comes with colours of its own, or with none: then its headings stand out. */
export function kernelRow(line: string, theme: Theme): Row {
  if (line.includes('\u001B')) return logRow(line)
  return /^\S.*$/.test(line) && !line.startsWith('│') ? [{ text: line, ...theme.title }] : [line]
}
