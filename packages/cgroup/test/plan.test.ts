import { UserError, type Step } from '@mini-docker/syscall'
import { describe, expect, test } from 'vitest'
import { planFreezer } from '../src/freezer.ts'
import { messages } from '../src/messages.ts'
import { planCgroup, planJoin } from '../src/plan.ts'
import { planRemove } from '../src/remove.ts'
import type { CgroupLayout } from '../src/layout.ts'
import type { OciLinuxResources } from '../src/resources.ts'
import { hybrid, v1, v2 } from './layouts.ts'
import { renderSteps } from './render.ts'

const MB = 1024 * 1024

/** What `docker run -m 64m --cpus 1.5 --cpuset-cpus 0-1 --cpu-shares 512 --pids-limit 100` asks of runc. */
const LIMITED: OciLinuxResources = {
  memory: { limit: 64 * MB, swap: 128 * MB },
  cpu: { shares: 512, quota: 150_000, period: 100_000, cpus: '0-1' },
  pids: { limit: 100 },
  devices: [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', access: 'm' },
    { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
  ],
}

describe('planCgroup writes what the golden file says', () => {
  const cases: [string, CgroupLayout, OciLinuxResources][] = [
    ['v2-first', v2(), LIMITED],
    ['v2-ready', v2({ ready: true, handedDown: ['cpuset', 'cpu', 'io', 'memory', 'pids'] }), LIMITED],
    ['v2-unlimited', v2({ ready: true, handedDown: ['cpuset', 'cpu', 'io', 'memory', 'pids'] }), {}],
    ['v1-first', v1(), LIMITED],
    ['v1-ready', v1({ ready: true }), LIMITED],
    ['hybrid-ready', hybrid({ ready: true }), LIMITED],
    ['hybrid-unlimited', hybrid({ ready: true }), {}],
  ]
  test.each(cases)('%s', async (name, layout, resources) => {
    const { steps } = planCgroup(layout, 'mini-docker/4242', resources)
    await expect(renderSteps(steps)).toMatchFileSnapshot(`golden/${name}.txt`)
  })
})

describe('a plan', () => {
  test('has nothing to do above the container when the parent is ready, and on v2 no join', () => {
    const plan = planCgroup(
      v2({ ready: true, handedDown: ['cpuset', 'cpu', 'io', 'memory', 'pids'] }),
      'mini-docker/x',
      { pids: { limit: 5 } },
    )
    expect(ids(plan.steps)).toEqual(['cgroup.create'])
    expect(plan.v2Directory).toBe('/sys/fs/cgroup/mini-docker/x')
    expect(plan.directories).toEqual(['/sys/fs/cgroup/mini-docker/x'])
  })

  test('on v1 joins every hierarchy and has no v2 directory; on a hybrid the process is born in the v2 tree too', () => {
    expect(planCgroup(v1(), 'mini-docker/x', {}).v2Directory).toBeUndefined()
    const plan = planCgroup(hybrid(), 'mini-docker/x', {})
    expect(plan.v2Directory).toBe('/sys/fs/cgroup/unified/mini-docker/x')
    expect(plan.directories).toHaveLength(9)
    const joined = plan.steps
      .at(-1)!
      .calls.filter(({ name }) => name === 'openat')
      .map(({ args }) => args[1])
    expect(joined).toHaveLength(8)
    expect(joined).toContain('/sys/fs/cgroup/systemd/mini-docker/x/tasks')
  })

  test('writes every limit before the process joins', () => {
    for (const layout of [v1(), hybrid()]) {
      const order = ids(planCgroup(layout, 'mini-docker/x', LIMITED).steps)
      expect(order).toEqual(['cgroup.parent', 'cgroup.create', 'cgroup.devices', 'cgroup.join'])
    }
  })

  test('names each result once', () => {
    const names = planCgroup(hybrid(), 'mini-docker/x', LIMITED).steps.flatMap(({ calls }) =>
      calls.flatMap(({ as }) => as ?? []),
    )
    expect(new Set(names).size).toBe(names.length)
  })

  test('undoes what it makes, and the join of exec leaves nothing to undo', () => {
    const plan = planCgroup(hybrid(), 'mini-docker/x', LIMITED)
    const undone = plan.steps.flatMap(({ undo }) => undo ?? []).map(({ args }) => args[1])
    expect(undone).toEqual(plan.directories)
    expect(planJoin(hybrid(), 'mini-docker/x').steps.map(({ undo }) => undo)).toEqual([undefined])
  })

  test('explains each of its steps in both languages', () => {
    const known = Object.keys(messages)
    const planned = new Set(
      [v1(), v2(), hybrid()].flatMap((layout) => ids(planCgroup(layout, 'mini-docker/x', LIMITED).steps)),
    )
    for (const frozen of [true, false]) planned.add(planFreezer(v2(), 'mini-docker/x', frozen).id)
    planned.add(planRemove(v2(), 'mini-docker/x').id)
    // The birth of `cgroup run`; a container is born in the steps of ns.
    planned.add('process.clone')
    expect([...planned].toSorted()).toEqual(known.toSorted())
  })
})

describe('refuses', () => {
  test.each(['', '/', '..', 'a/../b', 'a//b', './a', 'a\0b', `a/${'x'.repeat(256)}`])('the path %j', (path) => {
    expect(refusal(v2(), path, {})).toMatchObject({ code: 'invalid' })
  })

  test('a limit whose controller the kernel lacks, in docker’s words', () => {
    const bare = v2({ v2Controllers: ['cpu'] })
    const error = refusal(bare, 'mini-docker/x', { memory: { limit: MB } })
    expect(error.code).toBe('unavailable')
    expect(error.message).toBe('your kernel does not support memory limit capabilities or the cgroup is not mounted')
    expect(error.hint).toContain('memory')
    expect(refusal(bare, 'mini-docker/x', { pids: { limit: 3 } }).message).toContain('pids limit')
    expect(refusal(bare, 'mini-docker/x', { cpu: { cpus: '0' } }).message).toContain('cpuset')
    expect(refusal(bare, 'mini-docker/x', { blockIO: { weight: 100 } }).message).toContain('block I/O')
    expect(refusal(v1(), 'mini-docker/x', { unified: { 'memory.high': '1' } }).message).toContain('cgroup v2')
    expect(refusal(hybrid(), 'mini-docker/x', { unified: { 'memory.high': '1' } }).message).toContain('memory.high')
  })

  test('a v2 limit when the daemon’s own group has processes and does not hand the controller down', () => {
    const crowded = v2({ ownBase: true, hasProcesses: true, handedDown: ['pids'] })
    const error = refusal(crowded, 'mini-docker/x', { memory: { limit: MB } })
    expect(error.message).toBe(
      'cgroup /sys/fs/cgroup/system.slice/mini-docker.service holds processes, so it cannot hand memory to containers',
    )
    expect(error.hint).toContain('no-internal-process')
    expect(planCgroup(crowded, 'mini-docker/x', { pids: { limit: 3 } }).steps).toHaveLength(2)
  })

  test('trees that cannot be written', () => {
    const layout = v2()
    const locked = {
      ...layout,
      hierarchies: layout.hierarchies.map((hierarchy) => ({ ...hierarchy, writable: false })),
    }
    expect(refusal(locked, 'mini-docker/x', {})).toMatchObject({
      code: 'denied',
      message: 'cannot make cgroups in /sys/fs/cgroup',
    })
  })

  test('what this package does not know, by name', () => {
    expect(refusal(v2(), 'mini-docker/x', { network: { classID: 1 } })).toMatchObject({ code: 'not-built' })
    expect(refusal(v2(), 'mini-docker/x', { rdma: { mlx5_0: { hcaHandles: 1 } } })).toMatchObject({ code: 'not-built' })
    expect(planCgroup(v2(), 'mini-docker/x', { network: {}, rdma: {} }).steps).toHaveLength(2)
  })
})

function ids(steps: readonly Step[]): string[] {
  return steps.map(({ id }) => id)
}

function refusal(layout: CgroupLayout, path: string, resources: OciLinuxResources): UserError {
  try {
    planCgroup(layout, path, resources)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('was not refused')
}
