/** Networks of the driver macvlan: each container is a second card on an interface of the host, the parent, or on one that is made for the network. */
import { canMakeParent, checkName, getLink, NetlinkSocket, type MacvlanMode, type Parent } from '@mini-docker/net'
import { SyscallError, UserError } from '@mini-docker/syscall'
import { bridgeName, OPTION, type NetworkRecord } from './record.ts'

const MODES = ['bridge', 'private', 'vepa', 'passthru'] as const

/** The interface it is on: `-o parent=`, or `dm-` and the beginning of its id. */
export function parentOf({ id, options }: Pick<NetworkRecord, 'id' | 'options'>): string {
  return options[OPTION.parent] || `dm-${id.slice(0, 12)}`
}

export function macvlanMode({ options }: Pick<NetworkRecord, 'options'>): MacvlanMode {
  const mode = options[OPTION.macvlanMode] || 'bridge'
  return MODES.find((known) => known === mode) ?? 'bridge'
}

/**
 * Options that a macvlan cannot have, and a parent that is not there, are refused when the network is made.
 * @throws UserError in docker's words
 */
export function checkMacvlan(network: NetworkRecord, others: readonly NetworkRecord[]): void {
  const { options } = network
  const mode = options[OPTION.macvlanMode] ?? ''
  if (mode !== '' && !MODES.some((known) => known === mode))
    throw new UserError(
      'invalid',
      `requested macvlan mode '${mode}' is not valid, 'bridge' mode is the macvlan driver default`,
    )
  const parent = parentOf(network)
  if (parent === 'lo') throw new UserError('invalid', 'loopback interface is not a valid macvlan parent link')
  checkName(parent)
  for (const other of others) {
    if (other.driver !== 'macvlan' || other.id === network.id || parentOf(other) !== parent) continue
    if (macvlanMode(network) === 'passthru')
      throw new UserError(
        'denied',
        `cannot use mode passthru, macvlan network ${other.id} is already using parent interface ${parent}`,
      )
    if (macvlanMode(other) === 'passthru')
      throw new UserError(
        'denied',
        `macvlan network ${other.id} is already using parent interface ${parent} in mode passthru`,
      )
  }
  if (others.some((other) => other.driver === 'bridge' && bridgeName(other) === parent))
    throw new UserError('denied', `interface ${parent} is the bridge of another network`)
  if ((options[OPTION.parent] ?? '') === '') return requireKernel('dummy')
  using socket = NetlinkSocket.open()
  if (isThere(socket, parent)) return
  checkVlan(socket, parent)
  requireKernel('vlan')
}

/** The parent as it is made where it is not there: a dummy, or the part of a cable with a VLAN's tag. @throws UserError for another one */
export function parentToMake(network: NetworkRecord, alias: string): Parent {
  const name = parentOf(network)
  if ((network.options[OPTION.parent] ?? '') === '') return { name, alias }
  return { name, alias, vlan: parseVlan(name) }
}

const WITHOUT = {
  dummy: [
    'this kernel has no dummy interfaces, which a macvlan network without a parent is on',
    'name an interface: -o parent=eth0',
  ],
  vlan: ['this kernel has no VLANs (8021q)', 'name an interface without a number behind a dot: -o parent=eth0'],
} as const

function requireKernel(kind: 'dummy' | 'vlan'): void {
  const [message, hint] = WITHOUT[kind]
  if (canMakeParent(kind) === false) throw new UserError('unavailable', message, { hint })
}

function checkVlan(socket: NetlinkSocket, name: string): void {
  const { on } = parseVlan(name)
  if (!isThere(socket, on))
    throw new UserError('invalid', `failed to find master interface ${on} on the Docker host: Link not found`)
}

function parseVlan(name: string): { on: string; id: number } {
  const [, on, number] = /^(.+)\.(\d+)$/.exec(name) ?? []
  if (on === undefined || number === undefined)
    throw new UserError('invalid', `invalid subinterface vlan name ${name}, example formatting is eth0.10`, {
      hint: `no interface of this host is called ${name}: see ip link`,
    })
  const id = Number(number)
  if (id < 1 || id > 4094) throw new UserError('invalid', `vlan id must be between 1-4094, received: ${number}`)
  return { on, id }
}

function isThere(socket: NetlinkSocket, name: string): boolean {
  try {
    socket.request(getLink(name))
    return true
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ENODEV') return false
    throw error
  }
}
