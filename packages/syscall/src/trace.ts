/** The `--trace` face: calls as strace prints them, with the result and the time when they have been made. */
import type { Arg, Call, Field } from './call.ts'
import { AT_FDCWD, major, minor, PR_CAP_AMBIENT, S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT } from './constants.ts'
import { formatFlags, formatName, rlimitName, signalName } from './decode.ts'
import { errnoMessage, errnoName } from './errno.ts'
import { argTypes, type ArgType } from './table.ts'

/** `mount("proc", "/proc/self/fd/<rootfs>", "proc", MS_NOSUID, NULL)`: a call before it is made; results of others stand as `<name>`. */
export function formatCall(call: Call): string {
  return `${call.name}(${formatArgs(call).join(', ')})`
}

/** `= 3`, `= -1 ENOENT (no such file or directory)`. */
export function formatResult(result: number): string {
  if (result >= 0 || result < -4095) return `= ${result}`
  const code = errnoName(-result)
  return code === undefined ? `= -1 errno ${-result}` : `= -1 ${code} (${errnoMessage(code)})`
}

/** The decoded arguments of a call. */
export function formatArgs(call: Call): string[] {
  const types = argTypes(call.name)
  return call.args.map((arg, i) => formatArg(arg, types[i] ?? 'int'))
}

function formatArg(arg: Arg, type: ArgType): string {
  if (arg === null) return 'NULL'
  if (typeof arg === 'string') return quote(arg)
  if (typeof arg === 'number' || typeof arg === 'bigint') return formatNumber(arg, type)
  if (arg instanceof Uint8Array) return formatBytes(arg)
  if ('ref' in arg) return `<${arg.ref}>`
  if ('fdPath' in arg) return `"/proc/self/fd/<${arg.fdPath}>"`
  if ('strings' in arg) return type === 'env' ? `[${arg.strings.length} vars]` : formatStrings(arg.strings)
  if ('out' in arg)
    return arg.as === undefined ? `[${arg.out} bytes]` : `[${arg.as.map((name) => `<${name}>`).join(', ')}]`
  if ('bytes' in arg) return arg.text
  const fields = Object.entries(arg.fields).map(([name, value]) => `${name}=${formatField(name, value, arg.struct)}`)
  return `{${fields.join(', ')}}`
}

function formatNumber(value: number | bigint, type: ArgType): string {
  if (type.startsWith('flags:')) return formatFlags(type.slice('flags:'.length), value)
  const number = Number(value)
  switch (type) {
    case 'dirfd':
      return number === AT_FDCWD ? 'AT_FDCWD' : String(number)
    case 'mode':
      return formatMode(number)
    case 'dev':
      return `makedev(${major(number)}, ${minor(number)})`
    case 'signal':
      return signalName(number)
    case 'prctl':
      return prctlName(number)
    case 'ioctl':
      return number >> 8 === 0x89 ? formatName('SIOC', number) : formatName('TIOC', number)
    case 'rlimit':
      return rlimitName(number)
    default:
      return String(value)
  }
}

/** PR_CAP_AMBIENT_RAISE and its like are operands, not operations. */
function prctlName(operation: number): string {
  const known = ['PR_SET_', 'PR_CAPBSET_']
    .map((prefix) => formatName(prefix, operation))
    .find((name) => name !== String(operation))
  return known ?? (operation === PR_CAP_AMBIENT ? 'PR_CAP_AMBIENT' : String(operation))
}

const FILE_TYPES: Record<number, string> = { [S_IFCHR]: 'S_IFCHR', [S_IFBLK]: 'S_IFBLK', [S_IFIFO]: 'S_IFIFO' }

function formatMode(mode: number): string {
  const type = FILE_TYPES[mode & S_IFMT]
  const bits = `0${(mode & 0o7777).toString(8)}`
  return type === undefined ? bits : `${type}|${bits}`
}

function formatField(name: string, value: Field, struct: string): string {
  if (typeof value === 'object' && !(value instanceof Uint8Array) && 'ref' in value) return `<${value.ref}>`
  if (typeof value === 'object' && !(value instanceof Uint8Array)) return `[<${value.as?.join('>, <') ?? ''}>]`
  if (typeof value === 'string') return quote(value)
  if (value instanceof Uint8Array) return formatBytes(value)
  if (struct === 'open_how' && name === 'flags') return formatFlags('O', value)
  if (name === 'resolve') return formatFlags('RESOLVE', value)
  if (struct === 'clone_args' && name === 'flags') return formatFlags('CLONE', value)
  if (name === 'exit_signal') return signalName(Number(value))
  if (name.startsWith('attr_')) return formatFlags('MOUNT_ATTR', value)
  if (struct === 'cap_data' || name === 'version') return `0x${value.toString(16)}`
  return String(value)
}

/** Text as it is, other bytes by their number. */
function formatBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1')
  // oxlint-disable-next-line no-control-regex
  return bytes.length > 64 || /[^\x20-\x7e\n\t]/.test(text) ? `[${bytes.length} bytes]` : quote(text)
}

function formatStrings(list: string[]): string {
  const shown = list.slice(0, 8).map(quote).join(', ')
  return list.length > 8 ? `[${shown}, … ${list.length - 8} more]` : `[${shown}]`
}

/** Long paths and options are kept whole: they are what one looks for. */
function quote(text: string): string {
  return JSON.stringify(text)
}
