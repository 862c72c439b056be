/** Takes away what belongs to no container: what a kill -9 at a bad moment leaves. Also run when the daemon starts. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import * as cgroup from '@mini-docker/cgroup'
import { NetlinkSocket } from '@mini-docker/net'
import type { Engine } from '../engine.ts'
import { sweepNetworks } from '../networks/leave.ts'
import { sweepVolumeMounts } from '../volumes/use.ts'

export type Garbage = {
  kind:
    | 'container folder'
    | 'journal entry'
    | 'volume mount'
    | 'volume folder'
    | 'network link'
    | 'blob'
    | 'layer'
    | 'temporary files'
  name: string
}

/** What is left behind now, as far as files and links tell: the container folders, journal entries, volume folders and links that belong to nobody. */
export function findGarbage(engine: Engine): { folders: string[]; links: string[] } {
  const containers = path.join(engine.root, 'containers')
  const dirs = fs.readdirSync(containers).flatMap((id) => {
    const dir = path.join(containers, id)
    return isKnown(engine, id) || fs.existsSync(path.join(dir, 'config.json')) ? [] : [dir]
  })
  using socket = NetlinkSocket.open()
  return {
    folders: [...dirs, ...engine.volumes.leftovers()],
    links: engine.networks.garbage(socket).map(({ name }) => name),
  }
}

/** Returns what was removed. What cannot be removed is in the log, and tried again next time. */
export async function collectGarbage(engine: Engine): Promise<Garbage[]> {
  const removed: Garbage[] = []
  const attempt = async (garbage: Garbage, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
      removed.push(garbage)
    } catch (error) {
      engine.log(`${garbage.kind} ${garbage.name} cannot be removed: ${String(error)}`)
    }
  }
  for (const id of engine.journal.ids()) {
    if (isKnown(engine, id)) continue
    await attempt({ kind: 'journal entry', name: id }, () => undoEntry(engine, id))
  }
  const containers = path.join(engine.root, 'containers')
  for (const id of fs.readdirSync(containers)) {
    const dir = path.join(containers, id)
    if (isKnown(engine, id) || fs.existsSync(path.join(dir, 'config.json'))) continue
    await attempt({ kind: 'container folder', name: id }, () => fs.promises.rm(dir, { recursive: true, force: true }))
  }
  for (const name of sweepVolumeMounts(engine)) removed.push({ kind: 'volume mount', name })
  for (const dir of engine.volumes.leftovers())
    await attempt({ kind: 'volume folder', name: path.basename(dir) }, () =>
      fs.promises.rm(dir, { recursive: true, force: true }),
    )
  for (const name of await sweepNetworks(engine)) removed.push({ kind: 'network link', name })
  removed.push(...(await sweepImages(engine)))
  return removed
}

/** Blobs and layers that no image and no container needs. A load that goes on keeps them: next time. */
async function sweepImages(engine: Engine): Promise<Garbage[]> {
  try {
    const { blobs, layers, temporary } = await engine.images.gc({ timeoutMs: 0 })
    return [
      ...blobs.map((name): Garbage => ({ kind: 'blob', name })),
      ...layers.map((name): Garbage => ({ kind: 'layer', name })),
      ...(temporary > 0 ? [{ kind: 'temporary files', name: String(temporary) } as const] : []),
    ]
  } catch (error) {
    engine.log(`images are not swept: ${String(error)}`)
    return []
  }
}

function isKnown(engine: Engine, id: string): boolean {
  return engine.containers.has(id) || engine.creating.has(id)
}

/** Kills what still runs in the cgroup, then undoes what the plan had to undo. */
async function undoEntry(engine: Engine, id: string): Promise<void> {
  const entry = engine.journal.read(id)
  const cgroupPath = entry?.cgroupPath ?? `mini-docker/${id}`
  await cgroup.kill(engine.cgroups, cgroupPath)
  await cgroup.remove(engine.cgroups, cgroupPath)
  await engine.runtime.undo(entry?.undo ?? [])
  engine.journal.remove(id)
}
