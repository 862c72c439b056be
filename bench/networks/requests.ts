/** nginx on a published port, loaded by wrk: from another machine, and from the daemon's own through 127.0.0.1. */
import { must } from '../../test/harness/command.ts'
import { eventually } from '../../test/harness/eventually.ts'
import type { Bench } from '../bench.ts'
import { alternate } from '../measure.ts'
import { atLeast, table, type Table } from '../table.ts'
import { NGINX, SERVERS, serversArchive } from '../../test/harness/servers.ts'
import { ok, openSites, type Site } from './site.ts'

const ROUNDS_MAX = 5
/** One thread: the other processor is nginx's. */
const WRK = ['wrk', '--threads', '1', '--connections', '32', '--duration', '2s']

type Way = { name: string; title: string; url: (site: Site) => string; from: (site: Site) => string[] }

const WAYS: Way[] = [
  {
    name: 'world',
    title: 'from another machine',
    url: ({ address }) => `http://${address}:8080/`,
    from: ({ inWorld }) => inWorld,
  },
  {
    name: 'host',
    title: 'from the host through 127.0.0.1',
    url: () => 'http://127.0.0.1:8080/',
    from: ({ onHost }) => onHost,
  },
]

export async function* requests(bench: Bench): AsyncGenerator<Table> {
  await using opened = await openSites(bench, [await serversArchive()])
  for (const site of opened.sites) {
    await ok(site, 'run', '-d', '--network', 'bridge', '--publish', '8080:80', SERVERS, ...NGINX)
  }
  for (const { name, title, url, from } of WAYS) {
    const contestants = opened.sites.map((site) => ({
      name: site.name,
      sample: () => perSecond(from(site), url(site)),
    }))
    for (const site of opened.sites) await untilAnswered(from(site), url(site))
    const results = await alternate(contestants, Math.min(ROUNDS_MAX, bench.rounds))
    yield table(`requests ${name}`, `nginx on a published port, wrk ${title}`, 'req/s', results, [
      atLeast('mini-docker', (of) => of('docker'), 'docker'),
    ])
  }
}

/** nginx opens its port some time after `run` has ended. */
async function untilAnswered(from: readonly string[], url: string): Promise<void> {
  await eventually(`${url} answers`, async () => (await perSecond(from, url).catch(() => 0)) > 0)
}

async function perSecond(from: readonly string[], url: string): Promise<number> {
  const output = await must([...from, ...WRK, url])
  const errors = /Non-2xx.*|Socket errors:.*/.exec(output)?.[0]
  if (errors !== undefined) throw new Error(`${url}: ${errors}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1])
}
