/** The command palette: all that can be done now, found by a few of its letters. Pure. */
import { ACTION_IDS, isPossible, labelOf, type ActionId } from './actions.ts'
import { targetsOf, type UiState } from './state.ts'

/** Best first; without letters in the order of the table, what is done to things before what moves the view. */
export function paletteActions(state: UiState, query: string): ActionId[] {
  const targets = targetsOf(state)
  const possible = ACTION_IDS.filter((id) => id !== 'palette' && isPossible(id, state.section, targets))
  const firstMoves = ACTION_IDS.indexOf('containers')
  const ordered = possible.toSorted(
    (a, b) => Number(ACTION_IDS.indexOf(a) < firstMoves) - Number(ACTION_IDS.indexOf(b) < firstMoves),
  )
  if (query === '') return ordered
  return ordered
    .map((id) => ({ id, score: Math.max(fuzzyScore(query, labelOf(id, state.language)), fuzzyScore(query, id)) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ id }) => id)
}

/** 0 when the letters are not there in this order; more for letters that stand together and at the beginning of words. */
export function fuzzyScore(query: string, text: string): number {
  const wanted = Array.from(query.toLowerCase().replaceAll(' ', ''))
  const there = Array.from(text.toLowerCase())
  let score = 1
  let at = -1
  for (const letter of wanted) {
    const next = there.indexOf(letter, at + 1)
    if (next === -1) return 0
    const isStart = next === 0 || /[\s\-,:(]/.test(there[next - 1] ?? '')
    score += (next === at + 1 ? 8 : 1) + (isStart ? 6 : 0)
    at = next
  }
  return score + 10 / there.length
}
