/** /containers: making, listing, changing and removing them. Output and input are in `container-io.ts`. */
import { UserError } from '@mini-docker/syscall'
import { createContainer, saveRecord } from '../../containers/create.ts'
import { inspectContainer } from '../../containers/inspect.ts'
import { CONTAINER_FILTERS, imageIds, listContainers, summary } from '../../containers/list.ts'
import { pruneContainers } from '../../containers/prune.ts'
import { removeContainer } from '../../containers/remove.ts'
import { restartContainer } from '../../containers/restart.ts'
import { containerSize } from '../../containers/size.ts'
import { startContainer } from '../../containers/start.ts'
import {
  killContainer,
  pauseContainer,
  stopContainer,
  unpauseContainer,
  type StopOptions,
} from '../../containers/stop.ts'
import { topContainer } from '../../containers/top.ts'
import { parseWaitCondition, waitFor } from '../../containers/wait.ts'
import { parseAskedPlatform, requirePlatform } from '../../images/platform.ts'
import { containerEvent, type Engine } from '../../engine.ts'
import type { Container } from '../../containers/model.ts'
import { mountWarnings } from '../../volumes/warnings.ts'
import { removeLink } from '../../networks/unlink.ts'
import { withMacAddress } from '../../networks/mac-address.ts'
import { createBody } from '../bodies.ts'
import type { Exchange } from '../exchange.ts'
import { queryFilters, queryFlag, queryInteger } from '../query.ts'
import type { Handler, Routes } from '../router.ts'

/** A handler about the container in the path. */
function of(
  handler: (exchange: Exchange, engine: Engine, container: Container) => Promise<void> | void,
): Handler<Engine> {
  return (exchange, engine) => handler(exchange, engine, engine.containers.find(exchange.params['id'] ?? ''))
}

export const containerRoutes: Routes<Engine> = {
  'POST /containers/create': create,
  'POST /containers/prune': async (exchange, engine) => {
    exchange.json(200, await pruneContainers(engine, queryFilters(exchange.query, ['label', 'label!', 'until'])))
  },
  'GET /containers/json': list,
  'GET /containers/{id}/json': of(async (exchange, engine, container) => {
    const size = queryFlag(exchange.query, 'size') ? await containerSize(engine, container) : undefined
    exchange.json(200, inspectContainer(engine, container, { size, minor: exchange.minor }))
  }),
  'POST /containers/{id}/start': of(async (exchange, engine, container) => {
    exchange.empty((await startContainer(engine, container)) ? 204 : 304)
  }),
  'POST /containers/{id}/stop': of(async (exchange, engine, container) => {
    exchange.empty((await stopContainer(engine, container, stopOptions(exchange))) ? 204 : 304)
  }),
  'POST /containers/{id}/restart': of(async (exchange, engine, container) => {
    await restartContainer(engine, container, stopOptions(exchange))
    exchange.empty(204)
  }),
  'POST /containers/{id}/kill': of(async (exchange, engine, container) => {
    await killContainer(engine, container, exchange.query.get('signal') ?? '')
    exchange.empty(204)
  }),
  'POST /containers/{id}/pause': of(async (exchange, engine, container) => {
    await pauseContainer(engine, container)
    exchange.empty(204)
  }),
  'POST /containers/{id}/unpause': of(async (exchange, engine, container) => {
    await unpauseContainer(engine, container)
    exchange.empty(204)
  }),
  'POST /containers/{id}/wait': of(wait),
  'POST /containers/{id}/rename': of(rename),
  'POST /containers/{id}/resize': of(resize),
  // A link has two names: /containers/web/db?link=1.
  'DELETE /containers/{id*}': async (exchange, engine) => {
    const { query, params } = exchange
    const reference = params['id'] ?? ''
    if (queryFlag(query, 'link')) await removeLink(engine, reference)
    else
      await removeContainer(engine, engine.containers.find(reference), {
        force: queryFlag(query, 'force'),
        volumes: queryFlag(query, 'v'),
      })
    exchange.empty(204)
  },
  'GET /containers/{id}/top': of(async (exchange, engine, container) => {
    exchange.json(200, await topContainer(engine, container, exchange.query.get('ps_args') ?? ''))
  }),
}

async function create(exchange: Exchange, engine: Engine): Promise<void> {
  const { body, warnings } = withMacAddress(await exchange.readJson(createBody), exchange.minor)
  const platform = parseAskedPlatform(exchange.query.get('platform'))
  const image = engine.images.resolve(body.Image)
  if (image !== undefined) requirePlatform(image, body.Image, platform)
  const container = await createContainer(engine, body, exchange.query.get('name') ?? '')
  exchange.json(201, { Id: container.id, Warnings: [...warnings, ...mountWarnings(container.record.hostConfig)] })
}

async function list(exchange: Exchange, engine: Engine): Promise<void> {
  const { query } = exchange
  const filters = queryFilters(query, CONTAINER_FILTERS)
  const found = listContainers(engine, {
    all: queryFlag(query, 'all'),
    limit: Math.max(0, queryInteger(query, 'limit') ?? 0),
    filters,
  })
  const withSize = queryFlag(query, 'size')
  const sizes = withSize ? await Promise.all(found.map((container) => containerSize(engine, container))) : []
  const imageIdOf = imageIds(engine)
  exchange.json(
    200,
    found.map((container, index) => summary(engine, imageIdOf, container, sizes[index])),
  )
}

function stopOptions({ query }: Exchange): StopOptions {
  return { signal: query.get('signal') ?? undefined, timeoutSeconds: queryInteger(query, 't') }
}

/** The head of the answer goes out before anything else happens: the client starts the container when it has it. */
async function wait(exchange: Exchange, _engine: Engine, container: Container): Promise<void> {
  const condition = parseWaitCondition(exchange.query.get('condition'))
  const code = waitFor(container, condition, exchange.gone)
  const response = exchange.stream(200, { 'Content-Type': 'application/json' })
  const statusCode = await code
  response.end(statusCode === undefined ? undefined : `${JSON.stringify({ StatusCode: statusCode })}\n`)
}

async function rename(exchange: Exchange, engine: Engine, container: Container): Promise<void> {
  const wanted = exchange.query.get('name') ?? ''
  if (wanted === '') throw new UserError('invalid', 'Neither old nor new names may be empty')
  await container.lock.run(async () => {
    const old = container.record.name
    if (wanted.replace(/^\//, '') === old)
      throw new UserError('invalid', 'Renaming a container with the same name as its current name')
    const name = engine.containers.reserve(wanted, container.id)
    container.record = { ...container.record, name }
    try {
      await saveRecord(container)
    } catch (error) {
      container.record = { ...container.record, name: old }
      engine.containers.release(name, container.id)
      throw error
    }
    engine.containers.release(old, container.id)
    containerEvent(engine, container, 'rename', { oldName: `/${old}` })
  })
  exchange.empty(204)
}

function resize(exchange: Exchange, engine: Engine, container: Container): void {
  const [rows, columns] = [queryInteger(exchange.query, 'h') ?? 0, queryInteger(exchange.query, 'w') ?? 0]
  checkSize(rows, columns)
  if (container.monitor === undefined) throw new UserError('conflict', `container ${container.id} is not running`)
  container.monitor.resize(rows, columns)
  containerEvent(engine, container, 'resize', { height: String(rows), width: String(columns) })
  exchange.empty(200)
}

/** struct winsize has 16 bits for each. @throws UserError `invalid`. */
export function checkSize(rows: number, columns: number): void {
  for (const value of [rows, columns])
    if (value < 0 || value > 0xffff) throw new UserError('invalid', `a terminal cannot have ${value} rows or columns`)
}
