/** Who a process is, and what it may do: proc_pid_status(5), credentials(7), capabilities(7), seccomp(2). */
import { readFileSync } from 'node:fs'
import { capabilityNames } from '@mini-docker/security'
import { missing, procPath, readProc } from './proc.ts'

export const CAPABILITY_SETS = ['Effective', 'Permitted', 'Inheritable', 'Bounding', 'Ambient'] as const
export type CapabilitySet = (typeof CAPABILITY_SETS)[number]

export type StatusFact = {
  name: string
  /** `S (sleeping)` */
  state: string
  parent: number
  /** Its number in each pid namespace from the reader's to its own. */
  pids: number[]
  threads: number
  residentBytes: number
  /** Real, effective, saved, of the filesystem. */
  uids: number[]
  gids: number[]
  groups: number[]
  /** Full names, `CAP_CHOWN`, in the kernel's order. */
  capabilities: Record<CapabilitySet, string[]>
  noNewPrivileges: boolean
  /** `filters` counts programs that each call is shown to. */
  seccomp: { mode: 'disabled' | 'strict' | 'filter'; filters: number }
}

/** @throws UserError `not-found` */
export function readStatus(pid: number): StatusFact {
  return parseStatus(readProc(pid, 'status'))
}

export function parseStatus(text: string): StatusFact {
  const fields = new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
  )
  const field = (name: string): string => fields.get(name) ?? ''
  const numbers = (name: string): number[] => (field(name).match(/\d+/g) ?? []).map(Number)
  const names = (name: string): string[] => capabilityNames(BigInt(`0x${field(name) || '0'}`))
  return {
    name: field('Name'),
    state: field('State'),
    parent: numbers('PPid')[0] ?? 0,
    pids: numbers('NSpid'),
    threads: numbers('Threads')[0] ?? 1,
    residentBytes: (numbers('VmRSS')[0] ?? 0) * 1024,
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups'),
    capabilities: {
      Effective: names('CapEff'),
      Permitted: names('CapPrm'),
      Inheritable: names('CapInh'),
      Bounding: names('CapBnd'),
      Ambient: names('CapAmb'),
    },
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccomp: {
      mode: SECCOMP_MODES[numbers('Seccomp')[0] ?? 0] ?? 'disabled',
      filters: numbers('Seccomp_filters')[0] ?? 0,
    },
  }
}

const SECCOMP_MODES = ['disabled', 'strict', 'filter'] as const

/** The label that a security module (AppArmor, SELinux, Smack) gave it; undefined where none is at work. */
export function readLabel(pid: number): string | undefined {
  const text = missing(() => readFileSync(procPath(pid, 'attr/current'), 'utf8'))
  const label = text?.replaceAll('\0', '').trim()
  return label === '' ? undefined : label
}

/** From -1000 to 1000: who is killed first when memory runs out. proc_pid_oom_score_adj(5) */
export function readOomScoreAdjust(pid: number): number | undefined {
  const text = missing(() => readFileSync(procPath(pid, 'oom_score_adj'), 'utf8'))
  return text === undefined ? undefined : Number(text)
}
