/**
 * Whether anybody has changed the rules of this network namespace: the kernel counts each transaction, nft's and iptables-nft's. Asked over
 * netlink in a few microseconds, where a listing by nft takes milliseconds. See linux/netfilter/nf_tables.h, NFT_MSG_GETGEN.
 */
import { Fd, invoke } from '@mini-docker/syscall'
import { AF_NETLINK, SOCK_RAW } from '../rtnetlink/numbers.ts'

const NETLINK_NETFILTER = 12
const SOCK_CLOEXEC = 0o2000000
const NFNL_SUBSYS_NFTABLES = 10
const NFT_MSG_NEWGEN = 15
const NFT_MSG_GETGEN = 16
const NFTA_GEN_ID = 1
const NLM_F_REQUEST = 1
/** nlmsghdr, then nfgenmsg: family, version, and a resource id. */
const HEADER_BYTES = 20

/** The number of the last transaction in this process's network namespace; undefined where the kernel has no nftables, or does not tell. */
export function readGeneration(): number | undefined {
  try {
    using socket = new Fd(invoke('socket', AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER))
    const request = Buffer.alloc(HEADER_BYTES)
    request.writeUInt32LE(HEADER_BYTES, 0)
    request.writeUInt16LE((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN, 4)
    request.writeUInt16LE(NLM_F_REQUEST, 6)
    invoke('sendto', socket.number, request, request.length, 0, null, 0)
    const answer = Buffer.alloc(4096)
    const length = invoke('recvfrom', socket.number, answer, answer.length, 0, null, null)
    return generationIn(answer.subarray(0, length))
  } catch {
    return undefined
  }
}

/** The attribute's number is in network byte order, as all of netfilter's. */
function generationIn(answer: Buffer): number | undefined {
  if (answer.length < HEADER_BYTES || answer.readUInt16LE(4) !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN))
    return undefined
  for (let at = HEADER_BYTES; at + 8 <= answer.length; at += (answer.readUInt16LE(at) + 3) & ~3) {
    if ((answer.readUInt16LE(at + 2) & 0x3fff) === NFTA_GEN_ID) return answer.readUInt32BE(at + 4)
    if (answer.readUInt16LE(at) < 4) return undefined
  }
  return undefined
}
