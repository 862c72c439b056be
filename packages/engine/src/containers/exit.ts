/** What follows the end of a container's first process: its cgroup goes, its state is written, whoever waits is told, and the restart policy or `--rm` has its turn. */
import { once } from 'node:events'
import * as cgroup from '@mini-docker/cgroup'
import { formatNs, nowNs, parseRfc3339 } from '../clock.ts'
import { containerEvent, type Engine } from '../engine.ts'
import { tellOfEnd } from '../faces/tracing.ts'
import { leaveNetworks } from '../networks/leave.ts'
import type { Exit, Monitor } from '../runtime-port.ts'
import { leaveVolumes } from '../volumes/at-start.ts'
import type { Part } from '../story/story.ts'
import type { Container } from './model.ts'
import { parseRestartPolicy, restartsAfter } from './restart-policy.ts'

const KILLED = 137

/** Called once for every start, and once for every container found alive when the daemon comes up. */
export function watchExit(engine: Engine, container: Container, monitor: Monitor): void {
  const ended = monitor.exited.then(
    (status) => handleExit(engine, container, status),
    (error: unknown) => {
      // The daemon itself let go: it ends, and the container goes on.
      if (container.monitor !== monitor) return
      // The monitor was killed: without it nobody can tell the exit code, and what it watched over must not live on.
      // Only the connection may have broken: then the exit it wrote down before it ended tells.
      const exit = engine.runtime.readExit(container.dir)
      if (exit === undefined) engine.log(`monitor of container ${container.id} is gone: ${String(error)}`)
      return handleExit(engine, container, exit ?? { exitCode: KILLED, signal: 9, at: new Date() })
    },
  )
  ended.catch((error: unknown) =>
    engine.log(`end of container ${container.id}: ${error instanceof Error ? error.stack : String(error)}`),
  )
}

/** Brings the container from running to exited. */
export async function handleExit(engine: Engine, container: Container, status: Exit): Promise<void> {
  container.monitor?.close()
  container.monitor = undefined
  const story = engine.stories.of(container)
  if (story === undefined) return ended(engine, container, status)
  await story.teardown(status.exitCode, (part) => ended(engine, container, status, part))
}

async function ended(engine: Engine, container: Container, status: Exit, part: Part = inOne): Promise<void> {
  const oomKilled = await tellOfEnd(container, () => cleanUpHost(engine, container, part))
  container.streams.ended()
  const ranMs = Date.now() - Number((parseRfc3339(container.state.startedAt) ?? nowNs()) / 1_000_000n)
  const { restartCount, stoppedByUser } = container.state
  const policy = parseRestartPolicy(container.record.hostConfig)
  const again = restartsAfter(policy, { exitCode: status.exitCode, restartCount, stoppedByUser })
  container.change({
    status: again ? 'restarting' : 'exited',
    pid: 0,
    exitCode: status.exitCode,
    oomKilled,
    finishedAt: formatNs(BigInt(status.at.getTime()) * 1_000_000n),
  })
  if (oomKilled) containerEvent(engine, container, 'oom')
  containerEvent(engine, container, 'die', {
    exitCode: String(status.exitCode),
    execDuration: String(Math.round(ranMs / 1000)),
  })
  container.events.emit('exit')
  if (again) engine.followUp(container, { kind: 'restart', ranMs })
  else if (container.record.hostConfig.AutoRemove)
    await part('container.remove', () => {
      const removed = part === inOne ? undefined : once(container.events, 'removed')
      engine.followUp(container, { kind: 'remove' })
      return Promise.resolve(removed)
    })
}

const inOne: Part = (_id, work) => work()

/**
 * Undoes what the container leaves on the host. True when the kernel killed one of its processes for lack of memory.
 * With a pid namespace of its own everything in it died with the first process; in the host's the rest must be killed.
 */
export async function cleanUpHost(engine: Engine, container: Container, part: Part = inOne): Promise<boolean> {
  const { cgroups, journal, runtime } = engine
  const { cgroupPath } = container
  const oomKilled = cgroup.oomKills(cgroups, cgroupPath) > 0
  if (container.record.hostConfig.PidMode === 'host') await cgroup.kill(cgroups, cgroupPath)
  await part('cgroup.remove', async () => {
    await cgroup.remove(cgroups, cgroupPath).catch(async () => {
      await cgroup.kill(cgroups, cgroupPath)
      await cgroup.remove(cgroups, cgroupPath)
    })
    const gone = new Set(cgroups.hierarchies.map((hierarchy) => cgroup.groupDirectory(hierarchy, cgroupPath)))
    const undo = journal.read(container.id)?.undo ?? []
    // The undo list has the group too.
    const isGone = (place: unknown): boolean => typeof place === 'string' && gone.has(place)
    await runtime.undo(undo.filter(({ name, args }) => !(name === 'unlinkat' && isGone(args[1]))))
  })
  await part('network.withdraw', async () => {
    await leaveNetworks(engine, container)
    if (part !== inOne) await engine.networks.left()
  })
  await part('volume.unmount', () => leaveVolumes(engine, container))
  journal.remove(container.id)
  return oomKilled
}
