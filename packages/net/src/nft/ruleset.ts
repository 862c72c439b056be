/** State → the whole table, as commands of nft(8). Pure. */
import { UserError } from '@mini-docker/syscall'
import { formatCidr, networkOf } from '../address/cidr.ts'
import { portCommands } from './ports.ts'
import { CHAINS, RULES } from './rules.ts'
import { tableName, type NatNetwork, type NatState } from './state.ts'

/**
 * The commands of one transaction: whatever stood in our table is replaced, and a table that is not there is no error.
 * @throws UserError `invalid` for names and numbers that are none
 */
export function rulesetCommands(state: NatState): string[] {
  return [...removeTableCommands(state.owner), ...tableCommands(state)]
}

/** `add` first, so that there is something to delete. */
export function removeTableCommands(owner: string | undefined): string[] {
  return [`add table inet ${tableName(owner)}`, `delete table inet ${tableName(owner)}`]
}

/** The table, where there is none. */
export function tableCommands({ owner, networks, ports }: NatState): string[] {
  const table = `inet ${tableName(owner)}`
  return [
    `add table ${table}`,
    ...SETS.map(({ name, type, flags, elements }) => {
      const members = elements(networks)
      const interval = flags === undefined ? '' : ` flags ${flags};`
      const words = members.length === 0 ? '' : ` elements = { ${members.join(', ')} };`
      return `add set ${table} ${name} { type ${type};${interval}${words} }`
    }),
    ...MAPS.map(({ name, type }) => `add map ${table} ${name} { type ${type}; }`),
    ...CHAINS.map(
      ({ name, type, hook, priority }) =>
        `add chain ${table} ${name} { type ${type} hook ${hook} priority ${priority}; }`,
    ),
    ...RULES.map(({ chain, text, comment }) => `add rule ${table} ${chain} ${text} comment "${comment}"`),
    ...portCommands('add', owner, ports),
  ]
}

/** A name as nft reads it in quotes; the kernel would take more. @throws UserError `invalid` */
export function interfaceName(name: string): string {
  if (/^[\w.@-]{1,15}$/.test(name)) return `"${name}"`
  throw new UserError('invalid', `invalid interface name ${JSON.stringify(name)}`)
}

export type SetOf = {
  name: string
  type: string
  flags?: 'interval'
  /** As one types them. */
  elements: (networks: readonly NatNetwork[]) => string[]
}

/** Which interfaces and addresses are whose. */
export const SETS: readonly SetOf[] = [
  interfaces('bridges', () => true),
  interfaces('isolated', ({ isolated, icc }) => isolated || icc === false),
  interfaces('internal', ({ internal }) => internal),
  interfaces('silent', ({ icc }) => icc === false),
  {
    name: 'same',
    type: 'ifname . ifname',
    elements: (networks) =>
      networks
        .filter(({ icc }) => icc !== false)
        .map(({ bridge }) => `${interfaceName(bridge)} . ${interfaceName(bridge)}`),
  },
  subnets('subnets4', 4, () => true),
  subnets('subnets6', 6, () => true),
  subnets('masquerade4', 4, ({ masquerade, internal }) => masquerade && !internal),
  subnets('masquerade6', 6, ({ masquerade, internal }) => masquerade && !internal),
]

const MAPS: readonly { name: string; type: string }[] = ([4, 6] as const).flatMap((version) => {
  const address = `ipv${version}_addr`
  const type = `inet_proto . inet_service : ${address} . inet_service`
  return [
    { name: `ports${version}`, type },
    { name: `ports${version}_at`, type: `${address} . ${type}` },
  ]
})

function interfaces(name: string, has: (network: NatNetwork) => boolean): SetOf {
  return {
    name,
    type: 'ifname',
    elements: (networks) => networks.filter(has).map(({ bridge }) => interfaceName(bridge)),
  }
}

function subnets(name: string, version: 4 | 6, has: (network: NatNetwork) => boolean): SetOf {
  return {
    name,
    type: `ipv${version}_addr`,
    flags: 'interval',
    elements: (networks) =>
      networks
        .filter(has)
        .flatMap((network) => network.subnets.filter(({ address }) => address.version === version))
        .map((subnet) => formatCidr(networkOf(subnet))),
  }
}
