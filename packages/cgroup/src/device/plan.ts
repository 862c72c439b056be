/** The step that decides which device nodes a container may make and open: control files on v1, a BPF program on v2. */
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  call,
  ref,
  struct,
  type Call,
  type Step,
} from '@mini-docker/syscall'
import { invalid, unsupported } from '../controllers/require.ts'
import { controllerHome, groupDirectory, unifiedHierarchy, type CgroupLayout } from '../layout.ts'
import type { OciDeviceRule } from '../resources.ts'
import { settingWork, workCalls, workShell, type Setting } from '../work.ts'
import { encodeProgram, formatProgram } from './instruction.ts'
import { compileDevicePolicy } from './program.ts'
import { devicePolicy, formatException, type DeviceException, type DevicePolicy } from './rules.ts'

const STEP = 'cgroup.devices'

// bpf(2), include/uapi/linux/bpf.h
const BPF_PROG_LOAD = 5
const BPF_PROG_ATTACH = 8
const BPF_PROG_TYPE_CGROUP_DEVICE = 15
const BPF_CGROUP_DEVICE = 6
const BPF_F_ALLOW_MULTI = 2

/** No step where everything is allowed: a new group starts that way. */
export function planDevices(layout: CgroupLayout, path: string, rules: readonly OciDeviceRule[] | undefined): Step[] {
  if (rules === undefined || rules.length === 0) return []
  const policy = devicePolicy(rules)
  if (policy.allowAll && policy.exceptions.length === 0) return []
  const v1 = controllerHome(layout, 'devices')
  if (v1 !== undefined) {
    const work = settingWork(groupDirectory(v1, path), v1Settings(policy))
    return [
      {
        id: STEP,
        stage: 'cgroup',
        where: 'host',
        calls: workCalls(STEP, work),
        shell: workShell(work),
        man: ['cgroups(7)', 'mknod(2)'],
      },
    ]
  }
  const v2 = unifiedHierarchy(layout)
  if (v2 === undefined)
    throw unsupported('device rules', 'neither the v1 controller devices nor a cgroup2 mount is there')
  return [v2Step(groupDirectory(v2, path), policy)]
}

/**
 * v1 keeps a list of exceptions to one base and has no order: an exception of the base's own kind takes an equal entry
 * off the list again (security/device_cgroup.c), so the rules go in as they come, when they can be said at all.
 */
function v1Settings({ allowAll, exceptions }: DevicePolicy): Setting[] {
  for (const [index, exception] of exceptions.entries()) {
    const wider = exceptions
      .slice(0, index)
      .find((earlier) => exception.allow === allowAll && cutsInto(exception, earlier))
    // The kernel would take the line and change nothing.
    if (wider !== undefined)
      throw invalid(
        `cgroup v1 cannot ${exception.allow ? 'allow' : 'deny'} devices ${formatException(exception)} out of ${formatException(wider)}`,
        'name the devices one by one, or use cgroup v2',
      )
  }
  return [
    // A new group has its parent's list: only the change to "nothing" must be written.
    ...(allowAll ? [] : [{ file: 'devices.deny', value: 'a' }]),
    ...exceptions.map((exception) => ({
      file: exception.allow ? 'devices.allow' : 'devices.deny',
      value: formatException(exception),
    })),
  ]
}

/** The later exception takes back part of the earlier one, but is not for the very same devices. */
function cutsInto(later: DeviceException, earlier: DeviceException): boolean {
  const same = later.major === earlier.major && later.minor === earlier.minor
  const overlaps = later.type === earlier.type && meets(later.major, earlier.major) && meets(later.minor, earlier.minor)
  return later.allow !== earlier.allow && overlaps && !same && (later.access & earlier.access) !== 0
}

function meets(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || a === b
}

/** The kernel frees the program with the group; nothing to undo. */
function v2Step(directory: string, policy: DevicePolicy): Step {
  const program = compileDevicePolicy(policy)
  const load = struct('bpf_prog_load', {
    prog_type: BPF_PROG_TYPE_CGROUP_DEVICE,
    insn_cnt: program.length,
    insns: encodeProgram(program),
    license: 'GPL',
    prog_name: 'mini_devices',
  })
  const attach = struct('bpf_prog_attach', {
    target_fd: ref(`${STEP}.group`),
    attach_bpf_fd: ref(`${STEP}.program`),
    attach_type: BPF_CGROUP_DEVICE,
    // Programs of groups above keep their say: a container inside a container cannot widen its own rules.
    attach_flags: BPF_F_ALLOW_MULTI,
  })
  const calls: Call[] = [
    call('openat', [AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0], { as: `${STEP}.group` }),
    call('bpf', [BPF_PROG_LOAD, load, 128], { as: `${STEP}.program` }),
    call('bpf', [BPF_PROG_ATTACH, attach, 32]),
    call('close', [ref(`${STEP}.program`)]),
    call('close', [ref(`${STEP}.group`)]),
  ]
  const shell = [
    ...formatProgram(program).map((line) => `# ${line}`),
    `# bpftool cgroup attach ${directory} cgroup_device id PROGRAM multi`,
  ]
  return { id: STEP, stage: 'cgroup', where: 'host', calls, shell, man: ['bpf(2)', 'cgroups(7)'] }
}
