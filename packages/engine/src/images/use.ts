/** Images and the containers made of them. */
import { shortID, type ChainID, type Image } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'

/** The layers that must stay, whatever happens to their images. Everything, while a container is being made of some. */
export function layersInUse(engine: Pick<Engine, 'containers' | 'creating'>): Iterable<ChainID> | 'all' {
  if (engine.creating.size > 0) return 'all'
  return new Set(engine.containers.all().flatMap(({ record }) => record.chain))
}

/**
 * Docker's rules for removing an image that containers are made of: by a name that is not its last one it is only
 * untagged; a stopped container gives way to force, a running one to nothing.
 * @throws UserError `conflict`, in docker's words.
 */
export function refuseInUse(engine: Engine, image: Image, reference: string, force: boolean): void {
  const byId = image.id === reference || image.id.replace('sha256:', '').startsWith(reference.replace('sha256:', ''))
  if (!byId && image.names.length > 1) return
  const users = engine.containers.all().filter(({ record }) => record.imageId === image.id)
  const running = users.find((container) => container.running)
  const user = running ?? users[0]
  if (user === undefined) return
  const [container, id] = [user.id.slice(0, 12), shortID(image.id)]
  if (byId && running !== undefined)
    throw new UserError(
      'conflict',
      `conflict: unable to delete ${id} (cannot be forced) - image is being used by running container ${container}`,
    )
  if (force) return
  throw new UserError(
    'conflict',
    byId
      ? `conflict: unable to delete ${id} (must be forced) - image is being used by ${running === undefined ? 'stopped' : 'running'} container ${container}`
      : `conflict: unable to remove repository reference "${reference}" (must force) - container ${container} is using its referenced image ${id}`,
  )
}
