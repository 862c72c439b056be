/** A config as docker makes one, for tests. */
import { DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from '@mini-docker/security'
import type { Machine, Process, Spec } from '../src/index.ts'

const CAPABILITIES =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((name) => `CAP_${name}`)

export function dockerSpec(args: string[], process: Partial<Process> = {}): Spec {
  return {
    ociVersion: '1.2.0',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0, additionalGids: [0, 10] },
      args,
      env: ['PATH=/usr/bin:/bin', 'HOME=/root'],
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 512, hard: 1024 }],
      oomScoreAdj: 100,
      ...process,
    },
    root: { path: 'rootfs' },
    hostname: 'boxy',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid', 'noexec', 'nodev'] },
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
      },
    ],
    linux: {
      namespaces: (['pid', 'mount', 'uts', 'ipc', 'network', 'cgroup'] as const).map((type) => ({ type })),
      resources: {
        devices: [
          { allow: false, access: 'rwm' },
          ...[
            [1, 3],
            [1, 5],
            [1, 7],
            [1, 8],
            [1, 9],
            [5, 0],
            [5, 2],
          ].map(([major, minor]) => ({ allow: true, type: 'c' as const, major, minor, access: 'rwm' })),
          { allow: true, type: 'c', major: 136, access: 'rwm' },
          { allow: true, type: 'c', access: 'm' },
          { allow: true, type: 'b', access: 'm' },
        ],
        memory: { limit: 64 * 2 ** 20 },
        pids: { limit: 50 },
      },
      maskedPaths: DEFAULT_MASKED_PATHS,
      readonlyPaths: DEFAULT_READONLY_PATHS,
    },
  }
}

/** A machine with cgroup v2, for plans that are only looked at. */
export const V2_MACHINE: Machine = {
  cgroups: {
    kind: 'v2',
    parent: 'mini-docker',
    hierarchies: [
      {
        version: 2,
        mountPoint: '/sys/fs/cgroup',
        controllers: ['cpu', 'cpuset', 'io', 'memory', 'pids'],
        own: '/sys/fs/cgroup/system.slice/mini-docker.service',
        base: '/sys/fs/cgroup',
        writable: true,
        files: {
          seenIn: 'group',
          names: [
            'cgroup.procs',
            'memory.max',
            'memory.swap.max',
            'pids.max',
            'cpu.max',
            'cpu.weight',
            'io.weight',
            'cgroup.kill',
          ],
        },
        handedDown: ['cpu', 'cpuset', 'io', 'memory', 'pids'],
        hasProcesses: false,
        parentHandsDown: ['cpu', 'cpuset', 'io', 'memory', 'pids'],
      },
    ],
  },
  lastCap: 40,
  kcore: true,
  isFile: (path) => path.endsWith('.conf'),
}
