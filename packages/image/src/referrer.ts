/** Manifests that refer to others: signatures, attestations, bills of materials (image-spec, "subject"). */
import * as z from 'zod'
import { isManifest } from './media-type.ts'
import { Descriptor } from './schema.ts'

/** Any manifest or index, as far as it refers to another one. */
export const Referring = z.looseObject({
  config: Descriptor.nullish(),
  subject: Descriptor.nullish(),
  artifactType: z.string().nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
})
export type Referring = z.infer<typeof Referring>

export type Referrer = Descriptor & { artifactType?: string }

/**
 * A manifest as it stands in the list of what refers to its subject (distribution-spec, "Listing Referrers"). Without an artifactType
 * of its own, a manifest's is the media type of its config.
 */
export function referrerOf({ mediaType, digest, size }: Descriptor, document: Referring): Referrer {
  const artifactType = document.artifactType || (isManifest(mediaType) ? document.config?.mediaType : undefined)
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== undefined && { artifactType }),
    ...(document.annotations && { annotations: document.annotations }),
  }
}
