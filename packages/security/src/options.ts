/** docker's `--cap-add`, `--cap-drop` and `--privileged`: from what the user typed to a list of capabilities. */
import { UserError } from '@mini-docker/syscall'
import {
  capabilityMask,
  capabilityNames,
  capabilityNumber,
  DEFAULT_CAPABILITIES,
  type CapabilitySets,
} from './capabilities.ts'
import type { OwnCapabilities } from './own.ts'

/** What `docker run` was told about capabilities: `HostConfig.{CapAdd,CapDrop,Privileged}` of the API. */
export type CapabilityOptions = {
  add?: readonly string[] | null | undefined
  drop?: readonly string[] | null | undefined
  privileged?: boolean | undefined
}

/**
 * The capabilities a container gets, by docker's rules: `ALL` is every one we have; `--cap-add ALL` wins over the defaults,
 * `--cap-drop ALL` leaves only what is added; privileged is every one we have, whatever was added or dropped.
 *
 * Names are taken with and without `CAP_`, in any case. Adding what this machine cannot give is an error, dropping it is not:
 * it is not there already.
 * @throws UserError `invalid` for a name Linux does not have or one we lack, with docker's words.
 */
export function applyCapAddDrop(options: CapabilityOptions, own: OwnCapabilities): string[] {
  const add = (options.add ?? []).map((name) => parseCapability('CapAdd', name))
  const drop = (options.drop ?? []).map((name) => parseCapability('CapDrop', name))
  const missing = add.find((name) => name !== ALL && !isAvailable(name, own))
  if (missing !== undefined) {
    throw new UserError(
      'invalid',
      `invalid CapAdd: capability not supported by your kernel or not available in the current environment: "${missing}"`,
      { hint: 'the daemon can only give what it has: see CapPrm and CapBnd in /proc/self/status' },
    )
  }
  const everything = capabilityNames(own.available)
  if (options.privileged === true) return everything
  if (add.includes(ALL)) return everything.filter((name) => !drop.includes(name))
  if (drop.includes(ALL)) return [...new Set(add)]
  const kept = DEFAULT_CAPABILITIES.filter((name) => !drop.includes(name) && isAvailable(name, own))
  return [...new Set([...kept, ...add])]
}

/**
 * The five sets docker asks of the runtime for such a list. Nothing is inheritable (CVE-2022-24769: an inheritable set lets
 * an ordinary user's file capabilities come back) and nothing ambient: a container's ordinary user starts with none.
 */
export function dockerCapabilitySets(names: readonly string[]): CapabilitySets {
  return { bounding: names, effective: names, permitted: names, inheritable: [], ambient: [] }
}

const ALL = 'ALL'

function parseCapability(option: 'CapAdd' | 'CapDrop', text: string): string {
  const upper = text.toUpperCase()
  if (upper === ALL) return ALL
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`
  if (capabilityNumber(name) === undefined) {
    throw new UserError('invalid', `invalid ${option}: unknown capability: "${name}"`, {
      hint: 'capabilities(7) lists them, for example NET_ADMIN',
    })
  }
  return name
}

function isAvailable(name: string, own: OwnCapabilities): boolean {
  return (capabilityMask([name]) & own.available) !== 0n
}
