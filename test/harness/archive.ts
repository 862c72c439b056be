/**
 * Writes docker-archives (what `docker save` makes) with GNU tar and nothing of ours, so that the tests' images do not depend on what they
 * test. See https://github.com/moby/docker-image-spec for the format.
 */
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The `config` of an image, in the spec's words. */
export type ImageConfig = {
  Cmd?: string[]
  Entrypoint?: string[]
  Env?: string[]
  User?: string
  WorkingDir?: string
  Volumes?: Record<string, object>
  StopSignal?: string
  Labels?: Record<string, string>
  ExposedPorts?: Record<string, object>
}

/** A layer as a directory to pack, owned by root in the archive. */
export function packDirectory(directory: string): Buffer {
  return execFileSync(
    'tar',
    ['-C', directory, '--sort=name', '--owner=0', '--group=0', '--numeric-owner', '-cf', '-', '.'],
    {
      maxBuffer: 1 << 30,
    },
  )
}

/** Writes `path`: an image of these layers (uncompressed tars, lowest first) under the name `tag`. */
export function writeDockerArchive(
  path: string,
  tag: string,
  layers: readonly Uint8Array[],
  config: ImageConfig,
): void {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-archive-'))
  try {
    const image = {
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '2026-01-02T03:04:05Z',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
      history: layers.map((_, index) => ({ created: '2026-01-02T03:04:05Z', created_by: `layer ${index}` })),
    }
    const json = JSON.stringify(image)
    const configName = `${sha256(json)}.json`
    const layerNames = layers.map((layer) => `${sha256(layer)}.tar`)
    writeFileSync(join(directory, configName), json)
    layers.forEach((layer, index) => writeFileSync(join(directory, layerNames[index]!), layer))
    const manifest = [{ Config: configName, RepoTags: [tag], Layers: layerNames }]
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest))
    const members = [...new Set([configName, ...layerNames, 'manifest.json'])]
    execFileSync('tar', ['-C', directory, '-cf', path, ...members])
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** The files of a tar archive by name, for looking into what was saved. */
export function readArchive(path: string, member: string): string {
  return execFileSync('tar', ['-xOf', path, member], { encoding: 'utf8', maxBuffer: 1 << 28 })
}

/** Same bytes twice? The archives are made deterministically where the tests need it. */
export function fileDigest(path: string): string {
  return sha256(readFileSync(path))
}
