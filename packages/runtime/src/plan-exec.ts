/** `exec`: one more process in a running container. Its cgroup, its namespaces, and then as for the first process. */
import { planJoin } from '@mini-docker/cgroup'
import { cloneStep, planEnter, planTarget } from '@mini-docker/ns'
import { CLONE_PIDFD, type Step } from '@mini-docker/syscall'
import { childEnds, monitorSpec, planMonitor, type MonitorRequest } from './monitor-steps.ts'
import type { Process } from './oci.ts'
import { planEnd, type Machine, type Plan } from './plan-container.ts'
import { planTerminal } from './process.ts'

export type ExecTarget = {
  /** The container's first process, as this process sees it. */
  pid: number
  cgroupPath: string
}

export type ExecOptions = {
  /** A directory of this exec's own, for its socket and exit status. */
  directory: string
  openStdin: boolean
}

/** Limits of the container hold for the new process too: it joins the group before it enters the namespaces, while the host's paths are there. */
export function planExec(process: Process, target: ExecTarget, options: ExecOptions, machine: Machine): Plan {
  const tty = process.terminal === true
  const monitor: MonitorRequest = { directory: options.directory, tty, openStdin: options.openStdin, durable: false }
  const cgroup = planJoin(machine.cgroups, target.cgroupPath)
  const clone = cloneStep('exec.clone', BigInt(CLONE_PIDFD), { cgroupDirectory: cgroup.v2Directory })
  const steps: Step[] = [
    planMonitor(monitor),
    planTarget(target.pid),
    { ...clone, calls: [...clone.calls, ...childEnds(monitor)] },
    ...cgroup.steps,
    planEnter(target.pid),
    ...(tty ? planTerminal(process, { console: false }) : []),
    ...planEnd(process, machine, options.openStdin),
  ]
  return {
    steps: steps.filter(({ calls }) => calls.length > 0),
    monitor: monitorSpec(monitor),
    directory: options.directory,
    command: process.args[0] ?? '',
  }
}
