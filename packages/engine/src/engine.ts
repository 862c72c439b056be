/** Everything the routes work on, made once by `daemon.ts`. */
import type { CgroupLayout } from '@mini-docker/cgroup'
import type { Descriptor, Digest, ImageStore } from '@mini-docker/image'
import type { DaemonConfig } from './config/config.ts'
import type { FollowUp } from './containers/follow-up.ts'
import type { Container } from './containers/model.ts'
import type { ContainerStore } from './containers/store.ts'
import type { ExecStore } from './exec/store.ts'
import type { SharedProgress } from './images/transfer/shared-progress.ts'
import type { Transfers } from './images/transfer/transfers.ts'
import type { Networks } from './networks/networks.ts'
import type { Journal } from './recovery/journal.ts'
import type { Runtime, Tracer } from './runtime-port.ts'
import type { Stories } from './story/stories.ts'
import type { EventLog } from './system/events.ts'
import type { HostFacts } from './system/host.ts'
import type { VolumeStore } from './volumes/store.ts'

export type Engine = {
  root: string
  runRoot: string
  version: string
  config: DaemonConfig
  startedAt: string
  host: HostFacts
  runtime: Runtime
  cgroups: CgroupLayout
  images: ImageStore
  /** Pulls and pushes under way. */
  transfers: Transfers
  pullProgress: SharedProgress
  /** What pushes made of layers that are stored uncompressed: they need not be made again for a registry that has them. */
  compressedLayers: Map<Digest, Descriptor>
  containers: ContainerStore
  execs: ExecStore
  volumes: VolumeStore
  networks: Networks
  journal: Journal
  events: EventLog
  /** Waiting for the next start of a container, by its id. */
  tracers: Map<string, Set<Tracer>>
  /** Starts that are told to a client, step by step. */
  stories: Stories
  /** Folders of containers that are being made: no leftovers. */
  creating: Set<string>
  /** Starts what must come after a container's end; does not wait for it. */
  followUp: (container: Container, next: FollowUp) => void
  log: (line: string) => void
}

/** Tells everyone what happened to a container, in docker's form. */
export function containerEvent(
  engine: Engine,
  container: Container,
  action: string,
  extra: Record<string, string> = {},
): void {
  const { config, name } = container.record
  engine.events.emit('container', action, container.id, { ...config.Labels, ...extra, image: config.Image, name })
}
