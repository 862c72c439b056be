/** A container's mounts, parsed once: what `-v`, `--mount`, `--tmpfs`, `--volumes-from` and an image's VOLUME mean together. */
import { UserError } from '@mini-docker/syscall'
import type { Config, HostConfig } from '../api/bodies.ts'
import { parseBind } from './bind-spec.ts'
import { destinationOf } from './destination.ts'
import { parseMount } from './mount-spec.ts'
import { tmpfsMount } from './tmpfs-options.ts'

/** A mount the user or the image asked for. `source` is a path of the host; empty for tmpfs. */
export type MountPoint = {
  type: 'bind' | 'volume' | 'tmpfs'
  source: string
  destination: string
  readOnly: boolean
  /** The options of `-v` as they were written: inspect shows them. */
  mode: string
  propagation: string
  /** Of a bind for which none was asked. */
  defaultPropagation?: boolean
  /** Of the volume. */
  name?: string
  /** Filled with what the image has at the destination when it is empty. */
  copyUp?: boolean
  /** Nobody named it: removed with its container. */
  anonymous?: boolean
  /** `-v` makes a missing folder on the host, `--mount` refuses. */
  createSource?: boolean
  /** Without the mounts below the source. */
  nonRecursive?: boolean
  /** Read-only without the mounts below the source; by default they are too. */
  readOnlyNonRecursive?: boolean
  /** mount(8)-style options of a tmpfs. */
  tmpfsOptions?: string[]
  /** Of `--tmpfs`: docker does not show it among the mounts. */
  unlisted?: boolean
  /** The part of the volume that is mounted. */
  subpath?: string
  /** What a volume gets that is made for this mount. */
  create?: { labels?: Record<string, string>; options?: Record<string, string> }
}

/**
 * All mounts of a container, each destination once. `inherited` are those of `--volumes-from`; the user's mounts take their places,
 * and an image's VOLUME gives way to both. Volumes have no `source` yet, but for inherited ones. @throws UserError `invalid` or `not-built`.
 */
export function parseMountPoints(
  config: Pick<Config, 'Volumes'>,
  host: Pick<HostConfig, 'Binds' | 'Mounts' | 'Tmpfs'>,
  inherited: readonly MountPoint[] = [],
): MountPoint[] {
  const asked = [
    ...(host.Binds ?? []).map(parseBind),
    ...host.Mounts.map(parseMount),
    ...Object.entries(host.Tmpfs).map(([target, options]) => ({
      ...tmpfsMount(target, options.split(',').filter(Boolean)),
      unlisted: true,
    })),
  ]
  const seen = new Set<string>()
  for (const { destination } of asked) {
    if (seen.has(destination)) throw new UserError('invalid', `Duplicate mount point: ${destination}`)
    seen.add(destination)
  }
  const kept = inherited.filter(({ destination }) => !seen.has(destination))
  for (const { destination } of kept) seen.add(destination)
  const images = Object.keys(config.Volumes)
    .map((target) => anonymousVolume(destinationOf(target, target)))
    .filter(({ destination }) => !seen.has(destination))
  return [...kept, ...asked, ...images]
}

function anonymousVolume(destination: string): MountPoint {
  return {
    type: 'volume',
    source: '',
    destination,
    readOnly: false,
    mode: '',
    propagation: '',
    name: '',
    copyUp: true,
    anonymous: true,
  }
}
