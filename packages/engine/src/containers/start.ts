/** POST /containers/{id}/start: files under /etc, the spec, the plan, the journal, and then the runtime makes the calls. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { LayerView } from '@mini-docker/unionfs'
import { SyscallError, UserError } from '@mini-docker/syscall'
import { nowRfc3339 } from '../clock.ts'
import { viewsClosed } from '../archive/view.ts'
import { containerEvent, type Engine } from '../engine.ts'
import { tracing } from '../faces/tracing.ts'
import { parseLogConfig } from '../logs/log-config.ts'
import type { Plan, StartFailure, TraceEvent } from '../runtime-port.ts'
import { containerDevices } from '../spec/devices.ts'
import { enteredNetworks, enterNetworks, publishWhile, type NetworkPlan } from '../networks/enter.ts'
import { etcFiles } from '../networks/files.ts'
import { onUserNetwork } from '../networks/dns.ts'
import { leaveNetworks } from '../networks/leave.ts'
import { linkEnvironment } from '../networks/links.ts'
import { modeOf } from '../networks/mode.ts'
import type { SandboxState } from '../networks/sandbox.ts'
import type { Spec } from '../oci.ts'
import { containerSpec } from '../spec/spec.ts'
import type { Story } from '../story/story.ts'
import { resolveUser, type ResolvedUser, type UserDatabase } from '../spec/user.ts'
import { leaveVolumes, readyMounts, sourcesOf } from '../volumes/at-start.ts'
import { withReachableDestinations } from '../volumes/destination-links.ts'
import { watchExit } from './exit.ts'
import { layerDirs, lowerLinks } from './layers.ts'
import type { Container, ContainerRecord } from './model.ts'

/** Where the log of a container lies. */
export function logPath(container: Pick<Container, 'dir'>): string {
  return path.join(container.dir, 'container.log')
}

/** Starts; false when it already runs. @throws UserError, also when the kernel refused, with docker's words. */
export function startContainer(
  engine: Engine,
  container: Container,
  options: { byPolicy?: boolean } = {},
): Promise<boolean> {
  return container.lock.run(() => startLocked(engine, container, options))
}

/** For those who hold the container's lock. */
export async function startLocked(
  engine: Engine,
  container: Container,
  { byPolicy = false }: { byPolicy?: boolean } = {},
): Promise<boolean> {
  const { status } = container.state
  if (status === 'running') return false
  if (status === 'paused') throw new UserError('conflict', 'cannot start a paused container, try unpause instead')
  if (status === 'removing' || status === 'dead' || !engine.containers.has(container.id))
    throw new UserError('conflict', 'container is marked for removal and cannot be started')
  if (byPolicy && status !== 'restarting') return false
  clearTimeout(container.restartTimer)
  await viewsClosed(container)
  if (!byPolicy) container.state = { ...container.state, restartCount: 0, stoppedByUser: false }

  const traced = tracer(engine, container)
  return tracing(traced?.send, () => startNow(engine, container, traced))
}

/** With a story, as often as the one who hears it goes back a step. */
function startNow(engine: Engine, container: Container, traced: ReturnType<typeof tracer>): Promise<boolean> {
  const story = engine.stories.of(container)
  if (story === undefined) return attemptStart(engine, container, traced)
  return story.attempts(() => attemptStart(engine, container, traced, story))
}

async function attemptStart(
  engine: Engine,
  container: Container,
  traced: ReturnType<typeof tracer>,
  story?: Story,
): Promise<boolean> {
  using volumes = new DisposableStack()
  try {
    volumes.use(await readyMounts(engine, container))
    if (container.record.hostConfig.AutoRemove) forgetVolatile(container.dir)
    const network = await enterNetworks(engine, container)
    const planned = planStart(engine, container.record, container.dir, { network, sandbox: container.state.network })
    const plan = story === undefined ? planned : story.plan(planned)
    const entry = { id: container.id, cgroupPath: container.cgroupPath, undo: engine.runtime.undoCalls(plan.steps) }
    engine.journal.write(entry)
    const output = container.streams.starting()
    const whileBorn = namesNeeded(engine, container)
    const { pid, monitor } = await publishWhile(
      engine,
      container,
      engine.runtime.startContainer(plan, {
        ...(story === undefined ? { trace: traced?.send } : story.hooks),
        output,
        whileBorn,
      }),
    )
    const started = { pid, startedAt: nowRfc3339() }
    engine.journal.write({ ...entry, started })
    container.monitor = monitor
    container.streams.started(monitor)
    container.change({ status: 'running', exitCode: 0, error: '', oomKilled: false, ...started })
    engine.networks.names.announce(container)
    story?.started(pid)
    watchExit(engine, container, monitor)
    if (traced !== undefined)
      void monitor.exited.then(
        (exit) => traced.finish({ type: 'exit', exitCode: exit.exitCode }),
        () => traced.finish(),
      )
    enteredNetworks(engine, container)
    containerEvent(engine, container, 'start')
    return true
  } catch (error) {
    story?.undoing()
    engine.journal.remove(container.id)
    volumes.dispose()
    await leaveNetworks(engine, container)
    await leaveVolumes(engine, container)
    if (story?.isBack(error) === true) throw error
    traced?.finish({ type: 'exit', error: error instanceof Error ? error.message : String(error) })
    throw await failedStart(engine, container, error)
  }
}

/** A volatile overlay leaves a mark that forbids the next mount of the same upper directory: `restart` of a `--rm` container. */
function forgetVolatile(dir: string): void {
  fs.rmSync(path.join(dir, 'work', 'work'), { recursive: true, force: true })
}

/** On a user network, the server of names is there before the command asks it for the first time. */
function namesNeeded(engine: Engine, container: Container): ((pid: number) => Promise<void>) | undefined {
  const { names, store } = engine.networks
  if (!onUserNetwork(store, container)) return undefined
  return (pid) => names.open(container, `/proc/${pid}/ns/net`)
}

/** With the network of another container, the name is the other's too. */
function hostnameOf(engine: Engine, { hostConfig, config }: ContainerRecord): string {
  const mode = modeOf(hostConfig)
  return mode.kind === 'container' ? engine.containers.find(mode.reference).record.config.Hostname : config.Hostname
}

export type StartFacts = { network: NetworkPlan; sandbox: SandboxState | undefined; dryRun?: boolean }

/** The plan of a container's start. Reads the image's user database and the host's devices; writes the files under /etc into `dir`, except on a dry run. */
export function planStart(engine: Engine, record: ContainerRecord, dir: string, facts: StartFacts): Plan {
  const log = parseLogConfig(record.hostConfig.LogConfig)
  const { spec, etc } = specOfStart(engine, record, dir, facts)
  return engine.runtime.planContainer(spec, {
    bundle: dir,
    overlay: {
      layersDir: engine.images.layersDir,
      lower: lowerLinks(engine, record),
      upper: path.join(dir, 'upper'),
      work: path.join(dir, 'work'),
      // What is thrown away at the end need not be written out at unmount.
      volatile: record.hostConfig.AutoRemove,
    },
    cgroupPath: cgroupPathOf(record),
    log: log.kind === 'none' ? undefined : { maxBytes: log.maxBytes, maxFiles: log.maxFiles },
    openStdin: record.config.OpenStdin,
    autoRemove: record.hostConfig.AutoRemove,
    init: record.hostConfig.Init === true,
    filesToCome: Object.values(etc),
    network: facts.network,
  })
}

/** The OCI config that a start is planned from, and the files that are mounted over those in /etc. As `planStart` otherwise. */
export function specOfStart(
  engine: Engine,
  record: ContainerRecord,
  dir: string,
  { network, sandbox, dryRun = false }: StartFacts,
): { spec: Spec; etc: Record<string, string> } {
  const { devices, rules } = containerDevices(record.hostConfig)
  // A container that is only looked at has no upper directory yet.
  const upper = path.join(dir, 'upper')
  const layers = [...(fs.existsSync(upper) ? [upper] : []), ...layerDirs(engine, record)]
  const mounts = withReachableDestinations(sourcesOf(engine, record.mounts), layers)
  const etc = etcFiles(engine, record, sandbox, dir, dryRun)
  const spec = containerSpec(
    { ...record, mounts },
    {
      user: userOf(engine, record, upper, record.config.User),
      hostname: hostnameOf(engine, record),
      devices,
      deviceRules: rules,
      held: engine.host.capabilities,
      etc,
      cgroupPath: cgroupPathOf(record),
      networkPath: network.path,
      linkEnv: linkEnvironment(engine, record, { strict: !dryRun }),
    },
  )
  return { spec, etc }
}

function cgroupPathOf({ id }: ContainerRecord): string {
  return `mini-docker/${id}`
}

/** A user's numbers, by what /etc/passwd and /etc/group of the container say now. No symbolic link of the image leads out of it. */
export function userOf(engine: Engine, record: ContainerRecord, upper: string, user: string): ResolvedUser {
  return resolveUser(user, record.hostConfig.GroupAdd ?? [], userDatabase(engine, record, upper))
}

/** By image: layers never change, and most containers do not touch /etc. */
const databases = new Map<string, UserDatabase>()

function userDatabase(engine: Engine, record: ContainerRecord, upper: string): UserDatabase {
  const layers = layerDirs(engine, record)
  if (fs.lstatSync(path.join(upper, 'etc'), { throwIfNoEntry: false }) !== undefined)
    return readDatabase([upper, ...layers])
  let database = databases.get(record.imageId)
  if (database === undefined) {
    database = readDatabase(layers)
    databases.set(record.imageId, database)
  }
  return database
}

function readDatabase(layers: string[]): UserDatabase {
  // An image can have no layers at all.
  if (layers.length === 0) return { passwd: undefined, group: undefined }
  const view = new LayerView(layers)
  const read = (file: string): string | undefined =>
    view.stat(file)?.type === 'file' ? view.readFile(file).toString('utf8') : undefined
  return { passwd: read('/etc/passwd'), group: read('/etc/group') }
}

/** Those who wait for the next start of this container hear of it. */
function tracer(
  engine: Engine,
  container: Container,
): { send: (event: TraceEvent) => void; finish: (last?: TraceEvent) => void } | undefined {
  const waiting = engine.tracers.get(container.id)
  if (waiting === undefined) return undefined
  engine.tracers.delete(container.id)
  const send = (event: TraceEvent): void => waiting.forEach((listener) => listener(event))
  return { send, finish: (last) => send(last ?? { type: 'exit' }) }
}

/** Writes the failure into the state, takes an AutoRemove container away, and returns what to tell the client. */
async function failedStart(engine: Engine, container: Container, error: unknown): Promise<Error> {
  const failure = engine.runtime.startFailure(error) ?? lookupFailure(error)
  const told =
    failure === undefined ? asError(error) : new UserError('invalid', startMessage(failure), { cause: error })
  const exitCode = failure?.exitCode ?? 128
  container.change({
    status: container.state.status === 'restarting' ? 'exited' : container.state.status,
    exitCode,
    error: told.message,
  })
  containerEvent(engine, container, 'die', { exitCode: String(exitCode), execDuration: '0' })
  container.streams.ended()
  if (container.record.hostConfig.AutoRemove) engine.followUp(container, { kind: 'remove' })
  return told
}

/** Docker's clients look for "executable file not found", "no such file or directory" and "permission denied" to choose 127 or 126. */
function startMessage({ message }: StartFailure): string {
  if (message.startsWith('network.loopback') && message.includes('EPERM'))
    return `failed to set up container networking: ${message}: a network of its own needs CAP_NET_ADMIN, use --network host`
  if (message.startsWith('network.'))
    return `failed to set up container networking: ${message}: where bridges cannot be made, use --network none or --network host`
  const words = message.startsWith('exec:') ? message : `error during container init: ${message}`
  return `failed to create task for container: OCI runtime create failed: unable to start container process: ${words}: unknown`
}

/** A refusal by the kernel outside of the launcher. */
function lookupFailure(error: unknown): StartFailure | undefined {
  return error instanceof SyscallError ? { exitCode: 128, message: error.message } : undefined
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
