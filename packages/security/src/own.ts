/** What the daemon itself may do: nobody can give a container a capability that he does not have. proc(5), capabilities(7). */
import { readFileSync } from 'node:fs'
import {
  allCapabilities,
  capabilityMask,
  capabilityNames,
  type CapabilityMask,
  type CapabilitySets,
} from './capabilities.ts'

/** The facts that plans are made from. */
export type OwnCapabilities = {
  /** In our permitted and in our bounding set, so that a container's process can keep them across its execve. */
  available: CapabilityMask
  /** The highest capability that the running kernel knows. */
  lastCap: number
}

/** Reads our own capabilities from `/proc/self/status` and the kernel's last one from `/proc/sys/kernel/cap_last_cap`. */
export function readOwnCapabilities(): OwnCapabilities {
  return parseOwnCapabilities(
    readFileSync('/proc/self/status', 'utf8'),
    readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'),
  )
}

/**
 * The same from the text of the two files.
 * @throws Error when a line of them is missing: not a Linux procfs.
 */
export function parseOwnCapabilities(status: string, capLastCap: string): OwnCapabilities {
  const lastCap = Number(capLastCap.trim())
  if (capLastCap.trim() === '' || !Number.isInteger(lastCap))
    throw new Error(`cap_last_cap is no number: ${capLastCap}`)
  const available = statusMask(status, 'CapPrm') & statusMask(status, 'CapBnd') & allCapabilities(lastCap)
  return { available, lastCap }
}

/** One `Cap…:` line of `/proc/PID/status` as a set. */
export function statusMask(
  status: string,
  field: 'CapInh' | 'CapPrm' | 'CapEff' | 'CapBnd' | 'CapAmb',
): CapabilityMask {
  const hex = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1]
  if (hex === undefined) throw new Error(`/proc/self/status has no line ${field}`)
  return BigInt(`0x${hex}`)
}

/**
 * Leaves out of five sets what cannot be given: capset(2) would answer EPERM to the whole set for one bit too many.
 * runc warns of what the kernel does not know and fails on what it lacks itself; here both are left out, and `missing`
 * (full names, each once) is for the caller's warning.
 */
export function limitCapabilities(
  sets: CapabilitySets,
  own: OwnCapabilities,
): { sets: CapabilitySets; missing: string[] } {
  const missing = new Set<string>()
  const limit = (names: readonly string[]) =>
    names.filter((name) => {
      const given = (capabilityMask([name]) & own.available) !== 0n
      if (!given) missing.add(name)
      return given
    })
  return {
    sets: {
      bounding: limit(sets.bounding),
      effective: limit(sets.effective),
      permitted: limit(sets.permitted),
      inheritable: limit(sets.inheritable),
      ambient: limit(sets.ambient),
    },
    missing: [...missing],
  }
}

/** The capabilities of the running kernel that we lack, by name: what a privileged container here does not get. */
export function lackingCapabilities(own: OwnCapabilities): string[] {
  return capabilityNames(allCapabilities(own.lastCap) & ~own.available)
}
