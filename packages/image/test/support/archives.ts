/** Images and archives made by hand, right and wrong ones, for the tests of the store and of the archive formats. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll } from 'vitest'
import { digestOf, hexOf, type Digest } from '../../src/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../src/media-type.ts'
import type { Descriptor } from '../../src/schema.ts'
import { tarHeader, writeTar, type TarSource } from '../../src/tar/index.ts'

/** A directory that is gone when the tests of this file are through. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'image-test-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export type Files = Record<string, string | Uint8Array | { symlink: string } | { hardlink: string }>

/** A tar of some files, in this order. */
export async function tar(files: Files): Promise<Buffer> {
  return await collect(writeTar(Object.entries(files).map(([path, content]) => entry(path, content))))
}

function entry(path: string, content: Files[string]): TarSource {
  if (typeof content === 'object' && 'symlink' in content) {
    return tarHeader({ type: 'symlink', path, linkname: content.symlink })
  }
  if (typeof content === 'object' && 'hardlink' in content) {
    return tarHeader({ type: 'hardlink', path, linkname: content.hardlink })
  }
  if (path.endsWith('/')) return tarHeader({ type: 'directory', path: path.slice(0, -1) })
  const bytes = Buffer.from(content as string)
  return { ...tarHeader({ type: 'file', path, size: bytes.length }), data: [bytes] }
}

export async function collect(input: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Bytes as a stream of uneven chunks. */
export async function* stream(bytes: Uint8Array, chunkBytes = 7919): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

export type How = 'plain' | 'gzip' | 'zstd'

export function compress(bytes: Uint8Array, how: How): Buffer {
  if (how === 'gzip') return gzipSync(bytes)
  return how === 'zstd' ? zstdCompressSync(bytes) : Buffer.from(bytes)
}

export type TestImage = {
  layers: Buffer[]
  diffIDs: Digest[]
  config: Buffer
  manifest: Buffer
  descriptor: Descriptor
}

/** An image of these layers, given as tars. */
export function image(tars: readonly Buffer[], how: How = 'gzip', extra: Record<string, unknown> = {}): TestImage {
  const layers = tars.map((one) => compress(one, how))
  const diffIDs = tars.map((one) => digestOf(one))
  const config = json({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: '2026-01-02T03:04:05Z',
    config: { Cmd: ['/hello'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: diffIDs },
    history: diffIDs.map((_, i) => ({ created: '2026-01-02T03:04:05Z', created_by: `layer ${i}` })),
    ...extra,
  })
  const suffix = how === 'plain' ? '' : `+${how}`
  const manifest = json({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describe(OCI_CONFIG, config),
    layers: layers.map((layer) => describe(`${OCI_LAYER}${suffix}`, layer)),
  })
  return { layers, diffIDs, config, manifest, descriptor: describe(OCI_MANIFEST, manifest) }
}

export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

export function blobs(...contents: Buffer[]): Files {
  return Object.fromEntries(contents.map((bytes) => [`blobs/sha256/${hexOf(digestOf(bytes))}`, bytes]))
}

/** An OCI archive. `name` goes into `org.opencontainers.image.ref.name`. */
export function ociFiles(one: TestImage, name?: string): Files {
  const annotations = name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } }
  return {
    ...blobs(...one.layers, one.config, one.manifest),
    'index.json': json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...one.descriptor, ...annotations }] }),
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
  }
}

/** An archive of docker before 25. Layers that repeat are symlinks to the first, as docker writes them. */
export function dockerFiles(one: TestImage, tags: readonly string[] | null): Files {
  const files: Files = {}
  const paths = one.layers.map((layer, i) => {
    const first = one.layers.findIndex((other) => other.equals(layer))
    files[`layer${i}/layer.tar`] = first < i ? { symlink: `../layer${first}/layer.tar` } : layer
    files[`layer${i}/VERSION`] = '1.0'
    return `layer${i}/layer.tar`
  })
  const config = `${hexOf(digestOf(one.config))}.json`
  return { ...files, [config]: one.config, 'manifest.json': json([{ Config: config, RepoTags: tags, Layers: paths }]) }
}
