/**
 * Images for a registry, made with GNU tar, node:zlib and nothing of ours: one for several platforms, one with each kind of
 * compression, an artifact that refers to an image. Small, and the same bytes each time.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { packDirectory } from '../archive.ts'
import { putBlob, putManifest } from './raw.ts'
import type { Registry } from './registry.ts'

export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const

export type ContentDescriptor = { mediaType: string; digest: string; size: number } & Record<string, unknown>

/** What belongs together: blobs, then manifests, those that others name first and the one that gets the tag last. */
export type Content = {
  blobs: Buffer[]
  manifests: { mediaType: string; bytes: Buffer }[]
}

export type TestPlatform = { os: string; architecture: string; variant?: string }
export type Compression = 'plain' | 'gzip' | 'zstd'
export type TestLayer = { tar: Buffer; compression: Compression }

/** Puts all of it into the registry, as it is. Returns the digest of the manifest with the tag. */
export async function putContent(
  registry: Registry,
  repository: string,
  tag: string,
  content: Content,
): Promise<string> {
  for (const bytes of content.blobs) await putBlob(registry, repository, bytes)
  for (const { mediaType, bytes } of content.manifests.slice(0, -1))
    await putManifest(registry, repository, digestOf(bytes), mediaType, bytes)
  const top = topOf(content)
  return await putManifest(registry, repository, tag, top.mediaType, top.bytes)
}

/** The manifest or index that gets the tag. */
export function topOf(content: Content): { mediaType: string; bytes: Buffer } {
  const top = content.manifests.at(-1)
  if (top === undefined) throw new Error('content without a manifest')
  return top
}

/** An OCI image of these layers, lowest first; for this machine's platform unless told. */
export function ociImage(layers: readonly TestLayer[], platform: TestPlatform = machine()): Content {
  return imageOf(layers, platform, {
    manifest: MEDIA.manifest,
    config: MEDIA.config,
    layer: (compression) => (compression === 'plain' ? MEDIA.layer : `${MEDIA.layer}+${compression}`),
  })
}

/** The same as docker's own schema 2, which knows gzip only. */
export function dockerImage(tars: readonly Buffer[], platform: TestPlatform = machine()): Content {
  const layers = tars.map((tar) => ({ tar, compression: 'gzip' as const }))
  return imageOf(layers, platform, {
    manifest: MEDIA.dockerManifest,
    config: MEDIA.dockerConfig,
    layer: () => MEDIA.dockerLayer,
  })
}

/** An index of images; with `docker`, a manifest list. */
export function index(images: readonly { content: Content; platform: TestPlatform }[], docker = false): Content {
  const mediaType = docker ? MEDIA.dockerList : MEDIA.index
  const manifests = images.map(({ content, platform }) => {
    const top = topOf(content)
    return { ...describe(top.mediaType, top.bytes), platform }
  })
  return {
    blobs: images.flatMap(({ content }) => content.blobs),
    manifests: [
      ...images.flatMap(({ content }) => content.manifests),
      { mediaType, bytes: json({ schemaVersion: 2, mediaType, manifests }) },
    ],
  }
}

export const PLATFORMS: readonly TestPlatform[] = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64', variant: 'v8' },
  { os: 'linux', architecture: 'arm', variant: 'v7' },
]

/** An index for linux/amd64, linux/arm64/v8 and linux/arm/v7, with one layer in common; `/platform` tells which one it is. */
export function multiPlatform(docker = false): Content {
  const shared = tarOf({ 'etc/shared': 'the same everywhere\n' })
  const images = PLATFORMS.map((platform) => {
    const own = tarOf({ platform: `${Object.values(platform).join('/')}\n` })
    const content = docker
      ? dockerImage([shared, own], platform)
      : ociImage(
          [shared, own].map((tar) => ({ tar, compression: 'gzip' })),
          platform,
        )
    return { content, platform }
  })
  return index(images, docker)
}

/** Three layers, one for each kind of compression; each has a file named after it. */
export function mixedCompression(): Content {
  return ociImage(
    (['plain', 'gzip', 'zstd'] as const).map((compression) => ({
      tar: tarOf({ [`${compression}.txt`]: `${compression}\n` }),
      compression,
    })),
  )
}

/** An OCI artifact about `subject`: one blob, the empty config. Not an image: nothing can be unpacked or run. */
export function artifact(subject: ContentDescriptor, artifactType = 'application/vnd.example.sbom'): Content {
  const blob = Buffer.from('{"packages":[]}')
  const empty = Buffer.from('{}')
  const bytes = json({
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType,
    config: describe(MEDIA.empty, empty),
    layers: [describe('application/spdx+json', blob)],
    subject,
    annotations: { 'org.example.made-by': 'the tests' },
  })
  return { blobs: [empty, blob], manifests: [{ mediaType: MEDIA.manifest, bytes }] }
}

/**
 * Puts an artifact and makes it findable: a registry without the referrers API has an index of them under the tag `sha256-HEX`
 * of the subject (OCI distribution spec 1.1, "Referrers Tag Schema").
 */
export async function putReferrer(registry: Registry, repository: string, content: Content): Promise<string> {
  const { bytes, mediaType } = topOf(content)
  const digest = await putContent(registry, repository, digestOf(bytes), content)
  const { subject, artifactType, annotations } = JSON.parse(bytes.toString()) as Record<string, unknown> & {
    subject: ContentDescriptor
  }
  const referrers = { ...describe(mediaType, bytes), artifactType, annotations }
  const list = json({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [referrers] })
  await putManifest(registry, repository, subject.digest.replace(':', '-'), MEDIA.index, list)
  return digest
}

/** A layer of files by path, owned by root, made with GNU tar. */
export function tarOf(files: Record<string, string | Uint8Array>): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-layer-'))
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), content)
    }
    for (const path of ['.', ...Object.keys(files).flatMap(withParents)]) utimesSync(join(directory, path), 0, 0)
    return packDirectory(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export function describe(mediaType: string, bytes: Uint8Array): ContentDescriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

type MediaTypes = { manifest: string; config: string; layer: (compression: Compression) => string }

function imageOf(layers: readonly TestLayer[], platform: TestPlatform, types: MediaTypes): Content {
  const config = json({
    ...platform,
    created: '2026-01-02T03:04:05Z',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ tar }) => digestOf(tar)) },
    history: layers.map((_, at) => ({ created: '2026-01-02T03:04:05Z', created_by: `layer ${at}` })),
  })
  const packed = layers.map(({ tar, compression }) => compress(tar, compression))
  const manifest = json({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describe(types.config, config),
    layers: packed.map((bytes, at) => describe(types.layer(layers[at]!.compression), bytes)),
  })
  return { blobs: [...packed, config], manifests: [{ mediaType: types.manifest, bytes: manifest }] }
}

function compress(tar: Buffer, compression: Compression): Buffer {
  return { plain: () => tar, gzip: () => gzipSync(tar), zstd: () => zstdCompressSync(tar) }[compression]()
}

function withParents(path: string): string[] {
  const parent = dirname(path)
  return parent === '.' ? [path] : [path, ...withParents(parent)]
}

function machine(): TestPlatform {
  return { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' }
}
