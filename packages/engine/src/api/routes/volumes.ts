/** /volumes of the `local` driver. */
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../../engine.ts'
import { parseDriverOptions } from '../../volumes/driver-options.ts'
import { volumeJson } from '../../volumes/json.ts'
import { checkDriver } from '../../volumes/name.ts'
import { pruneVolumes } from '../../volumes/prune.ts'
import { removeVolume, volumeUsers } from '../../volumes/use.ts'
import { volumeCreateBody } from '../bodies.ts'
import type { Exchange } from '../exchange.ts'
import { filterFlag, matchAny, matchLabels, queryFilters, queryFlag } from '../query.ts'
import { isZero } from '../schema.ts'
import type { Routes } from '../router.ts'

export const volumeRoutes: Routes<Engine> = {
  'GET /volumes': list,
  'POST /volumes/create': create,
  'POST /volumes/prune': async (exchange, engine) => {
    const filters = queryFilters(exchange.query, ['all', 'label', 'label!'])
    // Before 1.42 a prune took named ones too.
    const all = filterFlag(filters, 'all') === true || exchange.minor < 42
    exchange.json(200, await pruneVolumes(engine, filters, all))
  },
  'GET /volumes/{name}': (exchange, engine) =>
    exchange.json(200, volumeJson(engine, engine.volumes.get(exchange.params['name'] ?? ''))),
  'PUT /volumes/{name}': () => {
    throw new UserError('unavailable', 'volume update only valid for cluster volumes, but swarm is unavailable')
  },
  'DELETE /volumes/{name}': remove,
}

function list(exchange: Exchange, engine: Engine): void {
  const filters = queryFilters(exchange.query, ['dangling', 'driver', 'label', 'name'])
  const dangling = filterFlag(filters, 'dangling')
  const volumes = engine.volumes
    .all()
    .filter(
      ({ name, labels }) =>
        matchLabels(filters, labels ?? {}) &&
        matchAny(filters, 'name', (value) => name.includes(value)) &&
        matchAny(filters, 'driver', (value) => value === 'local') &&
        (dangling === undefined || dangling === (volumeUsers(engine, name).length === 0)),
    )
  exchange.json(200, { Volumes: volumes.map((volume) => volumeJson(engine, volume)), Warnings: null })
}

async function create(exchange: Exchange, engine: Engine): Promise<void> {
  const { Name, Driver, DriverOpts, Labels, ClusterVolumeSpec } = await exchange.readJson(volumeCreateBody)
  checkDriver(Driver, Name)
  if (!isZero(ClusterVolumeSpec)) throw new UserError('not-built', 'cluster volumes are not built yet')
  if (DriverOpts !== undefined) parseDriverOptions(DriverOpts, Name)
  const { volume, fresh } = await engine.volumes.locked(Name, () =>
    engine.volumes.ensure({ name: Name, labels: Labels, options: DriverOpts, durable: true }),
  )
  if (fresh) engine.events.emit('volume', 'create', volume.name, { driver: 'local' })
  exchange.json(201, volumeJson(engine, volume))
}

async function remove(exchange: Exchange, engine: Engine): Promise<void> {
  const name = exchange.params['name'] ?? ''
  if (engine.volumes.has(name) || !queryFlag(exchange.query, 'force')) await removeVolume(engine, name)
  exchange.empty(204)
}
