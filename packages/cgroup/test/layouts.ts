/** Layouts of known machines for tests of pure functions: recorded mountinfo and cgroup files, and the facts that a look at the tree gave. */
import type { CgroupLayout, Hierarchy } from '../src/layout.ts'
import { parseCgroupMounts, type CgroupMount } from '../src/mounts.ts'

/** Debian 12 with systemd. */
export const V2_MOUNTINFO = `24 1 254:0 / / rw,noatime shared:1 - ext4 /dev/vda rw
27 24 0:25 / /sys rw,nosuid,nodev,noexec - sysfs sysfs rw
32 27 0:28 / /sys/fs/cgroup rw,nosuid,nodev,noexec shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`
export const V2_CGROUP = '0::/system.slice/mini-docker.service\n'

/** A machine of the v1 days: cpu and cpuacct share a tree, the systemd tree has no controller. */
export const V1_MOUNTINFO = `25 20 0:21 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:4 - tmpfs tmpfs ro,mode=755
26 25 0:22 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd
29 25 0:25 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
30 25 0:26 / /sys/fs/cgroup/cpuset rw,nosuid - cgroup cgroup rw,cpuset
31 25 0:27 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/devices rw,nosuid - cgroup cgroup rw,devices
33 25 0:29 / /sys/fs/cgroup/freezer rw,nosuid - cgroup cgroup rw,freezer
34 25 0:30 / /sys/fs/cgroup/blkio rw,nosuid - cgroup cgroup rw,blkio
35 25 0:31 / /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids
36 25 0:32 / /sys/fs/cgroup/net_cls,net_prio rw,nosuid - cgroup cgroup rw,net_cls,net_prio
`
export const V1_CGROUP = `10:net_prio,net_cls:/
9:pids:/system.slice/mini-docker.service
8:blkio:/
7:freezer:/
6:devices:/system.slice/mini-docker.service
5:memory:/system.slice/mini-docker.service
4:cpuset:/
3:cpuacct,cpu:/
1:name=systemd:/system.slice/mini-docker.service
`

export const HYBRID_MOUNTINFO = `${V1_MOUNTINFO}27 25 0:23 / /sys/fs/cgroup/unified rw,nosuid shared:6 - cgroup2 cgroup2 rw\n`
export const HYBRID_CGROUP = `${V1_CGROUP}0::/system.slice/mini-docker.service\n`

type Facts = {
  ready?: boolean
  v2Controllers?: string[]
  handedDown?: string[]
  hasProcesses?: boolean
  files?: string[]
  ownBase?: boolean
}

const V2_CONTROLLERS = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids']

/** The layout that `readCgroupLayout` would read, as root unless said otherwise. */
export function layoutOf(mountinfo: string, selfCgroup: string, facts: Facts = {}): CgroupLayout {
  const mounts = parseCgroupMounts(mountinfo, selfCgroup).filter((mount) => !mount.controllers.includes('net_cls'))
  const versions = new Set(mounts.map(({ version }) => version))
  const kind = versions.size === 2 ? 'hybrid' : versions.has(2) ? 'v2' : 'v1'
  return { kind, parent: 'mini-docker', hierarchies: mounts.map((mount) => hierarchyOf(mount, facts)) }
}

function hierarchyOf(mount: CgroupMount, facts: Facts): Hierarchy {
  const { version, name, ...rest } = mount
  const common = {
    ...rest,
    base: facts.ownBase ? mount.own : mount.mountPoint,
    writable: true,
    files: facts.files ? { seenIn: 'group' as const, names: facts.files } : { seenIn: 'nothing' as const, names: [] },
    cpuset: { cpus: '0-3', mems: '0' },
  }
  const { cpuset, ...withoutCpuset } = common
  if (version === 1)
    return {
      version,
      ...(mount.controllers.includes('cpuset') ? common : withoutCpuset),
      ...(name === undefined ? {} : { name }),
      parentReady: facts.ready ?? false,
    }
  const controllers = facts.v2Controllers ?? V2_CONTROLLERS
  return {
    version,
    ...withoutCpuset,
    ...(controllers.includes('cpuset') ? { cpuset } : {}),
    controllers,
    handedDown: facts.handedDown ?? [],
    hasProcesses: facts.hasProcesses ?? false,
    ...(facts.ready ? { parentHandsDown: controllers } : {}),
  }
}

export const v2 = (facts?: Facts) => layoutOf(V2_MOUNTINFO, V2_CGROUP, facts)
export const v1 = (facts?: Facts) => layoutOf(V1_MOUNTINFO, V1_CGROUP, facts)
/** The v2 tree of a hybrid has the controllers that v1 left over. */
export const hybrid = (facts?: Facts) =>
  layoutOf(HYBRID_MOUNTINFO, HYBRID_CGROUP, { v2Controllers: ['hugetlb'], ...facts })
