/** POST /x/containers/{id}/story: the next start of a container, told step by step, and commands for its gate; GET /x/faults: what can be done wrong. */
import { FAULTS, findFault, REFUSED } from '@mini-docker/runtime'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../../engine.ts'
import { Story } from '../../story/story.ts'
import type { Exchange } from '../exchange.ts'
import { queryFlag } from '../query.ts'
import type { Routes } from '../router.ts'

export const storyRoutes: Routes<Engine> = {
  'POST /x/containers/{id}/story': story,
  'GET /x/faults': (exchange) =>
    exchange.json(200, {
      Faults: FAULTS.map(({ name, what, see, question, look }) => ({
        Name: name,
        What: what,
        See: see,
        Question: question,
        Look: look,
      })),
      Refused: REFUSED.map(({ name, why }) => ({ Name: name, Why: why })),
    }),
}

/** JSON lines both ways. Registers for the next start; whoever starts it is answered when the command runs, or with the error that ended it. */
function story(exchange: Exchange, engine: Engine): void {
  const { query } = exchange
  const container = engine.containers.find(exchange.params['id'] ?? '')
  const options = {
    step: queryFlag(query, 'step'),
    facts: queryFlag(query, 'facts'),
    without: query.getAll('without'),
    faults: query.getAll('break'),
  }
  if ((options.without.length > 0 || options.faults.length > 0) && !queryFlag(query, 'iKnow'))
    throw new UserError(
      'invalid',
      'without and break make a container that does not contain what runs in it: refused without iKnow=1',
    )
  for (const name of options.faults) findFault(name)
  engine.stories.check(container)
  const connection = exchange.hijack('application/x-ndjson')
  const told = new Story(engine, container, connection, options)
  engine.stories.add(container.id, told)
  exchange.gone.addEventListener('abort', () => told.left(), { once: true })
  if (exchange.gone.aborted) told.left()
}
