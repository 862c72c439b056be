/**
 * A transaction of nf_tables: messages between two marks, all of which take effect or none. The kernel works on it while it is sent, so that the answers are
 * there when sendto(2) returns.
 */
import { invoke, SyscallError, tell, untold, UserError, type Fd } from '@mini-docker/syscall'
import { decodeMessages } from '../rtnetlink/decode.ts'
import { encodeMessage, type MessageRequest } from '../rtnetlink/encode.ts'
import { NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR } from '../rtnetlink/numbers.ts'
import { NFNL_SUBSYS_NFTABLES, NFT_MESSAGES } from './schema.ts'
import { withNetfilter } from './socket.ts'

/** A message, and how a trace shows it. */
export type NftMessage = { bytes: Buffer; text: string }

/** `describe` makes its text of its bytes. Its sequence number is given by the batch; `flags` are NLM_F_ACK and these. */
export function nftMessage(message: MessageRequest, describe: (bytes: Buffer) => string): NftMessage {
  const { bytes } = encodeMessage({ ...message, flags: NLM_F_ACK | (message.flags ?? 0) }, NFT_MESSAGES)
  return { bytes, text: describe(bytes) }
}

const NFNL_MSG_BATCH_BEGIN = 16
const NFNL_MSG_BATCH_END = 17
const MSG_DONTWAIT = 0x40
const ROOM = Buffer.alloc(16 * 1024)

/**
 * Takes microseconds, and waits for nobody but the kernel. Told as what was sent.
 * @param step of a trace, to which this belongs
 * @param namespace `/proc/PID/ns/net`; undefined for this process's own
 * @throws SyscallError with the errno of the first message that was refused, and then nothing is changed; UserError `unavailable` where the
 *   kernel has no nf_tables
 */
export function sendBatch(step: string, messages: readonly NftMessage[], namespace?: string): void {
  const text = (): string => `sendto(<nfnetlink>, ${batchText(messages)}, 0, NULL, 0)`
  tell(step, text, () =>
    untold(() => {
      const refused = withNetfilter(namespace, (socket) => exchange(socket, messages))
      if (refused !== undefined) throw refused
    }),
  )
}

/** Each message is acknowledged, in their order; what is wrong with the whole is told with number 0, that of the mark in front, and nothing else then. */
function exchange(socket: Fd, messages: readonly NftMessage[]): Error | undefined {
  const bytes = batchBytes(messages)
  invoke('sendto', socket.number, bytes, bytes.length, 0, null, 0)
  let refused: Error | undefined
  for (let last = 0; last < messages.length;) {
    const length = invoke('recvfrom', socket.number, ROOM, ROOM.length, MSG_DONTWAIT, null, null)
    for (const { type, sequence, payload } of decodeMessages(ROOM.subarray(0, length))) {
      if (type !== NLMSG_ERROR) continue
      const errno = -payload.readInt32LE(0)
      if (errno !== 0) refused ??= refusal(errno, messages[sequence - 1])
      last = sequence === 0 ? messages.length : sequence
    }
  }
  return refused
}

/** As strace shows them. */
export function batchText(messages: readonly NftMessage[]): string {
  return `[{NFNL_MSG_BATCH_BEGIN}, ${messages.map(({ text }) => text).join(', ')}, {NFNL_MSG_BATCH_END}]`
}

function batchBytes(messages: readonly NftMessage[]): Buffer {
  const numbered = messages.map(({ bytes }, i) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt32LE(i + 1, 8)
    return copy
  })
  return Buffer.concat([mark(NFNL_MSG_BATCH_BEGIN, 0), ...numbered, mark(NFNL_MSG_BATCH_END, messages.length + 1)])
}

/** nlmsghdr and nfgenmsg, whose resource says whose batch it is. */
function mark(type: number, sequence: number): Buffer {
  const bytes = Buffer.alloc(20)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(type, 4)
  bytes.writeUInt16LE(NLM_F_REQUEST, 6)
  bytes.writeUInt32LE(sequence, 8)
  bytes.writeUInt16BE(NFNL_SUBSYS_NFTABLES, 18)
  return bytes
}

function refusal(errno: number, message: NftMessage | undefined): Error {
  const error = new SyscallError('sendto', errno, ['nfnetlink', message?.text ?? ''])
  return error.code === 'EOPNOTSUPP' || error.code === 'EPROTONOSUPPORT' ? noTables(error) : error
}

export function noTables(cause?: unknown): UserError {
  return new UserError('unavailable', 'the kernel has no nf_tables: no address translation and no published ports', {
    hint: 'modprobe -a nf_tables nft_chain_nat nft_masq nft_fib_inet, or take a kernel that has them',
    cause,
  })
}
