/** `network create -o`: what the drivers know is checked, what docker knows and we do not is refused, the rest is passed over and shown, as in docker. */
import { checkName, parseAddress } from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'
import { bridgeName, OPTION, parseBool, type NetworkRecord } from './record.ts'

const INHIBIT = 'com.docker.network.bridge.inhibit_ipv4'
const FLAGS = [OPTION.icc, OPTION.masquerade, INHIBIT, OPTION.defaultBridge] as string[]

/** Docker 28's, each with the value that means what is done here anyway. */
const NOT_BUILT: Record<string, string> = {
  'com.docker.network.bridge.gateway_mode_ipv4': 'nat',
  'com.docker.network.bridge.gateway_mode_ipv6': 'nat',
  'com.docker.network.bridge.trusted_host_interfaces': '',
  'com.docker.network.host_ipv4': '',
  'com.docker.network.host_ipv6': '',
}

/** @throws UserError in docker's words. Of a macvlan's own options see `checkMacvlan`. */
export function checkOptions(engine: Engine, { driver, options }: NetworkRecord): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === OPTION.mtu) checkMtu(value)
    if (name === OPTION.prefix) checkName(`${value}999`)
    if (driver === 'bridge') checkOfBridge(engine, name, value)
  }
}

function checkMtu(value: string): void {
  if (!/^\d{1,5}$/.test(value)) throw new UserError('invalid', `failed to parse ${OPTION.mtu} value: "${value}"`)
  if (value !== '0' && (Number(value) < 68 || Number(value) > 65535))
    throw new UserError('invalid', `invalid MTU ${value}: the kernel takes 68 to 65535 bytes`)
}

function checkOfBridge(engine: Engine, name: string, value: string): void {
  if (FLAGS.includes(name) && parseBool(value) === undefined)
    throw new UserError('invalid', `failed to parse ${name} value: "${value}" (invalid syntax)`)
  if (name === INHIBIT && parseBool(value) === true)
    throw new UserError('not-built', 'a bridge without an address (inhibit_ipv4) is not built yet')
  if (name === OPTION.defaultBridge && parseBool(value) === true)
    throw new UserError('denied', 'there can be only one default bridge')
  if (name in NOT_BUILT && value !== '' && value !== NOT_BUILT[name])
    throw new UserError('not-built', `the option ${name}=${value} is not built yet`)
  if (name === OPTION.hostBinding) parseAddress(value)
  if (name === OPTION.name) checkBridgeName(engine, value)
}

function checkBridgeName(engine: Engine, value: string): void {
  if (!/^[\w.@-]{1,15}$/.test(value)) throw new UserError('invalid', `invalid interface name ${JSON.stringify(value)}`)
  const other = engine.networks.store
    .all()
    .find((network) => network.driver === 'bridge' && bridgeName(network) === value)
  if (other !== undefined)
    throw new UserError(
      'denied',
      `cannot create network (bridge name ${value}): conflicts with network ${other.id} (${value}): networks have same bridge name`,
    )
}
