/** Pulls and pushes as steps, before anything is asked: for `--explain`. */
import * as path from 'node:path'
import {
  hostPlatform,
  parseReference,
  planPull,
  planPush,
  pullBases,
  pushBases,
  type Image,
  type ImageStep,
  type Platform,
  type Reference,
} from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../../engine.ts'
import { isDemo } from '../demo.ts'
import { registryConfig } from './registry.ts'

/** @throws UserError `invalid` where there is no one image to pull. */
export async function planPullOf(
  { config }: Engine,
  reference: Reference,
  platform: Platform = hostPlatform(),
): Promise<ImageStep[]> {
  if (isDemo(reference))
    throw new UserError('invalid', "demo is made from this machine's own files: no registry is asked")
  if (reference.tag === undefined && reference.digest === undefined)
    throw new UserError('invalid', 'a plan is of one image, not of all tags', { hint: 'give a tag' })
  return planPull({ reference, platform, endpoints: await pullBases(reference, registryConfig(config)) })
}

/** Of one tag that the store has. */
export async function planPushOf({ images, config }: Engine, reference: Reference, image: Image): Promise<ImageStep[]> {
  const { id, layers, manifestDigest, manifestMediaType } = image
  return planPush({
    reference,
    endpoints: await pushBases(reference, registryConfig(config)),
    manifest: { digest: manifestDigest, mediaType: manifestMediaType },
    blobs: [...new Set([...layers.map(({ digest }) => digest), id])],
    blobsDirectory: path.join(images.root, 'blobs/sha256'),
    mountFrom: repositoriesBeside(reference, image),
  })
}

/** Other repositories of the same registry that the image was pulled from or pushed to. */
function repositoriesBeside(reference: Reference, { repoDigests }: Image): string[] {
  const others = repoDigests
    .map(parseReference)
    .filter(({ domain, path: repository }) => domain === reference.domain && repository !== reference.path)
  return [...new Set(others.map((other) => other.path))]
}
