/**
 * An OCI config → the list of steps that makes the container. This is the table of contents of `run`: what stands here,
 * in this order, is all that happens.
 */
import { planCgroup, type CgroupLayout } from '@mini-docker/cgroup'
import {
  isSharedBind,
  planCgroupNamespace,
  planClone,
  planDevices,
  planHostname,
  planJoinNamespaces,
  planLoopback,
  planMount,
  planOpenRoot,
  planPivotRoot,
  planPropagation,
  planReadonlyRoot,
  planRootBind,
  planRootPropagation,
  planSharedTrees,
  planSysctls,
  type NamespaceType,
} from '@mini-docker/ns'
import {
  planMaskedPaths,
  planNoNewPrivileges,
  planOomScoreAdj,
  planReadonlyPaths,
  planRlimits,
  planUserAndCapabilities,
} from '@mini-docker/security'
import type { MonitorSpec, Step } from '@mini-docker/syscall'
import { overlayMount, type OverlayMount } from '@mini-docker/unionfs'
import { planCgroupMount } from './cgroup-mount.ts'
import { childEnds, monitorSpec, planMonitor, type MonitorRequest } from './monitor-steps.ts'
import { checkSpec, type Spec, type SpecMount } from './oci.ts'
import { planDeathSignal, planExecve, planMakeCwd, planStdio, planTerminal } from './process.ts'

/** A list of steps, and what the launcher does when they are done. */
export type Plan = { steps: Step[]; monitor: MonitorSpec; directory: string; command: string }

export type PlanOptions = {
  /** The container's directory: `rootfs` is in it, and the monitor's socket, log and exit status. */
  bundle: string
  /** The layers to mount on the root; without it `root.path` is a directory that is ready. */
  overlay?: Omit<OverlayMount, 'target'> | undefined
  cgroupPath: string
  log?: { maxBytes: number; maxFiles: number } | undefined
  openStdin: boolean
  /** `run --init`: process 1 is the launcher as an init, and the command process 2. The file is bound read-only to /sbin/docker-init. */
  initFile?: string | undefined
  /** The container is removed when it ends: nothing of it needs to survive a power cut. */
  autoRemove: boolean
  /** Files that will be there when the plan is run: sources of mounts that nobody can look at yet. */
  filesToCome?: readonly string[] | undefined
  /** The container's place in networks, as steps of whoever knows networks. */
  network?: NetworkSteps | undefined
}

/** What belongs to the network, where it has to stand among the others. */
export type NetworkSteps = {
  /** On the host, before the child is born. */
  before: Step[]
  /** On the host, when the child and its network namespace are there. */
  born: Step[]
  /** In the container, in its network namespace, with lo up, while sysctls can still be written. */
  inside: Step[]
}

/** Facts of this machine that a plan depends on. */
export type Machine = {
  cgroups: CgroupLayout
  lastCap: number
  /** /proc/kcore exists. */
  kcore: boolean
  /** Whether the source of a bind mount is a file, which cannot be seen from the config. */
  isFile: (path: string) => boolean
}

/** @throws UserError for a config that cannot be run here. */
export function planContainer(config: Spec, options: PlanOptions, machine: Machine): Plan {
  checkSpec(config)
  const spec = options.initFile === undefined ? config : withInit(config, options.initFile)
  const { process, linux } = spec
  const root = spec.root.path.startsWith('/') ? spec.root.path : `${options.bundle}/${spec.root.path}`
  const own = (type: NamespaceType) =>
    linux.namespaces.some((namespace) => namespace.type === type && namespace.path === undefined)
  const cgroup = planCgroup(machine.cgroups, options.cgroupPath, linux.resources ?? {})
  const [beforeBirth, afterBirth] = [cgroup.steps.filter(onHost), cgroup.steps.filter((step) => !onHost(step))]
  const monitor: MonitorRequest = {
    directory: options.bundle,
    tty: process.terminal === true,
    openStdin: options.openStdin,
    durable: !options.autoRemove,
    log: options.log,
  }
  const { filesToCome = [] } = options
  const looking = { ...machine, isFile: (path: string) => filesToCome.includes(path) || machine.isFile(path) }
  const clone = planClone(linux.namespaces, { cgroupDirectory: cgroup.v2Directory })
  const propagation = linux.rootfsPropagation
  const steps: Step[] = [
    planMonitor(monitor),
    ...beforeBirth,
    ...(options.network?.before ?? []),
    { ...clone, calls: [...clone.calls, ...childEnds(monitor)] },
    ...afterBirth,
    ...(options.network?.born ?? []),
    ...planJoinNamespaces(linux.namespaces),
    ...(own('cgroup') ? [planCgroupNamespace()] : []),
    planSharedTrees(sharedBinds(spec.mounts ?? [])),
    planPropagation('rslave'),
    options.overlay === undefined ? planRootBind(root) : overlayMount({ ...options.overlay, target: root }),
    planOpenRoot(root),
    ...(spec.mounts ?? []).flatMap((mount) => planMountOf(mount, root, options.cgroupPath, own('cgroup'), looking)),
    ...(bindsDev(spec) ? [] : planDevices(linux.devices ?? [], root, machine.kcore)),
    planPivotRoot(root),
    ...(propagation === undefined ? [] : [planRootPropagation(propagation)]),
    ...(process.terminal === true ? planTerminal(process, { console: true }) : []),
    ...planMakeCwd(process.cwd),
    ...(spec.root.readonly === true ? [planReadonlyRoot()] : []),
    ...(spec.hostname === undefined ? [] : [planHostname(spec.hostname, spec.domainname)]),
    ...(own('network') ? [planLoopback()] : []),
    ...(options.network?.inside ?? []),
    ...planSysctls(linux.sysctl ?? {}),
    ...(linux.readonlyPaths?.length ? [planReadonlyPaths(linux.readonlyPaths)] : []),
    ...(linux.maskedPaths?.length ? [planMaskedPaths(linux.maskedPaths)] : []),
    ...planEnd(spec.process, machine, options.openStdin),
  ]
  return {
    // What a program of the host does meanwhile has no calls, but is part of the story.
    steps: steps.filter(({ calls, where, shell }) => calls.length > 0 || (where === 'host' && shell.length > 0)),
    monitor: monitorSpec(monitor),
    directory: options.bundle,
    command: process.args[0] ?? '',
  }
}

const INIT_PATH = '/sbin/docker-init'

function withInit(spec: Spec, initFile: string): Spec {
  const mount = { destination: INIT_PATH, type: 'bind', source: initFile, options: ['bind', 'ro'] }
  return {
    ...spec,
    process: { ...spec.process, args: [INIT_PATH, '--', ...spec.process.args] },
    mounts: [...(spec.mounts ?? []), mount],
  }
}

/** From limits to execve: the same for a container's first process and for exec. */
export function planEnd(process: Spec['process'], machine: Machine, openStdin: boolean): Step[] {
  const { bounding = [], effective = [], permitted = [], inheritable = [], ambient = [] } = process.capabilities ?? {}
  return [
    ...(process.rlimits?.length ? [planRlimits(process.rlimits)] : []),
    ...(process.oomScoreAdj === undefined || process.oomScoreAdj === 0 ? [] : [planOomScoreAdj(process.oomScoreAdj)]),
    planStdio(process, { openStdin }),
    ...(process.noNewPrivileges === true ? [planNoNewPrivileges()] : []),
    ...planUserAndCapabilities(process.user, { bounding, effective, permitted, inheritable, ambient }, machine.lastCap),
    planDeathSignal(),
    planExecve(process),
  ]
}

function planMountOf(
  mount: SpecMount,
  root: string,
  cgroupPath: string,
  ownCgroupNamespace: boolean,
  machine: Machine,
): Step[] {
  const { destination, type = 'none', source = type, options = [], subpath } = mount
  if (type === 'cgroup' || type === 'cgroup2')
    return [planCgroupMount(machine.cgroups, cgroupPath, destination, options, root, ownCgroupNamespace)]
  const isBind = options.includes('bind') || options.includes('rbind')
  const kind = isBind && machine.isFile(subpath === undefined ? source : `${source}/${subpath}`) ? 'file' : 'directory'
  return [planMount({ destination, type, source, options, kind, ...(subpath === undefined ? {} : { subpath }) }, root)]
}

function sharedBinds(
  mounts: readonly SpecMount[],
): { destination: string; source: string; options: readonly string[] }[] {
  return mounts.flatMap(({ destination, source = '', options = [] }) =>
    isSharedBind({ options }) ? [{ destination, source, options }] : [],
  )
}

/** A config that binds a /dev of the host has its nodes already, and they are the host's. */
function bindsDev({ mounts = [] }: Spec): boolean {
  return mounts.some(
    ({ destination, options = [] }) =>
      destination === '/dev' && (options.includes('bind') || options.includes('rbind')),
  )
}

function onHost({ where }: Step): boolean {
  return where === 'host'
}
