/** All plans, and the routes under which they are asked for: `/x/plan` before the request's own path. */
import type { Routes } from '../../api/router.ts'
import type { Engine } from '../../engine.ts'
import { plainSteps } from '../plain-steps.ts'
import { containerPlans } from './containers.ts'
import { filePlans } from './files.ts'
import { networkPlans } from './networks.ts'
import type { Planner } from './plan.ts'

export const PLANS: Record<string, Planner> = { ...containerPlans, ...filePlans, ...networkPlans }

export const planRoutes: Routes<Engine> = Object.fromEntries(
  Object.entries(PLANS).map(([key, planner]) => [
    key.replace(' ', ' /x/plan'),
    async (exchange, engine) => {
      const { steps, ...rest } = await planner(exchange, engine)
      exchange.json(200, { steps: plainSteps(steps), ...rest })
    },
  ]),
)
