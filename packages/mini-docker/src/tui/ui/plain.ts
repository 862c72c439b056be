/** Everything once, as lines: for a screen reader, a file, a terminal that can do nothing. */
import { columnsOf } from '../../format/width.ts'
import type { Engine } from '../../client/engine.ts'
import type { Language } from '../../faces/explain.ts'
import { arranged, COLUMNS, columnTitle } from './columns.ts'
import { containersFrom, imagesFrom, networksFrom, SECTIONS, volumesFrom } from './items.ts'
import { reduce } from './reduce.ts'
import { itemOf, startState, type UiState } from './state.ts'
import { WORDS } from './words.ts'

/** Asks the daemon for its four lists. */
export async function snapshot(engine: Engine, language: Language): Promise<string> {
  const [containers, images, networks, volumes] = await Promise.all([
    engine.json('GET', '/containers/json', { query: { all: true } }),
    engine.json('GET', '/images/json'),
    engine.json('GET', '/networks'),
    engine.json('GET', '/volumes'),
  ])
  engine.close()
  const start = startState({ language, theme: 'mono', columns: 80, rows: 24, now: Date.now(), where: '' })
  const items = {
    containers: containersFrom(containers),
    images: imagesFrom(images),
    networks: networksFrom(networks),
    volumes: volumesFrom(volumes),
  }
  return plainText(reduce(start, { kind: 'items', items }))
}

export function plainText(state: UiState): string {
  const words = WORDS[state.language]
  const parts = SECTIONS.filter((section) => section !== 'events').map((section) => {
    // What is live on a screen is empty here.
    const columns = COLUMNS[section].filter(({ id }) => id !== 'cpu' && id !== 'memory')
    const lines = arranged(state, section).flatMap((id) => {
      const item = itemOf(state, section, id)
      return item === undefined ? [] : [columns.map((column) => column.text(item, state))]
    })
    const table = [columns.map(({ id }) => columnTitle(section, id, state.language)), ...lines]
    const widths = columns.map((_, i) => Math.max(...table.map((line) => columnsOf(line[i] ?? ''))))
    const rows = table.map((line) =>
      line
        .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - columnsOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    return [`${words.sections[section]} (${lines.length})`, ...(lines.length === 0 ? [] : rows), ''].join('\n')
  })
  return parts.join('\n')
}
