/** `ns run` and `ns enter`: a command in new namespaces, or in those of a process, with this process's own terminal. */
import {
  call,
  CLONE_PIDFD,
  CLOSE_RANGE_CLOEXEC,
  executeCalls,
  PR_SET_PDEATHSIG,
  SIGKILL,
  type Step,
} from '@mini-docker/syscall'
import { planHostname, planLoopback } from './identity.ts'
import { planEnter, planTarget } from './join.ts'
import { planMount } from './mounts.ts'
import { cloneStep, planCgroupNamespace, planClone, planOwnUserMap, type NamespaceType } from './namespaces.ts'
import { planOpenRoot, planPivotRoot, planPropagation, planRootBind } from './rootfs.ts'

export type RunRequest = {
  namespaces: readonly NamespaceType[]
  argv: readonly string[]
  env: readonly string[]
  cwd: string
  hostname?: string | undefined
  /** A directory to pivot into; implies a mount namespace. */
  root?: string | undefined
  /** Who starts it, for `user`. */
  uid: number
  gid: number
}

/** The steps of `ns run`. With new pid and mount namespaces, /proc is mounted anew. Pure. */
export function planRun(request: RunRequest): Step[] {
  const { root, hostname } = request
  const types =
    root === undefined || request.namespaces.includes('mount')
      ? request.namespaces
      : [...request.namespaces, 'mount' as const]
  const has = (type: NamespaceType) => types.includes(type)
  const proc = {
    destination: '/proc',
    type: 'proc',
    source: 'proc',
    options: ['nosuid', 'nodev', 'noexec'],
    kind: 'directory' as const,
  }
  const ownProc = has('pid') && has('mount')
  return [
    planClone(types.map((type) => ({ type }))),
    ...(has('user') ? [planOwnUserMap(request.uid, request.gid)] : []),
    ...(has('cgroup') ? [planCgroupNamespace()] : []),
    ...(has('mount') ? [planPropagation()] : []),
    ...(root === undefined ? [] : [planRootBind(root)]),
    ...(root === undefined && !ownProc ? [] : [planOpenRoot(root ?? '/')]),
    ...(ownProc ? [planMount(proc, root ?? '')] : []),
    ...(root === undefined ? [] : [planPivotRoot(root)]),
    ...(hostname === undefined ? [] : [planHostname(hostname)]),
    ...(has('network') ? [planLoopback()] : []),
    executeStep(request.argv, request.env, root === undefined ? request.cwd : '/'),
  ]
}

/** The steps of `ns enter PID`. */
export function planEnterRun(pid: number, argv: readonly string[], env: readonly string[]): Step[] {
  return [planTarget(pid), cloneStep('ns.clone', BigInt(CLONE_PIDFD)), planEnter(pid), executeStep(argv, env, '/')]
}

function executeStep(argv: readonly string[], env: readonly string[], cwd: string): Step {
  return {
    id: 'ns.exec',
    stage: 'process',
    where: 'container',
    calls: [
      call('umask', [0o022]),
      call('prctl', [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0]),
      call('chdir', [cwd]),
      call('close_range', [3, 0xffffffff, CLOSE_RANGE_CLOEXEC]),
      ...executeCalls(argv, env),
    ],
    shell: [argv.join(' ')],
    man: ['execve(2)'],
  }
}
