/** Plans of /networks and /volumes. */
import * as path from 'node:path'
import { shellWord, UserError, type Step } from '@mini-docker/syscall'
import { z } from 'zod'
import { volumeCreateBody } from '../../api/bodies.ts'
import { filterFlag, queryFilters, queryFlag } from '../../api/query.ts'
import { anything, flag, text } from '../../api/schema.ts'
import type { Engine } from '../../engine.ts'
import { previewConnect, previewDisconnect } from '../../networks/connect.ts'
import { networkCreateBody, previewNetwork } from '../../networks/create.ts'
import { planDeviceRemoval } from '../../networks/devices.ts'
import { parseEndpoint } from '../../networks/endpoint.ts'
import type { NetworkRecord } from '../../networks/record.ts'
import { prunableNetworks } from '../../networks/remove.ts'
import { parseDriverOptions } from '../../volumes/driver-options.ts'
import { checkDriver } from '../../volumes/name.ts'
import { prunableVolumes } from '../../volumes/prune.ts'
import { volumeUsers } from '../../volumes/use.ts'
import { byHand, type Planner } from './plan.ts'

export const networkPlans: Record<string, Planner> = {
  'POST /networks/create': async (exchange, engine) => {
    const { network, steps } = previewNetwork(engine, await exchange.readJson(networkCreateBody))
    return { steps: [planRecord(engine, network), ...steps], answer: { Id: '', Warning: '' } }
  },
  'DELETE /networks/{id}': ({ params }, engine) => ({
    steps: planRemoval(engine, engine.networks.store.find(params['id'] ?? '')),
    answer: '',
  }),
  'POST /networks/prune': ({ query }, engine) => ({
    steps: prunableNetworks(engine, queryFilters(query, ['label', 'label!', 'until'])).flatMap((network) =>
      planRemoval(engine, network),
    ),
    answer: { NetworksDeleted: null },
  }),
  'POST /networks/{id}/connect': async (exchange, engine) => {
    const body = await exchange.readJson(z.object({ Container: text, EndpointConfig: anything }))
    const container = engine.containers.find(body.Container)
    const network = engine.networks.store.find(exchange.params['id'] ?? '')
    return { steps: previewConnect(engine, network, container, parseEndpoint(body.EndpointConfig)), answer: '' }
  },
  'POST /networks/{id}/disconnect': async (exchange, engine) => {
    const body = await exchange.readJson(z.object({ Container: text, Force: flag }))
    const container = engine.containers.find(body.Container)
    const network = engine.networks.store.find(exchange.params['id'] ?? '')
    return { steps: previewDisconnect(engine, network, container), answer: '' }
  },
  'POST /volumes/create': async (exchange, engine) => {
    const { Name, Driver, DriverOpts } = await exchange.readJson(volumeCreateBody)
    checkDriver(Driver, Name)
    if (DriverOpts !== undefined) parseDriverOptions(DriverOpts, Name)
    const name = Name || 'ID'
    const there = engine.volumes.has(name)
    return { steps: there ? [] : [planVolume(engine, name, DriverOpts)], answer: { Name: name } }
  },
  'DELETE /volumes/{name}': ({ params, query }, engine) => {
    const name = params['name'] ?? ''
    if (!engine.volumes.has(name) && queryFlag(query, 'force')) return { steps: [], answer: '' }
    engine.volumes.get(name)
    const users = volumeUsers(engine, name)
    if (users.length > 0) throw new UserError('conflict', `remove ${name}: volume is in use - [${users.join(', ')}]`)
    return { steps: [planVolumeRemoval(engine, name)], answer: '' }
  },
  'POST /volumes/prune': ({ query }, engine) => {
    const filters = queryFilters(query, ['all', 'label', 'label!'])
    const names = prunableVolumes(engine, filters, filterFlag(filters, 'all') === true)
    return {
      steps: names.map(({ name }) => planVolumeRemoval(engine, name)),
      answer: { VolumesDeleted: [], SpaceReclaimed: 0 },
    }
  },
}

function planRecord(engine: Engine, network: NetworkRecord): Step {
  const file = shellWord(path.join(engine.root, 'networks', `${network.id}.json`))
  const record = shellWord(JSON.stringify(network))
  return byHand('network.record', 'network', [`printf %s ${record} > ${file}`], ['rename(2)'])
}

function planRemoval(engine: Engine, network: NetworkRecord): Step[] {
  if (network.predefined)
    throw new UserError('denied', `${network.name} is a pre-defined network and cannot be removed`)
  const file = shellWord(path.join(engine.root, 'networks', `${network.id}.json`))
  return [byHand('network.forget', 'network', [`rm ${file}`], ['unlink(2)']), ...planDeviceRemoval(engine, network)]
}

function planVolume(engine: Engine, name: string, options: Record<string, string> | undefined): Step {
  const folder = engine.volumes.folder(name)
  const record = shellWord(JSON.stringify({ name, ...(options === undefined ? {} : { options }) }))
  return byHand(
    'volume.folder',
    'rootfs',
    [
      `mkdir -p ${shellWord(engine.volumes.dataPath(name))}`,
      `printf %s ${record} > ${shellWord(path.join(folder, 'volume.json'))}`,
    ],
    ['mkdir(2)', 'rename(2)'],
  )
}

function planVolumeRemoval(engine: Engine, name: string): Step {
  const folder = shellWord(engine.volumes.folder(name))
  return byHand('volume.remove', 'rootfs', [`rm -r --one-file-system ${folder}`], ['unlink(2)'])
}
