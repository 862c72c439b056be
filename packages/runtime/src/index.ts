export { FAULTS, findFault, REFUSED, withFaults, type Fault, type FaultRequest, type FaultySteps } from './faults.ts'
export { launcherFile, Monitor, type Exit, type LaunchEvent, type OutputListener } from '@mini-docker/syscall'
export { readMachine } from './machine.ts'
export { messages } from './messages.ts'
export { MONITOR_SOCKET } from './monitor-steps.ts'
export { checkSpec, type Process, type Spec, type SpecMount } from './oci.ts'
export { planContainer, type Machine, type NetworkSteps, type Plan, type PlanOptions } from './plan-container.ts'
export { planExec, type ExecOptions, type ExecTarget } from './plan-exec.ts'
export {
  readExit,
  startContainer,
  StartError,
  startExec,
  undo,
  undoCalls,
  type Running,
  type StartOptions,
} from './start.ts'
