/**
 * How the daemon gets to see what a container sees, as steps. A helper process makes the mounts in a mount namespace of its own and
 * keeps two detached mount trees (open_tree(2)) as descriptors, which the daemon reaches as `/proc/PID/fd/N`:
 *
 * - `whole`: the root filesystem with the volumes, binds and tmpfs on it: for `cp`
 * - `bare`: the root filesystem alone: for `export`
 *
 * A detached tree ends at its root: no `..`, whatever moves meanwhile, leads out of it.
 */
import { planMount, planOpenRoot, type Mount } from '@mini-docker/ns'
import {
  AT_FDCWD,
  AT_RECURSIVE,
  call,
  CLONE_NEWNS,
  MNT_DETACH,
  MS_PRIVATE,
  MS_REC,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  ref,
  UMOUNT_NOFOLLOW,
  type Call,
  type Step,
} from '@mini-docker/syscall'
import { overlayMount, type OverlayMount } from '@mini-docker/unionfs'

/** Names of the descriptors in the helper. */
export const WHOLE = 'view.whole'
export const BARE = 'view.bare'
/** After this step the process that was entered can be checked to be the container's. */
export const ENTER = 'view.enter'

const TARGET = 'view.target'

/** What mount(2) of the kernel's own filesystems shows in a running container: they are the machine, not files of the container. */
const MACHINE = ['/proc', '/sys', '/dev']

/** A container with processes: a copy of its mounts, with what it mounted itself, without those of the machine. */
export function planRunningView(pid: number): Step[] {
  return [
    step('view.target', [call('pidfd_open', [pid, 0], { as: TARGET })]),
    step(ENTER, [
      call('setns', [ref(TARGET), CLONE_NEWNS]),
      call('unshare', [CLONE_NEWNS]),
      // What is unmounted below must not be unmounted in the container, which may have made its mounts shared.
      call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
      openTree('/', 0, BARE),
      ...MACHINE.map((path) =>
        call('umount2', [path, MNT_DETACH | UMOUNT_NOFOLLOW], { allow: ['EINVAL', 'ENOENT', 'ENOTDIR', 'ELOOP'] }),
      ),
      openTree('/', AT_RECURSIVE, WHOLE),
    ]),
  ]
}

/** A container without processes: its overlay, and on it `mounts` by their order. Makes the places of mounts that were never made. */
export function planStoppedView(overlay: OverlayMount, mounts: readonly Mount[]): Step[] {
  const root = overlay.target
  const inner = [overlayMount(overlay), planOpenRoot(root)]
  const placed = mounts.map((mount) => planMount(mount, root))
  return [
    step('view.namespace', [
      call('unshare', [CLONE_NEWNS]),
      call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    ]),
    ...inner.map(onHost),
    step('view.bare', [openTree(root, 0, BARE)]),
    ...placed.map(onHost),
    step('view.whole', [openTree(root, AT_RECURSIVE, WHOLE)]),
  ]
}

function openTree(path: string, flags: number, as: string): Call {
  return call('open_tree', [AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags], { as })
}

/** The helper has no child: it makes the calls itself. */
function onHost(planned: Step): Step {
  return { ...planned, where: 'host' }
}

function step(id: string, calls: Call[]): Step {
  return {
    id,
    stage: 'rootfs',
    where: 'host',
    calls,
    shell: [],
    man: ['open_tree(2)', 'setns(2)', 'mount_namespaces(7)'],
  }
}
