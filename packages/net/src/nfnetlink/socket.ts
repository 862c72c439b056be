/**
 * Sockets to netfilter. To close one, the kernel waits until what a transaction removed is really gone: an RCU grace period, 5 to 15 ms, in which this process
 * would answer nobody. So the one to this process's own network namespace stays open.
 */
import { Fd, invoke } from '@mini-docker/syscall'
import { AF_NETLINK, SOCK_RAW } from '../rtnetlink/numbers.ts'
import { inNetworkNamespace } from '../rtnetlink/socket.ts'

const NETLINK_NETFILTER = 12
const SOCK_CLOEXEC = 0o2000000

let kept: Fd | undefined

/**
 * Calls `work` with a socket to the netfilter of a network namespace; undefined is this process's own. All that was asked for on it has to be received.
 * @throws what `work` throws, and SyscallError `EPROTONOSUPPORT` where the kernel has no netfilter
 */
export function withNetfilter<T>(namespace: string | undefined, work: (socket: Fd) => T): T {
  if (namespace !== undefined) {
    using socket = inNetworkNamespace(namespace, openSocket)
    return work(socket)
  }
  kept ??= openSocket()
  try {
    return work(kept)
  } catch (error) {
    // Nobody knows what is still to come on it.
    kept[Symbol.dispose]()
    kept = undefined
    throw error
  }
}

function openSocket(): Fd {
  return new Fd(invoke('socket', AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER))
}
