/**
 * A medium is where images lie: a registry, the store, an OCI layout, an archive, a directory. Each one is a source, a sink, or
 * both; pull, push, save, load and copy are one operation between a source and a sink (`copy.ts`), and no medium knows another.
 *
 *   docker://alpine:3.20   oci:DIR:name   docker-archive:FILE:name   dir:DIR   store:name        as skopeo spells them
 */
import type { Digest } from '../digest.ts'
import type { Reference } from '../reference.ts'
import type { Descriptor, Platform } from '../schema.ts'

/** One thing that a source offers: the top of a tree of manifests, and its names there. */
export type Root = {
  descriptor: Descriptor
  names: readonly Reference[]
}

/** The bytes of one blob from `offset` on; may be called again after a cut. Unchecked: who reads them hashes them. */
export type OpenBlob = (offset: number) => AsyncIterable<Uint8Array>

export interface Source extends AsyncDisposable {
  /** As a user writes it, for messages: `docker://docker.io/library/alpine:3.20`. */
  readonly location: string
  /** What it offers under the name that it was opened with. @throws UserError `not-found` when there is nothing. */
  roots(): Promise<Root[]>
  /**
   * The bytes of a manifest, an index or a config.
   * @throws UserError `invalid` when digest or size are not the descriptor's, or it is over 4 MiB.
   */
  read(what: string, descriptor: Descriptor): Promise<Buffer>
  /** The bytes of a layer or of any other blob, from `offset` on. */
  open(descriptor: Descriptor, offset: number): AsyncIterable<Uint8Array>
  /** Repositories of registries that are known to hold a blob: a registry can take it from there (cross-repository mount). */
  repositoriesWith?(digest: Digest): readonly Reference[]
}

/** What is about to come into a sink: a tree of manifests, read whole. */
export type Tree = {
  descriptor: Descriptor
  /** The manifest or index itself. */
  bytes: Buffer
  /** Of an index: the manifests it names. */
  children: Tree[]
  /** Of a manifest: its config and layers, in that order. */
  blobs: Descriptor[]
}

export type Planned = {
  tree: Tree
  /** What the sink shall call it. */
  names: readonly Reference[]
  /** The index that the tree was chosen from, when one image for one platform was taken. */
  chosenFrom: Descriptor | undefined
}

/** Whether a sink has a blob already, and how it came to have it. */
export type Presence = { kind: 'absent' } | { kind: 'present' } | { kind: 'mounted'; from: Reference }

export interface Sink extends AsyncDisposable {
  readonly location: string
  /** Blobs that it takes at once: 1 for an archive. */
  readonly parallel: number
  /** True for what keeps images of one platform only: of an index, one image is chosen. */
  readonly onePlatform: boolean
  /** A manifest, index or config that it has already, checked: the source is not asked for it. */
  recall?(what: string, descriptor: Descriptor): Buffer | undefined
  /** Told once, before any blob: all that will come. `configOf` reads a config. */
  begin(images: readonly Planned[], configOf: (descriptor: Descriptor) => Promise<Buffer>): Promise<void>
  /** `candidates` are repositories that may have it. */
  presence(blob: Descriptor, candidates: readonly Reference[]): Promise<Presence>
  /** Takes a blob, and checks digest and size. `tell` hears of progress. @throws UserError `invalid` */
  write(blob: Descriptor, open: OpenBlob, tell: (event: BlobProgress) => void): Promise<void>
  /** Takes bytes whose digest is known only at their end (a layer compressed on the way); not for archives. */
  writeUnknown?(bytes: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; size: number }>
  /** Takes a manifest or index; those that it names have come before. */
  writeManifest(tree: Tree, names: readonly Reference[]): Promise<void>
  /** All is there: make it visible under its names. Not called after a failure. */
  finish(images: readonly Planned[]): Promise<void>
}

export type BlobProgress =
  /** Bytes moved so far, of `descriptor.size`. */
  | { state: 'transferring'; bytes: number }
  | { state: 'verifying' }
  | { state: 'transferred' }
  /** Bytes unpacked so far (compressed ones), of `descriptor.size`. */
  | { state: 'unpacking'; bytes: number }

/** What a copy tells while it goes on. Blobs are told in the order of their image, bottom first, once before anything moves. */
export type CopyEvent =
  | { kind: 'planned'; image: Planned }
  | { kind: 'blob'; blob: Descriptor; role: 'config' | 'layer'; progress: BlobState }

export type BlobState =
  | { state: 'planned' }
  | { state: 'waiting' }
  | { state: 'present' }
  | { state: 'mounted'; from: Reference }
  | BlobProgress
  | { state: 'done' }

export type CopyOptions = {
  /** Which image of an index; this machine's by default. */
  platform?: Platform
  /** Whole indexes, where the sink can keep them. */
  all?: boolean
  /** Names in the sink; by default those in the source. */
  names?: readonly Reference[]
  /** Compresses layers that are not compressed, where the sink can. Changes the digests of layer and manifest. */
  compress?: 'gzip' | 'zstd'
  /** What earlier copies made of layers that they compressed in the same way; kept up to date. They are not compressed again for a sink that has them. */
  compressed?: Map<Digest, Descriptor>
  onEvent?: (event: CopyEvent) => void
  /** Ends the copy; what had been moved of a blob stays for the next time where the sink can keep it. */
  signal?: AbortSignal
}
