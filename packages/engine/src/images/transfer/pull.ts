/** `docker pull`: from a registry into the store, told in docker's lines. */
import {
  copyImages,
  familiarReference,
  familiarRepository,
  RegistrySource,
  StoreSink,
  type Image,
  type Platform,
  type Reference,
  type Root,
  type Source,
} from '@mini-docker/image'
import type { ProgressMessage } from '../../api/progress.ts'
import type { Engine } from '../../engine.ts'
import { PullLines } from './pull-lines.ts'
import { openRegistry, type Access } from './registry.ts'
import { Resolved } from './resolved.ts'

export type PullRequest = {
  /** Without tag and digest: all tags of the repository. */
  reference: Reference
  platform: Platform | undefined
  access: Access
  tell: (message: ProgressMessage) => void
}

/**
 * Pulls one image, or all tags of a repository one after the other.
 * @throws RegistryError or UserError: before the first line where nothing is there, after it when something breaks.
 */
export async function pullImages(engine: Engine, request: PullRequest): Promise<void> {
  const { reference, tell, access } = request
  const allTags = reference.tag === undefined && reference.digest === undefined
  using registry = openRegistry(engine, reference, access)
  await using source = new RegistrySource(registry, reference, { allTags })
  const pulled: Pulled[] = []
  for (const root of await source.roots()) pulled.push(await pullRoot(engine, source, root, request))
  const name = familiarReference(reference)
  const news = pulled.some((one) => one.news)
  tell({ status: `Status: ${news ? 'Downloaded newer image' : 'Image is up to date'} for ${name}` })
  const labels = allTags ? {} : pulled[0]?.image?.config.config?.Labels
  engine.events.emit('image', 'pull', name, { ...labels, name: familiarRepository(reference) })
}

type Pulled = { image: Image | undefined; news: boolean }

async function pullRoot(
  engine: Engine,
  source: Source,
  root: Root,
  { reference, platform, access, tell }: PullRequest,
): Promise<Pulled> {
  const { images, config } = engine
  const name = familiarReference(root.names[0] ?? reference)
  tell({ status: `Pulling from ${reference.path}`, id: root.names[0]?.tag ?? name })
  const before = images.resolve(name)?.id
  await using sink = await StoreSink.open(images, {
    digestNames: true,
    parallel: config.maxConcurrentDownloads || Infinity,
  })
  const lines = new PullLines({
    hasImage: (id) => images.list().some((image) => image.id === id),
    hasLayer: (digest) => images.blobs.size(digest) !== undefined,
  })
  using shared = engine.pullProgress.join((event) => lines.lines(event).forEach(tell))
  await copyImages(new Resolved(source, [root]), sink, {
    signal: access.signal,
    ...(platform !== undefined && { platform }),
    onEvent: (event) => shared.tell(event),
  })
  tell({ status: `Digest: ${root.descriptor.digest}` })
  const image = sink.stored[0]?.image
  return { image, news: image?.id !== before }
}
