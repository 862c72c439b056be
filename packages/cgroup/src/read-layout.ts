/** Reads the layout of this machine. The only file of the package that looks at the machine as a whole. */
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import {
  DEFAULT_PARENT,
  groupPath,
  type CgroupLayout,
  type Hierarchy,
  type KnownFiles,
  type V1Hierarchy,
  type V2Hierarchy,
} from './layout.ts'
import { parseCgroupMounts, type CgroupMount } from './mounts.ts'
import { UserError } from '@mini-docker/syscall'

/** Where `delegate` puts the processes that were in the daemon's own group. */
export const HOST_LEAF = 'mini-docker.host'

/** Hierarchies a container gets a group in. The rest (net_cls, perf_event, …) limit nothing that `run` can ask for, and each costs 0.1 ms. */
const USED = new Set(['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'hugetlb'])

/**
 * The layout, from /proc/self/mountinfo, /proc/self/cgroup and the trees themselves. `parent` is the group that will hold
 * the containers. Needs no privileges; takes about a millisecond, so a daemon reads it once (see `prepareParent`).
 * @throws UserError `unavailable` where no cgroup hierarchy is mounted.
 */
export function readCgroupLayout(options: { parent?: string } = {}): CgroupLayout {
  const parent = groupPath(options.parent ?? DEFAULT_PARENT)
  const mounts = parseCgroupMounts(
    readFileSync('/proc/self/mountinfo', 'utf8'),
    readFileSync('/proc/self/cgroup', 'utf8'),
  )
  const hierarchies = mounts.filter(isUsed).map((mount) => readHierarchy(mount, parent))
  if (hierarchies.length === 0)
    throw new UserError('unavailable', 'no cgroup hierarchy is mounted', {
      hint: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    })
  const versions = new Set(hierarchies.map((hierarchy) => hierarchy.version))
  return { kind: versions.size === 2 ? 'hybrid' : versions.has(2) ? 'v2' : 'v1', parent, hierarchies }
}

function isUsed(mount: CgroupMount): boolean {
  return mount.version === 2 || mount.name === 'systemd' || mount.controllers.some((name) => USED.has(name))
}

function readHierarchy(mount: CgroupMount, parent: string): Hierarchy {
  const root = mount.mountPoint
  const own = withoutHostLeaf(mount.own)
  const base = canWrite(root) ? root : own
  const common = { mountPoint: root, own: mount.own, base, writable: canWrite(base) }
  return mount.version === 1
    ? readV1({ ...common, controllers: mount.controllers }, mount.name, parent)
    : readV2(common, parent)
}

type Found = Pick<Hierarchy, 'mountPoint' | 'own' | 'base' | 'writable'>

function readV1(found: Found & { controllers: string[] }, name: string | undefined, parent: string): V1Hierarchy {
  const isCpuset = found.controllers.includes('cpuset')
  const inherits = () => readWord(`${found.base}/${parent}/cgroup.clone_children`) === '1'
  // A parent that somebody has given fewer processors keeps them.
  const readInherited = (what: 'cpus' | 'mems') =>
    readWord(`${found.base}/${parent}/cpuset.${what}`) || readEffective(found.base, what)
  return {
    version: 1,
    ...found,
    ...(name === undefined ? {} : { name }),
    files: readFiles(found, parent),
    parentReady: exists(`${found.base}/${parent}`) && (!isCpuset || inherits()),
    ...(isCpuset ? { cpuset: { cpus: readInherited('cpus'), mems: readInherited('mems') } } : {}),
  }
}

function readV2(found: Found, parent: string): V2Hierarchy {
  const { base } = found
  const controllers = readWords(`${base}/cgroup.controllers`)
  const isMachineRoot = !exists(`${base}/cgroup.type`)
  return {
    version: 2,
    ...found,
    controllers,
    files: readFiles(found, parent),
    handedDown: readWords(`${base}/cgroup.subtree_control`),
    hasProcesses: !isMachineRoot && readWord(`${base}/cgroup.procs`) !== '',
    ...(exists(`${base}/${parent}`) ? { parentHandsDown: readWords(`${base}/${parent}/cgroup.subtree_control`) } : {}),
    ...(controllers.includes('cpuset')
      ? { cpuset: { cpus: readWord(`${base}/cpuset.cpus.effective`), mems: readWord(`${base}/cpuset.mems.effective`) } }
      : {}),
  }
}

/** A daemon that moved itself out of its group's way (`delegate`) still makes groups beside itself, not below. */
function withoutHostLeaf(own: string): string {
  return posix.basename(own) === HOST_LEAF ? posix.dirname(own) : own
}

/** Control files of the parent, else of any other group, else of the root. */
function readFiles({ base, mountPoint }: Found, parent: string): KnownFiles {
  const sample = [`${base}/${parent}`, ...childGroups(base), ...(base === mountPoint ? [] : [base])].find(exists)
  if (sample !== undefined) return { seenIn: 'group', names: controlFiles(sample) }
  return exists(mountPoint) ? { seenIn: 'root', names: controlFiles(mountPoint) } : { seenIn: 'nothing', names: [] }
}

function childGroups(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => `${directory}/${entry.name}`)
  } catch {
    return []
  }
}

/** Files of controllers only; `cgroup.procs` and its kind are everywhere but `cgroup.kill`, which tells the kernel's age. */
function controlFiles(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
  } catch {
    return []
  }
}

/** v1 shows what a group may use in `cpuset.effective_*` since 3.17. */
function readEffective(directory: string, what: 'cpus' | 'mems'): string {
  return readWord(`${directory}/cpuset.effective_${what}`) || readWord(`${directory}/cpuset.${what}`)
}

function readWords(file: string): string[] {
  return readWord(file).split(/\s+/).filter(Boolean)
}

/** The trimmed content; empty where the file does not exist or may not be read. */
function readWord(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

function canWrite(directory: string): boolean {
  return can(directory, constants.W_OK)
}

function exists(path: string): boolean {
  return can(path, constants.F_OK)
}

function can(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
