/**
 * What the engine knows about a container. `record` is what create was given and what was made of it (config.json);
 * `state` changes (state.json); the rest is alive only in this process.
 */
import { EventEmitter } from 'node:events'
import type { ChainID } from '@mini-docker/image'
import type { Config, HostConfig } from '../api/bodies.ts'
import type { Streams } from '../attach/streams.ts'
import { NEVER } from '../clock.ts'
import type { Monitor } from '../runtime-port.ts'
import type { StateFile } from '../state/atomic-file.ts'
import { Mutex } from '../state/mutex.ts'
import type { EndpointSettings } from '../networks/endpoint.ts'
import type { SandboxState } from '../networks/sandbox.ts'
import type { MountPoint } from '../volumes/mount-point.ts'

/** config.json: docker's own field names for what docker names. */
export type ContainerRecord = {
  id: string
  name: string
  created: string
  /** `sha256:…`, the digest of the image's config. */
  imageId: string
  /** The image's layers, topmost first. */
  chain: ChainID[]
  config: Config
  hostConfig: HostConfig
  mounts: MountPoint[]
  /** What it asks of each network it is in, by the network's name. */
  networks: Record<string, EndpointSettings>
}

export type Status = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

/** state.json */
export type ContainerState = {
  status: Status
  pid: number
  exitCode: number
  error: string
  oomKilled: boolean
  startedAt: string
  finishedAt: string
  restartCount: number
  /** `docker stop` was asked for: `unless-stopped` stays down. */
  stoppedByUser: boolean
  /** Its places in networks and its ports, while it has some. */
  network?: SandboxState | undefined
}

export const NEW_STATE: ContainerState = {
  status: 'created',
  pid: 0,
  exitCode: 0,
  error: '',
  oomKilled: false,
  startedAt: NEVER,
  finishedAt: NEVER,
  restartCount: 0,
  stoppedByUser: false,
}

/** Where a start that is told as a story stands. `pid` is the process that becomes the container, once it is born. */
export type HalfMade = { index: number; step: string; pid: number | undefined; waiting: boolean }

/** `exit`: the first process ended. `removed`: nothing is left of the container. */
type ContainerEvents = { exit: []; removed: [] }

export class Container {
  record: ContainerRecord
  state: ContainerState
  /** `containers/<id>` */
  readonly dir: string
  readonly stateFile: StateFile
  readonly streams: Streams
  /** Start, stop, rename and remove, one at a time. */
  readonly lock = new Mutex()
  readonly events = new EventEmitter<ContainerEvents>().setMaxListeners(0)
  readonly execs = new Set<string>()
  monitor: Monitor | undefined
  /** While it is made step by step. */
  halfMade: HalfMade | undefined
  /** A start by the restart policy that is still to come. */
  restartTimer: NodeJS.Timeout | undefined
  restartDelayMs = 0

  constructor(record: ContainerRecord, state: ContainerState, dir: string, stateFile: StateFile, streams: Streams) {
    this.record = record
    this.state = state
    this.dir = dir
    this.stateFile = stateFile
    this.streams = streams
  }

  get id(): string {
    return this.record.id
  }

  /** Has a first process, frozen or not. */
  get alive(): boolean {
    return this.state.status === 'running' || this.state.status === 'paused'
  }

  /** Docker counts a container that waits for its restart as running. */
  get running(): boolean {
    return this.alive || this.state.status === 'restarting'
  }

  get cgroupPath(): string {
    return `mini-docker/${this.id}`
  }

  /** Changes the state and writes it. */
  change(change: Partial<ContainerState>): void {
    this.state = { ...this.state, ...change }
    this.stateFile.save(JSON.stringify(this.state))
  }

  /** No restart will come: somebody stops or removes the container. */
  cancelRestart(): void {
    clearTimeout(this.restartTimer)
    this.restartTimer = undefined
    this.restartDelayMs = 0
    if (this.state.status === 'restarting') this.change({ status: 'exited' })
  }
}
