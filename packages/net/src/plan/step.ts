/** What the plans of this package have in common: the shape of a step, and the names that one step leaves to the next. */
import {
  AT_FDCWD,
  call,
  O_CLOEXEC,
  O_WRONLY,
  ref,
  shellWord,
  type Call,
  type Errno,
  type Ref,
  type Step,
} from '@mini-docker/syscall'
import { formatCidr, type Cidr } from '../address/cidr.ts'

/** The socket to the namespace that the program was started in. */
export const HOST = 'network.host'
/** The descriptor of the namespace that the program joins later. */
export const NAMESPACE = 'network.namespace'

/** Where an endpoint goes: a process, known or the result of a call, or a namespace that is open already. */
export type Target = { pid: number | Ref } | { fd: Ref }

export function step(id: string, where: Step['where'], calls: Call[], shell: string[], man: string[]): Step {
  return { id, stage: 'network', where, calls, shell, man }
}

/** Writes one setting below /proc/sys, by its path there: a name of an interface may have dots. `allow`: where the setting may be missing or fixed. */
export function sysctlCalls(path: string, value: string, allow: Errno[] = []): Call[] {
  const bytes = Buffer.from(value)
  const file = `network.sysctl.${path}`
  const missing: Partial<Call> = allow.length === 0 ? {} : { allow }
  return [
    call('openat', [AT_FDCWD, `/proc/sys/${path}`, O_WRONLY | O_CLOEXEC, 0], { as: file, ...missing }),
    call('write', [ref(file), bytes, bytes.length], allow.length === 0 ? {} : { allow: ['EBADF'] }),
    call('close', [ref(file)], allow.length === 0 ? {} : { allow: ['EBADF'] }),
  ]
}

/** As `newAddress` asks for it. */
export function addressLine(address: Cidr, name: string): string {
  const four = address.address.version === 4
  const words = four ? (address.prefixLength < 31 ? ' brd +' : '') : ' nodad'
  return `ip addr add ${formatCidr(address)}${words} dev ${name}`
}

export function sysctlLine(path: string, value: string): string {
  const line = `echo ${shellWord(value)} > /proc/sys/${path}`
  return path.includes('ipv6') ? `[ ! -e /proc/sys/${path} ] || ${line}` : line
}
