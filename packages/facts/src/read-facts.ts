/** All facts about a process at one moment, as the story tells them. */
import { readGeneration, inNetworkNamespace, tableName } from '@mini-docker/net'
import { SECTIONS, uniqueKeys, type Facts, type FactRow, type FactSection, type SectionId } from '@mini-docker/story'
import { readFirewall } from './firewall.ts'
import { missing, noProcess, procPath, readProcLink, startTime } from './proc.ts'
import {
  cgroupSection,
  fdSection,
  firewallRows,
  idMapSection,
  limitSection,
  mountSection,
  namespaceSection,
  networkSections,
  placesSection,
  statusSections,
  type Sections,
} from './rows.ts'
import { readlinkSync } from 'node:fs'

type Reader = { sections: readonly SectionId[]; read: (pid: number) => Sections }

const READERS: readonly Reader[] = [
  one('namespaces', namespaceSection),
  one('mounts', mountSection),
  one('root', placesSection),
  one('idmap', idMapSection),
  one('cgroup', cgroupSection),
  { sections: ['links', 'addresses', 'routes', 'sysctls'], read: networkSections },
  { sections: ['capabilities', 'security'], read: statusSections },
  one('limits', limitSection),
  one('fds', fdSection),
]

/**
 * Reads sections of facts about a process, all but `nft` by default: about 2 ms, synchronously, nothing is changed. A section that the reader
 * may not see, and what was not there any more when its turn came, is left out. Foreign processes need root.
 * @throws UserError `not-found` where there is no such process, or where another one has got its number meanwhile
 */
export function readFacts(pid: number, sections: readonly SectionId[] = SECTIONS): Facts {
  const started = startTime(pid)
  const facts: Facts = {}
  for (const reader of READERS) {
    if (!reader.sections.some((id) => sections.includes(id))) continue
    Object.assign(
      facts,
      missing(() => reader.read(pid)),
    )
  }
  if (missing(() => startTime(pid)) !== started) {
    // Gone: what was read before is true. Another process by now: nobody knows whose facts these are.
    if (missing(() => startTime(pid)) !== undefined) throw noProcess(pid)
  }
  return Object.fromEntries(Object.entries(facts).filter(([id]) => sections.includes(id as SectionId)))
}

/**
 * Reads facts again and again, and the rules of nftables only when the kernel says that somebody has changed them. `owner` is that of the
 * table, as in `tableName`.
 */
export class FactReader {
  readonly #table: string
  readonly #known = new Map<string, { generation: number; rows: FactRow[] }>()

  constructor(options: { owner?: string | undefined } = {}) {
    this.#table = tableName(options.owner)
  }

  /** All sections. @throws UserError `not-found` as `readFacts` */
  async read(pid: number): Promise<Facts> {
    const facts = readFacts(pid)
    const nft = await this.#readNft(pid)
    return nft === undefined ? facts : { ...facts, nft }
  }

  async #readNft(pid: number): Promise<FactSection | undefined> {
    const host = await this.#rows('', readGeneration(), () => readFirewall({ table: this.#table }))
    if (host === undefined) return undefined
    return {
      source: `nft list table inet ${this.#table}`,
      rows: uniqueKeys([...host, ...((await this.#inside(pid)) ?? [])]),
    }
  }

  /** What there is in the process's own namespace: the redirection of DNS, and rules of its own. */
  async #inside(pid: number): Promise<FactRow[] | undefined> {
    const namespace = procPath(pid, 'ns/net')
    const seen = missing(() => {
      const link = readProcLink(pid, 'ns/net')
      if (link === readlinkSync('/proc/thread-self/ns/net')) return undefined
      return { link, generation: inNetworkNamespace(namespace, readGeneration) }
    })
    if (seen === undefined || seen.generation === UNTOUCHED) return undefined
    return this.#rows(seen.link, seen.generation, () => readFirewall({ namespace }), 'inside: ')
  }

  async #rows(
    place: string,
    generation: number | undefined,
    read: () => ReturnType<typeof readFirewall>,
    where = '',
  ): Promise<FactRow[] | undefined> {
    const known = this.#known.get(place)
    if (generation !== undefined && known?.generation === generation) return known.rows
    const tables = await missingLater(read)
    if (tables === undefined) return undefined
    const rows = firewallRows(tables, where)
    if (generation !== undefined) this.#known.set(place, { generation, rows })
    return rows
  }
}

/** The count of transactions in a namespace in which there was none yet: no need to ask nft about it. */
const UNTOUCHED = 1

function one(id: SectionId, read: (pid: number) => FactSection): Reader {
  return { sections: [id], read: (pid) => ({ [id]: read(pid) }) }
}

/** `missing` for what takes its time: going to a namespace that has gone throws at once. */
async function missingLater<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch {
    return undefined
  }
}
