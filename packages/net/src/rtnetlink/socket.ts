/**
 * Requests made by this process, one after the other: netlink(7). A socket belongs to the network namespace it was opened in, for good;
 * `openIn` opens one in another namespace, for which this thread goes there and comes back before anything else can run on it.
 */
import { AT_FDCWD, Fd, invoke, O_RDONLY, openat, SyscallError } from '@mini-docker/syscall'
import { decodeMessages, type DecodedMessage } from './decode.ts'
import {
  AF_NETLINK,
  NETLINK_EXT_ACK,
  NETLINK_ROUTE,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_MULTI,
  SOCK_RAW,
  SOL_NETLINK,
} from './numbers.ts'
import type { Request } from './request.ts'

const SOCK_CLOEXEC = 0o2000000
const RECEIVE_BYTES = 64 * 1024
const CLONE_NEWNET = 0x40000000

export class NetlinkSocket implements Disposable {
  readonly #fd: Fd
  readonly #room = Buffer.alloc(RECEIVE_BYTES)

  private constructor(fd: Fd) {
    this.#fd = fd
  }

  /** In the network namespace of this process. `protocol` is the part of the kernel that answers. */
  static open(protocol: number = NETLINK_ROUTE): NetlinkSocket {
    const fd = new Fd(invoke('socket', AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol))
    const on = Buffer.from([1, 0, 0, 0])
    invoke('setsockopt', fd.number, SOL_NETLINK, NETLINK_EXT_ACK, on, on.length)
    return new NetlinkSocket(fd)
  }

  /** One that is open already, which stays open as long as its owner wants. */
  static on(fd: Fd): NetlinkSocket {
    return new NetlinkSocket(fd)
  }

  /** In the network namespace that `path` names: `/proc/PID/ns/net`, `/run/netns/NAME`. Needs CAP_SYS_ADMIN. */
  static openIn(path: string, protocol: number = NETLINK_ROUTE): NetlinkSocket {
    return inNetworkNamespace(path, () => NetlinkSocket.open(protocol))
  }

  /**
   * Sends a request and waits for its end.
   * @returns the messages that answer it: of a dump, all; of a change, none.
   * @throws SyscallError with the kernel's errno, and its sentence about what is wrong as hint, where it has one.
   */
  request({ bytes, fill, text }: Request): DecodedMessage[] {
    if (fill.length > 0) throw new TypeError(`${text} has places that only a launcher can fill`)
    invoke('sendto', this.#fd.number, bytes, bytes.length, 0, null, 0)
    const acknowledged = (Buffer.from(bytes).readUInt16LE(6) & NLM_F_ACK) !== 0
    const answers: DecodedMessage[] = []
    for (;;) {
      const length = invoke('recvfrom', this.#fd.number, this.#room, this.#room.length, 0, null, null)
      for (const message of decodeMessages(Buffer.from(this.#room.subarray(0, length)))) {
        if (message.type === NLMSG_DONE) return answers
        if (message.type === NLMSG_ERROR) {
          const errno = -message.payload.readInt32LE(0)
          if (errno === 0) return answers
          throw new SyscallError('sendto', errno, ['netlink', text], sentenceIn(message))
        }
        answers.push(message)
        if (!acknowledged && (message.flags & NLM_F_MULTI) === 0) return answers
      }
    }
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]()
  }
}

/**
 * Runs `work` in another network namespace: setns(2). Synchronous, since a namespace belongs to a thread, and all of Node's JavaScript
 * runs on this one.
 */
export function inNetworkNamespace<T>(path: string, work: () => T): T {
  using own = openat(AT_FDCWD, '/proc/thread-self/ns/net', O_RDONLY)
  using other = openat(AT_FDCWD, path, O_RDONLY)
  invoke('setns', other.number, CLONE_NEWNET)
  try {
    return work()
  } finally {
    invoke('setns', own.number, CLONE_NEWNET)
  }
}

/** A network namespace with nothing in it but `lo`, which is gone when it is disposed and no process is in it. Needs CAP_SYS_ADMIN. */
export class EmptyNamespace implements Disposable {
  readonly #fd: Fd

  constructor() {
    using own = openat(AT_FDCWD, '/proc/thread-self/ns/net', O_RDONLY)
    invoke('unshare', CLONE_NEWNET)
    try {
      this.#fd = openat(AT_FDCWD, '/proc/thread-self/ns/net', O_RDONLY)
    } finally {
      invoke('setns', own.number, CLONE_NEWNET)
    }
  }

  /** For `inNetworkNamespace`, in this process only. */
  get path(): string {
    return `/proc/self/fd/${this.#fd.number}`
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]()
  }
}

/** NLMSGERR_ATTR_MSG: what the kernel says beside the errno. */
function sentenceIn({ flags, payload }: DecodedMessage): string | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0) return undefined
  const request = (flags & NLM_F_CAPPED) === 0 ? payload.readUInt32LE(4) : 16
  for (let at = 4 + ((request + 3) & ~3); at + 4 <= payload.length;) {
    const length = payload.readUInt16LE(at)
    if (length < 4 || at + length > payload.length) break
    if (payload.readUInt16LE(at + 2) === 1) return payload.toString('utf8', at + 4, at + length).replace(/\0+$/, '')
    at += (length + 3) & ~3
  }
  return undefined
}
