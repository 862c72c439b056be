/** DELETE /containers/{id}, and `--rm`. config.json goes first: a removal that is cut short leaves a folder that gc takes away. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { tell, UserError } from '@mini-docker/syscall'
import { abortViews, viewsClosed } from '../archive/view.ts'
import { containerEvent, type Engine } from '../engine.ts'
import { removeAnonymousVolumes } from '../volumes/use.ts'
import type { Container } from './model.ts'
import { killAndWait } from './stop.ts'

export type RemoveOptions = { force: boolean; volumes: boolean }

/** Removes the container; a running one only with force. @throws UserError `conflict`, in docker's words. */
export function removeContainer(engine: Engine, container: Container, options: RemoveOptions): Promise<void> {
  engine.stories.giveUp(container, 'the container was removed')
  return container.lock.run(() => removeLocked(engine, container, options))
}

async function removeLocked(engine: Engine, container: Container, { force, volumes }: RemoveOptions): Promise<void> {
  if (!engine.containers.has(container.id)) return
  if (container.running && !force) throw refusal(container)
  container.cancelRestart()
  // `--rm` waits for who copies out of the container; somebody's `rm -f` does not.
  const impatient = force && (container.alive || !container.record.hostConfig.AutoRemove)
  if (container.alive) {
    // Its own end must not start a second removal that waits for this one.
    container.change({ stoppedByUser: true })
    await killAndWait(engine, container)
  }
  container.state = { ...container.state, status: 'removing' }
  container.stateFile.close()
  if (impatient) await abortViews(container, `container ${container.id} was removed`)
  else await viewsClosed(container)
  await tell(
    'container.remove',
    () => `rm -r ${container.dir}`,
    () => removeFolder(container.dir),
  )
  engine.containers.delete(container)
  for (const id of container.execs) engine.execs.delete(id)
  if (volumes) await removeAnonymousVolumes(engine, container.record.mounts)
  containerEvent(engine, container, 'destroy')
  container.streams.ended()
  container.events.emit('removed')
}

function refusal({ record, state }: Container): UserError {
  const stop =
    state.status === 'paused'
      ? 'container is paused and must be unpaused first'
      : `container is ${state.status}: stop the container before removing or force remove`
  return new UserError('conflict', `cannot remove container "/${record.name}": ${stop}`)
}

/** Most containers have touched little: a few unlinks by name are ten times faster than a walk in the thread pool. */
async function removeFolder(dir: string): Promise<void> {
  fs.rmSync(path.join(dir, 'config.json'), { force: true })
  try {
    for (const name of fs.readdirSync(dir, { withFileTypes: true })) {
      const full = path.join(dir, name.name)
      if (!name.isDirectory()) fs.unlinkSync(full)
      else if (name.name === 'work') removeWork(full)
      else fs.rmdirSync(full)
    }
    fs.rmdirSync(dir)
  } catch {
    await fs.promises.rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** overlayfs keeps one empty folder in its workdir. */
function removeWork(dir: string): void {
  fs.rmSync(path.join(dir, 'work'), { recursive: true, force: true })
  fs.rmdirSync(dir)
}
