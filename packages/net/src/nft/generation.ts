/**
 * Whether anybody has changed the rules of this network namespace: the kernel counts each transaction, nft's and iptables-nft's. Asked over
 * netlink in a few microseconds, where a listing by nft takes milliseconds. See linux/netfilter/nf_tables.h, NFT_MSG_GETGEN.
 */
import { invoke } from '@mini-docker/syscall'
import { NFNL_SUBSYS_NFTABLES } from '../nfnetlink/schema.ts'
import { withNetfilter } from '../nfnetlink/socket.ts'
import { NLM_F_REQUEST } from '../rtnetlink/numbers.ts'

const NFT_MSG_NEWGEN = 15
const NFT_MSG_GETGEN = 16
const NFTA_GEN_ID = 1
const MSG_DONTWAIT = 0x40
/** nlmsghdr, then nfgenmsg: family, version, and a resource id. */
const HEADER_BYTES = 20

/** The number of the last transaction in this process's network namespace; undefined where the kernel has no nftables, or does not tell. */
export function readGeneration(): number | undefined {
  const request = Buffer.alloc(HEADER_BYTES)
  request.writeUInt32LE(HEADER_BYTES, 0)
  request.writeUInt16LE((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN, 4)
  request.writeUInt16LE(NLM_F_REQUEST, 6)
  const answer = Buffer.alloc(4096)
  try {
    const length = withNetfilter(undefined, ({ number }) => {
      invoke('sendto', number, request, request.length, 0, null, 0)
      return invoke('recvfrom', number, answer, answer.length, MSG_DONTWAIT, null, null)
    })
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
