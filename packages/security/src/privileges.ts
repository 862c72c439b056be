/**
 * Giving up root's power, as plans: credentials(7), capabilities(7), prctl(2), capset(2).
 *
 * The order is the whole art. The bounding set can only be cut while CAP_SETPCAP is in force; leaving uid 0 clears the
 * permitted set unless PR_SET_KEEPCAPS is on, and always clears the effective set; capset(2) then sets exactly what is
 * wanted; ambient capabilities come last, since they must be permitted and inheritable already.
 */
import {
  call,
  LINUX_CAPABILITY_VERSION_3,
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_SET_KEEPCAPS,
  PR_SET_NO_NEW_PRIVS,
  struct,
  type Call,
  type Step,
} from '@mini-docker/syscall'
import { capabilityMask, capabilityName, type CapabilityMask, type CapabilitySets } from './capabilities.ts'

/** Who the process becomes: `process.user` of an OCI config. Numbers, as the container sees them. */
export type ProcessUser = {
  uid: number
  gid: number
  /** Supplementary groups. docker lists `gid` among them; this list is taken as it is. */
  additionalGids?: readonly number[] | undefined
  /** The file mode creation mask; 0o022 when left out, as runc. */
  umask?: number | undefined
}

/**
 * The end of every container's setup, just before execve: `security.bounding`, `process.user`, `security.capabilities`, in
 * this order and with nothing between them (setresuid clears the parent-death signal: set it again afterwards).
 * `sets` must be within what we have (`limitCapabilities`); `lastCap` is the kernel's `/proc/sys/kernel/cap_last_cap`.
 */
export function planUserAndCapabilities(user: ProcessUser, sets: CapabilitySets, lastCap: number): Step[] {
  return [planBoundingSet(sets, lastCap), planUser(user), planCapabilities(sets, lastCap)]
}

/** Takes every capability up to `lastCap` out of the bounding set that `sets.bounding` does not name. Needs CAP_SETPCAP. */
export function planBoundingSet(sets: CapabilitySets, lastCap: number): Step {
  const kept = capabilityMask(sets.bounding)
  const dropped = range(lastCap + 1).filter((number) => (kept & bit(number)) === 0n)
  return {
    id: 'security.bounding',
    stage: 'security',
    where: 'container',
    calls: dropped.map((number) => call('prctl', [PR_CAPBSET_DROP, number, 0, 0, 0])),
    shell: dropped.length === 0 ? [] : [`setpriv --bounding-set=${setprivList(kept)} …`],
    man: ['prctl(2)', 'capabilities(7)'],
  }
}

/** Becomes the user, keeping the permitted capabilities for `security.capabilities`. Needs CAP_SETUID and CAP_SETGID. */
export function planUser(user: ProcessUser): Step {
  const groups = user.additionalGids ?? []
  const umask = user.umask ?? 0o022
  return {
    id: 'process.user',
    stage: 'process',
    where: 'container',
    calls: [
      call('prctl', [PR_SET_KEEPCAPS, 1, 0, 0, 0]),
      // Groups before the user: an ordinary user may not change them.
      call('setgroups', [groups.length, groups.length === 0 ? null : packGids(groups)]),
      call('setresgid', [user.gid, user.gid, user.gid]),
      call('setresuid', [user.uid, user.uid, user.uid]),
      call('umask', [umask]),
    ],
    shell: [
      `umask ${umask.toString(8).padStart(4, '0')}`,
      `setpriv --reuid=${user.uid} --regid=${user.gid} ${groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`} …`,
    ],
    man: ['credentials(7)', 'setgroups(2)', 'setresuid(2)', 'umask(2)'],
  }
}

/** Sets effective, permitted, inheritable and ambient to exactly what is listed. The securebits stay as they are. */
export function planCapabilities(sets: CapabilitySets, lastCap: number): Step {
  const [effective, permitted, inheritable] = [sets.effective, sets.permitted, sets.inheritable].map(
    capabilityMask,
  ) as [CapabilityMask, CapabilityMask, CapabilityMask]
  const ambient = capabilityMask(sets.ambient)
  const raised = range(lastCap + 1).filter((number) => (ambient & bit(number)) !== 0n)
  return {
    id: 'security.capabilities',
    stage: 'security',
    where: 'container',
    calls: [
      call('prctl', [PR_SET_KEEPCAPS, 0, 0, 0, 0]),
      call('capset', [
        struct('cap_header', { version: LINUX_CAPABILITY_VERSION_3, pid: 0 }),
        struct('cap_data', {
          effective: low(effective),
          permitted: low(permitted),
          inheritable: low(inheritable),
          effective_hi: high(effective),
          permitted_hi: high(permitted),
          inheritable_hi: high(inheritable),
        }),
      ]),
      call('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0]),
      ...raised.map((number): Call => call('prctl', [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0])),
    ],
    shell: [`setpriv --inh-caps=${setprivList(inheritable)} --ambient-caps=${setprivList(ambient)} …`],
    man: ['capset(2)', 'prctl(2)', 'capabilities(7)'],
  }
}

/** From here on no execve can gain privileges: neither setuid bits nor file capabilities count. It cannot be taken back. */
export function planNoNewPrivileges(): Step {
  return {
    id: 'security.no-new-privileges',
    stage: 'security',
    where: 'container',
    calls: [call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0])],
    shell: ['setpriv --no-new-privs …'],
    man: ['prctl(2)'],
  }
}

const range = (length: number) => Array.from({ length }, (_, index) => index)
const bit = (number: number): CapabilityMask => 1n << BigInt(number)
const low = (mask: CapabilityMask) => Number(BigInt.asUintN(32, mask))
const high = (mask: CapabilityMask) => Number(BigInt.asUintN(32, mask >> 32n))

/** `-all,+chown,+kill`: what setpriv(1) calls exactly this set. */
function setprivList(mask: CapabilityMask): string {
  const names = range(64).filter((number) => (mask & bit(number)) !== 0n)
  return ['-all', ...names.map((number) => `+${capabilityName(number).toLowerCase().slice('cap_'.length)}`)].join(',')
}

/** `gid_t[]`: 32-bit little-endian. */
function packGids(gids: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(gids.length * 4)
  gids.forEach((gid, index) => bytes.writeUInt32LE(gid, index * 4))
  return bytes
}
