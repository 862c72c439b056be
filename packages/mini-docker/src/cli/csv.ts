/** One line of CSV, as docker's long flags are written: fields in double quotes may hold commas. */
export function csvFields(text: string): string[] {
  const fields = text.match(/"(?:[^"]|"")*"|[^,]+|(?<=,)(?=,|$)/g) ?? ['']
  return fields.map((field) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field))
}
