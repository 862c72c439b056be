import { describe, expect, test } from 'vitest'
import { cpuSettings, cpusToQuota, sharesToWeight } from '../src/controllers/cpu.ts'
import { cpusetSettings } from '../src/controllers/cpuset.ts'
import { hugetlbSettings } from '../src/controllers/hugetlb.ts'
import { ioSettings } from '../src/controllers/io.ts'
import { memorySettings } from '../src/controllers/memory.ts'
import { pidsSettings } from '../src/controllers/pids.ts'
import { unifiedSettings } from '../src/controllers/unified.ts'
import type { Setting } from '../src/work.ts'
import { hybrid, v1, v2 } from './layouts.ts'

/** `file=value`, in order. */
const shown = (settings: Setting[]) => settings.map(({ file, value }) => `${file}=${value}`)
const MB = 1024 * 1024

describe('memory', () => {
  test('v2 takes swap alone, where OCI counts memory and swap together', () => {
    expect(shown(memorySettings(v2(), { limit: 64 * MB, swap: 96 * MB, reservation: 32 * MB }))).toEqual([
      `memory.swap.max=${32 * MB}`,
      `memory.max=${64 * MB}`,
      `memory.low=${32 * MB}`,
    ])
    expect(shown(memorySettings(v2(), { limit: MB, swap: MB }))).toEqual(['memory.swap.max=0', `memory.max=${MB}`])
    expect(shown(memorySettings(v2(), { limit: MB, swap: -1 }))).toEqual(['memory.swap.max=max', `memory.max=${MB}`])
    expect(shown(memorySettings(v2(), { limit: -1 }))).toEqual(['memory.swap.max=max', 'memory.max=max'])
  })

  test('v1 writes the limit before memory+swap in a new group and when shrinking, after it when growing', () => {
    const asked = { limit: 64 * MB, swap: 128 * MB }
    const limitFirst = [`memory.limit_in_bytes=${64 * MB}`, `memory.memsw.limit_in_bytes=${128 * MB}`]
    expect(shown(memorySettings(v1(), asked))).toEqual(limitFirst)
    expect(shown(memorySettings(v1(), asked, BigInt(512 * MB)))).toEqual(limitFirst)
    expect(shown(memorySettings(v1(), asked, BigInt(16 * MB)))).toEqual(limitFirst.toReversed())
    expect(shown(memorySettings(v1(), { limit: MB, swap: -1 }, 1n))).toEqual([
      'memory.memsw.limit_in_bytes=-1',
      `memory.limit_in_bytes=${MB}`,
    ])
  })

  test('v1 has swappiness, a switch for the OOM killer and TCP buffers; v2 refuses them', () => {
    const asked = { swappiness: 10, disableOOMKiller: true, kernelTCP: MB }
    expect(shown(memorySettings(v1(), asked))).toEqual([
      `memory.kmem.tcp.limit_in_bytes=${MB}`,
      'memory.swappiness=10',
      'memory.oom_control=1',
    ])
    expect(() => memorySettings(v2(), { swappiness: 10 })).toThrow('does not support memory swappiness')
    expect(() => memorySettings(v2(), { disableOOMKiller: true })).toThrow('does not support OOM kill disable')
    expect(() => memorySettings(v2(), { kernelTCP: 1 })).toThrow('does not support kernel TCP')
    expect(memorySettings(v2(), { disableOOMKiller: false, kernel: MB, useHierarchy: true })).toEqual([])
  })

  test('refuses swap without memory, swap below memory, and values that are no sizes', () => {
    expect(() => memorySettings(v2(), { swap: MB })).toThrow('without a memory limit')
    expect(() => memorySettings(v1(), { limit: 2 * MB, swap: MB })).toThrow(
      `memory+swap limit ${MB} is below the memory limit ${2 * MB}`,
    )
    expect(() => memorySettings(v1(), { limit: -2 })).toThrow('invalid memory limit -2')
    expect(() => memorySettings(v2(), { limit: 1.5 })).toThrow('invalid memory limit 1.5')
    expect(() => memorySettings(v1(), { swappiness: 101 })).toThrow('invalid memory swappiness 101')
  })

  test('a kernel without swap accounting refuses a swap limit, and has none to lift', () => {
    const without = { files: ['memory.max', 'memory.limit_in_bytes'] }
    expect(() => memorySettings(v2(without), { limit: MB, swap: MB })).toThrow(
      'your kernel does not support swap limit',
    )
    expect(() => memorySettings(v1(without), { limit: MB, swap: MB })).toThrow(
      'your kernel does not support swap limit',
    )
    expect(shown(memorySettings(v2(without), { limit: MB, swap: -1 }))).toEqual([`memory.max=${MB}`])
  })
})

describe('cpu', () => {
  test('shares become a weight as runc converts them', () => {
    expect([2, 3, 512, 1024, 2048, 262_143, 262_144].map(sharesToWeight)).toEqual([1, 1, 20, 39, 79, 9999, 10_000])
  })

  test('--cpus 1.5 is a quota of 150 ms in 100 ms', () => {
    expect(cpusToQuota(1.5)).toEqual({ quota: 150_000, period: 100_000 })
  })

  test('quota and period: two files on v1, one on v2', () => {
    const asked = { quota: 150_000, period: 50_000 }
    expect(shown(cpuSettings(v1(), asked))).toEqual(['cpu.cfs_period_us=50000', 'cpu.cfs_quota_us=150000'])
    expect(shown(cpuSettings(v2(), asked))).toEqual(['cpu.max=150000 50000'])
    expect(shown(cpuSettings(v2(), { quota: -1 }))).toEqual(['cpu.max=max'])
    expect(shown(cpuSettings(v2(), { quota: 5000, burst: 1000 }))).toEqual(['cpu.max=5000', 'cpu.max.burst=1000'])
  })

  test('zero means not asked for, but idle 0 is a value', () => {
    expect(cpuSettings(v2(), { shares: 0, quota: 0, period: 0 })).toEqual([])
    expect(shown(cpuSettings(v2(), { idle: 0 }))).toEqual(['cpu.idle=0'])
  })

  test('refuses what is out of range, and real-time on v2', () => {
    expect(() => cpuSettings(v2(), { shares: 1 })).toThrow('minimum allowed cpu-shares is 2')
    expect(() => cpuSettings(v2(), { shares: 262_145 })).toThrow('maximum allowed cpu-shares')
    expect(() => cpuSettings(v1(), { period: 999 })).toThrow('period 999 is out of range')
    expect(() => cpuSettings(v1(), { quota: 10 })).toThrow('quota 10 is too small')
    expect(() => cpuSettings(v2(), { idle: 2 })).toThrow('invalid cpu idle 2')
    expect(() => cpuSettings(v2(), { realtimeRuntime: 5 })).toThrow('does not support CPU real-time')
    expect(shown(cpuSettings(v1(), { realtimePeriod: 100, realtimeRuntime: 5 }))).toEqual([
      'cpu.rt_period_us=100',
      'cpu.rt_runtime_us=5',
    ])
  })
})

describe('cpuset', () => {
  test('takes lists of what is there', () => {
    expect(shown(cpusetSettings(v1(), { cpus: '0-1,3', mems: '0' }))).toEqual(['cpuset.cpus=0-1,3', 'cpuset.mems=0'])
    expect(cpusetSettings(v2(), { cpus: '' })).toEqual([])
  })
  test.each(['4', '0-9'])('refuses %s of processors 0-3', (cpus) => {
    expect(() => cpusetSettings(v2(), { cpus })).toThrow(
      `requested CPUs are not available: requested ${cpus}, available 0-3`,
    )
  })
  test.each(['a', '3-1', '1-', '-1', '0,,1', '0-99999', '1 2'])('refuses %j, which is no list', (cpus) => {
    expect(() => cpusetSettings(v2(), { cpus })).toThrow('invalid list of CPUs')
  })
})

describe('pids', () => {
  test.each([
    [5, '5'],
    [0, 'max'],
    [-1, 'max'],
  ])('limit %i is written as %s', (limit, value) => {
    expect(shown(pidsSettings(v2(), { limit }))).toEqual([`pids.max=${value}`])
    expect(shown(pidsSettings(v1(), { limit }))).toEqual([`pids.max=${value}`])
  })
})

describe('block I/O', () => {
  const throttles = {
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1_048_576 }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 0 }],
  }
  test('throttles: a file for each on v1, one file with keys on v2; 0 lifts a limit', () => {
    expect(shown(ioSettings(v1(), throttles))).toEqual([
      'blkio.throttle.read_bps_device=8:0 1048576',
      'blkio.throttle.write_iops_device=8:16 0',
    ])
    expect(shown(ioSettings(v2(), throttles))).toEqual(['io.max=8:0 rbps=1048576', 'io.max=8:16 wiops=max'])
  })

  test('weights go to BFQ where the kernel has it, and to io.weight’s own scale elsewhere', () => {
    const asked = { weight: 500, weightDevice: [{ major: 8, minor: 0, weight: 10 }] }
    expect(shown(ioSettings(v2({ files: ['io.weight'] }), asked))).toEqual(['io.weight=4950', 'io.weight=8:0 1'])
    expect(shown(ioSettings(v2({ files: ['io.weight', 'io.bfq.weight'] }), asked))).toEqual([
      'io.bfq.weight=500',
      'io.bfq.weight=8:0 10',
    ])
    expect(shown(ioSettings(v1({ files: ['blkio.bfq.weight'] }), asked))).toEqual([
      'blkio.bfq.weight=500',
      'blkio.bfq.weight_device=8:0 10',
    ])
    expect(() => ioSettings(v2({ files: ['io.max'] }), asked)).toThrow('does not support block I/O weight')
    expect(() => ioSettings(v1(), { weight: 9 })).toThrow('weight 9 is out of range')
    expect(() => ioSettings(v1(), { leafWeight: 100 })).toThrow('leaf weight')
  })
})

describe('huge pages', () => {
  test('live in the v2 tree of a hybrid', () => {
    expect(shown(hugetlbSettings(hybrid(), [{ pageSize: '2MB', limit: 4 * MB }]))).toEqual([
      `hugetlb.2MB.max=${4 * MB}`,
    ])
  })
  test('refuses a kernel without the controller, sizes that are none, sizes the machine lacks', () => {
    expect(() => hugetlbSettings(v1(), [{ pageSize: '2MB', limit: 0 }])).toThrow('huge page limit')
    expect(() => hugetlbSettings(v2(), [{ pageSize: '../x', limit: 0 }])).toThrow('invalid huge page size "../x"')
    expect(() => hugetlbSettings(v2({ files: ['hugetlb.2MB.max'] }), [{ pageSize: '1GB', limit: 0 }])).toThrow(
      'no huge pages of 1GB',
    )
  })
})

describe('unified', () => {
  test('is written as it stands', () => {
    expect(shown(unifiedSettings(v2(), { 'memory.oom.group': '1', 'hugetlb.2MB.max': '0' }))).toEqual([
      'memory.oom.group=1',
      'hugetlb.2MB.max=0',
    ])
  })
  test.each(['cgroup.procs', '../memory.max', 'memory', 'memory/max', 'cgroup.freeze'])('refuses %j', (file) => {
    expect(() => unifiedSettings(v2(), { [file]: '1' })).toThrow('no file that can be set')
  })
})
