/**
 * /sys/fs/cgroup as the container sees it: its own group, and nothing above. With a cgroup namespace the kernel shows it
 * that way; without one, the group's directories are bound. On v1 there is one directory a hierarchy, in a tmpfs.
 */
import { groupDirectory, type CgroupLayout, type Hierarchy } from '@mini-docker/cgroup'
import { openInRootCall, planMount, type Mount } from '@mini-docker/ns'
import {
  AT_EMPTY_PATH,
  call,
  MOUNT_ATTR_RDONLY,
  ref,
  shellWord,
  struct,
  type Call,
  type Step,
} from '@mini-docker/syscall'

const SAFE = ['nosuid', 'noexec', 'nodev']

/** The step `mount.<destination>`, usually `mount./sys/fs/cgroup`. */
export function planCgroupMount(
  layout: CgroupLayout,
  path: string,
  destination: string,
  options: readonly string[],
  root: string,
  ownNamespace: boolean,
): Step {
  const access = options.includes('ro') ? ['ro'] : []
  const hierarchies =
    layout.kind === 'v2' ? layout.hierarchies : layout.hierarchies.filter(({ version }) => version === 1)
  const mounts: Mount[] = hierarchies.map((hierarchy) => ({
    ...shown(hierarchy, path, ownNamespace, [...SAFE, ...access]),
    destination: layout.kind === 'v2' ? destination : `${destination}/${nameOf(hierarchy)}`,
  }))
  if (layout.kind !== 'v2')
    mounts.unshift({ destination, type: 'tmpfs', source: 'tmpfs', options: [...SAFE, 'mode=755'], kind: 'directory' })
  const steps = mounts.map((mount) => planMount(mount, root))
  const links = layout.kind === 'v2' ? [] : hierarchies.flatMap((hierarchy) => linkCalls(hierarchy, destination))
  const seal = layout.kind === 'v2' || access.length === 0 ? [] : sealCalls(destination)
  return {
    id: `mount.${destination}`,
    stage: 'rootfs',
    where: 'container',
    calls: [...steps.flatMap(({ calls }) => calls), ...links, ...seal],
    shell: [
      ...steps.flatMap(({ shell }) => shell),
      ...(layout.kind === 'v2'
        ? []
        : hierarchies.flatMap((hierarchy) => linkLines(hierarchy, `${root}${destination}`))),
      ...(seal.length === 0 ? [] : [`mount -o remount,bind,ro ${shellWord(`${root}${destination}`)}`]),
    ],
    man: ['cgroups(7)', 'cgroup_namespaces(7)', 'mount(2)'],
  }
}

function shown(
  hierarchy: Hierarchy,
  path: string,
  ownNamespace: boolean,
  options: string[],
): Omit<Mount, 'destination'> {
  if (!ownNamespace)
    return { type: 'bind', source: groupDirectory(hierarchy, path), options: ['bind', ...options], kind: 'directory' }
  if (hierarchy.version === 2) return { type: 'cgroup2', source: 'cgroup', options, kind: 'directory' }
  const which = hierarchy.name === undefined ? hierarchy.controllers.join(',') : `none,name=${hierarchy.name}`
  return { type: 'cgroup', source: 'cgroup', options: [...options, which], kind: 'directory' }
}

/** `cpu,cpuacct` is also found as `cpu` and as `cpuacct`. */
function aliasesOf(hierarchy: Hierarchy): string[] {
  const name = nameOf(hierarchy)
  return hierarchy.controllers.filter((controller) => controller !== name && name.split(',').includes(controller))
}

function linkLines(hierarchy: Hierarchy, directory: string): string[] {
  return aliasesOf(hierarchy).map(
    (alias) => `ln -s ${shellWord(nameOf(hierarchy))} ${shellWord(`${directory}/${alias}`)}`,
  )
}

function linkCalls(hierarchy: Hierarchy, destination: string): Call[] {
  const [name, aliases] = [nameOf(hierarchy), aliasesOf(hierarchy)]
  if (aliases.length === 0) return []
  const label = `mount.${destination}/links/${name}`
  return [openInRootCall(destination, label), ...aliases.map((alias) => call('symlinkat', [name, ref(label), alias]))]
}

function sealCalls(destination: string): Call[] {
  const label = `mount.${destination}/seal`
  return [
    openInRootCall(destination, label),
    call('mount_setattr', [ref(label), '', AT_EMPTY_PATH, struct('mount_attr', { attr_set: MOUNT_ATTR_RDONLY }), 32]),
  ]
}

function nameOf({ mountPoint }: Hierarchy): string {
  return mountPoint.slice(mountPoint.lastIndexOf('/') + 1)
}
