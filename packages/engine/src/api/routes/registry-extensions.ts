/** /x/images/…: pulls and pushes with each HTTP request told, and as a plan before they are made. Queries as docker's own have them. */
import type { Engine } from '../../engine.ts'
import { parseAskedPlatform } from '../../images/platform.ts'
import { planPullOf, planPushOf } from '../../images/transfer/plans.ts'
import { taggedImages } from '../../images/transfer/push.ts'
import type { Routes } from '../router.ts'
import { pull, pulledReference, push, pushedReference } from './registry.ts'

export const registryExtensionRoutes: Routes<Engine> = {
  'POST /x/images/plan': async (exchange, engine) => {
    const platform = parseAskedPlatform(exchange.query.get('platform'))
    exchange.json(200, { steps: await planPullOf(engine, pulledReference(exchange.query), platform) })
  },
  'POST /x/images/create': (exchange, engine) => pull(exchange, engine, { trace: true }),
  'POST /x/images/{name*}/push': (exchange, engine) => push(exchange, engine, { trace: true }),
  'POST /x/images/{name*}/push/plan': async (exchange, engine) => {
    const reference = pushedReference(exchange)
    const plans = taggedImages(engine, reference).map(({ name, image }) => planPushOf(engine, name, image))
    exchange.json(200, { steps: (await Promise.all(plans)).flat() })
  },
}
