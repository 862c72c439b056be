/** POST /networks/create: everything is checked and a subnet chosen; the bridge is made when a container first needs it. */
import { randomBytes } from 'node:crypto'
import { UserError, type Step } from '@mini-docker/syscall'
import { z } from 'zod'
import { flag, list, text, textMap } from '../api/schema.ts'
import { nowRfc3339 } from '../clock.ts'
import type { Engine } from '../engine.ts'
import { planDevice } from './devices.ts'
import { checkMacvlan } from './macvlan.ts'
import { askedPools, asAsked, choosePools } from './pools.ts'
import { checkOptions } from './options.ts'
import { hasEndpoints, type NetworkRecord } from './record.ts'
import { settled } from './settle.ts'

const maybeFlag = z.boolean().nullish()

export const networkCreateBody = z.object({
  Name: text,
  Driver: text,
  Scope: text,
  EnableIPv4: maybeFlag,
  EnableIPv6: maybeFlag,
  Internal: flag,
  Attachable: flag,
  Ingress: flag,
  ConfigOnly: flag,
  ConfigFrom: z.object({ Network: text }).nullish(),
  IPAM: z
    .object({
      Driver: text,
      Options: z.record(z.string(), z.string()).nullish(),
      Config: list(z.object({ Subnet: text, IPRange: text, Gateway: text, AuxiliaryAddresses: textMap })),
    })
    .nullish(),
  Options: textMap,
  Labels: textMap,
})
export type NetworkCreateBody = z.output<typeof networkCreateBody>

/** @throws UserError in docker's words; then nothing is made. */
export async function createNetwork(engine: Engine, body: NetworkCreateBody): Promise<NetworkRecord> {
  checkName(body.Name)
  refuseForeign(body)
  checkConfigNetwork(body)
  // Docker's default network has the first subnet, whoever is used first.
  settled(engine, engine.networks.store.byName('bridge'))
  const network = await engine.networks.store.create(body.Name, () => draft(engine, body))
  networkEvent(engine, network, 'create')
  return network
}

/** The network as it would be, and the steps that make it on the host when a container first needs it. @throws what create refuses */
export function previewNetwork(engine: Engine, body: NetworkCreateBody): { network: NetworkRecord; steps: Step[] } {
  checkName(body.Name)
  refuseForeign(body)
  checkConfigNetwork(body)
  if (engine.networks.store.all().some(({ name }) => name === body.Name))
    throw new UserError('conflict', `network with name ${body.Name} already exists`)
  const network = draft(engine, body)
  return { network, steps: hasEndpoints(network) ? planDevice(engine, network) : [] }
}

/** Tells everyone what happened to a network, in docker's form. */
export function networkEvent(
  engine: Engine,
  network: NetworkRecord,
  action: string,
  extra: Record<string, string> = {},
): void {
  engine.events.emit('network', action, network.id, { ...extra, name: network.name, type: network.driver })
}

function checkName(name: string): void {
  if (name.trim() === '') throw new UserError('invalid', 'invalid name: name is empty')
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name))
    throw new UserError('invalid', `invalid name "${name.slice(0, 100)}": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`)
  if (name.startsWith('container:') || name === 'default')
    throw new UserError('denied', `operation is not permitted on predefined ${name} network`)
}

function refuseForeign(body: NetworkCreateBody): void {
  const { Driver, IPAM } = body
  if (['host', 'null'].includes(Driver))
    throw new UserError('denied', `only one instance of "${Driver}" network is allowed`)
  if (['ipvlan', 'overlay'].includes(Driver))
    throw new UserError('not-built', `networks of the driver ${Driver} are not built yet`, {
      hint: 'use --driver bridge or macvlan',
    })
  if (!['', 'bridge', 'default', 'macvlan'].includes(Driver))
    throw new UserError('not-found', `plugin ${JSON.stringify(Driver)} not found`)
  if (!['', 'default'].includes(IPAM?.Driver ?? ''))
    throw new UserError('not-found', `plugin ${JSON.stringify(IPAM?.Driver)} not found`)
  if (body.Ingress || body.Scope === 'swarm')
    throw new UserError(
      'unavailable',
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    )
}

/** Settings alone: `--config-only`, and who takes them: `--config-from`. */
function checkConfigNetwork(body: NetworkCreateBody): void {
  const from = body.ConfigFrom?.Network ?? ''
  if (body.ConfigOnly && (body.Internal || body.Attachable || body.Scope !== ''))
    throw new UserError(
      'denied',
      'configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.',
    )
  if (from === '') return
  if (body.ConfigOnly)
    throw new UserError('denied', 'a configuration network cannot depend on another configuration network')
  const { Options, Config } = body.IPAM ?? { Options: null, Config: null }
  if (
    body.EnableIPv4 === false ||
    body.EnableIPv6 === true ||
    Object.keys(body.Labels).length > 0 ||
    Object.keys(Options ?? {}).length > 0 ||
    (Config ?? []).length > 0
  )
    throw new UserError(
      'denied',
      'user specified configurations are not supported if the network depends on a configuration network',
    )
  if (Object.keys(body.Options).length > 0)
    throw new UserError(
      'denied',
      'network driver options are not supported if the network depends on a configuration network',
    )
}

function draft(engine: Engine, body: NetworkCreateBody): NetworkRecord {
  const asked = body.IPAM?.Config ?? []
  const network: NetworkRecord = {
    id: randomBytes(32).toString('hex'),
    name: body.Name,
    created: nowRfc3339(),
    driver: body.ConfigOnly ? 'null' : body.Driver === 'macvlan' ? 'macvlan' : 'bridge',
    enableIPv4: body.EnableIPv4 !== false,
    enableIPv6: body.EnableIPv6 === true,
    internal: body.Internal,
    attachable: body.Attachable,
    predefined: false,
    options: body.Options,
    labels: body.Labels,
    configured: asked.some(({ Subnet }) => Subnet !== ''),
    ipamOptions: body.IPAM?.Options ?? {},
    pools: [],
    configOnly: body.ConfigOnly,
    configFrom: '',
  }
  if (body.ConfigOnly) return { ...network, pools: askedPools(asked) }
  const from = body.ConfigFrom?.Network ?? ''
  const settings = from === '' ? {} : settingsOf(engine, from)
  const whole = { ...network, ...settings }
  checkOptions(engine, whole)
  if (!whole.enableIPv4 && !whole.enableIPv6) throw new UserError('invalid', 'IPv4 or IPv6 must be enabled')
  if (whole.driver === 'macvlan') checkMacvlan(whole, engine.networks.store.all())
  return { ...whole, pools: choosePools(engine, from === '' ? asked : whole.pools.map(asAsked), whole) }
}

/** What a network of settings alone gives to one that is made from it. */
function settingsOf(engine: Engine, name: string): Partial<NetworkRecord> {
  const from = engine.networks.store.all().find((network) => network.configOnly && network.name === name)
  if (from === undefined) throw new UserError('not-found', `configuration network "${name}" does not exist`)
  const { enableIPv4, enableIPv6, options, labels, configured, ipamOptions, pools } = from
  return { enableIPv4, enableIPv6, options, labels, configured, ipamOptions, pools, configFrom: name }
}
