export * from './anatomy.ts'
export { hierarchyName, limitNumber, readCgroups, type CgroupFact } from './cgroup.ts'
export * from './firewall.ts'
export { overlayOf, propagationOf, readMounts, sourceOf, type MountFact, type OverlayFact } from './mounts.ts'
export * from './namespaces.ts'
export {
  readNetwork,
  type AddressFact,
  type CableFact,
  type LinkFact,
  type NetworkFact,
  type RouteFact,
} from './network.ts'
export { startTime } from './proc.ts'
export * from './process.ts'
export { readProcesses, type ProcessFact } from './processes.ts'
export { FactReader, readFacts } from './read-facts.ts'
export { routeText, shortNames } from './rows.ts'
export {
  CAPABILITY_SETS,
  readLabel,
  readOomScoreAdjust,
  readStatus,
  type CapabilitySet,
  type StatusFact,
} from './status.ts'
