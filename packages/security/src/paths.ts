/**
 * What of /proc and /sys a container may not read, and what it may not write: mount(2), mount_setattr(2), proc(5).
 * Both plans run in the container's mount namespace after pivot_root, read-only paths first, as runc does.
 */
import { existsSync, readFileSync } from 'node:fs'
import {
  AT_FDCWD,
  call,
  fdPath,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_RDONLY,
  MS_REC,
  O_CLOEXEC,
  O_PATH,
  ref,
  RESOLVE_NO_SYMLINKS,
  shellWord,
  struct,
  UserError,
  type Call,
  type Step,
} from '@mini-docker/syscall'

/** What docker 28.5 hides: these say things about the whole machine that no namespace covers. */
export const DEFAULT_MASKED_PATHS: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]

/** What docker makes read-only: writing there changes the kernel for everyone. */
export const DEFAULT_READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

/**
 * docker's masked paths on this machine: the fixed list, and `thermal_throttle` of every possible CPU where it exists
 * (how hot a CPU runs tells about other containers' work: GHSA-6fw5-f8r9-fgfm).
 */
export function readDefaultMaskedPaths(): string[] {
  let possible: string
  try {
    possible = readFileSync('/sys/devices/system/cpu/possible', 'utf8')
  } catch {
    // No sysfs, or one without CPUs: then there is nothing to hide in it either.
    return [...DEFAULT_MASKED_PATHS]
  }
  const throttles = parseCpuList(possible).map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`)
  return [...DEFAULT_MASKED_PATHS, ...throttles.filter((path) => existsSync(path))]
}

/** The numbers in a kernel's CPU list: `0-2,5` is 0, 1, 2, 5. cpuset(7), "List format". */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first, last] = part.split('-').map(Number) as [number, number?]
      return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index)
    })
}

/**
 * Hides each path: `/dev/null` over a file, an empty read-only tmpfs over a directory, nothing where there is nothing.
 * A plan cannot know which it is, so it tries both, and the kernel says ENOTDIR to the wrong one:
 *
 * | the path is | bind of /dev/null | tmpfs on `path/` |
 * |---|---|---|
 * | a file | 0 | ENOTDIR |
 * | a directory | ENOTDIR | 0 |
 * | nothing | ENOENT | ENOENT |
 *
 * @throws UserError `invalid` for a path that is not absolute.
 */
export function planMaskedPaths(paths: readonly string[]): Step {
  const targets = normalise('masked path', paths)
  return {
    id: 'security.masked-paths',
    stage: 'security',
    where: 'container',
    calls: targets.length === 0 ? [] : [...openNull(), ...targets.flatMap(mask), call('close', [ref(NULL_FD)])],
    shell: targets
      .map(shellWord)
      .map(
        (path) =>
          `if [ -d ${path} ]; then mount -t tmpfs -o ro,nr_blocks=1,nr_inodes=2 tmpfs ${path}; elif [ -e ${path} ]; then mount --bind /dev/null ${path}; fi`,
      ),
    man: ['mount(2)', 'proc(5)'],
  }
}

/**
 * Makes each path read-only where it stands: a bind mount on itself, then the read-only bit and no other changed. Missing ones are
 * passed over. Mounts further down keep their own flags, as with runc. Linux ≥ 5.12.
 * @throws UserError `invalid` for a path that is not absolute.
 */
export function planReadonlyPaths(paths: readonly string[]): Step {
  const targets = normalise('read-only path', paths)
  return {
    id: 'security.readonly-paths',
    stage: 'security',
    where: 'container',
    calls: targets.flatMap((path) => [
      call('mount', [path, path, null, MS_BIND | MS_REC, null], { allow: ['ENOENT'] }),
      // Not mount(2) with MS_REMOUNT: that would have to name nosuid, nodev and noexec again, or lose them.
      call('mount_setattr', [AT_FDCWD, path, 0, struct('mount_attr', { attr_set: MOUNT_ATTR_RDONLY }), 32], {
        allow: ['ENOENT'],
      }),
    ]),
    shell: targets
      .map(shellWord)
      .map((path) => `[ ! -e ${path} ] || { mount --rbind ${path} ${path} && mount -o remount,bind,ro ${path}; }`),
    man: ['mount(2)', 'mount_setattr(2)', 'proc(5)'],
  }
}

const NULL_FD = 'security.masked-paths.null'

/**
 * /dev/null is opened once and never through a symbolic link: one that leads to /proc/sys/kernel/core_pattern would be bound
 * over the masked path, and be writable (CVE-2025-31133). The readlink makes sure that /proc/self/fd, through which the
 * descriptor is mounted, is there: without it every mount below would be ENOENT, and nothing would be hidden.
 */
function openNull(): Call[] {
  return [
    call(
      'openat2',
      [AT_FDCWD, '/dev/null', struct('open_how', { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_NO_SYMLINKS }), 24],
      { as: NULL_FD },
    ),
    call('readlinkat', [AT_FDCWD, fdPath(NULL_FD), { out: 16 }, 16]),
  ]
}

function mask(path: string): Call[] {
  return [
    call('mount', [fdPath(NULL_FD), path, null, MS_BIND, null], { allow: ['ENOENT', 'ENOTDIR'] }),
    // The slash lets a file fail while its name is looked up, before the kernel makes a tmpfs for nothing.
    call('mount', ['tmpfs', `${path}/`, 'tmpfs', MS_RDONLY, 'nr_blocks=1,nr_inodes=2'], {
      allow: ['ENOENT', 'ENOTDIR'],
    }),
  ]
}

/** Absolute, without trailing slashes, each once. */
function normalise(what: string, paths: readonly string[]): string[] {
  const clean = paths.map((path) => {
    if (!path.startsWith('/') || path.includes('\0')) {
      throw new UserError('invalid', `${what} is not absolute: ${JSON.stringify(path)}`)
    }
    return path.replace(/(?<=.)\/+$/, '')
  })
  return [...new Set(clean)]
}
