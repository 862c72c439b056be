/** Which directory of an overlay is which layer of the image. OCI image spec, "Layer ChainID". */
import { createHash } from 'node:crypto'
import { basename, dirname } from 'node:path'
import { overlayOf, type MountFact, type OverlayFact } from '@mini-docker/facts'

/** One directory below the writable one, the uppermost first. `number` counts the image's layers from 1, the lowest. */
export type LayerFact = { path: string; number?: number; diffId?: string }

/**
 * mini-docker's directories have the first digits of the layer's chain id as name, podman's may; docker's are known by their place: the lowest
 * ones are the image's, and above them docker puts one of its own (`-init`). Without an image the directories alone.
 */
export function layersOf({ lower }: OverlayFact, diffIds: readonly string[]): LayerFact[] {
  const chains = chainIds(diffIds)
  const byName = lower.map((path) => chains.findIndex((chain) => isNamed(path, chain)))
  const above = lower.length - diffIds.length
  const byPlace = diffIds.length > 0 && (above === 0 || above === 1) && byName.every((index) => index === -1)
  return lower.map((path, i) => {
    const index = byPlace ? lower.length - 1 - i : byName[i]!
    const diffId = diffIds[index]
    return diffId === undefined ? { path } : { path, number: index + 1, diffId }
  })
}

/** The layers of what is mounted at `/`, the last time it was; undefined where that is no overlay. */
export function layersOfRoot(mounts: readonly MountFact[], diffIds: readonly string[]): LayerFact[] | undefined {
  const root = mounts.findLast(({ point }) => point === '/')
  const overlay = root && overlayOf(root)
  return overlay && layersOf(overlay, diffIds)
}

/** A name of less than twelve digits could be anything. */
const LEAST_DIGITS = 12

function isNamed(path: string, chain: string): boolean {
  const hex = chain.replace(/^sha256:/, '')
  return [basename(path), basename(dirname(path))].some(
    (name) => name.length >= LEAST_DIGITS && /^[0-9a-f]+$/.test(name) && hex.startsWith(name),
  )
}

function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = []
  for (const diffId of diffIds) {
    const below = chains.at(-1)
    chains.push(
      below === undefined ? diffId : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`,
    )
  }
  return chains
}
