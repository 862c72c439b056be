/** Parts of docker's API that later parts of this project bring: refused by name, so that nothing is silently missing. */
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../../engine.ts'
import type { Handler, Routes } from '../router.ts'

function later(what: string): Handler<Engine> {
  return () => {
    throw new UserError('not-built', `${what} is not built yet`)
  }
}

const notInSwarm: Handler<Engine> = () => {
  throw new UserError(
    'unavailable',
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  )
}

export const notBuiltRoutes: Routes<Engine> = {
  'POST /containers/{id}/update': later('docker update'),
  'POST /build': later('docker build'),
  'POST /session': later('a BuildKit session'),
  'GET /plugins': (exchange) => exchange.json(200, []),
  'GET /plugins/{name*}/json': (exchange) => {
    throw new UserError('not-found', `plugin ${JSON.stringify(exchange.params['name'])} not found`)
  },
  'POST /build/prune': (exchange) => exchange.json(200, { CachesDeleted: null, SpaceReclaimed: 0 }),
  'GET /nodes': notInSwarm,
  'GET /services': notInSwarm,
  'GET /tasks': notInSwarm,
  'GET /secrets': notInSwarm,
  'GET /configs': notInSwarm,
  'GET /swarm': notInSwarm,
  'POST /swarm/init': later('docker swarm'),
  'POST /swarm/join': later('docker swarm'),
}
