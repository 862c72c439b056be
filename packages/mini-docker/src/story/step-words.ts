/** The words of a plan's steps, as `--explain` prints them, out of the catalogues of the packages that plan. A file of its own: a replay must not load them. */
import { messages as network } from '@mini-docker/net'
import { messages as runtime } from '@mini-docker/runtime'
import type { WordsEvent } from '@mini-docker/story'
import { wordsOf, type Catalogue } from '../faces/explain.ts'

const CATALOGUE: Catalogue = { ...runtime, ...network }

/** The words of these steps; a step that nobody gave words is not there. */
export function wordsOfSteps(ids: Iterable<string>): WordsEvent['steps'] {
  return Object.fromEntries(
    [...new Set(ids)].flatMap((id) => {
      const [en, ja] = [wordsOf(id, CATALOGUE, 'en'), wordsOf(id, CATALOGUE, 'ja')]
      return en === undefined || ja === undefined ? [] : [[id, { en, ja }]]
    }),
  )
}
