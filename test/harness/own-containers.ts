/**
 * The ids of all containers that daemons of these tests have made, those included that are gone again: a folder in `containers/` comes before anything
 * else of a container. Cgroups of other daemons on the machine are thereby told from ours.
 */
import { mkdirSync, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

const own = new Set<string>()

export function isOwnContainer(id: string): boolean {
  return own.has(id)
}

/** Call it before the daemon starts. It goes on while no daemon lives. */
export function watchContainers(dataRoot: string): Disposable {
  const directory = join(dataRoot, 'containers')
  mkdirSync(directory, { recursive: true, mode: 0o710 })
  for (const id of readdirSync(directory)) own.add(id)
  const watcher = watch(directory, (_event, name) => void (name !== null && own.add(name)))
  return { [Symbol.dispose]: () => watcher.close() }
}
