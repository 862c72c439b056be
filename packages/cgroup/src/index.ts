export { cpusToQuota, sharesToWeight } from './controllers/cpu.ts'
export { freeze, isFrozen, planFreezer, thaw } from './freezer.ts'
export { kill } from './kill.ts'
export {
  DEFAULT_PARENT,
  controllerHome,
  groupDirectory,
  type CgroupLayout,
  type Hierarchy,
  type KnownFiles,
  type V1Hierarchy,
  type V2Hierarchy,
} from './layout.ts'
export { messages } from './messages.ts'
export { parseCgroupMounts, type CgroupMount } from './mounts.ts'
export { oomKills } from './oom.ts'
export { delegate, prepareParent, releaseParent } from './parent-control.ts'
export { planCgroup, planJoin, type CgroupPlan } from './plan.ts'
export { processes } from './processes.ts'
export { readCgroupLayout } from './read-layout.ts'
export { planRemove, remove } from './remove.ts'
export type * from './resources.ts'
export { readStats } from './stats/read.ts'
export type { CgroupStats, CpuStats, IoEntry, IoStats, MemoryStats } from './stats/types.ts'
export { cgroupSupport, type CgroupSupport } from './support.ts'
export { update } from './update.ts'
