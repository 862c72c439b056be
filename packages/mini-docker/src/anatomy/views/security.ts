/** What it may do: capabilities beside docker's default, seccomp, and what else holds it back. */
import { shortNames, type Anatomy } from '@mini-docker/facts'
import { DEFAULT_CAPABILITIES } from '@mini-docker/security'
import { columnsOf } from '../../format/width.ts'
import type { Row } from '../../tui/shared/pieces.ts'
import { paragraph, type View } from '../view.ts'
import type { Subject } from '../subject.ts'
import type { Words } from '../words.ts'

const DEFAULT = new Set(shortNames(DEFAULT_CAPABILITIES))

type Told = [title: string, text: string, color?: string | undefined]

export function securityRows({ anatomy }: Subject, words: Words, width: number): View {
  const { pid, status, label, limits, openFiles, oomScoreAdjust } = anatomy
  const { seccomp, noNewPrivileges, uids, gids } = status
  const most = limits.find(({ resource }) => resource === 'RLIMIT_NOFILE')?.soft ?? '?'
  const lines: Told[] = [
    ...capabilityLines(anatomy, words),
    [
      'seccomp',
      seccomp.mode === 'disabled' ? words.seccompOff : words.seccompFilters(Math.max(1, seccomp.filters)),
      seccomp.mode === 'disabled' ? 'yellow' : 'green',
    ],
    ['no_new_privs', words.noNewPrivileges(noNewPrivileges), noNewPrivileges ? 'green' : undefined],
    ...(label === undefined ? [] : [[words.label, label] as [string, string]]),
    [
      words.user,
      `uid ${uids[1] ?? '?'} gid ${gids[1] ?? '?'}${status.groups.length > 0 ? ` groups ${status.groups.join(' ')}` : ''}`,
    ],
    [words.ids, idText(anatomy, words)],
    ['RLIMIT_NOFILE', words.openFiles(openFiles, most)],
    ...(oomScoreAdjust === undefined ? [] : [[words.oom, String(oomScoreAdjust)] as [string, string]]),
  ]
  const titles = Math.max(...lines.map(([title]) => columnsOf(title))) + 2
  return {
    rows: lines.flatMap(([title, text, color]): Row[] => paragraph(title, titles, text, width, color)),
    sources: [`/proc/${pid}/status`, `/proc/${pid}/uid_map`, `/proc/${pid}/limits`, `/proc/${pid}/attr/current`],
  }
}

/** The bounding set: what no program in there can ever get back. What is in force is told where it is not the same. */
function capabilityLines({ status, lastCapability, namespaces }: Anatomy, words: Words): Told[] {
  const bounding = shortNames(status.capabilities.Bounding)
  const effective = shortNames(status.capabilities.Effective)
  const isRoot = bounding.length === lastCapability + 1
  const has = new Set(bounding)
  const kept = bounding.filter((name) => DEFAULT.has(name))
  const added = bounding.filter((name) => !DEFAULT.has(name))
  const dropped = [...DEFAULT].filter((name) => !has.has(name))
  const inForce =
    effective.length === bounding.length ? [] : [['Effective', effective.join(' ') || words.none] as [string, string]]
  if (isRoot) {
    const ownUsers = namespaces.some(({ kind, isReaders }) => kind === 'user' && !isReaders)
    return [ownUsers ? ['capabilities', words.allInside] : ['capabilities', words.allCapabilities, 'red'], ...inForce]
  }
  return [
    [`capabilities`, words.defaults],
    [` ${words.kept}`, kept.join(' ') || words.none],
    ...(added.length === 0 ? [] : [[` ${words.added}`, added.join(' '), 'red'] as [string, string, string]]),
    ...(dropped.length === 0 ? [] : [[` ${words.dropped}`, dropped.join(' '), 'green'] as [string, string, string]]),
    ...inForce,
  ]
}

/** As the first user namespace has it: all but the one that means none. */
const ALL_IDS = 2 ** 32 - 1

function idText({ idMaps }: Anatomy, words: Words): string {
  const [first] = idMaps.uids
  if (idMaps.uids.length === 1 && first?.inside === 0 && first.outside === 0 && first.count === ALL_IDS)
    return words.sameIds
  return idMaps.uids
    .map(({ inside, outside, count }) => `${idRange(inside, count)} → ${idRange(outside, count)}`)
    .join(', ')
}

function idRange(first: number, count: number): string {
  return count === 1 ? String(first) : `${first}-${first + count - 1}`
}
