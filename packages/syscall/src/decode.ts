/** Prints integers by the names the kernel's headers give them: `MS_NOSUID|MS_NODEV`. */
import * as constants from './constants.ts'

const PREFIXES: Record<string, string[]> = {
  O: ['O_'],
  AT: ['AT_'],
  MS: ['MS_'],
  MNT: ['MNT_'],
  CLONE: ['CLONE_'],
  CLOSE_RANGE: ['CLOSE_RANGE_'],
  MFD: ['MFD_'],
  OPEN_TREE: ['OPEN_TREE_'],
  MOVE_MOUNT: ['MOVE_MOUNT_'],
  MOUNT_ATTR: ['MOUNT_ATTR_'],
  LOCK: ['LOCK_'],
  RESOLVE: ['RESOLVE_'],
}

const named = Object.entries<unknown>(constants)
  .filter((entry): entry is [string, number | bigint] => typeof entry[1] === 'number' || typeof entry[1] === 'bigint')
  .toSorted(([, a], [, b]) => Number(BigInt(a) - BigInt(b)))

/** The flags of a family, joined by `|`; what has no name in hexadecimal. `0` for none, `O_RDONLY` for openat's. */
export function formatFlags(family: string, value: number | bigint): string {
  let left = BigInt.asUintN(64, BigInt(value))
  const names: string[] = []
  for (const [name, bit] of membersOf(family)) {
    const bits = BigInt(bit)
    if (bits !== 0n && (left & bits) === bits && (bits & (bits - 1n)) === 0n) {
      names.push(name)
      left &= ~bits
    }
  }
  if (left !== 0n) names.push(`0x${left.toString(16)}`)
  if (family === 'O' && (Number(value) & 3) === 0 && !names.includes('O_PATH')) names.unshift('O_RDONLY')
  return names.join('|') || '0'
}

const families = new Map<string, [string, number | bigint][]>()
function membersOf(family: string): [string, number | bigint][] {
  let members = families.get(family)
  if (members === undefined) {
    const prefixes = PREFIXES[family] ?? [`${family}_`]
    members = named.filter(([name, value]) => prefixes.some((prefix) => name.startsWith(prefix)) && value !== -100)
    families.set(family, members)
  }
  return members
}

/** The name of one exclusive value of a family: `PR_SET_NO_NEW_PRIVS`. */
export function formatName(prefix: string, value: number): string {
  return named.find(([name, n]) => name.startsWith(prefix) && n === value)?.[0] ?? String(value)
}

/** `SIGKILL` for 9. */
export function signalName(number: number): string {
  return Object.entries(constants.SIGNALS).find(([, n]) => n === number)?.[0] ?? String(number)
}

/** `RLIMIT_NOFILE` for 7. */
export function rlimitName(number: number): string {
  return Object.entries(constants.RLIMITS).find(([, n]) => n === number)?.[0] ?? String(number)
}
