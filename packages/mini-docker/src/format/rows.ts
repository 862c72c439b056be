/** Lists of things as docker prints them: a table, a table of one's own template, a template per line, or JSON per line. */
import { CliError } from '../cli/errors.ts'
import { alignColumns } from './columns.ts'
import { compile, HEADER_FUNCTIONS, TemplateError, TemplateSyntaxError, goJson, Row } from '../template/index.ts'

/** How to print: `columns` are the fields of the default table, `titles` the header of every field that has one. */
export type Listing = { rows: Row[]; columns: readonly string[]; titles: Readonly<Record<string, string>> }

/** The text for `--format format`. `quiet` shows one field per line. Throws CliError for a bad template. */
export function formatRows(listing: Listing, format: string | undefined, quiet?: string): string {
  const wanted = format ?? 'table'
  const isTable = wanted.startsWith('table')
  if (quiet !== undefined && isTable) return listing.rows.map((row) => `${String(row.fields[quiet]?.())}\n`).join('')
  if (wanted === 'table') return defaultTable(listing)
  if (wanted === 'json') return listing.rows.map((row) => `${goJson(row)}\n`).join('')
  return isTable ? alignColumns(templateLines(listing, wanted.slice('table'.length), true)) : templateLines(listing, wanted, false)
}

/** The common case needs no template. */
function defaultTable({ rows, columns, titles }: Listing): string {
  const header = columns.map((name) => titles[name] ?? name)
  const lines = [header, ...rows.map((row) => columns.map((name) => String(row.fields[name]?.())))]
  return alignColumns(lines.map((cells) => `${cells.join('\t')}\n`).join(''))
}

function templateLines({ rows, titles }: Listing, format: string, withHeader: boolean): string {
  const source = format.trim().replaceAll('\\t', '\t').replaceAll('\\n', '\n')
  return withTemplateErrors('template parsing error', () => {
    const template = compile(source, { missingKey: 'no-value' })
    const lines = rows.map((row) => `${template(row)}\n`)
    if (withHeader) lines.unshift(`${template(headerRow(titles), HEADER_FUNCTIONS)}\n`)
    return lines.join('')
  })
}

/** The titles, under the names of the fields; a field without a title gives `<no value>`, a label its own last part. */
function headerRow(titles: Listing['titles']): Row {
  const fields = Object.fromEntries(Object.entries(titles).map(([name, title]) => [name, () => title]))
  const label = (name: unknown) => (String(name).split('.').at(-1) ?? '').replace(/[-_]/g, ' ')
  return new Row('formatter.SubHeaderContext', fields, { Label: label }, true)
}

/** Runs a template and gives its errors docker's words; `context` stands before those that come up while it runs. */
export function withTemplateErrors<T>(context: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof TemplateSyntaxError) throw new CliError(`failed to parse template: ${error.message}`)
    if (error instanceof TemplateError) throw new CliError(`${context}: ${error.message}`)
    throw error
  }
}
