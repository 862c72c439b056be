/**
 * Joining the namespaces of a running container, which is all that `exec` is. A pidfd stands for all of them in one
 * setns(2) (Linux ≥ 5.8). The pid namespace is the exception: it is only entered by being born there, so the launcher
 * joins it for its children and the child joins the rest.
 */
import {
  call,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  ref,
  type Step,
} from '@mini-docker/syscall'

const TARGET = 'exec.target'

/** The step `exec.target`: holds on to the container's first process, and lets the child be born in its pid namespace. Needs CAP_SYS_ADMIN. */
export function planTarget(pid: number): Step {
  return {
    id: 'exec.target',
    stage: 'namespaces',
    where: 'host',
    calls: [call('pidfd_open', [pid, 0], { as: TARGET }), call('setns', [ref(TARGET), CLONE_NEWPID])],
    shell: [`nsenter --target ${pid} --pid …`],
    man: ['pidfd_open(2)', 'setns(2)', 'pid_namespaces(7)'],
  }
}

/** The step `exec.join`: enters the others. The root and the working directory are the container's from here on. */
export function planEnter(pid: number): Step {
  return {
    id: 'exec.join',
    stage: 'namespaces',
    where: 'container',
    calls: [call('setns', [ref(TARGET), CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP])],
    shell: [`nsenter --target ${pid} --mount --uts --ipc --net --cgroup --wd=. …`],
    man: ['setns(2)', 'nsenter(1)'],
  }
}
