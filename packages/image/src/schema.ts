/**
 * The JSON documents of an image, as zod schemas: OCI image-spec v1.1 (index, manifest, config) and docker's own older shapes
 * of the same. Unknown fields are kept, since a document's digest is over its bytes and others may need them.
 */
import * as z from 'zod'
import { parseDiffID, parseDigest } from './digest.ts'

const digest = z.string().transform((text, context) => parsed(context, () => parseDigest(text)))
const diffID = z.string().transform((text, context) => parsed(context, () => parseDiffID(text)))
const size = z.number().int().nonnegative()
const strings = z.record(z.string(), z.string())
/** Go writes an empty slice or map as null or leaves it out. */
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? [])

export const Platform = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
})
export type Platform = z.infer<typeof Platform>

/** Points at a blob: what it is, its digest and its size. */
export const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest,
  size,
  platform: Platform.nullish(),
  annotations: strings.nullish(),
})
export type Descriptor = z.infer<typeof Descriptor>

/** An OCI image index, or docker's manifest list. */
export const Index = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: list(Descriptor),
})
export type Index = z.infer<typeof Index>

export const Manifest = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: Descriptor,
  layers: list(Descriptor),
  annotations: strings.nullish(),
})
export type Manifest = z.infer<typeof Manifest>

/** Durations are nanoseconds, as in Go. */
export const Healthcheck = z.looseObject({
  Test: z.array(z.string()).nullish(),
  Interval: z.number().optional(),
  Timeout: z.number().optional(),
  StartPeriod: z.number().optional(),
  StartInterval: z.number().optional(),
  Retries: z.number().optional(),
})
export type Healthcheck = z.infer<typeof Healthcheck>

/** How to run the image: the `config` object of a config blob, with docker's additions. */
export const RunConfig = z.looseObject({
  User: z.string().nullish(),
  ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  Env: z.array(z.string()).nullish(),
  Entrypoint: z.array(z.string()).nullish(),
  Cmd: z.array(z.string()).nullish(),
  Volumes: z.record(z.string(), z.unknown()).nullish(),
  WorkingDir: z.string().nullish(),
  Labels: strings.nullish(),
  StopSignal: z.string().nullish(),
  StopTimeout: z.number().nullish(),
  Healthcheck: Healthcheck.nullish(),
  Shell: z.array(z.string()).nullish(),
  OnBuild: z.array(z.string()).nullish(),
})
export type RunConfig = z.infer<typeof RunConfig>

export const HistoryEntry = z.looseObject({
  created: z.string().nullish(),
  created_by: z.string().nullish(),
  author: z.string().nullish(),
  comment: z.string().nullish(),
  empty_layer: z.boolean().nullish(),
})
export type HistoryEntry = z.infer<typeof HistoryEntry>

/** A config blob. Its digest is docker's image ID. */
export const ImageConfig = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().nullish(),
  created: z.string().nullish(),
  author: z.string().nullish(),
  config: RunConfig.nullish(),
  rootfs: z.looseObject({ type: z.string(), diff_ids: list(diffID) }),
  history: list(HistoryEntry),
})
export type ImageConfig = z.infer<typeof ImageConfig>

/** `manifest.json` of a `docker save` archive: one entry for each image. */
export const ArchiveManifest = z.array(
  z.looseObject({ Config: z.string(), RepoTags: list(z.string()), Layers: list(z.string()) }),
)
export type ArchiveManifest = z.infer<typeof ArchiveManifest>

/** The file `oci-layout`. */
export const LayoutFile = z.looseObject({ imageLayoutVersion: z.string() })

function parsed<T>(context: z.core.$RefinementCtx, parse: () => T): T | typeof z.NEVER {
  try {
    return parse()
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
    return z.NEVER
  }
}
