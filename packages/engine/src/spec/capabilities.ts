/** `--cap-add`, `--cap-drop` and `--privileged` → capability sets of the OCI spec. See capabilities(7). */
import { UserError } from '@mini-docker/syscall'

/** Docker's fourteen. */
const DEFAULT =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((name) => `CAP_${name}`)

/** All of Linux, by number: include/uapi/linux/capability.h. */
export const CAPABILITIES =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
    .split(' ')
    .map((name) => `CAP_${name}`)

/** `net_admin`, `NET_ADMIN` and `CAP_NET_ADMIN` are the same; `ALL` stays. @throws UserError `invalid`. */
export function parseCapabilities(names: string[]): string[] {
  return names.map((given) => {
    const upper = given.trim().toUpperCase()
    if (upper === 'ALL') return 'ALL'
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`
    if (!CAPABILITIES.includes(name))
      throw new UserError('invalid', `invalid capability: unknown capability: ${JSON.stringify(given)}`)
    return name
  })
}

export type CapabilityRequest = { add: string[]; drop: string[]; privileged: boolean }

/**
 * The set a container gets. `held` is what the daemon itself has: nobody can hand on more than that.
 * Adding ALL and dropping some leaves the rest, dropping ALL and adding some leaves those (docker's TweakCapabilities).
 * @throws UserError `invalid` for one that the daemon does not have itself.
 */
export function capabilitySet(request: CapabilityRequest, held: string[]): string[] {
  if (request.privileged) return held
  const add = parseCapabilities(request.add)
  const drop = parseCapabilities(request.drop)
  const base = add.includes('ALL') ? held : drop.includes('ALL') ? [] : DEFAULT
  const dropped = drop.includes('ALL') ? [] : drop
  const missing = add.find((name) => name !== 'ALL' && !held.includes(name))
  if (missing !== undefined)
    throw new UserError(
      'invalid',
      `capability not supported by your kernel or not available in the current environment: "${missing}"`,
    )
  const wanted = new Set([...base.filter((name) => !dropped.includes(name)), ...add.filter((name) => name !== 'ALL')])
  return CAPABILITIES.filter((name) => wanted.has(name) && held.includes(name))
}

/** The capabilities in a bounding set as /proc/self/status writes it (`CapBnd: 000001ffffffffff`). See proc_pid_status(5). */
export function capabilitiesOfMask(hex: string): string[] {
  const mask = BigInt(`0x${hex}`)
  return CAPABILITIES.filter((_name, bit) => (mask >> BigInt(bit)) & 1n)
}
