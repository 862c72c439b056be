import { expect, test } from 'vitest'
import { parseNetworkCounters, readNetworkCounters } from '../src/containers/network-counters.ts'

const HEAD = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       5       5    0    0    0     0          0         0        5       5    0    0    0     0       0          0
`

test('the counters of each interface but lo are told by docker’s names', () => {
  const text = `${HEAD}  eth0:    1296      16    1    2    0     0          0         0      446       5    3    4    0     0       0          0\n`
  expect(parseNetworkCounters(text)).toEqual({
    eth0: {
      rx_bytes: 1296,
      rx_packets: 16,
      rx_errors: 1,
      rx_dropped: 2,
      tx_bytes: 446,
      tx_packets: 5,
      tx_errors: 3,
      tx_dropped: 4,
    },
  })
})

test('an old kernel leaves no space before a large number; names may have dots', () => {
  const text = `${HEAD}eth0.7:12345678901 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n`
  expect(parseNetworkCounters(text)?.['eth0.7']).toMatchObject({ rx_bytes: 12_345_678_901, tx_bytes: 9 })
})

test('nothing is told of a container with lo alone, or of a process that is gone', async () => {
  expect(parseNetworkCounters(HEAD)).toBeUndefined()
  expect(await readNetworkCounters(0x7fffffff)).toBeUndefined()
})
