/**
 * A container's device list, made canonical: what holds for all devices, then the exceptions, in order.
 * OCI runtime spec, config-linux.md "Allowed Device List"; the later rule wins.
 */
import { invalid } from '../controllers/require.ts'
import type { OciDeviceRule } from '../resources.ts'

/** Bits of an access, as BPF programs see them (`BPF_DEVCG_ACC_*` of include/uapi/linux/bpf.h). */
export const ACCESS_BITS = { m: 1, r: 2, w: 4 } as const
export const ALL_ACCESS = 7

/** `undefined` for any number. */
export type DeviceException = {
  allow: boolean
  type: 'b' | 'c'
  major: number | undefined
  minor: number | undefined
  access: number
}
export type DevicePolicy = { allowAll: boolean; exceptions: DeviceException[] }

/**
 * A rule for all devices and all accesses sets the base and makes earlier rules void. A rule for all devices and some
 * accesses becomes one for block and one for character devices. Without any base rule, nothing is allowed (as runc).
 */
export function devicePolicy(rules: readonly OciDeviceRule[]): DevicePolicy {
  let policy: DevicePolicy = { allowAll: false, exceptions: [] }
  for (const rule of rules) {
    const access = parseAccess(rule.access ?? 'rwm')
    const major = parseNumber('major', rule.major)
    const minor = parseNumber('minor', rule.minor)
    const isBase = (rule.type ?? 'a') === 'a' && major === undefined && minor === undefined && access === ALL_ACCESS
    if (isBase) policy = { allowAll: rule.allow, exceptions: [] }
    else policy.exceptions.push(...deviceTypes(rule).map((type) => ({ allow: rule.allow, type, major, minor, access })))
  }
  return policy
}

/** `b *:* m`, as a v1 control file reads it. */
export function formatException({ type, major, minor, access }: DeviceException): string {
  return `${type} ${major ?? '*'}:${minor ?? '*'} ${formatAccess(access)}`
}

function formatAccess(access: number): string {
  return (['r', 'w', 'm'] as const).filter((letter) => access & ACCESS_BITS[letter]).join('')
}

function parseAccess(letters: string): number {
  if (!/^[rwm]{1,3}$/.test(letters)) throw invalid(`invalid device access ${JSON.stringify(letters)}`, 'letters of rwm')
  return letters.split('').reduce((bits, letter) => bits | ACCESS_BITS[letter as 'r' | 'w' | 'm'], 0)
}

/** -1 is how Go programs write "any". */
function parseNumber(what: 'major' | 'minor', number: number | undefined): number | undefined {
  if (number === undefined || number === -1) return undefined
  if (!Number.isInteger(number) || number < 0 || number > 0x7fffffff)
    throw invalid(`invalid device ${what} number ${number}`)
  return number
}

/** `u` is an old name for unbuffered character devices. A fifo is no device: nothing to rule over. */
function deviceTypes({ type }: OciDeviceRule): ('b' | 'c')[] {
  switch (type) {
    case undefined:
    case 'a':
      return ['b', 'c']
    case 'b':
      return ['b']
    case 'c':
    case 'u':
      return ['c']
    case 'p':
      return []
    default:
      throw invalid(`invalid device type ${JSON.stringify(type)}`, 'one of a, b, c')
  }
}
