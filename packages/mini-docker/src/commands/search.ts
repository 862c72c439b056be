/** `search`: what Docker Hub, or another registry that still has a search, knows under a word. */
import { formatFilters } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import { registryAuth } from '../client/registry-auth.ts'
import { serverOfTerm } from '../client/registry-name.ts'
import type { Command } from '../cli/command.ts'
import { FILTER, FORMAT, NO_TRUNC } from '../cli/common-flags.ts'
import { printableLine } from '../format/printable.ts'
import { formatRows } from '../format/rows.ts'
import { ellipsis } from '../format/width.ts'
import { Row } from '../template/values.ts'

type SearchResult = { name: string; description: string; star_count: number; is_official: boolean }

const TITLES = { Name: 'NAME', Description: 'DESCRIPTION', StarCount: 'STARS', IsOfficial: 'OFFICIAL' }
const COLUMNS = ['Name', 'Description', 'StarCount', 'IsOfficial']

export const command: Command = {
  name: 'search',
  usage: '[OPTIONS] TERM',
  about: 'Search Docker Hub for images',
  flags: [FILTER, FORMAT, { name: 'limit', kind: 'int', help: 'Max number of search results' }, NO_TRUNC],
  words: { exactly: 1 },
  async run(flags, [term = ''], terminal) {
    const limit = flags.int('limit') ?? 0
    const results = await openEngine(terminal).json<SearchResult[]>('GET', '/images/search', {
      query: { term, limit: limit === 0 ? undefined : limit, filters: formatFilters(flags.list('filter')) },
      headers: await registryAuth(serverOfTerm(term), terminal),
    })
    const format = flags.string('format')
    const truncate = !flags.bool('no-trunc')
    const rows = results.map((result) => resultRow(result, { truncate, mark: format !== 'json' }))
    terminal.out(await formatRows({ rows, columns: COLUMNS, titles: TITLES }, format))
  },
}

/** `mark`: official images are `[OK]`, where JSON has true or false. */
function resultRow(result: SearchResult, { truncate, mark }: { truncate: boolean; mark: boolean }): Row {
  return new Row('*registry.searchContext', {
    Name: () => printableLine(result.name),
    Description: () => {
      const line = printableLine(result.description)
      return truncate ? ellipsis(line, 45) : line
    },
    StarCount: () => String(result.star_count),
    IsOfficial: () => (mark ? (result.is_official ? '[OK]' : '') : String(result.is_official)),
  })
}
