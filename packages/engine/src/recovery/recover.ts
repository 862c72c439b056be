/**
 * What a new daemon finds. Containers run on without a daemon, under their monitors; so at start every container on the
 * disk is one of: alive (its monitor answers), ended meanwhile (the monitor left an `exit` file), or orphaned (no
 * monitor, no exit status: somebody killed it), whose processes are then killed through their cgroup.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import * as cgroup from '@mini-docker/cgroup'
import { newContainer } from '../containers/create.ts'
import { cleanUpHost, handleExit, watchExit } from '../containers/exit.ts'
import { NEW_STATE, type Container, type ContainerState } from '../containers/model.ts'
import { removeContainer } from '../containers/remove.ts'
import { parseRestartPolicy, startsWithDaemon } from '../containers/restart-policy.ts'
import { startContainer } from '../containers/start.ts'
import type { Engine } from '../engine.ts'
import type { Exit } from '../runtime-port.ts'
import { rejoinNetworks } from '../networks/rejoin.ts'
import { readRecord, readState } from './read-record.ts'
import { launchersDone } from './underway.ts'

/** Docker's code for "the daemon was not there to see", had the status been lost; here the processes were killed. */
const KILLED: Omit<Exit, 'at'> = { exitCode: 137, signal: 9 }

/** Loads every container and brings its state up to date. Folders without config.json are left to gc. */
export async function recoverContainers(engine: Engine): Promise<void> {
  const dir = path.join(engine.root, 'containers')
  fs.mkdirSync(dir, { recursive: true, mode: 0o710 })
  const found = fs.readdirSync(dir).flatMap((id) => loadContainer(engine, path.join(dir, id)) ?? [])
  for (const container of found.toSorted((a, b) => (a.record.created < b.record.created ? -1 : 1)))
    engine.containers.add(container)
  // All names before the first server is back: it would tell that the others do not exist.
  for (const container of engine.containers.all()) if (container.running) engine.networks.names.announce(container)
  await Promise.all(
    engine.containers.all().map((container) =>
      // One that resists must not take away the daemon from all the others.
      recoverContainer(engine, container).catch((error: unknown) =>
        engine.log(`container ${container.id} is not brought up to date: ${String(error)}`),
      ),
    ),
  )
}

/** A folder whose config.json cannot be read is left as it is, for a person to look at. */
function loadContainer(engine: Engine, dir: string): Container | undefined {
  const file = path.join(dir, 'config.json')
  if (!fs.existsSync(file)) return undefined
  try {
    const record = readRecord(fs.readFileSync(file, 'utf8'), path.basename(dir))
    return newContainer(engine, record, dir, loadState(engine, dir))
  } catch (error) {
    engine.log(`container in ${dir} is skipped, its config.json cannot be read: ${String(error)}`)
    return undefined
  }
}

/** A lost state is found out again: from the monitor, or from the exit file. */
function loadState(engine: Engine, dir: string): ContainerState {
  const file = path.join(dir, 'state.json')
  if (!fs.existsSync(file)) return NEW_STATE
  try {
    return readState(fs.readFileSync(file, 'utf8'))
  } catch (error) {
    engine.log(`${file} cannot be read: ${String(error)}`)
    return NEW_STATE
  }
}

async function recoverContainer(engine: Engine, container: Container): Promise<void> {
  const entry = engine.journal.read(container.id)
  if (entry !== undefined && entry.started === undefined && !(await startDone(engine, container)))
    engine.log(`the start of container ${container.id} is still under way: it is taken as it is now`)
  // The journal hears of a start before state.json has it on the disk.
  if (entry?.started !== undefined && !container.running)
    container.state = { ...container.state, ...entry.started, status: 'running' }
  if (await adopt(engine, container)) return
  const status = unseenExit(engine, container)
  if (container.running || status !== undefined) {
    if (status === undefined)
      engine.log(`container ${container.id} has no monitor and no exit status: what is left of it is killed`)
    await handleExit(engine, container, status ?? { ...KILLED, at: new Date() })
  } else if (entry !== undefined) {
    // Killed in the middle of a start: it never ran.
    await cleanUpHost(engine, container)
  }
  // Before anyone can ask for it; the follow-up of the exit finds it gone.
  if (container.record.hostConfig.AutoRemove) await removeContainer(engine, container, { force: true, volumes: true })
}

/** False when a start that lost its daemon goes on for too long. */
function startDone(engine: Engine, { dir, cgroupPath }: Container): Promise<boolean> {
  return launchersDone(dir, () => cgroup.processes(engine.cgroups, cgroupPath))
}

/** Takes up the connection to a monitor that lives. */
async function adopt(engine: Engine, container: Container): Promise<boolean> {
  const socket = path.join(container.dir, 'monitor.sock')
  if (!fs.existsSync(socket)) return false
  const monitor = await engine.runtime.connectMonitor(socket).catch(() => undefined)
  if (monitor === undefined) return false
  const { state } = container
  const startedAt = container.alive ? state.startedAt : fs.statSync(socket).mtime.toISOString()
  const { freezer } = cgroup.cgroupSupport(engine.cgroups)
  const status = freezer && cgroup.isFrozen(engine.cgroups, container.cgroupPath) ? 'paused' : 'running'
  container.monitor = monitor
  container.streams.started(monitor)
  container.change({ status, pid: firstProcess(engine, container), startedAt })
  await rejoinNetworks(engine, container)
  watchExit(engine, container, monitor)
  return true
}

/** The first process, also when its start was not written down. In its own pid namespace it is number 1. */
function firstProcess(engine: Engine, { state, alive, cgroupPath }: Container): number {
  if (alive && state.pid !== 0) return state.pid
  const pids = cgroup.processes(engine.cgroups, cgroupPath)
  return pids.find((pid) => /^NSpid:.*\t1$/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))) ?? pids[0] ?? 0
}

/** What the monitor wrote when the container ended, unless that end is already in the state: a restart that was cut short leaves the old file. */
function unseenExit(engine: Engine, { dir, state }: Container): Exit | undefined {
  const exit = engine.runtime.readExit(dir)
  const seen = state.status === 'exited' && exit !== undefined && exit.at.getTime() <= Date.parse(state.finishedAt)
  return seen ? undefined : exit
}

/** Starts what its restart policy wants running when a daemon comes up. Does not wait for it. */
export function startByPolicy(engine: Engine): void {
  for (const container of engine.containers.all()) {
    const { state, record } = container
    if (state.status !== 'exited') continue
    const policy = parseRestartPolicy(record.hostConfig)
    if (!startsWithDaemon(policy, state)) continue
    startContainer(engine, container).catch((error: unknown) =>
      engine.log(`start of container ${container.id}: ${String(error)}`),
    )
  }
}
