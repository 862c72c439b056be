/** /x/…: what docker's API does not have. Plans, traces, the demo image, gc. */
import { planCreate, specDryStart } from '../../containers/dry-run.ts'
import { plainSteps } from '../../faces/plain-steps.ts'
import type { Engine } from '../../engine.ts'
import { ensureDemo } from '../../images/demo.ts'
import { collectGarbage } from '../../recovery/gc.ts'
import { withMacAddress } from '../../networks/mac-address.ts'
import type { TraceEvent } from '../../runtime-port.ts'
import { createBody } from '../bodies.ts'
import type { Exchange } from '../exchange.ts'
import type { Routes } from '../router.ts'

export const extensionRoutes: Routes<Engine> = {
  'POST /x/containers/plan': plan,
  'GET /x/containers/{id}/spec': (exchange, engine) =>
    exchange.json(200, specDryStart(engine, engine.containers.find(exchange.params['id'] ?? '').record)),
  'GET /x/containers/{id}/trace': trace,
  'POST /x/images/demo': async (exchange, engine) => {
    const image = await ensureDemo(engine.images)
    exchange.json(200, { Id: image.id, RepoTags: image.names })
  },
  'POST /x/gc': async (exchange, engine) => exchange.json(200, { Removed: await collectGarbage(engine) }),
}

/** What a create and a start with this body would do, as steps. Nothing is made. */
async function plan(exchange: Exchange, engine: Engine): Promise<void> {
  const { body } = withMacAddress(await exchange.readJson(createBody), exchange.minor)
  const steps = await planCreate(engine, body, exchange.query.get('name') ?? '')
  exchange.json(200, { steps: plainSteps(steps) })
}

/** The next start of the container, call by call, as NDJSON; ends with its `exit` event. */
async function trace(exchange: Exchange, engine: Engine): Promise<void> {
  const { id } = engine.containers.find(exchange.params['id'] ?? '')
  const response = exchange.stream(200, { 'Content-Type': 'application/x-ndjson' })
  const listeners = engine.tracers.get(id) ?? new Set()
  engine.tracers.set(id, listeners)
  const { promise, resolve } = Promise.withResolvers<void>()
  const listener = (event: TraceEvent): void => {
    response.write(
      `${JSON.stringify(event, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}\n`,
    )
    if (event.type === 'exit') resolve()
  }
  listeners.add(listener)
  exchange.gone.addEventListener('abort', () => resolve(), { once: true })
  await promise
  listeners.delete(listener)
  if (listeners.size === 0 && engine.tracers.get(id) === listeners) engine.tracers.delete(id)
  response.end()
}
