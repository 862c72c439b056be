/** /networks: docker's three, and the user's. */
import { UserError } from '@mini-docker/syscall'
import { z } from 'zod'
import type { Engine } from '../../engine.ts'
import { connectNetwork, disconnectNetwork } from '../../networks/connect.ts'
import { createNetwork, networkCreateBody } from '../../networks/create.ts'
import { parseEndpoint } from '../../networks/endpoint.ts'
import { filterNetworks, NETWORK_FILTERS } from '../../networks/filter.ts'
import { networkJson } from '../../networks/json.ts'
import { pruneNetworks, removeNetwork } from '../../networks/remove.ts'
import { settled } from '../../networks/settle.ts'
import type { Exchange } from '../exchange.ts'
import { queryFilters } from '../query.ts'
import { anything, flag, text } from '../schema.ts'
import type { Routes } from '../router.ts'

export const networkRoutes: Routes<Engine> = {
  'GET /networks': (exchange, engine) => {
    const networks = filterNetworks(engine, queryFilters(exchange.query, NETWORK_FILTERS))
    exchange.json(
      200,
      networks.map((network) => networkJson(engine, network, false)),
    )
  },
  'POST /networks/create': async (exchange, engine) => {
    const { id } = await createNetwork(engine, await exchange.readJson(networkCreateBody))
    exchange.json(201, { Id: id, Warning: '' })
  },
  'POST /networks/prune': async (exchange, engine) => {
    exchange.json(200, await pruneNetworks(engine, queryFilters(exchange.query, ['label', 'label!', 'until'])))
  },
  'GET /networks/{id}': (exchange, engine) => {
    const scope = exchange.query.get('scope') ?? ''
    const network = find(exchange, engine)
    if (scope !== '' && scope !== 'local') throw new UserError('not-found', `network ${network.name} not found`)
    exchange.json(200, networkJson(engine, settled(engine, network), true))
  },
  'DELETE /networks/{id}': async (exchange, engine) => {
    await removeNetwork(engine, find(exchange, engine))
    exchange.empty(204)
  },
  'POST /networks/{id}/connect': async (exchange, engine) => {
    const body = await exchange.readJson(z.object({ Container: text, EndpointConfig: anything }))
    // Docker looks for the container first.
    const container = engine.containers.find(body.Container)
    await connectNetwork(engine, find(exchange, engine), container, parseEndpoint(body.EndpointConfig))
    exchange.empty(200)
  },
  'POST /networks/{id}/disconnect': async (exchange, engine) => {
    const body = await exchange.readJson(z.object({ Container: text, Force: flag }))
    const container = engine.containers.find(body.Container)
    await disconnectNetwork(engine, find(exchange, engine), container, { force: body.Force })
    exchange.empty(200)
  },
}

function find({ params }: Exchange, engine: Engine) {
  return engine.networks.store.find(params['id'] ?? '')
}
