/**
 * What this machine can do for networks of containers, for doctor and for choices. Nothing of the machine is changed: what has to be tried is
 * tried in an empty network namespace that is thrown away. Each fact is undefined where this user may not find it out.
 */
import { readFileSync } from 'node:fs'
import { SyscallError, UserError } from '@mini-docker/syscall'
import { overlaps, type Cidr } from './address/cidr.ts'
import { readForeign, type ForeignChain } from './nft/foreign.ts'
import { findNft, NftError, runNft } from './nft/run.ts'
import { tableCommands } from './nft/ruleset.ts'
import { getLink, newLink, type NewLink } from './rtnetlink/link.ts'
import { EmptyNamespace, NetlinkSocket } from './rtnetlink/socket.ts'
import { readTakenSubnets } from './taken.ts'

export type NetworkFacts = {
  /** net.ipv4.ip_forward: off, containers reach the host and each other, but nothing else. A network turns it on. */
  ipForward: boolean
  /** Whether there is IPv6, and whether packets of it are passed on. */
  ipv6: { available: boolean; forwarding: boolean }
  /** Without `path` it is not installed; `problem` is its own sentence about our table in an empty namespace. */
  nft: { path: string | undefined; works: boolean | undefined; problem?: string }
  /** Frames within a bridge go through the rules of IP, too: then other firewalls may drop what neighbours say. */
  brNetfilter: boolean
  /** Kinds of links that the kernel makes. */
  links: Record<'bridge' | 'veth' | 'macvlan', boolean | undefined>
  /** Rules of the old iptables are in the kernel, which nft neither shows nor changes. */
  legacyIptables: boolean
  /** Chains of other firewalls that drop forwarded packets and have no place for ours. */
  droppingChains: ForeignChain[] | undefined
}

/** Reads the facts of this process's network namespace. */
export async function readNetworkFacts(): Promise<NetworkFacts> {
  return {
    ipForward: setting('net/ipv4/ip_forward') === '1',
    ipv6: {
      available: setting('net/ipv6/conf/all/disable_ipv6') === '0',
      forwarding: setting('net/ipv6/conf/all/forwarding') === '1',
    },
    nft: await readNft(),
    brNetfilter: setting('net/bridge/bridge-nf-call-iptables') === '1',
    links: readLinks(),
    legacyIptables: linesOf('/proc/net/ip_tables_names').includes('filter'),
    droppingChains: await readDropping(),
  }
}

/** Which of the host's subnets share addresses with `subnet`. Needs no privileges. */
export function findConflicts(subnet: Cidr): Cidr[] {
  using socket = NetlinkSocket.open()
  return readTakenSubnets(socket).filter((taken) => overlaps(taken, subnet))
}

/** The whole table, in a namespace that has no other: rules that this kernel or this nft does not know are told. */
async function readNft(): Promise<NetworkFacts['nft']> {
  const path = findNft()
  if (path === undefined) return { path, works: false }
  try {
    using empty = new EmptyNamespace()
    await runNft(tableCommands({ networks: [], ports: [] }), { namespace: empty.path })
    return { path, works: true }
  } catch (error) {
    if (error instanceof NftError) return { path, works: false, problem: error.message }
    if (isDenied(error)) return { path, works: undefined }
    throw error
  }
}

function readLinks(): NetworkFacts['links'] {
  try {
    using empty = new EmptyNamespace()
    using socket = NetlinkSocket.openIn(empty.path)
    const veth = makes(socket, { name: 'a', kind: 'veth', peer: { name: 'b' } })
    const parent = veth ? Number(socket.request(getLink('a'))[0]?.fields['index']) : undefined
    return {
      bridge: makes(socket, { name: 'c', kind: 'bridge' }),
      veth,
      macvlan: parent === undefined ? undefined : makes(socket, { name: 'd', kind: 'macvlan', parent, mode: 'bridge' }),
    }
  } catch (error) {
    if (isDenied(error)) return { bridge: undefined, veth: undefined, macvlan: undefined }
    throw error
  }
}

/** Whether the kernel makes what a macvlan network may be on, where the host has nothing of its own; undefined where this user may not find it out. */
export function canMakeParent(kind: 'dummy' | 'vlan'): boolean | undefined {
  try {
    using empty = new EmptyNamespace()
    using socket = NetlinkSocket.openIn(empty.path)
    if (kind === 'dummy') return makes(socket, { name: 'a', kind })
    makes(socket, { name: 'a', kind: 'veth', peer: { name: 'b' } })
    const parent = Number(socket.request(getLink('a'))[0]?.fields['index'])
    return makes(socket, { name: 'c', kind, parent, id: 1 })
  } catch (error) {
    if (isDenied(error)) return undefined
    throw error
  }
}

/** EOPNOTSUPP: the kernel has no such driver, and no module of it. */
function makes(socket: NetlinkSocket, link: NewLink): boolean {
  try {
    socket.request(newLink(link))
    return true
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'EOPNOTSUPP') return false
    throw error
  }
}

async function readDropping(): Promise<ForeignChain[] | undefined> {
  try {
    return (await readForeign()).dropping
  } catch (error) {
    if (error instanceof UserError || error instanceof NftError) return undefined
    throw error
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof SyscallError && (error.code === 'EPERM' || error.code === 'EACCES')
}

/** Undefined where the kernel has no such setting. */
function setting(path: string): string | undefined {
  return linesOf(`/proc/sys/${path}`)[0]
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}
