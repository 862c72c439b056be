/** Lists of things as docker prints them: a table, a table of one's own template, a template per line, or JSON per line. */
import { alignColumns } from './columns.ts'
import { goJson, type Row } from '../template/values.ts'

/** How to print: `columns` are the fields of the default table, `titles` the header of every field that has one. */
export type Listing = { rows: Row[]; columns: readonly string[]; titles: Readonly<Record<string, string>> }

/** The text for `--format format`. `quiet` shows one field per line. Throws CliError for a bad template. */
export async function formatRows(listing: Listing, format: string | undefined, quiet?: string): Promise<string> {
  const wanted = format ?? 'table'
  const isTable = wanted.startsWith('table')
  if (quiet !== undefined && isTable) return listing.rows.map((row) => `${String(row.fields[quiet]?.())}\n`).join('')
  if (wanted === 'table') return defaultTable(listing)
  if (wanted === 'json') return listing.rows.map((row) => `${goJson(row)}\n`).join('')
  const { formatTemplate } = await import('./templates.ts')
  return formatTemplate(listing, wanted)
}

/** The common case needs no template. */
function defaultTable({ rows, columns, titles }: Listing): string {
  const header = columns.map((name) => titles[name] ?? name)
  const lines = [header, ...rows.map((row) => columns.map((name) => String(row.fields[name]?.())))]
  return alignColumns(lines.map((cells) => `${cells.join('\t')}\n`).join(''))
}
