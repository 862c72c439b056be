/**
 * The pieces that root's power is cut into: capabilities(7). A set is a `bigint` with bit N for capability N, as the
 * kernel keeps it and as `/proc/PID/status` prints it; at the borders (OCI config, docker's options) it is a list of names.
 */

/** Every capability of Linux 6.18, in the kernel's order: the index is the number. include/uapi/linux/capability.h. */
export const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const

export type CapabilityName = (typeof CAPABILITIES)[number]

/** A set of capabilities: bit N is capability N. */
export type CapabilityMask = bigint

/** What docker leaves a container without `--cap-add` and `--cap-drop`: 14 of 41. */
export const DEFAULT_CAPABILITIES: readonly CapabilityName[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
]

/** The five sets of a process, as `process.capabilities` of an OCI runtime config spells them. */
export type CapabilitySets = {
  /** What execve(2) can never give back. */
  bounding: readonly string[]
  /** What is in force. */
  effective: readonly string[]
  /** What may be put in force. */
  permitted: readonly string[]
  /** What a file's inheritable set may keep across execve(2). */
  inheritable: readonly string[]
  /** What an ordinary user keeps across execve(2). */
  ambient: readonly string[]
}

const NUMBERS: ReadonlyMap<string, number> = new Map(CAPABILITIES.map((name, number) => [name, number]))

/** The number of a capability by its full name (`CAP_CHOWN` is 0); undefined for a name Linux does not have. */
export function capabilityNumber(name: string): number | undefined {
  return NUMBERS.get(name)
}

/** The name of a capability; `CAP_41` for one that came after this table was written. */
export function capabilityName(number: number): string {
  return CAPABILITIES[number] ?? `CAP_${number}`
}

/** The set of these names. Names that Linux does not have are left out: `unknownCapabilities` finds them. */
export function capabilityMask(names: Iterable<string>): CapabilityMask {
  let mask = 0n
  for (const name of names) {
    const number = NUMBERS.get(name)
    if (number !== undefined) mask |= 1n << BigInt(number)
  }
  return mask
}

/** The names in a set, in the kernel's order. */
export function capabilityNames(mask: CapabilityMask): string[] {
  const names: string[] = []
  for (let number = 0; mask >> BigInt(number) !== 0n; number++) {
    if ((mask >> BigInt(number)) & 1n) names.push(capabilityName(number))
  }
  return names
}

/** Those of the names that Linux does not have. */
export function unknownCapabilities(names: Iterable<string>): string[] {
  return [...names].filter((name) => !NUMBERS.has(name))
}

/** Every capability from 0 to `lastCap` (`/proc/sys/kernel/cap_last_cap`). */
export function allCapabilities(lastCap: number): CapabilityMask {
  return (1n << BigInt(lastCap + 1)) - 1n
}
