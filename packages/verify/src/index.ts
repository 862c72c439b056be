export { groupOf, readSetting } from './cgroup.ts'
export {
  finding,
  type Answer,
  type Check,
  type Ended,
  type Finding,
  type Language,
  type Prepared,
  type Subject,
  type Words,
} from './check.ts'
export { changes, ownCgroups, readHost, type HostState } from './host.ts'
export { findSleeper, NotStarted, runToEnd, start, type Program, type Running } from './program.ts'
export { answerOf, passes, reportJson, reportLines, type Report } from './report.ts'
export { verify } from './verify.ts'
