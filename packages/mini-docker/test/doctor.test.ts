import { describe, expect, test } from 'vitest'
import { examine, type Machine } from '../src/doctor/checks.ts'

const V2_MOUNT = '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate'

/** A machine where everything is there. */
function machine(
  change: { files?: Record<string, string | undefined>; lacking?: string[] } & Partial<Machine> = {},
): Machine {
  const files: Record<string, string | undefined> = {
    '/proc/filesystems': 'nodev\tproc\nnodev\toverlay\n\text4\n',
    '/proc/self/mountinfo': `${V2_MOUNT}\n`,
    '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
    '/proc/self/status': 'CapEff:\t000001ffffffffff\nSeccomp:\t0\n',
    ...change.files,
  }
  const { files: _files, lacking = [], ...rest } = change
  return {
    read: (path) => files[path],
    exists: (path) => !lacking.some((part) => path.includes(part)),
    which: (program) => `/usr/bin/${program}`,
    uid: 0,
    kernelRelease: '6.1.0-18-amd64',
    nodeVersion: 'v24.21.0',
    freeBytes: () => 50e9,
    ...rest,
  }
}

function verdictOf(name: string, change: Parameters<typeof machine>[0]) {
  const finding = examine(machine(change)).find((one) => one.name === name)
  return `${finding?.verdict}: ${finding?.detail}${finding?.mend === undefined ? '' : ` → ${finding.mend}`}`
}

describe('doctor', () => {
  test('a machine with everything is fine in every point', () => {
    expect(examine(machine()).filter(({ verdict }) => verdict !== 'ok')).toEqual([])
  })

  test.each([
    ['root', { uid: 1000 }, /^missing: runs as uid 1000 → use sudo/],
    ['kernel', { kernelRelease: '5.4.0' }, /^missing: .*lacks openat2\(2\).* → use a kernel of 5\.6/],
    ['kernel', { kernelRelease: '4.19.0-21' }, /lacks clone3\(2\) and pidfd_open\(2\); openat2/],
    ['namespaces', { lacking: ['ns/user'] }, /^limited: not in this kernel: user → .*CONFIG_USER_NS/],
    ['namespaces', { lacking: ['ns/pid'] }, /^missing: .*CONFIG_PID_NS/],
    [
      'overlay',
      { files: { '/proc/filesystems': 'nodev\tproc\n' }, lacking: ['module/overlay'] },
      /^limited: .* → modprobe overlay/,
    ],
    [
      'cgroups',
      { files: { '/proc/self/mountinfo': '' } },
      /^missing: no cgroup file system is mounted → mount -t cgroup2/,
    ],
    ['cgroups', {}, /^ok: v2; controllers cpu cpuset io memory pids/],
    [
      'cgroups',
      {
        files: {
          '/proc/self/mountinfo': `${V2_MOUNT}\n40 30 0:30 / /sys/fs/cgroup/memory rw - cgroup memory rw,memory\n`,
        },
      },
      /^ok: hybrid/,
    ],
    [
      'controllers',
      { files: { '/sys/fs/cgroup/cgroup.controllers': 'cpu io pids cpuset\n' } },
      /^limited: not available: memory \(memory limits are refused\)/,
    ],
    [
      'capabilities',
      { files: { '/proc/self/status': 'CapEff:\t0000000000000000\nSeccomp:\t0\n' } },
      /^missing: lacks CAP_SYS_ADMIN/,
    ],
    [
      'capabilities',
      { files: { '/proc/self/status': 'CapEff:\t000001fffeffffff\nSeccomp:\t0\n' } },
      /^limited: no CAP_SYS_RESOURCE/,
    ],
    ['seccomp', { files: { '/proc/self/status': 'CapEff:\t000001ffffffffff\n' } }, /^limited/],
    ['disk', { freeBytes: () => 1e8 }, /^limited: 0\.1 GB free/],
    ['node', { nodeVersion: 'v20.11.0' }, /^missing: v20\.11\.0 is too old/],
    [
      'nft',
      { which: () => undefined },
      /^limited: not installed; used for published ports \(part 3\) → apt-get install nftables/,
    ],
  ])('%s %o', (name, change, expected) =>
    expect(verdictOf(name, change as Parameters<typeof machine>[0])).toMatch(expected),
  )
})
