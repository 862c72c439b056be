/** /volumes of the `local` driver. */
import { UserError } from '@mini-docker/syscall'
import { treeBytes } from '../../containers/size.ts'
import type { Engine } from '../../engine.ts'
import { volumeJson } from '../../volumes/json.ts'
import { volumeCreateBody } from '../bodies.ts'
import type { Exchange } from '../exchange.ts'
import { filterFlag, matchAny, matchLabels, queryFilters, queryFlag } from '../query.ts'
import { isZero } from '../schema.ts'
import type { Routes } from '../router.ts'

export const volumeRoutes: Routes<Engine> = {
  'GET /volumes': list,
  'POST /volumes/create': create,
  'POST /volumes/prune': prune,
  'GET /volumes/{name}': (exchange, engine) =>
    exchange.json(200, volumeJson(engine, engine.volumes.get(exchange.params['name'] ?? ''))),
  'DELETE /volumes/{name}': remove,
}

function usersOf(engine: Engine, name: string): string[] {
  return engine.containers
    .all()
    .flatMap(({ id, record }) => (record.mounts.some((mount) => mount.name === name) ? [id] : []))
}

function list(exchange: Exchange, engine: Engine): void {
  const filters = queryFilters(exchange.query, ['dangling', 'driver', 'label', 'name'])
  const dangling = filterFlag(filters, 'dangling')
  const volumes = engine.volumes
    .all()
    .filter(
      ({ name, labels }) =>
        matchLabels(filters, labels) &&
        matchAny(filters, 'name', (value) => name.includes(value)) &&
        matchAny(filters, 'driver', (value) => value === 'local') &&
        (dangling === undefined || dangling === (usersOf(engine, name).length === 0)),
    )
  exchange.json(200, { Volumes: volumes.map((volume) => volumeJson(engine, volume)), Warnings: null })
}

/** NAME_MAX: a volume is a folder. */
const MAX_NAME = 255

async function create(exchange: Exchange, engine: Engine): Promise<void> {
  const body = await exchange.readJson(volumeCreateBody)
  if (body.Driver !== '' && body.Driver !== 'local')
    throw new UserError('not-built', `volume driver ${body.Driver} is not built yet`)
  if (!isZero(body.DriverOpts) || !isZero(body.ClusterVolumeSpec))
    throw new UserError('not-built', 'options of volume drivers are not built yet')
  if (body.Name !== '' && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(body.Name))
    throw new UserError(
      'invalid',
      `create ${body.Name}: "${body.Name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
    )
  if (body.Name.length > MAX_NAME)
    throw new UserError('invalid', `volume name is longer than ${MAX_NAME} characters: ${body.Name.slice(0, 64)}…`)
  const { volume, fresh } = engine.volumes.ensure(body.Name, body.Labels)
  if (fresh) engine.events.emit('volume', 'create', volume.name, { driver: 'local' })
  exchange.json(201, volumeJson(engine, volume))
}

async function remove(exchange: Exchange, engine: Engine): Promise<void> {
  const name = exchange.params['name'] ?? ''
  if (!engine.volumes.has(name)) {
    if (queryFlag(exchange.query, 'force')) return exchange.empty(204)
    engine.volumes.get(name)
  }
  const users = usersOf(engine, name)
  if (users.length > 0) throw new UserError('conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`)
  await engine.volumes.remove(name)
  engine.events.emit('volume', 'destroy', name, { driver: 'local' })
  exchange.empty(204)
}

/** Anonymous ones that no container uses; with `all` named ones too. */
async function prune(exchange: Exchange, engine: Engine): Promise<void> {
  const filters = queryFilters(exchange.query, ['all', 'label', 'label!'])
  const named = filterFlag(filters, 'all') === true || exchange.minor < 42
  const removed: string[] = []
  let bytes = 0
  for (const { name, labels, anonymous } of engine.volumes.all()) {
    if ((!anonymous && !named) || usersOf(engine, name).length > 0 || !matchLabels(filters, labels)) continue
    bytes += await treeBytes(engine.volumes.dataPath(name))
    await engine.volumes.remove(name)
    engine.events.emit('volume', 'destroy', name, { driver: 'local' })
    removed.push(name)
  }
  exchange.json(200, { VolumesDeleted: removed, SpaceReclaimed: bytes })
}
