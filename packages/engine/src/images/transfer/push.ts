/** `docker push`: from the store to a registry, told in docker's lines. */
import {
  copyImages,
  familiarReference,
  familiarRepository,
  formatRepository,
  parseReference,
  RegistrySink,
  StoreSource,
  type DiffID,
  type Digest,
  type Image,
  type Platform,
  type Reference,
  type Registry,
} from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { ProgressMessage } from '../../api/progress.ts'
import type { Engine } from '../../engine.ts'
import { PushLines } from './push-lines.ts'
import { requirePlatform } from '../platform.ts'
import { openRegistry, type Access } from './registry.ts'

export type PushRequest = {
  /** Without tag: all tags of the repository. */
  reference: Reference
  /** Refuses an image for another one. */
  platform: Platform | undefined
  access: Access
  tell: (message: ProgressMessage) => void
}

/**
 * Pushes one tag, or all that the store has of a repository.
 * @throws UserError, always after the first line: docker answers before it looks.
 */
export async function pushImages(engine: Engine, { reference, platform, access, tell }: PushRequest): Promise<void> {
  tell({ status: `The push refers to repository [${formatRepository(reference)}]` })
  if (reference.digest !== undefined) throw new UserError('invalid', 'cannot push a digest reference')
  using registry = openRegistry(engine, reference, access)
  const tagged = taggedImages(engine, reference)
  const { endpoint } = await registry.repository(reference, 'pull,push')
  await endpoint.ping()
  for (const { name, image } of tagged) {
    requirePlatform(image, familiarReference(name), platform)
    await pushOne(engine, registry, { name, image }, { access, tell })
  }
}

export type Tagged = { name: Reference; image: Image }

/** The tag that is meant, or all of its repository. @throws UserError `not-found`, in docker's words. */
export function taggedImages({ images }: Engine, reference: Reference): Tagged[] {
  const repository = familiarRepository(reference)
  const tagged = images
    .list()
    .flatMap((image) => image.names.map((name) => ({ name: parseReference(name), image })))
    .filter(({ name }) => name.path === reference.path && name.domain === reference.domain)
    .toSorted((a, b) => (a.name.tag ?? '').localeCompare(b.name.tag ?? ''))
  if (tagged.length === 0)
    throw new UserError('not-found', `An image does not exist locally with the tag: ${repository}`)
  if (reference.tag === undefined) return tagged
  const wanted = tagged.filter(({ name }) => name.tag === reference.tag)
  if (wanted.length === 0) throw new UserError('not-found', `tag does not exist: ${familiarReference(reference)}`)
  return wanted
}

async function pushOne(
  engine: Engine,
  registry: Registry,
  { name, image }: Tagged,
  { access, tell }: Pick<PushRequest, 'access' | 'tell'>,
): Promise<void> {
  await using source = await StoreSource.open(engine.images, [{ image, names: [name] }])
  await using sink = new RegistrySink(registry, name, { parallel: engine.config.maxConcurrentUploads || Infinity })
  const lines = new PushLines(diffIDsOf(image))
  const [pushed] = await copyImages(source, sink, {
    compress: 'gzip',
    compressed: engine.compressedLayers,
    signal: access.signal,
    onEvent: (event) => lines.lines(event).forEach(tell),
  })
  if (pushed === undefined) return
  const { digest, size } = pushed.tree.descriptor
  tell({ status: `${name.tag}: digest: ${digest} size: ${size}` })
  tell({ progressDetail: {}, aux: { Tag: name.tag, Digest: digest, Size: size } })
  await rememberDigest(engine, image, name, digest)
  engine.events.emit('image', 'push', familiarReference(name), {
    ...image.config.config?.Labels,
    name: familiarRepository(name),
  })
}

/** The image is known by this digest there: docker's RepoDigests. */
async function rememberDigest(engine: Engine, image: Image, name: Reference, digest: Digest): Promise<void> {
  const { domain, path } = name
  const { manifestDigest, manifestMediaType: mediaType, manifestSize: size } = image
  await engine.images.add({ mediaType, digest: manifestDigest, size }, [{ domain, path, digest }])
}

function diffIDsOf({ layers }: Image): Map<Digest, DiffID> {
  return new Map(layers.map(({ digest, diffID }) => [digest, diffID]))
}
