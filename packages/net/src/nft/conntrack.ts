/**
 * What the kernel remembers of UDP. The rules of nat are asked for the first packet of a flow only, and conntrack keeps the answer. UDP has no end:
 * a client that goes on sending from the same port stays with a container that is gone, or unheard after its port was published, for as long as it
 * sends. So flows to a port are forgotten when it changes. ctnetlink: linux/netfilter/nfnetlink_conntrack.h.
 *
 *   nlmsghdr │ nfgenmsg: u8 family, u8 version, u16 zone │ CTA_TUPLE_ORIG { CTA_TUPLE_IP {source, destination}, CTA_TUPLE_PROTO {…} } …
 */
import { SyscallError } from '@mini-docker/syscall'
import { formatAddress } from '../address/address.ts'
import { withNetfilter } from '../nfnetlink/socket.ts'
import { dumpAddresses } from '../rtnetlink/address.ts'
import { AF_INET, AF_INET6, NLM_F_ACK, NLM_F_DUMP } from '../rtnetlink/numbers.ts'
import type { Request } from '../rtnetlink/request.ts'
import { NetlinkSocket } from '../rtnetlink/socket.ts'
import type { NftOptions } from './run.ts'
import { hostAddressOf, type PublishedPort } from './state.ts'

const IPCTNL_MSG_CT_GET = 0x101
const IPCTNL_MSG_CT_DELETE = 0x102
const CTA_TUPLE_ORIG = 1
const CTA_TUPLE_IP = 1
const CTA_TUPLE_PROTO = 2
const CTA_PROTO_NUM = 1
const CTA_PROTO_DST_PORT = 3
const IPPROTO_UDP = 17
const NLM_F_REQUEST = 1

/** Forgets the UDP flows that came for these ports of the host. A kernel without ctnetlink keeps them. Needs CAP_NET_ADMIN. */
export function forgetFlows(ports: readonly PublishedPort[], { namespace }: NftOptions = {}): void {
  const udp = ports.filter(({ protocol }) => protocol === 'udp')
  if (udp.length === 0) return
  const own = addressesOf(namespace)
  try {
    withNetfilter(namespace, (fd) => forgetOn(NetlinkSocket.on(fd), udp, own))
  } catch (error) {
    if (!(error instanceof SyscallError) || !MISSING.has(error.code)) throw error
  }
}

/** No such protocol of netlink, or no such part of it. */
const MISSING: ReadonlySet<string> = new Set(['EPROTONOSUPPORT', 'EINVAL', 'EOPNOTSUPP'])

function forgetOn(socket: NetlinkSocket, udp: readonly PublishedPort[], own: ReadonlySet<string>): void {
  for (const family of [AF_INET, AF_INET6])
    for (const { payload } of socket.request(message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, family))) {
      const tuple = attributesOf(payload.subarray(4)).get(CTA_TUPLE_ORIG)
      if (tuple !== undefined && udp.some((port) => isFor(tuple, port, own))) forget(socket, family, tuple)
    }
}

function forget(socket: NetlinkSocket, family: number, tuple: Buffer): void {
  try {
    socket.request(message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family, tuple))
  } catch (error) {
    // It has just ended by itself.
    if (!(error instanceof SyscallError) || error.code !== 'ENOENT') throw error
  }
}

/** To this port, and to an address of the host: what containers ask of the same port elsewhere is not ours to forget. */
function isFor(tuple: Buffer, { hostPort, hostAddress }: PublishedPort, own: ReadonlySet<string>): boolean {
  const parts = attributesOf(tuple)
  const protocol = attributesOf(parts.get(CTA_TUPLE_PROTO) ?? Buffer.alloc(0))
  if (protocol.get(CTA_PROTO_NUM)?.[0] !== IPPROTO_UDP) return false
  if (protocol.get(CTA_PROTO_DST_PORT)?.readUInt16BE() !== hostPort) return false
  const destination = [...attributesOf(parts.get(CTA_TUPLE_IP) ?? Buffer.alloc(0)).values()][1]
  if (destination === undefined) return false
  const text = formatAddress(destination)
  const wanted = hostAddressOf(hostAddress)
  const anywhere = wanted === undefined || wanted.bytes.every((byte) => byte === 0)
  return anywhere ? own.has(text) || text.startsWith('127.') : text === formatAddress(wanted.bytes)
}

function addressesOf(namespace: string | undefined): ReadonlySet<string> {
  using socket = namespace === undefined ? NetlinkSocket.open() : NetlinkSocket.openIn(namespace)
  return new Set(
    socket.request(dumpAddresses()).flatMap(({ fields }) => {
      const address = fields['IFA_LOCAL'] ?? fields['IFA_ADDRESS']
      return typeof address === 'string' ? [address] : []
    }),
  )
}

/** Attributes by their type, in their order; those of the same type are never repeated here. */
function attributesOf(bytes: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at)
    if (length < 4 || at + length > bytes.length) break
    attributes.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return attributes
}

/** NLA_F_NESTED marks the tuple, whose bytes are those that the kernel sent. */
function message(type: number, flags: number, family: number, tuple?: Buffer): Request {
  const size = 20 + (tuple === undefined ? 0 : 4 + tuple.length)
  const bytes = Buffer.alloc((size + 3) & ~3)
  bytes.writeUInt32LE(size, 0)
  bytes.writeUInt16LE(type, 4)
  bytes.writeUInt16LE(NLM_F_REQUEST | flags, 6)
  bytes.writeUInt8(family, 16)
  if (tuple !== undefined) {
    bytes.writeUInt16LE(4 + tuple.length, 20)
    bytes.writeUInt16LE(CTA_TUPLE_ORIG | 0x8000, 22)
    tuple.copy(bytes, 24)
  }
  return { bytes, fill: [], text: type === IPCTNL_MSG_CT_GET ? '{IPCTNL_MSG_CT_GET}' : '{IPCTNL_MSG_CT_DELETE}' }
}
