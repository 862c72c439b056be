/** The root filesystem: a mount namespace that hears of nothing, the root opened, entered and left behind. pivot_root(2), mount_namespaces(7). */
import {
  AT_FDCWD,
  AT_RECURSIVE,
  call,
  MNT_DETACH,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  ref,
  shellWord,
  struct,
  UserError,
  type Step,
} from '@mini-docker/syscall'
import { ROOT } from './in-root.ts'

const PROPAGATIONS: Record<string, number> = {
  private: MS_PRIVATE,
  rprivate: MS_PRIVATE | MS_REC,
  slave: MS_SLAVE,
  rslave: MS_SLAVE | MS_REC,
  shared: MS_SHARED,
  rshared: MS_SHARED | MS_REC,
}

/**
 * The step `rootfs.propagation`: what the container mounts stays in it. Without this, on a machine where `/` is shared (systemd makes it so),
 * every mount below would appear on the host. `rslave` still lets mounts of the host in; `shared` lets both ways, for those who ask.
 */
export function planPropagation(mode = 'rslave'): Step {
  const flags = PROPAGATIONS[mode]
  if (flags === undefined) throw new UserError('invalid', `invalid rootfs propagation: ${mode}`)
  return {
    id: 'rootfs.propagation',
    stage: 'rootfs',
    where: 'container',
    calls: [call('mount', [null, '/', null, flags, null])],
    shell: [`mount --make-${mode} /`],
    man: ['mount_namespaces(7)', 'mount(2)'],
  }
}

/** The step `rootfs.bind`: a directory that is ready as it is, made a mount point of its own, as pivot_root wants it. */
export function planRootBind(path: string): Step {
  return {
    id: 'rootfs.bind',
    stage: 'rootfs',
    where: 'container',
    calls: [call('mount', [path, path, null, MS_BIND | MS_REC, null])],
    shell: [`mount --rbind ${shellWord(path)} ${shellWord(path)}`],
    man: ['mount(2)'],
  }
}

/** The step `rootfs.root`: the descriptor from which all paths of the container are walked. Modes are taken as they are given from here on. */
export function planOpenRoot(path: string): Step {
  return {
    id: 'rootfs.root',
    stage: 'rootfs',
    where: 'container',
    calls: [call('openat', [AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0], { as: ROOT }), call('umask', [0])],
    shell: ['umask 022'],
    man: ['openat2(2)', 'umask(2)'],
  }
}

/**
 * The step `rootfs.pivot`. pivot_root(".", ".") puts the old root on top of the new one, at the same place; it is made a slave, so that
 * unmounting it is not felt by the host, and taken away. No directory for the old root is needed, and nothing of the host stays reachable.
 */
export function planPivotRoot(path: string): Step {
  return {
    id: 'rootfs.pivot',
    stage: 'rootfs',
    where: 'container',
    calls: [
      call('openat', [AT_FDCWD, '/', O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0], { as: 'rootfs.pivot.old' }),
      call('fchdir', [ref(ROOT)]),
      call('pivot_root', ['.', '.']),
      call('fchdir', [ref('rootfs.pivot.old')]),
      call('mount', [null, '.', null, MS_SLAVE | MS_REC, null]),
      call('umount2', ['.', MNT_DETACH]),
      call('chdir', ['/']),
    ],
    shell: [`(cd ${shellWord(path)} && pivot_root . .)`, 'umount -l /'],
    man: ['pivot_root(2)', 'umount2(2)'],
  }
}

/** The step `rootfs.readonly`: nothing below `/` itself can be written; mounts on it keep their own mode. */
export function planReadonlyRoot(): Step {
  return {
    id: 'rootfs.readonly',
    stage: 'rootfs',
    where: 'container',
    calls: [call('mount_setattr', [AT_FDCWD, '/', 0, struct('mount_attr', { attr_set: MOUNT_ATTR_RDONLY }), 32])],
    shell: ['mount -o remount,bind,ro /'],
    man: ['mount_setattr(2)'],
  }
}

/** The step `rootfs.propagation-after`: a root that was asked to be shared or a slave is made so once it is entered. */
export function planRootPropagation(mode: string): Step {
  const flags = PROPAGATIONS[mode]
  if (flags === undefined) throw new UserError('invalid', `invalid rootfs propagation: ${mode}`)
  const recursive = (flags & MS_REC) === 0 ? 0 : AT_RECURSIVE
  return {
    id: 'rootfs.propagation-after',
    stage: 'rootfs',
    where: 'container',
    calls: [
      call('mount_setattr', [AT_FDCWD, '/', recursive, struct('mount_attr', { propagation: flags & ~MS_REC }), 32]),
    ],
    shell: [`mount --make-${mode} /`],
    man: ['mount_setattr(2)', 'mount_namespaces(7)'],
  }
}
