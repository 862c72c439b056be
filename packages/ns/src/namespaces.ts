/**
 * Namespaces: what a process can see of the machine. Each kind is a flag of clone3(2), unshare(2) and setns(2).
 * See namespaces(7) and the page of each kind.
 */
import {
  call,
  CHILD,
  CHILD_PIDFD,
  CLONE_INTO_CGROUP,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PIDFD,
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  ref,
  shellWord,
  SIGCHLD,
  struct,
  writeFileCalls,
  type Call,
  type Field,
  type Step,
} from '@mini-docker/syscall'

export const NAMESPACE_FLAGS = {
  mount: CLONE_NEWNS,
  uts: CLONE_NEWUTS,
  ipc: CLONE_NEWIPC,
  pid: CLONE_NEWPID,
  network: CLONE_NEWNET,
  cgroup: CLONE_NEWCGROUP,
  user: CLONE_NEWUSER,
  time: CLONE_NEWTIME,
} as const

export type NamespaceType = keyof typeof NAMESPACE_FLAGS

/** The file under /proc/PID/ns, and unshare(1)'s option. */
const FILES: Record<NamespaceType, { file: string; option: string }> = {
  mount: { file: 'mnt', option: '--mount --propagation unchanged' },
  uts: { file: 'uts', option: '--uts' },
  ipc: { file: 'ipc', option: '--ipc' },
  pid: { file: 'pid', option: '--pid --fork' },
  network: { file: 'net', option: '--net' },
  cgroup: { file: 'cgroup', option: '--cgroup' },
  user: { file: 'user', option: '--user' },
  time: { file: 'time', option: '--time' },
}

/** A namespace to make, or with `path` one to join (`/proc/PID/ns/net`). */
export type Namespace = { type: NamespaceType; path?: string | undefined }

export type CloneOptions = {
  /** The v2 cgroup in which the child is born: no moment without limits, no migration. Linux ≥ 5.7. */
  cgroupDirectory?: string | undefined
}

/**
 * The step `namespaces.clone`: the child is born in its new namespaces. The cgroup namespace is not among them: its root is
 * the cgroup one is in when it is made, so it waits until the child is in its own (`planCgroupNamespace`).
 */
export function planClone(namespaces: readonly Namespace[], options: CloneOptions = {}): Step {
  const types = namespaces.filter(({ type, path }) => path === undefined && type !== 'cgroup').map(({ type }) => type)
  const flags = types.reduce((sum, type) => sum | BigInt(NAMESPACE_FLAGS[type]), BigInt(CLONE_PIDFD))
  return {
    ...cloneStep('namespaces.clone', flags, options),
    shell: [
      `unshare ${types.map((type) => FILES[type].option).join(' ')} sh`,
      ...(options.cgroupDirectory === undefined
        ? []
        : [`echo 0 > ${shellWord(`${options.cgroupDirectory}/cgroup.procs`)}`]),
    ],
  }
}

/** The one clone3 of a program, with `flags` beside CLONE_PIDFD. */
export function cloneStep(id: string, flags: bigint, { cgroupDirectory }: CloneOptions = {}): Step {
  const fields: Record<string, Field> = { flags, pidfd: { out: 4, as: [CHILD_PIDFD] }, exit_signal: SIGCHLD }
  const before: Call[] = []
  if (cgroupDirectory !== undefined) {
    before.push(
      call('openat', [AT_FDCWD, cgroupDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0], { as: `${id}.cgroup` }),
    )
    fields['cgroup'] = ref(`${id}.cgroup`)
    fields['flags'] = flags | CLONE_INTO_CGROUP
  }
  return {
    id,
    stage: 'namespaces',
    where: 'host',
    calls: [...before, call('clone3', [struct('clone_args', fields), 88], { as: CHILD })],
    shell: cgroupDirectory === undefined ? [] : [`echo 0 > ${shellWord(`${cgroupDirectory}/cgroup.procs`)}`],
    man: ['clone(2)', 'namespaces(7)'],
  }
}

/** The step `namespaces.join`: enters existing namespaces by their files, before the child makes anything of its own. */
export function planJoinNamespaces(namespaces: readonly Namespace[]): Step[] {
  const joined = namespaces.flatMap(({ type, path }) => (path === undefined ? [] : [{ type, path }]))
  if (joined.length === 0) return []
  return [
    {
      id: 'namespaces.join',
      stage: 'namespaces',
      where: 'container',
      calls: joined.flatMap(({ type, path }) => {
        const as = `namespaces.join.${type}`
        return [
          call('openat', [AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0], { as }),
          call('setns', [ref(as), NAMESPACE_FLAGS[type]]),
        ]
      }),
      shell: [
        `nsenter ${joined.map(({ type, path }) => `--${FILES[type].file === 'mnt' ? 'mount' : FILES[type].file}=${shellWord(path)}`).join(' ')} sh`,
      ],
      man: ['setns(2)', 'nsenter(1)'],
    },
  ]
}

/** The step `namespaces.cgroup`: the cgroup the process is in becomes the root of what it sees. */
export function planCgroupNamespace(): Step {
  return {
    id: 'namespaces.cgroup',
    stage: 'namespaces',
    where: 'container',
    calls: [call('unshare', [CLONE_NEWCGROUP])],
    shell: ['unshare --cgroup sh'],
    man: ['cgroup_namespaces(7)', 'unshare(2)'],
  }
}

/**
 * The step `namespaces.user`: inside the new user namespace, uid and gid 0 mean whoever started it. One id each is all an
 * ordinary user may map without help; setgroups must be given up first. See user_namespaces(7).
 */
export function planOwnUserMap(hostUid: number, hostGid: number): Step {
  const files: [string, string][] = [
    ['setgroups', 'deny'],
    ['uid_map', `0 ${hostUid} 1`],
    ['gid_map', `0 ${hostGid} 1`],
  ]
  return {
    id: 'namespaces.user',
    stage: 'namespaces',
    where: 'container',
    calls: files.flatMap(([file, text]) => writeFileCalls(`/proc/self/${file}`, text)),
    shell: ['unshare --user --map-root-user sh'],
    man: ['user_namespaces(7)'],
  }
}
