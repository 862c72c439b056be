/** The daemon, and the pure pieces that are useful alone. */
export { startDaemon, type Daemon, type DaemonOptions } from './daemon.ts'
export {
  readDaemonConfig,
  DEFAULT_CONFIG,
  DEFAULT_CONFIG_FILE,
  type ConfigSources,
  type DaemonConfig,
} from './config/config.ts'
export type { ConfigValues } from './config/options.ts'
export type { Engine } from './engine.ts'
export type { Runtime, Monitor, Plan, TraceEvent, Tracer } from './runtime-port.ts'
export { API_MINOR, MIN_API_MINOR, Router, splitTarget, type Handler, type Routes } from './api/router.ts'
export { createBody, execCreateBody, type CreateBody, type Config, type HostConfig } from './api/bodies.ts'
export { apiRouter } from './api/routes/index.ts'
export { frame, streamType, MULTIPLEXED_STREAM, RAW_STREAM } from './attach/frames.ts'
export { DetachFilter, parseDetachKeys } from './attach/detach-keys.ts'
export { containerSpec, execProcess, type SpecFacts } from './spec/spec.ts'
export { resolveUser, type ResolvedUser } from './spec/user.ts'
export { parseMountPoints, type MountPoint } from './volumes/mount-point.ts'
export { mergeConfig } from './containers/merge.ts'
export { validateCreate } from './containers/validate.ts'
export { parseSignal } from './containers/signals.ts'
export { humanDuration, statusText } from './containers/duration.ts'
export { readLog } from './logs/follow.ts'
