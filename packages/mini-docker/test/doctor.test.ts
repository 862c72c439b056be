import { describe, expect, test } from 'vitest'
import { examine, type Machine } from '../src/doctor/checks.ts'

const V2_MOUNT = '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate'

const CONFIG = '/root/.docker/config.json'
const CERTS_DIR = '/etc/docker/certs.d/reg.example:5000'
const CERTS = { '/etc/docker/certs.d': ['reg.example:5000'], [CERTS_DIR]: ['ca.crt'] }

/** A machine where everything is there. */
function machine(
  change: {
    files?: Record<string, string | undefined>
    directories?: Record<string, string[]>
    lacking?: string[]
  } & Partial<Machine> = {},
): Machine {
  const files: Record<string, string | undefined> = {
    '/proc/filesystems': 'nodev\tproc\nnodev\toverlay\n\text4\n',
    '/proc/self/mountinfo': `${V2_MOUNT}\n`,
    '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
    '/proc/self/status': 'CapEff:\t000001ffffffffff\nSeccomp:\t0\n',
    ...change.files,
  }
  const { files: _files, directories = {}, lacking = [], ...rest } = change
  return {
    read: (path) => files[path],
    exists: (path) => !lacking.some((part) => path.includes(part)),
    which: (program) => `/usr/bin/${program}`,
    uid: 0,
    kernelRelease: '6.1.0-18-amd64',
    nodeVersion: 'v24.21.0',
    free: () => ({ bytes: 50e9, inodes: 1e6 }),
    list: (path) => directories[path],
    modifiedMs: () => undefined,
    nowMs: Date.UTC(2027, 5, 1),
    dockerConfig: '/root/.docker/config.json',
    ...rest,
  }
}

function verdictOf(name: string, change: Parameters<typeof machine>[0]) {
  const finding = examine(machine(change)).find((one) => one.name === name)
  return `${finding?.verdict}: ${finding?.detail}${finding?.mend === undefined ? '' : ` → ${finding.mend}`}`
}

describe('doctor', () => {
  test('a machine with everything is fine in every point', () => {
    expect(examine(machine({ files: { [CONFIG]: '{}' } })).filter(({ verdict }) => verdict !== 'ok')).toEqual([])
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
    ['disk', { free: () => ({ bytes: 1e8, inodes: 1e6 }) }, /^limited: 0\.1 GB free/],
    ['disk', { free: () => ({ bytes: 5e9, inodes: 1200 }) }, /^limited: 5\.0 GB free .* room for 1200 files only/],
    ['disk', { free: () => ({ bytes: 5e9, inodes: 0 }) }, /^ok: 5\.0 GB free/],
    ['certificates', {}, /^ok: none/],
    ['certificates', { directories: CERTS, files: { [`${CERTS_DIR}/ca.crt`]: 'PEM' } }, /^ok: for reg\.example:5000/],
    ['certificates', { directories: CERTS }, /^limited: cannot read .*\/reg\.example:5000\/ca\.crt → chmod/],
    [
      'certificates',
      {
        directories: { ...CERTS, [CERTS_DIR]: ['client.cert', 'README'] },
        files: { [`${CERTS_DIR}/client.cert`]: 'PEM' },
      },
      /^limited: .*client\.cert has no key beside it → put the key into .*client\.key/,
    ],
    ['logins', { lacking: ['config.json'] }, /^ok: none: there is no \/root\/\.docker\/config\.json/],
    ['logins', {}, /^limited: cannot read/],
    ['logins', { files: { [CONFIG]: 'auths: x' } }, /^limited: .* is not JSON/],
    [
      'logins',
      { files: { [CONFIG]: '{"auths":{"a":{},"b":{}},"credsStore":"pass"}' } },
      /^ok: 2 in .* \(kept by pass\)/,
    ],
    [
      'logins',
      { files: { [CONFIG]: '{"credHelpers":{"a":"ecr-login"}}' }, which: (): undefined => undefined },
      /^limited: docker-credential-ecr-login, which .* names, is not installed → install it/,
    ],
    ['clock', {}, /^ok: 2027-06-01T00:00:00Z/],
    ['clock', { nowMs: 0 }, /^limited: it is 1970-01-01T00:00:00Z, they say: TLS will not work → set it/],
    ['clock', { modifiedMs: () => Date.UTC(2028, 0, 1) }, /^limited: .*, but images were added after that → set it/],
    ['node', { nodeVersion: 'v20.11.0' }, /^missing: v20\.11\.0 is too old/],
    [
      'ip',
      { which: (): undefined => undefined },
      /^limited: not installed; used for typing .* → apt-get install iproute2/,
    ],
  ])('%s %o', (name, change, expected) =>
    expect(verdictOf(name, change as Parameters<typeof machine>[0])).toMatch(expected),
  )
})
