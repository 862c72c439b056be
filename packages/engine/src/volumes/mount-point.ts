/** What `-v`, `--mount`, `--tmpfs` and an image's VOLUME mean, parsed once. Words of errors: moby volume/mounts. */
import * as path from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { Config, HostConfig, MountBody } from '../api/bodies.ts'
import { isZero } from '../api/schema.ts'

/** A mount the user or the image asked for. `source` is a path of the host; empty for tmpfs. */
export type MountPoint = {
  type: 'bind' | 'volume' | 'tmpfs'
  source: string
  destination: string
  readOnly: boolean
  /** The options of `-v` as they were written: inspect shows them. */
  mode: string
  propagation: string
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
  /** mount(8)-style options of a tmpfs. */
  tmpfsOptions?: string[]
}

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']
/** Whoever writes below /proc could take away what masks it and what security modules read there; these only tell numbers. As in runc. */
const PROC_FILES = ['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo', 'net/dev'].map(
  (name) => `/proc/${name}`,
)
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

/**
 * All mounts of a container, each destination once; an image's VOLUME gives way to the user's mount at the same place.
 * Volumes have no `source` yet. @throws UserError `invalid` or `not-built`.
 */
export function parseMountPoints(
  config: Pick<Config, 'Volumes'>,
  host: Pick<HostConfig, 'Binds' | 'Mounts' | 'Tmpfs'>,
): MountPoint[] {
  const asked = [
    ...(host.Binds ?? []).map(parseBind),
    ...host.Mounts.map(parseMount),
    ...Object.entries(host.Tmpfs).map(([target, options]) =>
      tmpfs(target, options.split(',').filter(Boolean), `--tmpfs ${target}:${options}`),
    ),
  ]
  const seen = new Set<string>()
  for (const { destination } of asked) {
    if (seen.has(destination)) throw new UserError('invalid', `Duplicate mount point: ${destination}`)
    seen.add(destination)
  }
  const images = Object.keys(config.Volumes)
    .map((target) => volume('', destinationOf(target, target), false, '', true))
    .filter(({ destination }) => !seen.has(destination))
  return [...asked, ...images]
}

/** `source:destination[:options]` of `-v`. */
export function parseBind(spec: string): MountPoint {
  const parts = spec.split(':')
  if (parts.length > 3 || parts.some((part) => part === ''))
    throw new UserError('invalid', `invalid volume specification: '${spec}'`)
  const [first = '', second, mode = ''] = parts
  if (second === undefined) return volume('', destinationOf(first, spec), false, '', true)
  const destination = destinationOf(second, spec)
  const options = parseModes(mode, spec)
  if (!first.startsWith('/')) {
    if (!VOLUME_NAME.test(first))
      throw new UserError(
        'invalid',
        `create ${first}: "${first}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
      )
    return volume(first, destination, options.readOnly, mode, !options.noCopy)
  }
  return {
    type: 'bind',
    source: path.posix.normalize(first),
    destination,
    readOnly: options.readOnly,
    mode,
    propagation: options.propagation,
    createSource: true,
  }
}

function parseModes(mode: string, spec: string): { readOnly: boolean; propagation: string; noCopy: boolean } {
  const result = { readOnly: false, propagation: 'rprivate', noCopy: false }
  for (const word of mode.split(',').filter(Boolean)) {
    if (word === 'ro') result.readOnly = true
    else if (PROPAGATIONS.includes(word)) result.propagation = word
    else if (word === 'nocopy') result.noCopy = true
    // Without SELinux there is nothing to relabel; the consistency words are for Docker Desktop's file sharing.
    else if (!['rw', 'z', 'Z', 'cached', 'delegated', 'consistent', 'default'].includes(word))
      throw new UserError('invalid', `invalid mode: ${mode} in volume specification '${spec}'`)
  }
  return result
}

/** One `--mount`. */
function parseMount(mount: MountBody): MountPoint {
  const invalid = (why: string): never => {
    throw new UserError('invalid', `invalid mount config for type "${mount.Type}": ${why}`)
  }
  if (mount.Target === '') invalid('field Target must not be empty')
  const destination = destinationOf(mount.Target, mount.Target)
  switch (mount.Type) {
    case 'bind': {
      if (mount.Source === '') invalid('field Source must not be empty')
      if (!mount.Source.startsWith('/')) invalid(`invalid mount path: '${mount.Source}' mount path must be absolute`)
      const propagation = mount.BindOptions?.Propagation || 'rprivate'
      if (!PROPAGATIONS.includes(propagation)) invalid(`invalid propagation mode: ${propagation}`)
      return {
        type: 'bind',
        source: path.posix.normalize(mount.Source),
        destination,
        readOnly: mount.ReadOnly,
        mode: '',
        propagation,
        createSource: mount.BindOptions?.CreateMountpoint ?? false,
        nonRecursive: mount.BindOptions?.NonRecursive ?? false,
      }
    }
    case 'volume': {
      if (mount.Source !== '' && !VOLUME_NAME.test(mount.Source))
        invalid(`"${mount.Source}" includes invalid characters for a local volume name`)
      if (!isZero(mount.VolumeOptions?.DriverConfig) || !isZero(mount.VolumeOptions?.Subpath))
        throw new UserError('not-built', 'volume drivers and volume-subpath are not built yet')
      return volume(mount.Source, destination, mount.ReadOnly, '', !(mount.VolumeOptions?.NoCopy ?? false))
    }
    case 'tmpfs': {
      if (mount.Source !== '') invalid('field Source must not be specified')
      if (!isZero(mount.TmpfsOptions?.Options))
        throw new UserError('not-built', 'tmpfs-options of --mount are not built yet')
      const size = mount.TmpfsOptions?.SizeBytes ?? 0
      const mode = mount.TmpfsOptions?.Mode ?? 0
      const options = [...(size > 0 ? [`size=${size}`] : []), ...(mode > 0 ? [`mode=${mode.toString(8)}`] : [])]
      return tmpfs(destination, mount.ReadOnly ? ['ro', ...options] : options, destination)
    }
    case 'image':
    case 'cluster':
    case 'npipe':
      throw new UserError('not-built', `mounts of type ${mount.Type} are not built yet`)
    default:
      throw new UserError('invalid', `mount type unknown: "${mount.Type}"`)
  }
}

function volume(name: string, destination: string, readOnly: boolean, mode: string, copyUp: boolean): MountPoint {
  return {
    type: 'volume',
    source: '',
    destination,
    readOnly,
    mode,
    propagation: '',
    name,
    copyUp,
    anonymous: name === '',
  }
}

function tmpfs(target: string, options: string[], spec: string): MountPoint {
  const unknown = options.find(
    (option) =>
      !/^(ro|rw|noexec|exec|nosuid|suid|nodev|dev|noatime|relatime|(size|mode|uid|gid|nr_inodes|nr_blocks)=[\w%]+)$/.test(
        option,
      ),
  )
  if (unknown !== undefined) throw new UserError('invalid', `invalid tmpfs option ${JSON.stringify(unknown)}`)
  return {
    type: 'tmpfs',
    source: '',
    destination: destinationOf(target, spec),
    readOnly: options.includes('ro'),
    mode: '',
    propagation: '',
    tmpfsOptions: options,
  }
}

function destinationOf(target: string, spec: string): string {
  if (!target.startsWith('/'))
    throw new UserError(
      'invalid',
      `invalid volume specification: '${spec}': invalid mount path: '${target}' mount path must be absolute`,
    )
  const clean = path.posix.normalize(target).replace(/(?<=.)\/$/, '')
  if (clean === '/')
    throw new UserError(
      'invalid',
      `invalid volume specification: '${spec}': invalid specification: destination can't be '/'`,
    )
  if (/^\/proc(\/|$)/.test(clean) && !PROC_FILES.includes(clean))
    throw new UserError('invalid', `"${spec}" cannot be mounted because it is inside /proc`)
  return clean
}
