/**
 * The firewall as it should be, and when it is made so: with the first container that needs it, not with the daemon. All changes come one
 * after the other. One more published port is one element more; everything else replaces the table.
 */
import {
  addPorts,
  applyRuleset,
  findNft,
  NftError,
  parseCidr,
  readGeneration,
  removePorts,
  repairRuleset,
  type NatNetwork,
  type NatState,
  type PublishedPort,
} from '@mini-docker/net'
import { SyscallError, UserError } from '@mini-docker/syscall'
import type { ContainerRecord, ContainerState } from '../containers/model.ts'
import { Mutex } from '../state/mutex.ts'
import { carrierOf, type KnownNetworks } from './order.ts'
import { addressFor } from './ports/reserve.ts'
import { bridgeName, OPTION, optionFlag, type NetworkRecord } from './record.ts'

/** The networks as rules are made from them. */
export function natNetworks(networks: readonly NetworkRecord[]): NatNetwork[] {
  return networks
    .filter(({ driver, pools }) => driver === 'bridge' && pools.length > 0)
    .map((network) => ({
      bridge: bridgeName(network),
      subnets: network.pools.map(({ Subnet }) => parseCidr(Subnet)),
      internal: network.internal,
      masquerade: optionFlag(network, OPTION.masquerade, true),
      isolated: true,
      icc: optionFlag(network, OPTION.icc, true),
    }))
}

/** The published ports of one container, for address translation. */
export function publishedPorts(
  { record, state }: { record: Pick<ContainerRecord, 'networks'>; state: Pick<ContainerState, 'network'> },
  networks: KnownNetworks,
): PublishedPort[] {
  const carrier = carrierOf(networks, record, state.network)
  if (carrier === undefined) return []
  const bridge = bridgeName(carrier.network)
  return (state.network?.ports ?? []).flatMap((port): PublishedPort[] => {
    const containerAddress = addressFor(port, carrier.endpoint)
    if (containerAddress === '') return []
    const { protocol, hostIp, hostPort, containerPort } = port
    return [{ protocol, hostAddress: hostIp, hostPort, containerAddress, containerPort, bridge }]
  })
}

export class Firewall {
  /** As it should be now. */
  readonly state: () => NatState
  readonly #log: (line: string) => void
  readonly #lock = new Mutex()
  /** The networks that the table was last made for. */
  #applied: string | undefined
  /** The kernel's count of changes when the table was last known to be right. While it stands there, nobody has touched the rules. */
  #generation: number | undefined
  #repairing = false
  #told = false
  /** Why there is no firewall although nft is installed: the kernel lacks nf_tables. */
  #missing: UserError | undefined

  constructor(state: () => NatState, log: (line: string) => void) {
    this.state = state
    this.#log = log
  }

  get available(): boolean {
    return this.#missing === undefined && findNft() !== undefined
  }

  /** The table is there, with all networks. A table that somebody flushed meanwhile is mended without waiting for it. */
  async ensure(): Promise<void> {
    if (!this.available) return this.#tellMissing()
    try {
      await this.#ensure()
    } catch (error) {
      if ((error instanceof NftError || error instanceof SyscallError) && error.code === 'EPERM') throw notOurs(error)
      if (!(error instanceof UserError) || error.code !== 'unavailable') throw error
      this.#missing = error
      this.#tellMissing()
    }
  }

  async #ensure(): Promise<void> {
    if (this.#applied !== keyOf(this.state())) await this.apply()
    else if (this.#generation === undefined || this.#generation !== readGeneration()) this.repairSoon()
  }

  async apply(): Promise<void> {
    await this.#lock.run(() => this.#replace())
  }

  /** Holders of the lock only. */
  async #replace(): Promise<void> {
    const state = this.state()
    const before = readGeneration()
    await applyRuleset(state)
    this.#applied = keyOf(state)
    this.#generation = after(before)
  }

  /** One transaction of elements: after it the table is as right as it was before. */
  async #change(work: () => Promise<void>): Promise<void> {
    const before = readGeneration()
    const known = this.#generation !== undefined && this.#generation === before
    await work()
    this.#generation = known ? after(before) : undefined
  }

  /** @throws UserError `unavailable` without nft */
  async publish(ports: readonly PublishedPort[]): Promise<void> {
    if (ports.length === 0) return
    await this.#lock.run(async () => {
      try {
        await this.#change(() => addPorts(this.state().owner, ports))
      } catch (error) {
        // Flushed, or with something in it that should be gone.
        if (!(error instanceof SyscallError) || (error.code !== 'ENOENT' && error.code !== 'EEXIST')) throw error
        await this.#replace()
      }
    })
  }

  async withdraw(ports: readonly PublishedPort[]): Promise<void> {
    if (ports.length === 0 || !this.available) return
    await this.#lock.run(() => this.#change(() => removePorts(this.state().owner, ports)))
  }

  /** What the kernel has is compared with what it should have. @returns whether it had to be mended */
  async repair(): Promise<boolean> {
    if (!this.available) return false
    return this.#lock.run(async () => {
      const state = this.state()
      const before = readGeneration()
      const mended = await repairRuleset(state)
      this.#applied = keyOf(state)
      this.#generation = mended ? after(before) : before
      return mended
    })
  }

  repairSoon(): void {
    if (this.#repairing) return
    this.#repairing = true
    this.repair()
      .catch((error: unknown) => this.#log(`the firewall cannot be repaired: ${String(error)}`))
      .finally(() => (this.#repairing = false))
  }

  /** A network is gone. When no network has a bridge any more, the table goes too. */
  async forget(): Promise<void> {
    if (this.#applied === undefined) return
    await this.apply()
  }

  /** Waits until nothing is under way. */
  async settled(): Promise<void> {
    await this.#lock.run(() => undefined)
  }

  /** @throws UserError `unavailable`: a port cannot be published without it. */
  require(): void {
    if (this.available) return
    if (this.#missing !== undefined) throw this.#missing
    throw new UserError('unavailable', 'published ports need nft, which is not installed', {
      hint: 'install the package nftables',
    })
  }

  #tellMissing(): void {
    if (this.#told) return
    this.#told = true
    const why = this.#missing === undefined ? 'nft is not installed' : 'the kernel has no nf_tables'
    this.#log(`${why}: containers reach each other, but not the world, and no ports can be published`)
  }
}

/** The capability is there, but over another network namespace: of a daemon in a container, or in a user namespace of its own. */
function notOurs(cause: Error): UserError {
  return new UserError('unavailable', 'this daemon may not change the network it is in, so no bridges can be made', {
    hint: 'use --network none or --network host, or give the daemon CAP_NET_ADMIN over its network namespace',
    cause,
  })
}

/** The count when at most one transaction of ours came since, none where it had nothing to change; undefined when somebody else was at it too. */
function after(before: number | undefined): number | undefined {
  const now = readGeneration()
  return before !== undefined && (now === before || now === before + 1) ? now : undefined
}

function keyOf({ networks }: NatState): string {
  return JSON.stringify(
    networks.map(({ subnets, ...rest }) => [
      rest,
      subnets.map(({ address, prefixLength }) => [address.bytes.toString('hex'), prefixLength]),
    ]),
  )
}
