/**
 * Getting along with other firewalls. In nftables every table has its say, and one that drops is final: what our table lets through, docker's,
 * ufw's and firewalld's may still stop. Each has a place where others may say that their interfaces are theirs to filter; there go two
 * rules for each bridge, with the name of our table as comment, and nothing else of theirs is touched.
 */
import { listNft, NftError, type NftOptions } from './run.ts'
import { interfaceName } from './ruleset.ts'
import { tableName, type NatState } from './state.ts'

export type ForeignChain = { family: string; table: string; name: string }

/** Where docker, ufw and firewalld let others speak first. */
const PLACES: readonly (ForeignChain & { of: string })[] = [
  { family: 'ip', table: 'filter', name: 'DOCKER-USER', of: 'docker' },
  { family: 'ip6', table: 'filter', name: 'DOCKER-USER', of: 'docker' },
  { family: 'ip', table: 'filter', name: 'ufw-before-forward', of: 'ufw' },
  { family: 'ip6', table: 'filter', name: 'ufw6-before-forward', of: 'ufw' },
  { family: 'inet', table: 'firewalld', name: 'filter_FORWARD', of: 'firewalld' },
]

export type ForeignRule = ForeignChain & { handle: number; comment: string }

export type ForeignFirewalls = {
  /** The places that are there. */
  places: ForeignChain[]
  /** Rules with our comment in them. */
  rules: ForeignRule[]
  /** Base chains of others that drop what is forwarded, and where no place is known: theirs to open. */
  dropping: ForeignChain[]
}

/** What other firewalls there are in the namespace, and what of them is ours. Two or a few runs of nft. */
export async function readForeign(owner?: string, options: NftOptions = {}): Promise<ForeignFirewalls> {
  const ours = tableName(owner)
  const chains = (await listNft(['chains'], options)).flatMap(({ chain }) => (chain === undefined ? [] : [chain]))
  const has = ({ family, table, name }: ForeignChain): boolean =>
    chains.some((chain) => chain.family === family && chain.table === table && chain.name === name)
  const places = PLACES.filter(has).map(({ family, table, name }) => ({ family, table, name }))
  const listed = await Promise.all(places.map((place) => rulesOf(place, ours, options)))
  const dropping = chains
    .filter((chain) => chain.hook === 'forward' && chain.policy === 'drop')
    .map(({ family = '', table = '', name = '' }) => ({ family, table, name }))
    .filter(({ family, table }) => !places.some((place) => place.family === family && place.table === table))
  return { places, rules: listed.flat(), dropping }
}

/** The commands that make the places say what the state asks for. None when they do already. */
export function foreignCommands(state: NatState, { places, rules }: ForeignFirewalls): string[] {
  const wanted = places.flatMap((place) => ruleCommands(place, state))
  const deletions = rules.map(
    ({ family, table, name, handle }) => `delete rule ${family} ${table} ${name} handle ${handle}`,
  )
  return [...deletions, ...wanted]
}

/** Whether each place has as many rules of ours as it should. */
export function isForeignComplete(state: NatState, { places, rules }: ForeignFirewalls): boolean {
  return places.every(
    (place) =>
      rules.filter(({ family, table, name }) => [family, table, name].join() === Object.values(place).join()).length ===
      2 * state.networks.length,
  )
}

function ruleCommands({ family, table, name }: ForeignChain, { owner, networks }: NatState): string[] {
  return networks.flatMap(({ bridge }) =>
    ['iifname', 'oifname'].map(
      (side) =>
        `insert rule ${family} ${table} ${name} ${side} ${interfaceName(bridge)} accept comment "${tableName(owner)}"`,
    ),
  )
}

async function rulesOf(place: ForeignChain, ours: string, options: NftOptions): Promise<ForeignRule[]> {
  try {
    const listed = await listNft(['chain', place.family, place.table, place.name], options)
    return listed.flatMap(({ rule }) =>
      rule?.comment === ours && rule.handle !== undefined ? [{ ...place, handle: rule.handle, comment: ours }] : [],
    )
  } catch (error) {
    // Gone in between.
    if (error instanceof NftError && error.code === 'ENOENT') return []
    throw error
  }
}
