/** Faults and steps that are left out, on a plan as docker makes one. */
import { encodeProgram, formatCall, type MonitorSpec, type Step } from '@mini-docker/syscall'
import { describe, expect, test } from 'vitest'
import { FAULTS, planContainer, REFUSED, withFaults, type FaultRequest, type Machine, type Spec } from '../src/index.ts'
import { dockerSpec, V2_MACHINE } from './spec.ts'

const machine: Machine = V2_MACHINE
const options = {
  bundle: '/var/lib/mini-docker/containers/abc',
  overlay: { layersDir: '/layers', lower: ['l/1'], upper: '/upper', work: '/work' },
  cgroupPath: 'mini-docker/abc',
  openStdin: false,
  autoRemove: false,
}
function plan(spec: Partial<Spec> = {}): { steps: Step[]; monitor: MonitorSpec } {
  const whole = dockerSpec(['true'])
  whole.linux.resources = { ...whole.linux.resources, memory: { limit: 64 * 1024 * 1024 }, pids: { limit: 50 } }
  return planContainer({ ...whole, ...spec }, options, machine)
}
function faulty(request: Partial<FaultRequest>, spec?: Partial<Spec>) {
  const { steps, monitor } = plan(spec)
  return withFaults(steps, { without: [], faults: [], ...request }, monitor)
}

test('without a request nothing changes', () => {
  const { steps } = plan()
  const made = withFaults(steps, { without: [], faults: [] })
  expect(made.steps).toEqual(steps)
  expect(made.marks.every((mark) => mark === undefined)).toBe(true)
})

describe('--without', () => {
  test('each step of a start is either left out, with a program that can be run, or refused with a reason', () => {
    const { steps, monitor } = plan()
    const refused: string[] = []
    for (const { id } of steps) {
      try {
        const made = withFaults(steps, { without: [id], faults: [] }, monitor)
        encodeProgram(made.steps, { monitor, stepping: true, trace: true })
        const at = made.steps.findIndex((step) => step.id === id)
        expect(made.marks[at]).toBe('left-out')
        expect(made.steps[at]?.calls).toEqual([])
        expect(made.shown[at]?.calls.length).toBeGreaterThan(0)
      } catch (error) {
        expect((error as Error).message).toMatch(/^the step \S+ cannot be left out: \S/)
        refused.push(id)
      }
    }
    expect(refused).toEqual([
      'monitor.prepare',
      'namespaces.clone',
      'rootfs.propagation',
      'rootfs.root',
      'dev.nodes',
      'rootfs.pivot',
      'process.exec',
    ])
  })

  test('who uses what a step makes is named, unless that is left out too', () => {
    expect(() => faulty({ without: ['dev.nodes'] })).toThrow(
      'the step dev.nodes cannot be left out: the step dev.links uses what it makes (dev.directory)',
    )
    expect(faulty({ without: ['dev.nodes', 'dev.links'] }).marks.filter(Boolean)).toEqual(['left-out', 'left-out'])
    expect(() => faulty({ without: ['rootfs.none'] })).toThrow('no such step in this start: rootfs.none')
  })

  test('what is left out leaves nothing to undo', () => {
    const made = faulty({ without: ['cgroup.create'] })
    expect(made.steps.find(({ id }) => id === 'cgroup.create')?.undo).toBeUndefined()
  })
})

describe('--break', () => {
  test.each(FAULTS.filter(({ name }) => name !== 'bounding-after-user').map(({ name }) => name))(
    '%s marks what it changes, and the program can be run',
    (name) => {
      const { steps, monitor } = plan()
      const made = withFaults(steps, { without: [], faults: [name] }, monitor)
      encodeProgram(made.steps, { monitor })
      expect(made.marks).toContain(name)
      made.steps.forEach((step, i) => expect(step === steps[i]).toBe(made.marks[i] === undefined))
    },
  )

  test('faults are words in both languages, and none is both done and refused', () => {
    for (const { name, what, see, question } of FAULTS)
      for (const words of [what, see, question]) {
        expect(words.en, name).toMatch(/^[A-Za-z/].*[.?]$/)
        expect(words.ja, name).toMatch(/[ぁ-ん].*。$/)
      }
    const names = [...FAULTS, ...REFUSED].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name } of REFUSED) expect(() => faulty({ faults: [name] })).toThrow(/^the fault .* is refused: /)
    expect(() => faulty({ faults: ['toString'] })).toThrow('no such fault: toString')
  })

  test('bounding-after-user exchanges the two steps', () => {
    const made = faulty({ faults: ['bounding-after-user'] })
    const ids = made.steps.map(({ id }) => id)
    expect(ids.indexOf('process.user')).toBe(ids.indexOf('security.bounding') - 1)
    expect(made.marks.filter(Boolean)).toEqual(['bounding-after-user', 'bounding-after-user'])
  })

  test('no-limits keeps the group and loses the numbers', () => {
    const lines = faulty({ faults: ['no-limits'] })
      .steps.find(({ id }) => id === 'cgroup.create')
      ?.calls.map(formatCall)
    expect(lines).toEqual(['mkdirat(AT_FDCWD, "/sys/fs/cgroup/mini-docker/abc", 0755)'])
  })

  test('no name of the host is changed: host-name does not set one, and is refused together with kernel settings', () => {
    const made = faulty({ faults: ['host-name'] })
    expect(made.steps.flatMap(({ calls }) => calls).some(({ name }) => name === 'sethostname')).toBe(false)
    const spec = dockerSpec(['true'])
    for (const name of ['host-name', 'shared-ipc'])
      expect(() =>
        faulty({ faults: [name] }, { linux: { ...spec.linux, sysctl: { 'kernel.msgmax': '65536' } } }),
      ).toThrow('cannot be built into this start')
  })
})
