/** By which number a network namespace knows another one: links whose other end is there carry it. RTM_GETNSID, linux/net_namespace.h. */
import type { NetlinkSocket } from '@mini-docker/net'

const RTM_NEWNSID = 88
const RTM_GETNSID = 90
const NETNSA_NSID = 1
const NETNSA_PID = 2
const NLM_F_REQUEST = 1
/** nlmsghdr of 16 bytes, rtgenmsg padded to 4, an attribute of 8. */
const REQUEST_BYTES = 28
const ATTRIBUTES_AT = 4

/** The number that the socket's namespace has for that of the process; undefined where no link has made one necessary. */
export function peerNamespaceId(socket: NetlinkSocket, pid: number): number | undefined {
  const bytes = Buffer.alloc(REQUEST_BYTES)
  bytes.writeUInt32LE(REQUEST_BYTES, 0)
  bytes.writeUInt16LE(RTM_GETNSID, 4)
  bytes.writeUInt16LE(NLM_F_REQUEST, 6)
  bytes.writeUInt16LE(8, 20)
  bytes.writeUInt16LE(NETNSA_PID, 22)
  bytes.writeUInt32LE(pid, 24)
  const [answer] = socket.request({ bytes, fill: [], text: `{RTM_GETNSID, NETNSA_PID=${pid}}` })
  if (answer?.type !== RTM_NEWNSID) return undefined
  const { payload } = answer
  for (let at = ATTRIBUTES_AT; at + 8 <= payload.length; at += (payload.readUInt16LE(at) + 3) & ~3) {
    if (payload.readUInt16LE(at) < 4) break
    if (payload.readUInt16LE(at + 2) !== NETNSA_NSID) continue
    const id = payload.readInt32LE(at + 4)
    return id < 0 ? undefined : id
  }
  return undefined
}
