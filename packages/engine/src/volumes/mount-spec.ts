/** One `--mount`, as the API has it. Words of errors: moby volume/mounts. */
import { UserError } from '@mini-docker/syscall'
import type { MountBody } from '../api/bodies.ts'
import { propagationOf } from './bind-spec.ts'
import { cleanPath, destinationOf, PROPAGATIONS } from './destination.ts'
import { parseDriverOptions } from './driver-options.ts'
import type { MountPoint } from './mount-point.ts'
import { checkDriver, checkVolumeName } from './name.ts'
import { tmpfsMount, tmpfsOptions } from './tmpfs-options.ts'

/** @throws UserError `invalid` in docker's words, or `not-built` for types that later parts bring. */
export function parseMount(mount: MountBody): MountPoint {
  if (['image', 'cluster', 'npipe'].includes(mount.Type))
    throw new UserError('not-built', `mounts of type ${mount.Type} are not built yet`)
  try {
    checkExclusive(mount)
    if (mount.Target === '') throw new UserError('invalid', 'field Target must not be empty')
    const destination = destinationOf(mount.Target, mount.Target)
    switch (mount.Type) {
      case 'bind':
        return bindMount(mount, destination)
      case 'volume':
        return volumeMount(mount, destination)
      case 'tmpfs':
        if (mount.Source !== '') throw new UserError('invalid', 'field Source must not be specified')
        return tmpfsMount(mount.Target, tmpfsOptions(mount))
      default:
        throw new UserError('invalid', 'mount type unknown')
    }
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'invalid' || error.message.startsWith('create ')) throw error
    throw new UserError('invalid', `invalid mount config for type "${mount.Type}": ${error.message}`, { cause: error })
  }
}

function checkExclusive({ Type, BindOptions, VolumeOptions, TmpfsOptions }: MountBody): void {
  const foreign = (
    [
      ['BindOptions', 'bind', BindOptions],
      ['VolumeOptions', 'volume', VolumeOptions],
      ['TmpfsOptions', 'tmpfs', TmpfsOptions],
    ] as const
  ).find(([, type, options]) => type !== Type && options !== null && options !== undefined)
  if (foreign !== undefined) throw new UserError('invalid', `field ${foreign[0]} must not be specified`)
}

function bindMount({ Source, ReadOnly, BindOptions: options }: MountBody, destination: string): MountPoint {
  if (Source === '') throw new UserError('invalid', 'field Source must not be empty')
  if (Source.includes('\0')) throw new UserError('invalid', 'a mount path cannot contain a NUL byte')
  const propagation = options?.Propagation || undefined
  if (propagation !== undefined && !PROPAGATIONS.includes(propagation))
    throw new UserError('invalid', `invalid propagation mode: ${propagation}`)
  if (!Source.startsWith('/'))
    throw new UserError('invalid', `invalid mount path: '${Source}' mount path must be absolute`)
  if (options?.ReadOnlyNonRecursive === true && options.ReadOnlyForceRecursive)
    throw new UserError('invalid', 'mount options conflict: ReadOnlyNonRecursive && ReadOnlyForceRecursive')
  return {
    type: 'bind',
    source: cleanPath(Source),
    destination,
    readOnly: ReadOnly,
    mode: '',
    ...propagationOf(propagation),
    createSource: options?.CreateMountpoint ?? false,
    nonRecursive: options?.NonRecursive ?? false,
    readOnlyNonRecursive: options?.ReadOnlyNonRecursive ?? false,
  }
}

function volumeMount({ Source, ReadOnly, VolumeOptions: options }: MountBody, destination: string): MountPoint {
  const subpath = options?.Subpath ?? ''
  if (subpath !== '' && Source === '')
    throw new UserError('invalid', 'must not set Subpath when using anonymous volumes')
  if (subpath !== '' && !isLocal(subpath))
    throw new UserError('invalid', 'subpath must be a relative path within the volume')
  if (Source !== '') checkVolumeName(Source)
  checkDriver(options?.DriverConfig?.Name ?? '', Source)
  const driverOptions = options?.DriverConfig?.Options ?? undefined
  if (driverOptions !== undefined) parseDriverOptions(driverOptions, Source)
  return {
    type: 'volume',
    source: '',
    destination,
    readOnly: ReadOnly,
    mode: 'z',
    propagation: '',
    name: Source,
    copyUp: !(options?.NoCopy ?? false),
    anonymous: Source === '',
    ...(subpath === '' ? {} : { subpath: cleanPath(subpath) }),
    ...(options === null || options === undefined
      ? {}
      : {
          create: {
            ...(options.Labels === undefined ? {} : { labels: options.Labels }),
            ...(driverOptions === undefined ? {} : { options: driverOptions }),
          },
        }),
  }
}

/** Go's filepath.IsLocal: relative, and never above where it begins. Symbolic links are the kernel's to check, when it is mounted. */
function isLocal(subpath: string): boolean {
  const clean = cleanPath(subpath)
  return !subpath.includes('\0') && !clean.startsWith('/') && clean !== '..' && !clean.startsWith('../')
}
