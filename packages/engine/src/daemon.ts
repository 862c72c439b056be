/**
 * The daemon: one per data root, listening on a unix socket. It owns nothing that runs: containers live under their
 * monitors, so stopping or killing the daemon leaves them running (docker's live-restore, always on).
 */
import * as fs from 'node:fs'
import type { Server } from 'node:http'
import * as net from 'node:net'
import * as path from 'node:path'
import { prepareParent, readCgroupLayout, type CgroupLayout } from '@mini-docker/cgroup'
import { ImageStore } from '@mini-docker/image'
import { LauncherServer, UserError } from '@mini-docker/syscall'
import { createServer } from './api/server.ts'
import { apiRouter } from './api/routes/index.ts'
import { nowRfc3339 } from './clock.ts'
import { DEFAULT_CONFIG, type DaemonConfig } from './config/config.ts'
import { followUp } from './containers/follow-up.ts'
import { ContainerStore } from './containers/store.ts'
import type { Engine } from './engine.ts'
import { ExecStore } from './exec/store.ts'
import { SharedProgress } from './images/transfer/shared-progress.ts'
import { Transfers } from './images/transfer/transfers.ts'
import { traced } from './faces/request-trace.ts'
import { layersInUse } from './images/use.ts'
import { Networks } from './networks/networks.ts'
import { collectGarbage } from './recovery/gc.ts'
import { Journal } from './recovery/journal.ts'
import { recoverContainers, startByPolicy } from './recovery/recover.ts'
import type { Runtime } from './runtime-port.ts'
import { kernelRuntime } from './runtime.ts'
import { Stories } from './story/stories.ts'
import { lockFile } from './state/lock-file.ts'
import { EventLog } from './system/events.ts'
import { readHostFacts } from './system/host.ts'
import { IdleTimer } from './system/idle.ts'
import { giveBackMemory, REST_MS } from './system/memory.ts'
import { VolumeStore } from './volumes/store.ts'

export type DaemonOptions = {
  /** Data root: `/var/lib/mini-docker`. */
  root: string
  /** Run root, on a tmpfs: `/run/mini-docker`. */
  runRoot: string
  /** Where clients connect. Its folder must exist. */
  socketPath: string
  /** Group that may use the socket besides root. */
  socketGid?: number
  /** Ends by itself after so long without a request and without a running container. */
  idleTimeoutMs?: number
  /** Of the product, as `docker version` shows it. */
  version?: string
  /** Registries, proxies and limits, as `readDaemonConfig` gives them; docker's defaults when left out. */
  config?: DaemonConfig
  /** What starts containers; the kernel's own means when left out. */
  runtime?: Runtime
  /** Where cgroups are; read from the machine, and the parent group made, when left out. */
  cgroups?: CgroupLayout
  /** For tests of what a crash leaves: the first start kills launcher and daemon before this step. */
  killBefore?: string
  log: (line: string) => void
}

export interface Daemon extends AsyncDisposable {
  readonly engine: Engine
  readonly socketPath: string
  /** Resolves when the daemon has ended, by dispose or because it was idle. */
  readonly closed: Promise<'disposed' | 'idle'>
}

/**
 * Starts a daemon and resolves when it listens. Dispose ends it gracefully: it stops listening, finishes its writes, and
 * leaves containers running.
 * @throws UserError `conflict` when another daemon has the data root or the socket.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { root, runRoot, socketPath } = options
  fs.mkdirSync(root, { recursive: true, mode: 0o710 })
  fs.mkdirSync(runRoot, { recursive: true, mode: 0o711 })
  using cleanup = new DisposableStack()
  cleanup.use(lockFile(path.join(root, 'daemon.lock')))
  cleanup.use(lockFile(path.join(runRoot, 'mini-dockerd.pid')))

  const engine = await openEngine(options, async () =>
    cleanup.use(await LauncherServer.start(path.join(runRoot, 'launcher.sock'))),
  )
  await recoverContainers(engine)
  engine.creating.delete(RECOVERY)
  for (const { kind, name } of await collectGarbage(engine)) options.log(`removed ${kind} ${name}`)

  const idle = new IdleTimer(options.idleTimeoutMs, () =>
    engine.containers.all().some((container) => container.running),
  )
  const rest = new IdleTimer(REST_MS, () => false)
  cleanup.defer(() => rest.stop())
  rest.start(giveBackMemory)
  const server = createServer({
    router: apiRouter,
    engine,
    version: engine.version,
    log: options.log,
    traced: ({ headers, method = 'GET' }, path, work) => traced(engine, { headers, method, path }, work),
    activity: (change) => [idle, rest].forEach((timer) => timer.activity(change)),
  })
  await listen(server, socketPath, options.socketGid)
  cleanup.defer(() => fs.rmSync(socketPath, { force: true }))
  startByPolicy(engine)

  const held = cleanup.move()
  const { promise: closed, resolve } = Promise.withResolvers<'disposed' | 'idle'>()
  let closing: Promise<void> | undefined
  const close = (why: 'disposed' | 'idle'): Promise<void> => {
    closing ??= shutDown(engine, server, idle, held).then(() => resolve(why))
    return closing
  }
  idle.start(
    () => void close('idle').catch((error: unknown) => options.log(`daemon does not end cleanly: ${String(error)}`)),
  )
  engine.events.emit('daemon', 'start', engine.host.hostname, { name: engine.host.hostname })
  return { engine, socketPath, closed, [Symbol.asyncDispose]: () => close('disposed') }
}

const VERSION = '0.1.0'

/** Stands for containers that are not loaded yet: until then every layer may be in use. */
const RECOVERY = 'recovery'

async function openEngine(
  { root, runRoot, version = VERSION, log, ...options }: DaemonOptions,
  launchers: () => Promise<LauncherServer>,
): Promise<Engine> {
  const cgroups = options.cgroups ?? prepareParent(readCgroupLayout())
  const containers = new ContainerStore()
  const creating = new Set<string>([RECOVERY])
  const images = await ImageStore.open(root, { layersInUse: () => layersInUse({ containers, creating }) })
  const runtime = options.runtime ?? kernelRuntime(cgroups, await launchers(), options.killBefore)
  const engine: Engine = {
    root,
    runRoot,
    version,
    config: options.config ?? DEFAULT_CONFIG,
    startedAt: nowRfc3339(),
    host: readHostFacts(),
    runtime,
    cgroups,
    images,
    transfers: new Transfers(),
    pullProgress: new SharedProgress(),
    compressedLayers: new Map(),
    containers,
    execs: new ExecStore(),
    volumes: new VolumeStore(root),
    networks: new Networks({ root, runRoot, containers, run: (steps) => runtime.run(steps), log }),
    journal: new Journal(runRoot),
    events: new EventLog(),
    tracers: new Map(),
    stories: new Stories(),
    creating,
    log,
    followUp: (container, next) => followUp(engine, container, next),
  }
  return engine
}

/** Only root, and a group that was named. A socket file that nobody answers on is left by a killed daemon. */
async function listen(server: Server, socketPath: string, gid: number | undefined): Promise<void> {
  if (fs.existsSync(socketPath)) {
    if (await answers(socketPath))
      throw new UserError('conflict', `something already listens on ${socketPath}`, {
        hint: 'is another daemon running?',
      })
    fs.rmSync(socketPath)
  }
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(socketPath, resolve)
    })
  } finally {
    process.umask(before)
  }
  if (gid === undefined) return
  fs.chownSync(socketPath, 0, gid)
  fs.chmodSync(socketPath, 0o660)
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Answers under way are cut: attach and logs would last for ever. State that is being written is finished first. */
async function shutDown(engine: Engine, server: Server, idle: IdleTimer, held: DisposableStack): Promise<void> {
  idle.stop()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  engine.stories.giveUpAll('the daemon ends')
  for (const container of engine.containers.all()) {
    clearTimeout(container.restartTimer)
    await container.lock.run(() => undefined)
    const { monitor } = container
    container.monitor = undefined
    monitor?.close()
  }
  engine.stories.close()
  server.closeAllConnections()
  await engine.networks.close()
  await engine.transfers[Symbol.asyncDispose]()
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1000).unref())])
  held.dispose()
}
