/**
 * Containers made wrong on purpose, to see why a step is needed: `--without STEP` leaves one out, `--break FAULT` does one wrong. Pure functions on the
 * list of steps; whoever asks must know what they do (the API and the command line both want to be told so).
 */
import { UserError, type Arg, type Call, type Field, type MonitorSpec, type Step } from '@mini-docker/syscall'
import { FAULTS, REFUSED, type Fault } from './fault-table.ts'

export { FAULTS, REFUSED, type Fault } from './fault-table.ts'

export type FaultRequest = { without: readonly string[]; faults: readonly string[] }

/** The list as it will be made, and as it is told: `marks[i]` says what is wrong with `steps[i]`. */
export type FaultySteps = {
  steps: Step[]
  /** `left-out`, the name of a fault, or undefined for a step that is as it should be. */
  marks: (string | undefined)[]
  /** What is shown: of a step that is left out, what is not done. */
  shown: Step[]
}

/**
 * A step that is left out stays in the list and does nothing.
 * @throws UserError `invalid` for steps and faults that are not there or are refused, with the reason
 */
export function withFaults(
  steps: readonly Step[],
  { without, faults }: FaultRequest,
  monitor?: MonitorSpec,
): FaultySteps {
  const marks = steps.map((): string | undefined => undefined)
  let made = [...steps]
  for (const fault of faults.map(findFault)) {
    const changed = fault.apply(made)
    if (changed === undefined)
      throw new UserError(
        'invalid',
        `the fault ${fault.name} cannot be built into this start: it has no such step, or settings that would then become the host’s`,
      )
    changed.forEach((step, i) => {
      if (step !== made[i]) marks[i] = fault.name
    })
    made = changed
  }
  const shown = made.map((step, i) => (step.calls.length === 0 && marks[i] !== undefined ? (steps[i] ?? step) : step))
  for (const id of without) {
    checkLeaveOut(made, id)
    made = made.map((step, i) => {
      if (step.id !== id) return step
      marks[i] = 'left-out'
      return nothing(step)
    })
  }
  checkReferences(made, steps, monitor)
  return { steps: made, marks, shown }
}

/** By name. @throws UserError `invalid` that names those there are, or the reason why it is refused */
export function findFault(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name)
  if (fault !== undefined) return fault
  const refused = REFUSED.find((one) => one.name === name)
  if (refused !== undefined) throw new UserError('invalid', `the fault ${name} is refused: ${refused.why.en}`)
  throw new UserError('invalid', `no such fault: ${name}`, {
    hint: `there are ${FAULTS.map((one) => one.name).join(', ')}`,
  })
}

function nothing(step: Step): Step {
  const { undo: _undo, undoShell: _undoShell, ...rest } = step
  return { ...rest, calls: [], shell: [] }
}

/** What leaving it out would do to the host, or why it would do nothing. */
const NEVER_LEFT_OUT: Record<string, string> = {
  'rootfs.propagation': 'every mount of the container would appear on the host, and stay there',
  'rootfs.pivot': 'the steps behind it would work on the host’s files; --break chroot shows what it is for',
  'rootfs.shared': 'the mounts that are asked to be shared with the host would be shared otherwise than asked',
  'namespaces.join': 'it would go on in the host’s namespaces, and set the host up as if it were the container',
  'namespaces.clone': 'without it there is no process that becomes the container',
  'process.exec': 'without it there is no command',
  'cgroup.parent': 'it makes the group of all containers, not of this one',
}

/** Networks are shared with other containers. */
const SHARED = /^network\.(parent|bridge|gateway|forwarding|nat|dns|ports|host|socket)/

function checkLeaveOut(steps: readonly Step[], id: string): void {
  const found = steps.filter((step) => step.id === id)
  if (found.length === 0) {
    const ids = steps.map((step) => step.id).join(', ')
    throw new UserError('invalid', `no such step in this start: ${id}`, { hint: `it has ${ids}` })
  }
  const why = NEVER_LEFT_OUT[id]
  if (why !== undefined) throw new UserError('invalid', `the step ${id} cannot be left out: ${why}`)
  if (SHARED.test(id))
    throw new UserError(
      'invalid',
      `the step ${id} cannot be left out: it belongs to the network, which other containers use too`,
    )
  if (found.every((step) => step.calls.length === 0))
    throw new UserError(
      'invalid',
      `the step ${id} cannot be left out: it makes no calls here, a program of the host does its work`,
    )
}

/** Later steps may use what an earlier one got: a descriptor, a process. Without it they cannot even be written down. */
function checkReferences(made: readonly Step[], whole: readonly Step[], monitor: MonitorSpec | undefined): void {
  const known = new Set<string>()
  const refuse = (user: string, name: string): never => {
    const maker = whole.find((step) => step.calls.some((one) => definitions(one).includes(name)))
    throw new UserError(
      'invalid',
      `the step ${maker?.id ?? name} cannot be left out: ${user} uses what it makes (${name})`,
    )
  }
  for (const step of made)
    for (const one of step.calls) {
      for (const name of references(one)) if (!known.has(name)) refuse(`the step ${step.id}`, name)
      for (const name of definitions(one)) known.add(name)
    }
  if (monitor === undefined) return
  const { child, pidfd, out, err, in: input, listener, directory } = monitor
  for (const name of [child, pidfd, out, err, input, listener, directory])
    if (name !== undefined && !known.has(name)) refuse('the monitor', name)
}

function references({ args }: Call): string[] {
  return args.flatMap(argReferences)
}

function argReferences(arg: Arg | Field): string[] {
  if (typeof arg !== 'object' || arg === null || arg instanceof Uint8Array) return []
  if ('ref' in arg) return [arg.ref]
  if ('fdPath' in arg) return [arg.fdPath]
  if ('fill' in arg) return arg.fill.map(({ ref }) => ref)
  if ('struct' in arg) return Object.values(arg.fields).flatMap(argReferences)
  return []
}

function definitions({ args, as, name }: Call): string[] {
  return [...(as === undefined ? (name === 'clone3' ? ['child'] : []) : [as]), ...args.flatMap(argDefinitions)]
}

function argDefinitions(arg: Arg | Field): string[] {
  if (typeof arg !== 'object' || arg === null || arg instanceof Uint8Array) return []
  if ('out' in arg) return arg.as ?? []
  if ('struct' in arg) return Object.values(arg.fields).flatMap(argDefinitions)
  return []
}
