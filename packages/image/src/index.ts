export * from './compression.ts'
export * from './copy/index.ts'
export * from './credentials/index.ts'
export * from './demo/index.ts'
export * from './digest.ts'
export * from './elf/index.ts'
export { ensureDemo } from './ensure-demo.ts'
export { flattenLayers } from './flatten.ts'
export * from './inspect/index.ts'
export { JSON_BYTES_MAX, parseJSON } from './json.ts'
export * from './media-type.ts'
export { applyChanges } from './media/changes.ts'
export { commitImage, type NewCommit } from './media/commit.ts'
export { createImage, type NewImage } from './media/create.ts'
export { history, type HistoryItem } from './media/history.ts'
export { importRootfs, type ImportOptions } from './media/import.ts'
export { describeLoaded, loadArchive, type Loaded, type LoadOptions } from './media/load.ts'
export { formatLocation, parseLocation, type Choice, type Location, type Medium } from './media/location.ts'
export { copyBetween, namesAt, openSink, openSource, type CopyBetween, type MediaContext } from './media/open.ts'
export { saveArchive } from './media/save.ts'
export { StoreSink, type Stored, type StoreSinkOptions } from './media/store-sink.ts'
export { StoreSource, type Offered } from './media/store-source.ts'
export { messages } from './messages.ts'
export * from './platform.ts'
export * from './reference.ts'
export {
  anonymous,
  defaultRegistryConfig,
  Registry,
  RegistryError,
  RegistrySink,
  RegistrySource,
  type Credentials,
  type CredentialsFor,
  type HttpStep,
  type HttpTrace,
  type LoginOutcome,
  type Proxies,
  type RegistryConfig,
  type RegistryOptions,
  type RegistrySourceOptions,
  type SearchResult,
} from './registry/index.ts'
export { pullBases, pushBases } from './registry/bases.ts'
export type { PullPlanFacts } from './registry/by-hand/pull.ts'
export type { PushPlanFacts } from './registry/by-hand/push.ts'
export {
  planPull,
  planPush,
  type ImageStep,
  type ImageStepId,
  type PlannedRequest,
  type RequestWords,
} from './registry/by-hand/plan.ts'
export * from './schema.ts'
export {
  ImageServer,
  type Catalogue,
  type Pull as ServedPull,
  type Repository,
  type ServeOptions,
} from './serve/index.ts'
export type { Expected, StoredBlob } from './store/blob-writer.ts'
export type { Swept } from './store/gc.ts'
export type { Image, ImageContent, Layer } from './store/image.ts'
export type { Found } from './store/lookup.ts'
export { ImageStore, type RemovalEvent, type StoreOptions } from './store/store.ts'
export type { Problem } from './store/verify.ts'
export * from './tar/index.ts'
export * from './tree/index.ts'
