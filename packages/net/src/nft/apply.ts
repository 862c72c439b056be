/**
 * The firewall made what the state says. Calls of one owner must come one after the other, each with the newest state: nft replaces the
 * whole table. Needs CAP_NET_ADMIN, and nft: without it each throws UserError `unavailable`.
 */
import { shellWord, SyscallError, type Step } from '@mini-docker/syscall'
import { sendBatch } from '../nfnetlink/batch.ts'
import { elementMessages } from '../nfnetlink/elements.ts'
import { forgetFlows } from './conntrack.ts'
import { foreignCommands, isForeignComplete, readForeign } from './foreign.ts'
import { isSameTable, readTable, tableContents } from './listed.ts'
import { portCommands, portElements, type PortElement } from './ports.ts'
import { NftError, runNft, type NftOptions } from './run.ts'
import { removeTableCommands, rulesetCommands, tableCommands } from './ruleset.ts'
import type { NatState, PublishedPort } from './state.ts'

/** Replaces our table, and our rules in the places of other firewalls, in one transaction. */
export async function applyRuleset(state: NatState, options: NftOptions = {}): Promise<void> {
  await withForeign(state.owner, options, (foreign) => [...rulesetCommands(state), ...foreignCommands(state, foreign)])
}

/** Applies the state where the kernel has something else. @returns whether it had */
export async function repairRuleset(state: NatState, options: NftOptions = {}): Promise<boolean> {
  const foreign = await readForeign(state.owner, options)
  const table = await readTable(state.owner, options)
  if (isSameTable(table, tableContents(state)) && isForeignComplete(state, foreign)) return false
  await applyRuleset(state, options)
  return true
}

/**
 * Publishes ports in a table that is there, without nft: in microseconds.
 * @throws SyscallError `EEXIST` where one of them leads elsewhere, `ENOENT` without a table: then none is published
 */
export async function addPorts(
  owner: string | undefined,
  ports: readonly PublishedPort[],
  options: NftOptions = {},
): Promise<void> {
  sendBatch('network.ports', elementMessages('add', owner, portElements(ports)), options.namespace)
  forgetFlows(ports, options)
}

/** Takes ports back. What is not there, or leads elsewhere by now, is left as it is. */
export async function removePorts(
  owner: string | undefined,
  ports: readonly PublishedPort[],
  options: NftOptions = {},
): Promise<void> {
  removeElements(owner, portElements(ports), options)
  forgetFlows(ports, options)
}

function removeElements(owner: string | undefined, elements: readonly PortElement[], options: NftOptions): void {
  try {
    // Added first, so that there is something to delete.
    const messages = [...elementMessages('add', owner, elements), ...elementMessages('delete', owner, elements)]
    sendBatch('network.ports', messages, options.namespace)
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error
    if (error.code === 'ENOENT') return
    if (error.code !== 'EEXIST') throw error
    if (elements.length > 1) for (const element of elements) removeElements(owner, [element], options)
  }
}

/** Removes our table and all rules of ours in those of others. What is not there is no error. */
export async function removeTable(owner: string | undefined, options: NftOptions = {}): Promise<void> {
  const nothing = { owner, networks: [], ports: [] }
  await withForeign(owner, options, (foreign) => [...removeTableCommands(owner), ...foreignCommands(nothing, foreign)])
}

/** The step `network.nat`: the table as one types it. It has no calls: nft makes them. */
export function planNat(state: NatState): Step {
  return {
    ...nftStep('network.nat', tableCommands({ ...state, ports: [] })),
    undoShell: nftLines(removeTableCommands(state.owner)),
  }
}

/** The step `network.ports`: the elements that publish a container's ports, as one types them. */
export function planPorts(owner: string | undefined, ports: readonly PublishedPort[]): Step {
  return {
    ...nftStep('network.ports', portCommands('add', owner, ports)),
    undoShell: nftLines(portCommands('delete', owner, ports)),
  }
}

function nftStep(id: 'network.nat' | 'network.ports', commands: readonly string[]): Step {
  return { id, stage: 'network', where: 'host', calls: [], shell: nftLines(commands), man: ['nft(8)'] }
}

function nftLines(commands: readonly string[]): string[] {
  return commands.map((command) => `nft ${shellWord(command)}`)
}

type Foreign = Awaited<ReturnType<typeof readForeign>>

/** Rules of others are named by a handle, which may be gone when we come: then once more. */
async function withForeign(
  owner: string | undefined,
  options: NftOptions,
  commands: (foreign: Foreign) => string[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runNft(commands(await readForeign(owner, options)), options)
    } catch (error) {
      if (!(error instanceof NftError) || error.code !== 'ENOENT' || attempt === 3) throw error
    }
  }
}
