/**
 * What one network knows: names to addresses and back. One object for each network, shared by the views of all containers on it, so that a
 * container that comes or goes costs its own few names, and everybody sees it at once.
 */
import { formatAddress, parseAddress } from '../address/address.ts'
import { foldCase } from './message/name.ts'

/** A container's place in a network, as names. */
export type NamedEndpoint = {
  /** The container's id, or the endpoint's: what `delete` takes. */
  id: string
  /** The container's name: what its addresses are called (PTR). */
  name: string
  /** What else it is called here: `--network-alias`, the id's first twelve digits. */
  aliases: readonly string[]
  /** IPv4 and IPv6, as text. */
  addresses: readonly string[]
}

export type KnownAddresses = { readonly 4: readonly Buffer[]; readonly 6: readonly Buffer[] }

export class NetworkNames {
  /** The network's name: `CONTAINER.NETWORK` is a name too, and what PTR answers. */
  readonly name: string
  readonly #endpoints = new Map<string, NamedEndpoint>()
  /** By folded name; endpoints in the order they came. */
  readonly #byName = new Map<string, Set<NamedEndpoint>>()
  readonly #byAddress = new Map<string, NamedEndpoint>()
  readonly #known = new Map<string, KnownAddresses>()

  constructor(name: string) {
    this.name = name
  }

  /** Adds an endpoint, or replaces the one of the same id. @throws UserError `invalid` for an address that is none */
  set(endpoint: NamedEndpoint): void {
    const addresses = endpoint.addresses.map(canonical)
    this.delete(endpoint.id)
    this.#endpoints.set(endpoint.id, endpoint)
    for (const name of namesOf(endpoint)) {
      const sharing = this.#byName.get(name) ?? new Set()
      this.#byName.set(name, sharing.add(endpoint))
      this.#known.delete(name)
    }
    for (const address of addresses) this.#byAddress.set(address, endpoint)
  }

  /** Takes an endpoint out. An id that is not there is no error. */
  delete(id: string): void {
    const endpoint = this.#endpoints.get(id)
    if (endpoint === undefined) return
    this.#endpoints.delete(id)
    for (const name of namesOf(endpoint)) {
      const sharing = this.#byName.get(name)
      sharing?.delete(endpoint)
      if (sharing?.size === 0) this.#byName.delete(name)
      this.#known.delete(name)
    }
    for (const address of endpoint.addresses.map(canonical))
      if (this.#byAddress.get(address) === endpoint) this.#byAddress.delete(address)
  }

  /** The addresses of all that share a name, which is compared without case; undefined where nobody has it. */
  addressesOf(name: string): KnownAddresses | undefined {
    const folded = foldCase(name)
    const sharing = this.#byName.get(folded)
    if (sharing === undefined) return undefined
    const known = this.#known.get(folded) ?? addressesOfAll(sharing)
    this.#known.set(folded, known)
    return known
  }

  /** The name of the container that has this address here. */
  nameOf(address: string): string | undefined {
    return this.#byAddress.get(address)?.name
  }
}

function namesOf({ name, aliases }: NamedEndpoint): Set<string> {
  return new Set([name, ...aliases].map(foldCase))
}

function addressesOfAll(endpoints: Iterable<NamedEndpoint>): KnownAddresses {
  const all = [...endpoints].flatMap(({ addresses }) => addresses.map(parseAddress))
  const ofVersion = (wanted: 4 | 6): Buffer[] =>
    all.flatMap(({ version, bytes }) => (version === wanted ? [bytes] : []))
  return { 4: ofVersion(4), 6: ofVersion(6) }
}

function canonical(address: string): string {
  return formatAddress(parseAddress(address).bytes)
}
