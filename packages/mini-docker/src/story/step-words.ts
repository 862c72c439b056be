/** The words of a plan's steps, as `--explain` prints them, out of the catalogues of the packages that plan. A file of its own: a replay must not load them. */
import type { WordsEvent } from '@mini-docker/story'
import { wordsOf } from '../faces/explain.ts'
import { words } from '../faces/words.ts'

/** The words of these steps; a step that nobody gave words is not there. */
export function wordsOfSteps(ids: Iterable<string>): WordsEvent['steps'] {
  return Object.fromEntries(
    [...new Set(ids)].flatMap((id) => {
      const [en, ja] = [wordsOf(id, words, 'en'), wordsOf(id, words, 'ja')]
      return en === undefined || ja === undefined ? [] : [[id, { en, ja }]]
    }),
  )
}
