/** /networks: until bridges are built there are the two that need nothing, `none` and `host`. */
import { createHash } from 'node:crypto'
import { UserError } from '@mini-docker/syscall'
import { networksJson } from '../../containers/inspect.ts'
import type { Engine } from '../../engine.ts'
import { matchAny, queryFilters } from '../query.ts'
import type { Handler, Routes } from '../router.ts'

const notBuilt: Handler<Engine> = () => {
  throw new UserError('not-built', 'networks beside none and host are not built yet')
}

export const networkRoutes: Routes<Engine> = {
  'GET /networks': (exchange, engine) => {
    const filters = queryFilters(exchange.query, ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'])
    const networks = all(engine).filter(
      ({ Name, Id, Driver }) =>
        matchAny(filters, 'name', (value) => Name.includes(value)) &&
        matchAny(filters, 'id', (value) => Id.startsWith(value)) &&
        matchAny(filters, 'driver', (value) => Driver === value) &&
        matchAny(filters, 'scope', (value) => value === 'local') &&
        matchAny(filters, 'type', (value) => value === 'builtin') &&
        !filters.has('label') &&
        !filters.has('dangling'),
    )
    exchange.json(200, networks)
  },
  'POST /networks/prune': (exchange) => exchange.json(200, { NetworksDeleted: null }),
  'GET /networks/{id}': (exchange, engine) => exchange.json(200, find(engine, exchange.params['id'] ?? '')),
  'DELETE /networks/{id}': (exchange, engine) => {
    const { Name } = find(engine, exchange.params['id'] ?? '')
    throw new UserError('denied', `${Name} is a pre-defined network and cannot be removed`)
  },
  'POST /networks/create': notBuilt,
  'POST /networks/{id}/connect': notBuilt,
  'POST /networks/{id}/disconnect': notBuilt,
}

type Network = { Name: string; Id: string; Driver: string; [field: string]: unknown }

function find(engine: Engine, wanted: string): Network {
  const network = all(engine).find(({ Name, Id }) => Name === wanted || (wanted.length >= 4 && Id.startsWith(wanted)))
  if (network === undefined) throw new UserError('not-found', `network ${wanted} not found`)
  return network
}

function all(engine: Engine): Network[] {
  return [describe(engine, 'none', 'null'), describe(engine, 'host', 'host')]
}

function describe(engine: Engine, name: string, driver: string): Network {
  const members = engine.containers
    .all()
    .filter((container) => container.alive && Object.hasOwn(networksJson(container), name))
  return {
    Name: name,
    Id: createHash('sha256').update(`mini-docker network ${name}`).digest('hex'),
    Created: engine.startedAt,
    Scope: 'local',
    Driver: driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: null },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      members.map(({ id, record }) => [
        id,
        { Name: record.name, EndpointID: '', MacAddress: '', IPv4Address: '', IPv6Address: '' },
      ]),
    ),
    Options: {},
    Labels: {},
  }
}
