/** Lists through templates: what `--format` asks for. Loaded only when somebody gives a template. */
import { CliError } from '../cli/errors.ts'
import { compile, HEADER_FUNCTIONS, Row, TemplateError, TemplateSyntaxError } from '../template/index.ts'
import { alignColumns } from './columns.ts'
import type { Listing } from './rows.ts'

/** A line per row; `table …` gets a header and columns. Throws CliError for a bad template. */
export function formatTemplate(listing: Listing, format: string): string {
  const isTable = format.startsWith('table')
  if (!isTable) return templateLines(listing, format, false)
  return alignColumns(templateLines(listing, format.slice('table'.length), true))
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
    if (error instanceof TemplateSyntaxError)
      throw new CliError(`${context.replace('failed to execute', 'failed to parse')}: ${error.message}`)
    if (error instanceof TemplateError) throw new CliError(`${context}: ${error.message}`)
    throw error
  }
}

/** Tries `format` on a row, and tells which of its fields it asked for. */
export function fieldsAskedFor(row: Row, format: string): Set<string> {
  const asked = new Set<string>()
  const fields = Object.entries(row.fields).map(([name, get]): [string, () => unknown] => [
    name,
    () => (asked.add(name), get()),
  ])
  const watched = new Row(row.goType, Object.fromEntries(fields), row.methods)
  withTemplateErrors('failed to execute template', () => compile(format, { missingKey: 'no-value' })(watched))
  return asked
}
