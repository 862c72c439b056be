import { describe, expect, test } from 'vitest'
import { parseCgroupMounts } from '../src/mounts.ts'
import { HYBRID_CGROUP, HYBRID_MOUNTINFO, V2_CGROUP, V2_MOUNTINFO } from './layouts.ts'

const memory = (root: string) => `31 25 0:27 ${root} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n`

describe('parseCgroupMounts', () => {
  test('v2: one tree, and where this process is in it', () => {
    expect(parseCgroupMounts(V2_MOUNTINFO, V2_CGROUP)).toEqual([
      {
        version: 2,
        mountPoint: '/sys/fs/cgroup',
        controllers: [],
        own: '/sys/fs/cgroup/system.slice/mini-docker.service',
      },
    ])
  })

  test('hybrid: mount options name the controllers in another order than /proc/self/cgroup does', () => {
    const mounts = parseCgroupMounts(HYBRID_MOUNTINFO, HYBRID_CGROUP)
    expect(
      mounts.map(({ mountPoint, controllers, name }) => [
        mountPoint.slice('/sys/fs/cgroup/'.length),
        controllers,
        name,
      ]),
    ).toEqual([
      ['systemd', [], 'systemd'],
      ['cpu,cpuacct', ['cpu', 'cpuacct'], undefined],
      ['cpuset', ['cpuset'], undefined],
      ['memory', ['memory'], undefined],
      ['devices', ['devices'], undefined],
      ['freezer', ['freezer'], undefined],
      ['blkio', ['blkio'], undefined],
      ['pids', ['pids'], undefined],
      ['net_cls,net_prio', ['net_cls', 'net_prio'], undefined],
      ['unified', [], undefined],
    ])
    expect(mounts.find(({ controllers }) => controllers.includes('memory'))?.own).toBe(
      '/sys/fs/cgroup/memory/system.slice/mini-docker.service',
    )
    expect(mounts.find(({ controllers }) => controllers.includes('freezer'))?.own).toBe('/sys/fs/cgroup/freezer')
  })

  test('in a container without a cgroup namespace the mount shows only its own subtree', () => {
    const [mount] = parseCgroupMounts(memory('/docker/abc'), '5:memory:/docker/abc/inner\n')
    expect(mount?.own).toBe('/sys/fs/cgroup/memory/inner')
  })

  test('a process above the root of its cgroup namespace is taken to be at the root of the mount', () => {
    const [mount] = parseCgroupMounts(memory('/../..'), '5:memory:/../../elsewhere\n')
    expect(mount?.own).toBe('/sys/fs/cgroup/memory')
  })

  test('a hierarchy mounted twice is listed once; a mount hidden by a later one is not listed', () => {
    const twice = `${memory('/')}40 25 0:27 / /mnt/again rw - cgroup cgroup rw,memory\n`
    expect(parseCgroupMounts(twice, '5:memory:/\n').map(({ mountPoint }) => mountPoint)).toEqual([
      '/sys/fs/cgroup/memory',
    ])
    const hidden = `${memory('/')}41 31 0:50 / /sys/fs/cgroup/memory rw - tmpfs tmpfs rw\n`
    expect(parseCgroupMounts(hidden, '5:memory:/\n')).toEqual([])
  })

  test('escaped mount points and unreadable lines', () => {
    const text = `garbage\n\n31 25 0:27 / /mnt/my\\040cgroups rw shared:3 master:1 - cgroup2 none rw\n`
    expect(parseCgroupMounts(text, 'garbage\n0::/a b\n')[0]?.own).toBe('/mnt/my cgroups/a b')
  })
})
