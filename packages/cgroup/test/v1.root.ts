import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '@mini-docker/syscall'
import { afterAll, describe, expect, test } from 'vitest'
import {
  freeze,
  groupDirectory,
  isFrozen,
  kill,
  oomKills,
  planCgroup,
  processes,
  readCgroupLayout,
  readStats,
  remove,
  thaw,
  update,
} from '../src/index.ts'
import { LiveCgroups, makeCalls } from './live.ts'

const MB = 1024 * 1024
const missing = whatIsMissing()
if (missing !== undefined) console.log(`skipped: cgroup v1 tests need ${missing}`)

function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'root'
  const layout = readCgroupLayout()
  if (layout.kind === 'v2') return 'a machine with cgroup v1 (this one has only v2: see cgroup2.vm.ts)'
  const absent = ['cpu', 'memory', 'pids', 'freezer', 'devices', 'cpuset'].find(
    (name) => !layout.hierarchies.some(({ version, controllers }) => version === 1 && controllers.includes(name)),
  )
  return absent && `v1 controller ${absent}`
}

describe.skipIf(missing !== undefined)('on this machine’s cgroup v1', () => {
  const groups = missing === undefined ? new LiveCgroups() : (undefined as never)
  afterAll(async () => {
    await groups[Symbol.asyncDispose]()
    const left = groups.layout.hierarchies
      .map((hierarchy) => groupDirectory(hierarchy, groups.layout.parent))
      .filter(existsSync)
    expect(left).toEqual([])
  })

  test('limits stand in the files', () => {
    const path = groups.create('limits', {
      memory: { limit: 64 * MB, swap: 128 * MB, reservation: 32 * MB, swappiness: 7, disableOOMKiller: true },
      cpu: { shares: 512, quota: 150_000, period: 50_000, cpus: '0', mems: '0' },
      pids: { limit: 9 },
    })
    expect(groups.file(path, 'memory', 'memory.limit_in_bytes')).toBe(String(64 * MB))
    expect(groups.file(path, 'memory', 'memory.memsw.limit_in_bytes')).toBe(String(128 * MB))
    expect(groups.file(path, 'memory', 'memory.soft_limit_in_bytes')).toBe(String(32 * MB))
    expect(groups.file(path, 'memory', 'memory.swappiness')).toBe('7')
    expect(groups.file(path, 'memory', 'memory.oom_control')).toContain('oom_kill_disable 1')
    expect(groups.file(path, 'cpu', 'cpu.shares')).toBe('512')
    expect(groups.file(path, 'cpu', 'cpu.cfs_quota_us')).toBe('150000')
    expect(groups.file(path, 'cpu', 'cpu.cfs_period_us')).toBe('50000')
    expect(groups.file(path, 'cpuset', 'cpuset.cpus')).toBe('0')
    expect(groups.file(path, 'pids', 'pids.max')).toBe('9')
  })

  test('a group without a cpuset limit inherits processors and memory nodes, and takes a process', async () => {
    const path = groups.create('plain')
    expect(groups.file(path, 'cpuset', 'cpuset.cpus')).not.toBe('')
    const { stdout } = await groups.run(path, 'cat /proc/self/cgroup')
    const places = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(':')[2])
    expect(places.filter((place) => place === `/${path}`)).toHaveLength(groups.layout.hierarchies.length)
  })

  test('a group that exists already is refused, and the group keeps what it has', () => {
    const path = groups.create('twice', { pids: { limit: 5 } })
    const again = () => makeCalls(planCgroup(groups.layout, path, {}).steps.filter(({ where }) => where === 'host'))
    expect(again).toThrow('EEXIST')
    expect(groups.file(path, 'pids', 'pids.max')).toBe('5')
  })

  test('pids.max stops a fork', async () => {
    const path = groups.create('pids', { pids: { limit: 3 } })
    const { stderr } = await groups.run(path, 'for i in 1 2 3 4 5; do sleep 2 & done; wait')
    expect(stderr).toMatch(/fork/i)
  })

  test('memory above the limit is an OOM kill, and it is counted', async () => {
    const path = groups.create('oom', { memory: { limit: 16 * MB, swap: 16 * MB } })
    expect(oomKills(groups.layout, path)).toBe(0)
    await groups.run(path, 'head -c 200m /dev/zero | tail -c 200m')
    expect(oomKills(groups.layout, path)).toBeGreaterThan(0)
    expect((await readStats(groups.layout, path)).memory).toMatchObject({
      limitBytes: 16 * MB,
      effectiveLimitBytes: 16 * MB,
    })
  })

  test('devices that no rule allows cannot be opened', async () => {
    const path = groups.create('devices', {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' },
        { allow: true, type: 'c', access: 'm' },
      ],
    })
    const { stderr, stdout } = await groups.run(path, 'cat /dev/null && echo null; head -c 1 /dev/zero; true')
    expect(stdout).toBe('null\n')
    expect(stderr).toContain('Operation not permitted')
  })

  test('freeze stops every process, thaw lets them run on', async () => {
    const path = groups.create('freezer')
    const child = groups.start(path, 'while :; do :; done')
    const cpu = async () => (await readStats(groups.layout, path)).cpu.usageNs
    await until(async () => (await cpu()) > 10_000_000)
    expect(isFrozen(groups.layout, path)).toBe(false)
    await freeze(groups.layout, path)
    expect(isFrozen(groups.layout, path)).toBe(true)
    const frozenAt = await cpu()
    await sleep(100)
    expect(await cpu()).toBe(frozenAt)
    await thaw(groups.layout, path)
    await until(async () => (await cpu()) > frozenAt)
    await kill(groups.layout, path)
    expect(child.exitCode ?? child.signalCode ?? (await once(child, 'exit'))).toBeDefined()
  })

  test('kill ends a frozen group of many processes', async () => {
    const path = groups.create('killed')
    const child = groups.start(path, 'for i in 1 2 3 4 5 6; do sleep 60 & done; wait')
    await until(() => processes(groups.layout, path).length === 7)
    await freeze(groups.layout, path)
    await kill(groups.layout, path)
    expect(processes(groups.layout, path)).toEqual([])
    if (child.signalCode === null) await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
  })

  test('kill without cgroup.kill (no v2 tree) ends a group that forks all the time', async () => {
    const v1Only = { ...groups.layout, hierarchies: groups.layout.hierarchies.filter(({ version }) => version === 1) }
    const path = groups.create('bomb', { pids: { limit: 30 } })
    groups.start(path, 'for i in 1 2 3 4 5 6; do (while :; do sleep 0.005; done) & done; wait')
    await until(() => processes(groups.layout, path).length > 10)
    await kill(v1Only, path)
    expect(processes(v1Only, path)).toEqual([])
    expect(isFrozen(v1Only, path)).toBe(false)
  })

  test('kill of a group that does not exist, and of one that is empty, has nothing to do', async () => {
    await kill(groups.layout, `${groups.layout.parent}/nothing`)
    await kill(groups.layout, groups.create('empty'))
    expect(processes(groups.layout, `${groups.layout.parent}/nothing`)).toEqual([])
  })

  test('remove takes the container’s own groups with it, twice is fine, and processes are named when they hold it', async () => {
    const path = groups.create('nested')
    mkdirSync(`${groups.directory(path, 'memory')}/a/b/c`, { recursive: true })
    mkdirSync(`${groups.directory(path, 'pids')}/d`)
    await remove(groups.layout, path)
    expect(groups.layout.hierarchies.map((hierarchy) => groupDirectory(hierarchy, path)).filter(existsSync)).toEqual([])
    await remove(groups.layout, path)

    const busy = groups.create('busy')
    groups.start(busy, 'sleep 60')
    await until(() => processes(groups.layout, busy).length > 0)
    await expect(remove(groups.layout, busy, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'EBUSY',
      syscall: 'rmdir',
    })
    await kill(groups.layout, busy)
    await remove(groups.layout, busy)
  })

  test('update grows and shrinks memory and swap together, in whichever order the kernel needs', () => {
    const path = groups.create('update', {
      memory: { limit: 64 * MB, swap: 64 * MB },
      cpu: { quota: 50_000, period: 100_000 },
    })
    const limits = () =>
      ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'].map(
        (name) => Number(groups.file(path, 'memory', name)) / MB,
      )
    update(groups.layout, path, { memory: { limit: 256 * MB, swap: 512 * MB }, pids: { limit: 77 } })
    expect(limits()).toEqual([256, 512])
    update(groups.layout, path, { memory: { limit: 32 * MB, swap: 32 * MB } })
    expect(limits()).toEqual([32, 32])
    update(groups.layout, path, { memory: { swap: 100 * MB } })
    expect(limits()).toEqual([32, 100])
    update(groups.layout, path, { memory: { limit: -1 } })
    expect(limits()[0]).toBeGreaterThan(2 ** 40)
    expect(groups.file(path, 'pids', 'pids.max')).toBe('77')
    update(groups.layout, path, { cpu: { period: 10_000, quota: 5000 } })
    expect([groups.file(path, 'cpu', 'cpu.cfs_quota_us'), groups.file(path, 'cpu', 'cpu.cfs_period_us')]).toEqual([
      '5000',
      '10000',
    ])
  })

  test('update refuses a limit below what is in use when asked to look first', async () => {
    const path = groups.create('in-use', { memory: { limit: 256 * MB } })
    groups.start(path, 'head -c 40m /dev/zero | (tail -c 40m; sleep 60) > /dev/null & sleep 60')
    const used = async () => (await readStats(groups.layout, path)).memory.usageBytes
    await until(async () => (await used()) > MB)
    expect(() => update(groups.layout, path, { memory: { limit: 4096, checkBeforeUpdate: true } })).toThrow(UserError)
    expect(groups.file(path, 'memory', 'memory.limit_in_bytes')).toBe(String(256 * MB))
  })

  test('statistics count processes, processor time and memory', async () => {
    const path = groups.create('stats', { pids: { limit: 50 }, cpu: { quota: 20_000, period: 100_000 } })
    groups.start(path, 'sleep 60 & while :; do :; done')
    await until(async () => (await readStats(groups.layout, path)).cpu.throttledPeriods > 1)
    const stats = await readStats(groups.layout, path)
    expect(stats.pids).toEqual({ current: 2, limit: 50 })
    expect(stats.cpu.usageNs).toBeGreaterThan(10_000_000)
    expect(stats.cpu.throttledNs).toBeGreaterThan(0)
    expect(stats.cpu.perCpuNs?.reduce((a, b) => a + b)).toBeGreaterThan(10_000_000)
    expect(stats.cpu.hostNs).toBeGreaterThan(stats.cpu.usageNs)
    expect(stats.memory.usageBytes).toBeGreaterThan(0)
    expect(stats.memory.stat).toHaveProperty('total_inactive_file')
    await expect(readStats(groups.layout, `${groups.layout.parent}/nothing`)).rejects.toMatchObject({
      code: 'not-found',
    })
  })
})

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await check())) {
    if (Date.now() > end) throw new Error('waited 10 s in vain')
    await sleep(5)
  }
}
