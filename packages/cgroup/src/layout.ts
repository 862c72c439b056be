/**
 * How this machine's control groups are laid out. cgroups(7).
 *
 *     v2       one tree at /sys/fs/cgroup; a group hands controllers to its children with cgroup.subtree_control
 *     v1       one tree for each controller; a process has a place in every one of them
 *     hybrid   v1, and a v2 tree beside it (often without controllers, but with cgroup.kill)
 *
 * The layout is a value: plans are pure functions of it. Each controller lives in exactly one hierarchy, so writers ask
 * `controllerHome` and look at its version; hybrids need no case of their own.
 */
import { UserError } from '@mini-docker/syscall'

/** The group that holds all containers, as `docker` is dockerd's. */
export const DEFAULT_PARENT = 'mini-docker'

type Common = {
  mountPoint: string
  controllers: readonly string[]
  /** Directory of this process. */
  own: string
  /** Directory below which groups are made: the hierarchy's root, or `own` where the root cannot be written. */
  base: string
  /** False: neither can be written (no root, or mounted read-only). */
  writable: boolean
  /** Control files seen in a group here; decides what this kernel can limit. */
  files: KnownFiles
  /** Processors and memory nodes that groups below `base` can have; where cpuset lives. */
  cpuset?: { cpus: string; mems: string }
}

export type V1Hierarchy = Common & {
  version: 1
  /** A hierarchy without controllers: `systemd`. */
  name?: string
  /** The parent group exists and, where cpuset lives, hands its processors on to new children. */
  parentReady: boolean
}

export type V2Hierarchy = Common & {
  version: 2
  /** Controllers that `base` hands to its children (`cgroup.subtree_control`). */
  handedDown: readonly string[]
  /** `base` is not the root of the machine and has processes: it may not hand down any more (no-internal-process rule). */
  hasProcesses: boolean
  /** Controllers that the parent group hands down; undefined while it does not exist. */
  parentHandsDown?: readonly string[]
}

export type Hierarchy = V1Hierarchy | V2Hierarchy

/** Names, and where they were seen: the root group lacks files that every other group has, so there absence says nothing. */
export type KnownFiles = { seenIn: 'group' | 'root' | 'nothing'; names: readonly string[] }

export type CgroupLayout = {
  kind: 'v1' | 'v2' | 'hybrid'
  /** The group that holds all containers, relative to `base`; the facts about it stand in each hierarchy. */
  parent: string
  hierarchies: readonly Hierarchy[]
}

/** The hierarchy in which a controller lives; names differ only for block I/O. */
export function controllerHome(layout: CgroupLayout, v1Name: string, v2Name: string = v1Name): Hierarchy | undefined {
  return layout.hierarchies.find((h) => h.controllers.includes(h.version === 1 ? v1Name : v2Name))
}

/** The v2 tree, where there is one. */
export function unifiedHierarchy(layout: CgroupLayout): V2Hierarchy | undefined {
  return layout.hierarchies.find((h) => h.version === 2)
}

/** Whether groups of a hierarchy have a control file: `unknown` where none but the root could be looked at. */
export function hasFile(home: Hierarchy, name: string): 'yes' | 'no' | 'unknown' {
  if (home.files.names.includes(name)) return 'yes'
  return home.files.seenIn === 'group' ? 'no' : 'unknown'
}

/** The directory of a group, `mini-docker/<id>`, in one hierarchy. */
export function groupDirectory(hierarchy: Hierarchy, path: string): string {
  return `${hierarchy.base === '/' ? '' : hierarchy.base}/${groupPath(path)}`
}

/**
 * Checks a group's path: relative components, a leading slash allowed.
 * @throws UserError `invalid` for an empty path, `..`, or what would be a control file.
 */
export function groupPath(path: string): string {
  const parts = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  const bad = parts.some(
    (part) => part === '' || part === '.' || part === '..' || part.includes('\0') || part.includes('\n'),
  )
  if (bad || parts.some((part) => part.length > 255))
    throw new UserError('invalid', `invalid cgroup path ${JSON.stringify(path)}`, {
      hint: 'a path like mini-docker/<id>, without . and ..',
    })
  return parts.join('/')
}
