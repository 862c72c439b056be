/** The filters of `network ls`. */
import { filterFlag, matchAny, matchLabels, type Filters } from '../api/query.ts'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'
import type { NetworkRecord } from './record.ts'

export const NETWORK_FILTERS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']

/** @throws UserError `invalid` */
export function filterNetworks(engine: Engine, filters: Filters): NetworkRecord[] {
  const dangling = filterFlag(filters, 'dangling')
  for (const type of filters.get('type') ?? [])
    if (type !== 'builtin' && type !== 'custom') throw new UserError('invalid', `invalid filter: 'type'='${type}'`)
  return engine.networks.store
    .all()
    .filter(
      (network) =>
        matchAny(filters, 'name', (value) => network.name.includes(value)) &&
        matchAny(filters, 'id', (value) => network.id.startsWith(value)) &&
        matchAny(filters, 'driver', (value) => network.driver === value) &&
        matchAny(filters, 'scope', (value) => value === 'local') &&
        matchAny(filters, 'type', (value) => (value === 'builtin') === network.predefined) &&
        matchLabels(filters, network.labels) &&
        (dangling === undefined || dangling === (!network.predefined && !engine.networks.inUse(network))),
    )
}
