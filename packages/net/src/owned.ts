/** Which links are ours: each bridge and each host's end of a veth pair says so in its alias, `mini-docker:OWNER:ID`, which `ip link` shows. */
import { SyscallError } from '@mini-docker/syscall'
import { linkKind, type Decoded } from './rtnetlink/decode.ts'
import { deleteLink, dumpLinks } from './rtnetlink/link.ts'
import type { NetlinkSocket } from './rtnetlink/socket.ts'

export type OwnedLink = {
  name: string
  index: number
  kind: string
  /** Of the network, or of the container. */ id: string
}

/** `owner` tells daemons apart that share a network namespace; neither part has a colon. */
export function ownerAlias(owner: string, id: string): string {
  if (!/^[^:\s]+$/.test(owner) || !/^[^:\s]+$/.test(id)) throw new TypeError(`no alias of ${owner} and ${id}`)
  return `${PREFIX}${owner}:${id}`
}

const PREFIX = 'mini-docker:'

/** The links of this owner in the socket's namespace, and of nobody else. */
export function findOwned(owner: string, socket: NetlinkSocket): OwnedLink[] {
  const start = ownerAlias(owner, '-').slice(0, -1)
  return socket.request(dumpLinks()).flatMap(({ fields }) => {
    const alias = fields['IFLA_IFALIAS']
    if (typeof alias !== 'string' || !alias.startsWith(start)) return []
    const id = alias.slice(start.length)
    return [{ name: text(fields['IFLA_IFNAME']), index: Number(fields['index']), kind: linkKind(fields) ?? '', id }]
  })
}

/** Removes a link by its index, which is never used twice. One that is gone is no error. @returns whether it was there */
export function removeLink(index: number, socket: NetlinkSocket): boolean {
  try {
    socket.request(deleteLink(index))
    return true
  } catch (error) {
    if (error instanceof SyscallError && error.code === 'ENODEV') return false
    throw error
  }
}

function text(value: Decoded | undefined): string {
  return typeof value === 'string' ? value : ''
}
