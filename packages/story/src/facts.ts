/**
 * What the kernel says about a process, as rows with stable keys: two readings are compared row by row, and a view shows them without knowing
 * what they mean. Read by `@mini-docker/facts`; here are only the values, so that a recording can be played where there is no Linux.
 */

/** In the order in which a person reads them: what the process sees, what it may use, what it may do. */
export const SECTIONS = [
  'namespaces',
  'mounts',
  'root',
  'idmap',
  'cgroup',
  'links',
  'addresses',
  'routes',
  'sysctls',
  'nft',
  'capabilities',
  'security',
  'limits',
  'fds',
] as const

export type SectionId = (typeof SECTIONS)[number]

/** The key is unique in its section (see `uniqueKeys`); the value is one line. */
export type FactRow = [key: string, value: string]

/** One group of facts. `source` is the path or the command it was read from: `/proc/123/mountinfo`, `nft list table inet mini-docker`. */
export type FactSection = { source: string; rows: FactRow[] }

/** A section that is not there was not read: nobody knows, or nobody asked. One that was read and is empty has no rows. */
export type Facts = Partial<Record<SectionId, FactSection>>

export type FactChange =
  | { section: SectionId; key: string; kind: 'added'; after: string }
  | { section: SectionId; key: string; kind: 'removed'; before: string }
  | { section: SectionId; key: string; kind: 'changed'; before: string; after: string }

/**
 * What is different in the second reading, section by section, in the order of its rows; rows that are gone stand at the end of their section.
 * A section that only one of the two readings has says nothing about a change, and is left out.
 */
export function changesBetween(before: Facts, after: Facts): FactChange[] {
  return SECTIONS.flatMap((section) => {
    const [old, now] = [before[section], after[section]]
    return old === undefined || now === undefined ? [] : changesOf(section, old.rows, now.rows)
  })
}

/** The sections of `after` that are not word for word as in `before`: what has to be told to somebody who knows `before`. */
export function differingSections(before: Facts, after: Facts): Facts {
  return Object.fromEntries(
    SECTIONS.flatMap((id) => {
      const [old, now] = [before[id], after[id]]
      return now === undefined || (old !== undefined && isEqual(old, now)) ? [] : [[id, now]]
    }),
  )
}

/** The other way round: all that is known after hearing `news`. */
export function withSections(known: Facts, news: Facts): Facts {
  return { ...known, ...news }
}

/** Rows whose keys are unique: the second `/proc` becomes `/proc#2`. Mounts lie on top of each other, and rules may be there twice. */
export function uniqueKeys(rows: readonly FactRow[]): FactRow[] {
  const seen = new Map<string, number>()
  return rows.map(([key, value]) => {
    const times = (seen.get(key) ?? 0) + 1
    seen.set(key, times)
    return [times === 1 ? key : `${key}#${times}`, value]
  })
}

function changesOf(section: SectionId, before: readonly FactRow[], after: readonly FactRow[]): FactChange[] {
  const old = new Map(uniqueKeys(before))
  const now = uniqueKeys(after)
  const present = new Set(now.map(([key]) => key))
  const gone = [...old].filter(([key]) => !present.has(key))
  return [
    ...now.flatMap(([key, value]): FactChange[] => {
      const was = old.get(key)
      if (was === undefined) return [{ section, key, kind: 'added', after: value }]
      return was === value ? [] : [{ section, key, kind: 'changed', before: was, after: value }]
    }),
    ...gone.map(([key, value]): FactChange => ({ section, key, kind: 'removed', before: value })),
  ]
}

function isEqual(a: FactSection, b: FactSection): boolean {
  return (
    a.source === b.source &&
    a.rows.length === b.rows.length &&
    a.rows.every(([key, value], i) => key === b.rows[i]?.[0] && value === b.rows[i][1])
  )
}
