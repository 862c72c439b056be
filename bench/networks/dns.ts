/** How many answers a second the DNS server on a user network gives, asked from inside a container's network namespace. */
import { join } from 'node:path'
import { must } from '../../test/harness/command.ts'
import { busyboxArchive } from '../../test/harness/images.ts'
import type { LoadResult } from '../../packages/net/test/dns/load.ts'
import type { Bench } from '../bench.ts'
import { alternate, type Contestant } from '../measure.ts'
import { BUSYBOX } from '../peers.ts'
import { atLeast, table, type Table } from '../table.ts'
import { inspect, ok, openSites, type Site } from './site.ts'

const LOAD = join(import.meta.dirname, '../../packages/net/test/dns/load.ts')
const ROUNDS_MAX = 5
const ANSWERS = 20_000
const ON_THEIR_WAY = 50

export async function* dns(bench: Bench): AsyncGenerator<Table> {
  await using opened = await openSites(bench, [busyboxArchive()])
  const contestants: Contestant[] = []
  for (const site of opened.sites) contestants.push({ name: site.name, sample: await startNamed(site) })
  const results = await alternate(contestants, Math.min(ROUNDS_MAX, bench.rounds))
  yield table('dns', `answers of the embedded DNS, ${ON_THEIR_WAY} queries on their way`, 'per s', results, [
    atLeast('mini-docker', () => 10_000, '10,000 per second'),
  ])
}

async function startNamed(site: Site): Promise<() => Promise<number>> {
  await ok(site, 'network', 'create', 'bench')
  const container = await ok(site, 'run', '-d', '--network', 'bench', '--name', 'asked', BUSYBOX, 'sleep', '1000')
  const pid = await inspect(site, container, '{{.State.Pid}}')
  const words = [`${ANSWERS}`, `${ON_THEIR_WAY}`, 'asked', `/proc/${pid}/ns/net`]
  return async () => {
    const result = JSON.parse(await must([process.execPath, LOAD, ...words])) as LoadResult
    if (result.lost > 0) throw new Error(`${result.lost} of ${result.answers} answers were lost`)
    return result.perSecond
  }
}
