/** The rules of nftables that translate and let through, as nft(8) prints them, taken apart into tables, chains, rules and elements. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findNft, inNetworkNamespace } from '@mini-docker/net'

export type FirewallChain = {
  name: string
  /** `type nat hook prerouting priority dstnat; policy accept;`; undefined for a chain that only others jump to. */
  hook?: string
  rules: string[]
}
/** A set's elements, or a map's `key : value`. */
export type FirewallSet = { kind: 'set' | 'map'; name: string; elements: string[] }
export type FirewallTable = { family: string; name: string; chains: FirewallChain[]; sets: FirewallSet[] }

const LISTING_BYTES = 64 * 1024 * 1024

/**
 * The tables of a network namespace (`/proc/PID/ns/net`; undefined for the reader's own): all, or one that need not be there. One run of nft.
 * Undefined where nft is not installed or may not read (CAP_NET_ADMIN).
 */
export async function readFirewall(
  options: { namespace?: string; table?: string } = {},
): Promise<FirewallTable[] | undefined> {
  const nft = findNft()
  if (nft === undefined) return undefined
  const what = options.table === undefined ? ['ruleset'] : ['table', 'inet', options.table]
  const list = () => promisify(execFile)(nft, ['list', ...what], { env: {}, cwd: '/', maxBuffer: LISTING_BYTES })
  try {
    const running = options.namespace === undefined ? list() : inNetworkNamespace(options.namespace, list)
    return parseRuleset((await running).stdout)
  } catch (error) {
    const { stderr } = error as { stderr?: unknown }
    // The table is not there; the namespace has gone; not allowed to look.
    return typeof stderr === 'string' && stderr.includes('No such file or directory') ? [] : undefined
  }
}

/** `nft list ruleset`. Counters are left out: they are different at each reading. */
export function parseRuleset(text: string): FirewallTable[] {
  const tables: FirewallTable[] = []
  let chain: FirewallChain | undefined
  let set: FirewallSet | undefined
  let elements: string | undefined
  for (const line of text.split('\n')) {
    const words = line.trim()
    const [, opens, name = ''] = /^\t?(\w+) (?:.* )?(\S+) \{/.exec(line) ?? []
    const table = tables.at(-1)
    if (line.startsWith('table ')) {
      tables.push({ family: words.split(' ')[1] ?? '', name, chains: [], sets: [] })
    } else if (elements !== undefined) {
      elements += ` ${words}`
      if (words.endsWith('}')) {
        set?.elements.push(...elementsIn(elements))
        elements = undefined
      }
    } else if (opens === 'chain') {
      chain = { name, rules: [] }
      table?.chains.push(chain)
    } else if (opens === 'set' || opens === 'map') {
      set = { kind: opens, name, elements: [] }
      table?.sets.push(set)
    } else if (line === '\t}') {
      chain = set = undefined
    } else if (set !== undefined && words.startsWith('elements = {')) {
      if (words.endsWith('}')) set.elements.push(...elementsIn(words))
      else elements = words
    } else if (chain !== undefined && words.startsWith('type ') && words.includes(' hook ')) {
      chain.hook = words
    } else if (chain !== undefined && words !== '' && !words.startsWith('#') && !words.startsWith('comment ')) {
      chain.rules.push(words.replaceAll(/\bcounter packets \d+ bytes \d+ ?/g, '').trim())
    }
  }
  return tables
}

/** `elements = { a, b }` → a, b. Names of interfaces are in quotes, which mean nothing here. */
function elementsIn(text: string): string[] {
  return text
    .replace(/^elements = \{/, '')
    .replace(/\}$/, '')
    .split(',')
    .map((element) => element.trim().replaceAll('"', ''))
    .filter((element) => element !== '')
}
