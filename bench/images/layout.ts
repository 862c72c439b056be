/**
 * Makes an image of a recipe, as an OCI layout with gzip layers: the files on the disk first, then GNU tar and zlib, nothing of ours. The same
 * recipe gives the same digests with the same versions of these two.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, parse } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Content } from './content.ts'
import type { LayerRecipe, Recipe } from './recipes.ts'

const FILES_PER_DIRECTORY = 25
const CREATED = '2026-01-02T03:04:05Z'

type Descriptor = { mediaType: string; digest: string; size: number }

/** Writes the layout into `directory`, which must not exist; the image is called `bench` there. */
export function writeLayout(directory: string, recipe: Recipe): void {
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true })
  const content = new Content(recipe.layers.length)
  const layers: Descriptor[] = []
  const diffIDs: string[] = []
  for (const [index, layer] of recipe.layers.entries()) {
    const tar = packLayer(directory, content, layer, index)
    diffIDs.push(digestOf(tar))
    layers.push(writeBlob(directory, 'layer.v1.tar+gzip', gzipSync(tar)))
  }
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: CREATED,
    config: { Cmd: ['/none'] },
    rootfs: { type: 'layers', diff_ids: diffIDs },
    history: diffIDs.map((_, index) => ({ created: CREATED, created_by: `layer ${index}` })),
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: writeBlob(directory, 'config.v1+json', JSON.stringify(config)),
    layers,
  }
  const top = writeBlob(directory, 'manifest.v1+json', JSON.stringify(manifest))
  const named = { ...top, annotations: { 'org.opencontainers.image.ref.name': 'bench' } }
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }))
}

function packLayer(layout: string, content: Content, recipe: LayerRecipe, index: number): Buffer {
  const root = mkdtempSync(join(layout, 'layer-'))
  try {
    // A few per cent more than the mean of the sizes drawn, which is e^½ of the typical one.
    const typicalBytes = recipe.bytes / recipe.files / Math.exp(0.5)
    for (let file = 0; file < recipe.files; file += 1) {
      const owner = file < recipe.replaces ? index - 1 : index
      const path = join(root, filePath(owner, file))
      if (file % FILES_PER_DIRECTORY === 0 || file === recipe.replaces) mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, content.bytes(content.size(typicalBytes)), { mode: file % 10 === 0 ? 0o755 : 0o644 })
    }
    for (let file = 0; file < recipe.removes; file += 1) {
      const { dir, base } = parse(join(root, filePath(index - 1, recipe.files - 1 - file)))
      mkdirSync(dir, { recursive: true })
      writeFileSync(join(dir, `.wh.${base}`), '')
    }
    const words = ['--sort=name', '--mtime=@1700000000', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu']
    return execFileSync('tar', ['-C', root, ...words, '-cf', '-', 'usr'], { maxBuffer: 2 ** 30 })
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** Three directories deep, as packages lie: `usr/share/package-3-12/file-309`. */
function filePath(layer: number, file: number): string {
  return `usr/share/package-${layer}-${Math.floor(file / FILES_PER_DIRECTORY)}/file-${file}`
}

function writeBlob(directory: string, type: string, bytes: Uint8Array | string): Descriptor {
  const digest = digestOf(bytes)
  writeFileSync(join(directory, 'blobs', digest.replace(':', '/')), bytes)
  return { mediaType: `application/vnd.oci.image.${type}`, digest, size: Buffer.byteLength(bytes) }
}

function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
