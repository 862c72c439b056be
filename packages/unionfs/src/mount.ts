/**
 * The root filesystem of a container, as a plan: all layers and one writable directory seen as one tree. mount(2),
 * Documentation/filesystems/overlayfs.rst.
 */
import {
  AT_FDCWD,
  call,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  shellWord,
  struct,
  UserError,
  type Call,
  type Step,
} from '@mini-docker/syscall'

/** What to put together, and where. */
export type OverlayMount = {
  /** Where relative names in `lower` start: the mount is made from here, because the kernel limits the length of its options. */
  layersDir: string
  /** The layers, topmost first: names below `layersDir` such as `l/0123456789abcdef`, or absolute paths. */
  lower: readonly string[]
  /** Where changes go. Without it the root filesystem is read-only. */
  upper?: string | undefined
  /** An empty directory on the same filesystem as `upper`, for the kernel's own use. Comes with `upper`. */
  work?: string | undefined
  /** The mount point: an existing directory. */
  target: string
  /**
   * Never write the upper directory out to the disk: for containers whose changes are thrown away. Saves a sync of the
   * whole filesystem at unmount. The kernel leaves `work/work/incompat/volatile` behind and refuses a further mount of the
   * same upper until that is removed. Linux ≥ 5.10.
   */
  volatile?: boolean | undefined
}

/** mount(2) copies one page of options, and the last byte must be NUL. */
const MAX_OPTIONS_BYTES = 4095

/** OVL_MAX_STACK of the kernel. */
const MAX_LOWER = 500

/**
 * The step `rootfs.overlay`, made in the container's own mount namespace: when the container dies, the mount is gone with it.
 * Leaves the working directory at `layersDir`. One directory alone needs no overlay and is bound instead: an upper
 * without layers, or read-only a single layer.
 *
 * What is off and why: `index=off` lets one layer be in many mounts, as docker does; `redirect_dir=nofollow` keeps a
 * layer from pointing into other directories, and renamed directories from being stored as pointers; `metacopy=off` keeps changed
 * files whole, so that an upper directory is a layer.
 * @throws UserError `invalid` when there is nothing to mount, upper and work are not both given, or the options exceed a page.
 */
export function overlayMount(mount: OverlayMount): Step {
  const { layersDir, lower, upper, work, target } = mount
  if ((upper === undefined) !== (work === undefined)) {
    throw new UserError('invalid', `an overlay needs both upper and work directory, or neither: ${target}`)
  }
  if (upper !== undefined && lower.length === 0) return bindStep(layersDir, upper, target, 'writable')
  const [only, ...others] = lower
  if (only === undefined)
    throw new UserError('invalid', `nothing to mount on ${target}: neither layers nor upper directory`)
  if (upper === undefined && others.length === 0) return bindStep(layersDir, only, target, 'read-only')
  const options = overlayOptions(mount)
  return {
    id: 'rootfs.overlay',
    stage: 'rootfs',
    where: 'container',
    calls: [call('chdir', [layersDir]), call('mount', ['overlay', target, 'overlay', 0, options])],
    shell: [`cd ${shellWord(layersDir)}`, `mount -t overlay overlay -o ${shellWord(options)} ${shellWord(target)}`],
    man: ['mount(2)', 'mount(8)'],
  }
}

/**
 * The option string of an overlay mount.
 * @throws UserError `invalid` when it is longer than the kernel takes.
 */
export function overlayOptions({ lower, upper, work, volatile }: Omit<OverlayMount, 'layersDir' | 'target'>): string {
  if (lower.length > MAX_LOWER) {
    throw new UserError(
      'invalid',
      `too many layers for one overlay mount: ${lower.length}, the kernel takes ${MAX_LOWER}`,
    )
  }
  const options = ['index=off', 'redirect_dir=nofollow', 'metacopy=off', `lowerdir=${lower.map(escapeLower).join(':')}`]
  if (upper !== undefined && work !== undefined) options.push(`upperdir=${escape(upper)}`, `workdir=${escape(work)}`)
  if (volatile === true && upper !== undefined) options.push('volatile')
  const text = options.join(',')
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_OPTIONS_BYTES) {
    throw new UserError(
      'invalid',
      `the options of the overlay mount are too long: ${bytes} bytes for ${lower.length} layers, the kernel takes ${MAX_OPTIONS_BYTES}`,
      { hint: 'use fewer layers, or a data directory with a shorter path' },
    )
  }
  return text
}

function bindStep(layersDir: string, source: string, target: string, access: 'writable' | 'read-only'): Step {
  const seal: Call[] =
    access === 'writable'
      ? []
      : [call('mount_setattr', [AT_FDCWD, target, 0, struct('mount_attr', { attr_set: MOUNT_ATTR_RDONLY }), 32])]
  return {
    id: 'rootfs.overlay',
    stage: 'rootfs',
    where: 'container',
    calls: [call('chdir', [layersDir]), call('mount', [source, target, null, MS_BIND, null]), ...seal],
    shell: [
      `cd ${shellWord(layersDir)}`,
      `mount --bind ${shellWord(source)} ${shellWord(target)}`,
      ...(access === 'writable' ? [] : [`mount -o remount,bind,ro ${shellWord(target)}`]),
    ],
    man: ['mount(2)', 'mount_setattr(2)', 'mount(8)'],
  }
}

/** A comma ends an option. */
function escape(path: string): string {
  return path.replaceAll(/[\\,]/g, String.raw`\$&`)
}

/** In `lowerdir` a colon ends a directory. */
function escapeLower(path: string): string {
  return path.replaceAll(/[\\,:]/g, String.raw`\$&`)
}
