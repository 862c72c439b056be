/**
 * What `doctor` looks at. Each check reads the machine and gives a verdict with, where something is missing, how to mend
 * it. `readFile` and the like come in as one value, so that the verdicts can be tested for machines that are not here.
 */

import { examineImages } from './image-checks.ts'

/** `ok`: works. `limited`: works with less. `missing`: containers cannot run. */
export type Verdict = 'ok' | 'limited' | 'missing'
export type Finding = { name: string; verdict: Verdict; detail: string; mend?: string }

/** What the checks may see of the machine. */
export type Machine = {
  /** The file's text, or undefined when it cannot be read. */
  read: (path: string) => string | undefined
  exists: (path: string) => boolean
  /** The full path of a program in PATH. */
  which: (program: string) => string | undefined
  uid: number
  kernelRelease: string
  nodeVersion: string
  /** What is free in the file system of a path. */
  free: (path: string) => { bytes: number; inodes: number } | undefined
  /** The names in a directory, or undefined when it cannot be read. */
  list: (path: string) => readonly string[] | undefined
  modifiedMs: (path: string) => number | undefined
  nowMs: number
  /** Docker's config.json of this user. */
  dockerConfig: string
}

/** All findings, in the order in which they matter. */
export function examine(machine: Machine): Finding[] {
  return [
    root(machine),
    kernel(machine),
    namespaces(machine),
    overlay(machine),
    ...cgroups(machine),
    capabilities(machine),
    seccomp(machine),
    devpts(machine),
    ...examineImages(machine),
    node(machine),
    ...programs(machine),
  ]
}

function root({ uid }: Machine): Finding {
  if (uid === 0) return { name: 'root', verdict: 'ok', detail: 'runs as root' }
  return {
    name: 'root',
    verdict: 'missing',
    detail: `runs as uid ${uid}`,
    mend: 'use sudo; rootless mode comes with a later part',
  }
}

/** What each version of Linux brought that the launcher uses. */
const KERNEL_NEEDS: ReadonlyArray<[major: number, minor: number, what: string]> = [
  [3, 17, 'memfd_create(2), from which the launcher is started'],
  [4, 6, 'cgroup namespaces'],
  [5, 3, 'clone3(2) and pidfd_open(2)'],
  [5, 6, 'openat2(2), which keeps paths inside the container'],
]

function kernel({ kernelRelease }: Machine): Finding {
  const [major = 0, minor = 0] = kernelRelease.split(/[.-]/).map(Number)
  const lacking = KERNEL_NEEDS.filter(
    ([wantedMajor, wantedMinor]) => major < wantedMajor || (major === wantedMajor && minor < wantedMinor),
  )
  if (lacking.length === 0)
    return {
      name: 'kernel',
      verdict: 'ok',
      detail: `Linux ${kernelRelease} (has clone3, pidfd_open, openat2, memfd_create)`,
    }
  return {
    name: 'kernel',
    verdict: 'missing',
    detail: `Linux ${kernelRelease} lacks ${lacking.map(([, , what]) => what).join('; ')}`,
    mend: 'use a kernel of 5.6 or newer',
  }
}

function namespaces({ exists }: Machine): Finding {
  const wanted = ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'user']
  const lacking = wanted.filter((type) => !exists(`/proc/self/ns/${type}`))
  if (lacking.length === 0) return { name: 'namespaces', verdict: 'ok', detail: wanted.join(' ') }
  const serious = lacking.some((type) => type !== 'user')
  return {
    name: 'namespaces',
    verdict: serious ? 'missing' : 'limited',
    detail: `not in this kernel: ${lacking.join(' ')}`,
    mend: `use a kernel built with ${lacking.map((type) => `CONFIG_${type === 'mnt' ? '' : type.toUpperCase()}_NS`).join(', ')}`,
  }
}

function overlay({ read, exists }: Machine): Finding {
  if (/\boverlay$/m.test(read('/proc/filesystems') ?? ''))
    return { name: 'overlay', verdict: 'ok', detail: 'in the kernel' }
  if (exists('/sys/module/overlay')) return { name: 'overlay', verdict: 'ok', detail: 'as a module' }
  return {
    name: 'overlay',
    verdict: 'limited',
    detail: 'the kernel has no overlay file system (yet): images are copied for every container',
    mend: 'modprobe overlay',
  }
}

function cgroups(machine: Machine): Finding[] {
  const mounts = (machine.read('/proc/self/mountinfo') ?? '').split('\n').filter((line) => / - cgroup2? /.test(line))
  const v2 = mounts.find((line) => line.includes(' - cgroup2 '))
  const v1 = mounts.filter((line) => line.includes(' - cgroup '))
  if (v2 === undefined && v1.length === 0) {
    return [
      {
        name: 'cgroups',
        verdict: 'missing',
        detail: 'no cgroup file system is mounted',
        mend: 'mount -t cgroup2 none /sys/fs/cgroup',
      },
    ]
  }
  const layout = v1.length === 0 ? 'v2' : v2 === undefined ? 'v1' : 'hybrid (v1 controllers, v2 beside them)'
  const v2Directory = v2?.split(' ')[4] ?? ''
  const has = new Set([
    ...(machine.read(`${v2Directory}/cgroup.controllers`) ?? '').trim().split(/\s+/),
    ...v1.flatMap((line) => line.split(' - ')[1]?.split(' ')[2]?.split(',') ?? []),
  ])
  const wanted = {
    memory: 'memory limits',
    cpu: 'CPU limits',
    cpuset: 'pinning to CPUs',
    pids: 'limits on processes',
    io: 'block IO limits',
  }
  const lacking = Object.keys(wanted).filter((name) => !has.has(name) && !(name === 'io' && has.has('blkio')))
  const found = {
    name: 'cgroups',
    verdict: 'ok' as const,
    detail: `${layout}; controllers ${[...has]
      .filter((name) => name !== '')
      .toSorted()
      .join(' ')}`,
  }
  if (lacking.length === 0) return [found]
  return [
    found,
    {
      name: 'controllers',
      verdict: 'limited',
      detail: `not available: ${lacking.join(' ')} (${lacking.map((name) => wanted[name as keyof typeof wanted]).join(', ')} are refused)`,
      mend: 'cgroup_enable=memory swapaccount=1 on the kernel command line, or delegation by the parent group',
    },
  ]
}

/** Numbers from capabilities(7). */
const NEEDED_CAPABILITIES: Record<string, number> = {
  CAP_SYS_ADMIN: 21,
  CAP_SYS_CHROOT: 18,
  CAP_MKNOD: 27,
  CAP_SETUID: 7,
  CAP_SETGID: 6,
  CAP_CHOWN: 0,
  CAP_NET_ADMIN: 12,
}

function capabilities({ read }: Machine): Finding {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? '0'}`)
  const has = (bit: number) => (mask & (1n << BigInt(bit))) !== 0n
  const lacking = Object.entries(NEEDED_CAPABILITIES)
    .filter(([, bit]) => !has(bit))
    .map(([name]) => name)
  if (lacking.length > 0) {
    return {
      name: 'capabilities',
      verdict: 'missing',
      detail: `lacks ${lacking.join(' ')}`,
      mend: 'run as a root that keeps its capabilities (inside a container: --privileged)',
    }
  }
  if (!has(24))
    return {
      name: 'capabilities',
      verdict: 'limited',
      detail: 'no CAP_SYS_RESOURCE: limits (--ulimit, --oom-score-adj) can be lowered, not raised',
    }
  return { name: 'capabilities', verdict: 'ok', detail: 'all that are needed' }
}

function seccomp({ read }: Machine): Finding {
  if (/^Seccomp:/m.test(read('/proc/self/status') ?? ''))
    return { name: 'seccomp', verdict: 'ok', detail: 'in the kernel' }
  return {
    name: 'seccomp',
    verdict: 'limited',
    detail: 'not in this kernel: system calls cannot be filtered',
    mend: 'use a kernel built with CONFIG_SECCOMP_FILTER',
  }
}

function devpts({ exists }: Machine): Finding {
  if (exists('/dev/pts/ptmx') || exists('/dev/ptmx'))
    return { name: 'terminals', verdict: 'ok', detail: '/dev/ptmx is there' }
  return { name: 'terminals', verdict: 'limited', detail: 'no /dev/ptmx', mend: 'mount -t devpts devpts /dev/pts' }
}

function node({ nodeVersion }: Machine): Finding {
  const major = Number(/^v(\d+)/.exec(nodeVersion)?.[1] ?? 0)
  if (major >= 24) return { name: 'node', verdict: 'ok', detail: nodeVersion }
  return {
    name: 'node',
    verdict: 'missing',
    detail: `${nodeVersion} is too old`,
    mend: 'start through ./mini-docker, which brings its own',
  }
}

/** Programs that help but are not needed, and what for. */
const PROGRAMS: Record<string, { what: string; mend: string }> = {
  ps: { what: 'mini-docker top', mend: 'apt-get install procps' },
  stty: { what: 'full-screen programs under -t', mend: 'apt-get install coreutils' },
  ip: { what: 'typing what --explain shows', mend: 'apt-get install iproute2' },
  nsenter: { what: 'typing what --explain shows', mend: 'apt-get install util-linux' },
  docker: { what: 'comparing: the real client works with this daemon too', mend: 'apt-get install docker.io' },
}

function programs({ which }: Machine): Finding[] {
  return Object.entries(PROGRAMS).map(([program, { what, mend }]): Finding => {
    const path = which(program)
    if (path !== undefined) return { name: program, verdict: 'ok', detail: path }
    return { name: program, verdict: 'limited', detail: `not installed; used for ${what}`, mend }
  })
}
