/** TCP from one container to another over the bridge, as iperf3 counts what arrived. */
import type { Bench } from '../bench.ts'
import { alternate, type Contestant } from '../measure.ts'
import { atLeast, table, type Table } from '../table.ts'
import { SERVERS, serversArchive } from '../../test/harness/servers.ts'
import { inspect, ok, openSites, type Site } from './site.ts'

const ROUNDS_MAX = 5
const SECONDS = 2

export async function* throughput(bench: Bench): AsyncGenerator<Table> {
  await using opened = await openSites(bench, [await serversArchive()])
  const contestants: Contestant[] = []
  for (const site of opened.sites) contestants.push({ name: site.name, sample: await startPair(site) })
  const results = await alternate(contestants, Math.min(ROUNDS_MAX, bench.rounds))
  yield table('throughput', 'container to container, TCP by iperf3', 'Gbit/s', results, [
    atLeast('mini-docker', (of) => of('docker'), 'docker'),
  ])
}

async function startPair(site: Site): Promise<() => Promise<number>> {
  const server = await ok(site, 'run', '-d', '--network', 'bridge', SERVERS, 'iperf3', '-s')
  const client = await ok(site, 'run', '-d', '--network', 'bridge', SERVERS, 'sleep', '1000')
  const address = await inspect(site, server, '{{.NetworkSettings.Networks.bridge.IPAddress}}')
  return async () => {
    const json = await ok(site, 'exec', client, 'iperf3', '-c', address, '-t', `${SECONDS}`, '-J')
    const { end } = JSON.parse(json) as { end: { sum_received: { bits_per_second: number } } }
    return end.sum_received.bits_per_second / 1e9
  }
}
