/** What went through a container's interfaces, as the kernel counts it: proc_pid_net(5), /proc/PID/net/dev. */
import { readFile } from 'node:fs/promises'

/** Docker's NetworkStats of one interface. */
export type NetworkCounters = {
  rx_bytes: number
  rx_packets: number
  rx_errors: number
  rx_dropped: number
  tx_bytes: number
  tx_packets: number
  tx_errors: number
  tx_dropped: number
}

/** By interface, without `lo`; undefined where there is none, or the process has ended. */
export async function readNetworkCounters(pid: number): Promise<Record<string, NetworkCounters> | undefined> {
  const text = await readFile(`/proc/${pid}/net/dev`, 'utf8').catch(() => '')
  return parseNetworkCounters(text)
}

/**
 *     Inter-|   Receive                                                |  Transmit
 *      face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
 *       eth0:    1296      16    0    0    0     0          0         0      446       5    0    0    0     0       0          0
 */
export function parseNetworkCounters(text: string): Record<string, NetworkCounters> | undefined {
  const lines = text.split('\n').flatMap((line): Array<[string, NetworkCounters]> => {
    const [, name = '', counted = ''] = /^\s*(\S+):\s*(\d.*)$/.exec(line) ?? []
    if (name === '' || name === 'lo') return []
    const at = (index: number) => Number(counted.split(/\s+/)[index] ?? 0)
    return [
      [
        name,
        {
          rx_bytes: at(0),
          rx_packets: at(1),
          rx_errors: at(2),
          rx_dropped: at(3),
          tx_bytes: at(8),
          tx_packets: at(9),
          tx_errors: at(10),
          tx_dropped: at(11),
        },
      ],
    ]
  })
  return lines.length === 0 ? undefined : Object.fromEntries(lines)
}
