/** POST /commit: what a container changed, as an image on top of its own. */
import * as path from 'node:path'
import {
  applyChanges,
  commitImage,
  familiarReference,
  packTree,
  parseName,
  parseReference,
  parseTag,
  type Image,
  type Reference,
  type RunConfig,
} from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { Config } from '../api/bodies.ts'
import { containerChanges, madeForMounts } from '../containers/changes.ts'
import type { Container } from '../containers/model.ts'
import { pauseContainer, unpauseContainer } from '../containers/stop.ts'
import { containerEvent, type Engine } from '../engine.ts'

export type CommitOptions = {
  repo: string
  tag: string
  comment: string
  author: string
  /** Dockerfile instructions: `CMD ["sh"]`. */
  changes: readonly string[]
  /** Freezes a running container meanwhile. */
  pause: boolean
}

/**
 * Makes the image. The container keeps its files; volumes are no part of them.
 * @throws UserError `invalid` for a bad name or change, `not-found` when the container's own image is gone, `conflict` when the container
 *   is removed meanwhile or, unpaused, changes a file while it is read.
 */
export async function commitContainer(engine: Engine, container: Container, options: CommitOptions): Promise<Image> {
  // What can be wrong with the words is said before anything is stopped.
  const names = nameOf(options)
  const config = applyChanges(imageConfig(container.record.config), options.changes)
  const parent = engine.images.get(container.record.imageId)
  await using _frozen =
    options.pause && container.state.status === 'running' ? await freeze(engine, container) : undefined
  const created = new Date().toISOString()
  const image = await commitImage(engine.images, {
    parent,
    layer: changesOf(engine, container),
    config,
    author: options.author,
    created,
    history: {
      created,
      created_by: (container.record.config.Cmd ?? []).join(' '),
      ...(options.author === '' ? {} : { author: options.author }),
      ...(options.comment === '' ? {} : { comment: options.comment }),
    },
    names,
  })
  tell(engine, container, image, options.comment, names)
  return image
}

/** The upper directory as a layer, without the places that were made only to mount on them. */
async function* changesOf(engine: Engine, container: Container): AsyncGenerator<Uint8Array, void, undefined> {
  const made = madeForMounts(containerChanges(engine, container))
  const running = container.state.status === 'running'
  yield* packTree(path.join(container.dir, 'upper'), {
    whiteouts: 'overlay',
    live: running,
    exclude: (file) => made.has(`/${file}`),
  })
  // A directory that somebody deletes meanwhile looks like one with few files.
  if (!engine.containers.has(container.id) || container.state.status === 'removing')
    throw new UserError('conflict', `container ${container.id} was removed while it was committed`)
}

async function freeze(engine: Engine, container: Container): Promise<AsyncDisposable> {
  await pauseContainer(engine, container)
  return {
    [Symbol.asyncDispose]: async () => {
      // Somebody may have killed or unpaused it.
      if (container.state.status === 'paused') await unpauseContainer(engine, container)
    },
  }
}

/** Of a container's config what belongs to an image: not its host name and not its terminal. */
function imageConfig(config: Config): RunConfig {
  const {
    User,
    ExposedPorts,
    Env,
    Cmd,
    Healthcheck,
    Volumes,
    WorkingDir,
    Entrypoint,
    OnBuild,
    Labels,
    StopSignal,
    Shell,
  } = config
  return {
    User,
    ExposedPorts,
    Env,
    Cmd,
    Healthcheck,
    Volumes,
    WorkingDir,
    Entrypoint,
    OnBuild,
    Labels,
    StopSignal,
    Shell,
  }
}

function nameOf({ repo, tag }: CommitOptions): Reference[] {
  if (repo === '') return []
  const name = parseName(repo)
  if (name.digest !== undefined) throw new UserError('invalid', 'cannot commit to digest reference')
  return [tag === '' ? parseReference(repo) : { ...name, tag: parseTag(tag) }]
}

function tell(engine: Engine, container: Container, image: Image, comment: string, names: readonly Reference[]): void {
  const imageRef = names.map(familiarReference)[0] ?? ''
  containerEvent(engine, container, 'commit', { comment, imageID: image.id, imageRef })
  for (const name of names)
    engine.events.emit('image', 'tag', image.id, { ...image.config.config?.Labels, name: familiarReference(name) })
}
