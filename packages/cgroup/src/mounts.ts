/**
 * Which cgroup hierarchies are mounted, and where this process is in each: /proc/self/mountinfo (proc(5)) and
 * /proc/self/cgroup (cgroups(7)), as pure functions of their text.
 *
 *     32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu      v1: controllers are mount options
 *     41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw             v2: one tree for all
 *
 *     4:memory:/user.slice          hierarchy 4, controllers, path within it
 *     0::/                          the v2 tree
 */
import { posix } from 'node:path'

/** One mounted hierarchy. `own` is the directory of this process in it. */
export type CgroupMount = {
  version: 1 | 2
  mountPoint: string
  /** v1: from the mount options. v2: empty here, the tree itself says (`cgroup.controllers`). */
  controllers: string[]
  /** v1: a hierarchy without controllers, `name=systemd`. */
  name?: string
  own: string
}

/** Reads both files' text. A hierarchy mounted several times is listed once, at its first place. */
export function parseCgroupMounts(mountinfo: string, selfCgroup: string): CgroupMount[] {
  const positions = parsePositions(selfCgroup)
  const found = new Map<string, CgroupMount>()
  for (const line of visibleMounts(mountinfo)) {
    const key =
      line.version === 2 ? '' : [...line.controllers, ...(line.name ? [`name=${line.name}`] : [])].toSorted().join(',')
    const position = positions.get(key)
    if (position === undefined || found.has(key)) continue
    const { root, ...mount } = line
    found.set(key, { ...mount, own: posix.join(mount.mountPoint, below(root, position)).replace(/(.)\/$/, '$1') })
  }
  return [...found.values()]
}

/** Hierarchy key (sorted controllers; empty for v2) → path. */
function parsePositions(selfCgroup: string): Map<string, string> {
  const positions = new Map<string, string>()
  for (const line of selfCgroup.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line)
    if (match) positions.set(match[1]!.split(',').toSorted().join(','), match[2]!)
  }
  return positions
}

type MountLine = Omit<CgroupMount, 'own'> & { root: string }

/** cgroup mounts that no later mount on the same directory hides. */
function visibleMounts(mountinfo: string): MountLine[] {
  const byMountPoint = new Map<string, MountLine | undefined>()
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ')
    const root = left?.split(' ')[3]
    const place = left?.split(' ')[4]
    const [type, , options] = right?.split(' ') ?? []
    if (root === undefined || place === undefined || type === undefined) continue
    byMountPoint.delete(unescape(place))
    byMountPoint.set(unescape(place), mountLine(type, options ?? '', unescape(place), unescape(root)))
  }
  return [...byMountPoint.values()].filter((mount) => mount !== undefined)
}

function mountLine(type: string, options: string, mountPoint: string, root: string): MountLine | undefined {
  if (type === 'cgroup2') return { version: 2, mountPoint, controllers: [], root }
  if (type !== 'cgroup') return undefined
  const words = options.split(',')
  const name = words.find((word) => word.startsWith('name='))?.slice('name='.length)
  const controllers = words.filter((word) => V1_CONTROLLERS.has(word))
  return { version: 1, mountPoint, controllers, root, ...(name === undefined ? {} : { name }) }
}

/** Other words among the mount options (`rw`, `clone_children`, `xattr`, `release_agent=…`) are no controllers. */
const V1_CONTROLLERS = new Set([
  'cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'hugetlb', 'net_cls', 'net_prio', 'perf_event', 'rdma', 'misc', 'debug',
]) // prettier-ignore

/**
 * The position as seen below the mount. Inside a container without a cgroup namespace the mount shows only the subtree
 * `root`; and a process above its namespace's root has a position like `/../..`, which no path under the mount reaches.
 */
function below(root: string, position: string): string {
  if (position.startsWith('/..')) return '/'
  if (root === '/') return position
  if (position === root) return '/'
  return position.startsWith(`${root}/`) ? position.slice(root.length) : '/'
}

/** mountinfo writes space, tab, newline and backslash as `\040` and so on. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
