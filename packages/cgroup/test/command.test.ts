import { describe, expect, test } from 'vitest'
import { formatLayout, formatStats } from '../src/command-format.ts'
import { parseCount, parseCpus, parseSize } from '../src/command-values.ts'
import { cgroupSupport } from '../src/support.ts'
import { v1, v2 } from './layouts.ts'

describe('values of the command line', () => {
  test.each([
    ['64M', 67_108_864],
    ['64mb', 67_108_864],
    ['64MiB', 67_108_864],
    ['1.5g', 1_610_612_736],
    ['512', 512],
    ['1 k', 1024],
    ['-1', -1],
  ])('the size %s is %i bytes', (written, bytes) => {
    expect(parseSize('--memory', written)).toBe(bytes)
  })
  test.each(['', 'M', '-5', '1x', '1e3', '99999999p', '1.2.3'])('refuses the size %j', (written) => {
    expect(() => parseSize('--memory', written)).toThrow(`invalid size ${JSON.stringify(written)} for --memory`)
  })
  test('processors and counts', () => {
    expect(parseCpus('1.5')).toBe(1.5)
    expect(parseCount('--pids', '-1')).toBe(-1)
    for (const bad of ['0', 'a', '-1', '1e9']) expect(() => parseCpus(bad)).toThrow('invalid number of processors')
    for (const bad of ['', '1.5', 'many']) expect(() => parseCount('--pids', bad)).toThrow('invalid number')
  })
})

describe('what the command prints', () => {
  test('the layout, with what is missing', () => {
    const layout = v1({ ready: true })
    const shown = formatLayout(layout, cgroupSupport(layout))
    expect(shown).toContain(
      'v1       name=systemd  /sys/fs/cgroup/systemd      /system.slice/mini-docker.service  writable',
    )
    expect(shown).toMatch(/missing: killAtOnce\n$/)
    expect(formatLayout(v2(), cgroupSupport(v2()))).toContain('missing: memorySwappiness, oomKillDisable')
  })

  test('statistics, with their units', () => {
    const shown = formatStats({
      readAt: new Date(0),
      pids: { current: 3, limit: 20 },
      cpu: {
        usageNs: 1_500_000_000,
        userNs: 1e9,
        kernelNs: 5e8,
        periods: 10,
        throttledPeriods: 4,
        throttledNs: 2e8,
        hostNs: 0,
        onlineCpus: 2,
      },
      memory: { usageBytes: 4096, stat: {}, effectiveLimitBytes: 1, oomKills: 2 },
      io: {
        bytes: [
          { major: 8, minor: 0, operation: 'Read', value: 512 },
          { major: 8, minor: 16, operation: 'Read', value: 512 },
        ],
        operations: [],
      },
    })
    expect(shown).toBe(`processes       3 of 20
memory          4096 bytes of any number
OOM kills       2
processor time  1.500 s (user 1.000, kernel 0.500)
throttled       4 of 10 periods, 0.200 s
block I/O       1024 bytes read, 0 written
`)
  })
})
