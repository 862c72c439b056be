/** Whether the table in the kernel is the one that the state asks for: somebody may have flushed the firewall. */
import { portElement } from './ports.ts'
import { RULES } from './rules.ts'
import { listNft, NftError, type NftListed, type NftListedObject, type NftOptions } from './run.ts'
import { SETS } from './ruleset.ts'
import { isTranslated, tableName, type NatState } from './state.ts'

/** What there is in a table: of chains the comments of the rules in their order, of sets and maps the elements as one types them, sorted. */
export type TableContents = { chains: Record<string, string[]>; elements: Record<string, string[]> }

/** Our table as it is; undefined where there is none. @throws UserError `unavailable` without nft; NftError */
export async function readTable(owner?: string, options: NftOptions = {}): Promise<TableContents | undefined> {
  try {
    return contentsOf(await listNft(['table', 'inet', tableName(owner)], options))
  } catch (error) {
    if (error instanceof NftError && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Our table as it should be. */
export function tableContents(state: NatState): TableContents {
  const elements: Record<string, string[]> = { ports4: [], ports4_at: [], ports6: [], ports6_at: [] }
  for (const set of SETS) elements[set.name] = set.elements(state.networks)
  for (const { map, text } of state.ports.filter(isTranslated).map(portElement)) elements[map]?.push(text)
  const chains: Record<string, string[]> = {}
  for (const { chain, comment } of RULES) (chains[chain] ??= []).push(comment)
  return { chains, elements: sorted(elements) }
}

export function isSameTable(a: TableContents | undefined, b: TableContents | undefined): boolean {
  return JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b))
}

function contentsOf(objects: readonly NftListed[]): TableContents {
  const chains: Record<string, string[]> = {}
  const elements: Record<string, string[]> = {}
  for (const { chain, rule, set, map } of objects) {
    if (chain?.name !== undefined) chains[chain.name] = []
    if (rule?.chain !== undefined) (chains[rule.chain] ??= []).push(rule.comment ?? '')
    const named: NftListedObject | undefined = set ?? map
    if (named?.name !== undefined) elements[named.name] = (named.elem ?? []).map(elementText)
  }
  return { chains, elements: sorted(elements) }
}

/** A name, `{prefix}`, `{concat}`, or of a map `[key, value]`. */
function elementText(element: unknown): string {
  if (Array.isArray(element)) return element.map(elementText).join(' : ')
  if (typeof element !== 'object' || element === null) return String(element)
  if ('concat' in element && Array.isArray(element.concat)) return element.concat.map(elementText).join(' . ')
  if ('prefix' in element) {
    const { addr, len } = element.prefix as { addr: string; len: number }
    return `${addr}/${len}`
  }
  return JSON.stringify(element)
}

function sorted(elements: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(elements).map(([name, list]) => [name, list.map((text) => text.replaceAll('"', '')).toSorted()]),
  )
}

function inOrder(contents: TableContents | undefined): unknown {
  if (contents === undefined) return undefined
  return [contents.chains, contents.elements].map((part) =>
    Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}
