/**
 * Device rules → a BPF program that the kernel runs whenever a process of the group opens or makes a device node.
 * bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE. cgroup v2 has no `devices.allow`; this is what takes its place (Linux ≥ 4.15).
 *
 *     struct bpf_cgroup_dev_ctx { u32 access_type;  access << 16 | type: 1 block, 2 character
 *                                 u32 major; u32 minor; }                  returns 1 to allow, 0 for EPERM
 *
 * Rules are tried from the last to the first, so the later one wins, bit by bit: an allowing rule takes its bits off
 * what is still to be decided (none left: allowed), a denying rule refuses when one of its bits is still open.
 */
import type { DeviceException, DevicePolicy } from './rules.ts'
import type { Instruction } from './instruction.ts'

const R0_RESULT = 0
const R1_CONTEXT = 1
const R2_TYPE = 2
const R3_ACCESS = 3
const R4_MAJOR = 4
const R5_MINOR = 5
const R6_SCRATCH = 6
const DEVICE_TYPES = { b: 1, c: 2 } as const

export function compileDevicePolicy({ allowAll, exceptions }: DevicePolicy): Instruction[] {
  return [
    { op: 'load32', dst: R2_TYPE, src: R1_CONTEXT, offset: 0 },
    { op: 'mov-register', dst: R3_ACCESS, src: R2_TYPE },
    { op: 'and', dst: R2_TYPE, immediate: 0xffff },
    { op: 'rsh', dst: R3_ACCESS, immediate: 16 },
    { op: 'load32', dst: R4_MAJOR, src: R1_CONTEXT, offset: 4 },
    { op: 'load32', dst: R5_MINOR, src: R1_CONTEXT, offset: 8 },
    ...exceptions.toReversed().flatMap(compileException),
    ...answer(allowAll),
  ]
}

function compileException({ allow, type, major, minor, access }: DeviceException): Instruction[] {
  const verdict: Instruction[] = allow
    ? [
        { op: 'and', dst: R3_ACCESS, immediate: ~access & 7 },
        { op: 'jne', dst: R3_ACCESS, immediate: 0, skip: 2 },
        ...answer(true),
      ]
    : [
        { op: 'mov-register', dst: R6_SCRATCH, src: R3_ACCESS },
        { op: 'and', dst: R6_SCRATCH, immediate: access },
        { op: 'jeq', dst: R6_SCRATCH, immediate: 0, skip: 2 },
        ...answer(false),
      ]
  const tests = [
    { dst: R2_TYPE, immediate: DEVICE_TYPES[type] },
    ...(major === undefined ? [] : [{ dst: R4_MAJOR, immediate: major }]),
    ...(minor === undefined ? [] : [{ dst: R5_MINOR, immediate: minor }]),
  ]
  const mismatch = tests.map((test, index): Instruction => ({
    op: 'jne',
    ...test,
    skip: tests.length - index - 1 + verdict.length,
  }))
  return [...mismatch, ...verdict]
}

function answer(allow: boolean): Instruction[] {
  return [{ op: 'mov', dst: R0_RESULT, immediate: allow ? 1 : 0 }, { op: 'exit' }]
}
