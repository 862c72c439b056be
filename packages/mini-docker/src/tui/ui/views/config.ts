/** How a container was made, as a page to read: from `GET /containers/{id}/json`. */
import { binarySize } from '../../../format/units.ts'
import { columnsOf } from '../../../format/width.ts'
import type { Row } from '../../shared/pieces.ts'
import { harmlessText } from '../harmless.ts'
import type { UiState } from '../state.ts'
import { themeOf } from '../themes.ts'
import { WORDS } from '../words.ts'

type Inspect = {
  Created?: string
  Image?: string
  State?: { Pid?: number; StartedAt?: string; FinishedAt?: string; ExitCode?: number; Running?: boolean }
  Config?: {
    Image?: string
    Cmd?: string[] | null
    Entrypoint?: string[] | null
    Env?: string[] | null
    Labels?: Record<string, string> | null
    WorkingDir?: string
    User?: string
    Hostname?: string
    Healthcheck?: { Test?: string[] | null } | null
  }
  HostConfig?: {
    RestartPolicy?: { Name?: string; MaximumRetryCount?: number } | null
    Memory?: number
    NanoCpus?: number
    CpuShares?: number
    PidsLimit?: number | null
    CapAdd?: string[] | null
    CapDrop?: string[] | null
    Privileged?: boolean
    ReadonlyRootfs?: boolean
    Runtime?: string
    LogConfig?: { Type?: string } | null
  }
  NetworkSettings?: {
    Ports?: Record<string, Array<{ HostIp?: string; HostPort?: string }> | null> | null
    Networks?: Record<string, { IPAddress?: string; MacAddress?: string; Aliases?: string[] | null }> | null
  }
  Mounts?: Array<{ Type?: string; Name?: string; Source?: string; Destination?: string; RW?: boolean }> | null
}

export function configRows(state: UiState): Row[] {
  const one = state.detail.data as Inspect | undefined
  if (one === undefined) return []
  const words = WORDS[state.language]
  const names = words.config
  const theme = themeOf(state.theme)
  const config = one.Config ?? {}
  const host = one.HostConfig ?? {}
  const restart = host.RestartPolicy?.Name ?? ''
  const limits = [
    (host.Memory ?? 0) > 0 ? `${names['memory']} ${binarySize(host.Memory ?? 0)}` : '',
    (host.NanoCpus ?? 0) > 0 ? `${names['cpus']} ${(host.NanoCpus ?? 0) / 1e9}` : '',
    (host.PidsLimit ?? 0) > 0 ? `${names['processes']} ${host.PidsLimit}` : '',
  ]
  const capabilities = [
    ...(host.CapAdd ?? []).map((name) => `+${name}`),
    ...(host.CapDrop ?? []).map((name) => `-${name}`),
  ]
  const lines: Array<[key: string, value: string]> = [
    ['image', config.Image ?? ''],
    ['entrypoint', wordsOf(config.Entrypoint)],
    ['command', wordsOf(config.Cmd)],
    ['workdir', config.WorkingDir ?? ''],
    ['user', config.User ?? ''],
    ['hostname', config.Hostname ?? ''],
    ['created', time(one.Created)],
    ['started', time(one.State?.StartedAt)],
    ['finished', one.State?.Running === true ? '' : time(one.State?.FinishedAt)],
    ['pid', one.State?.Running === true ? String(one.State.Pid ?? '') : ''],
    ['exit', one.State?.Running === true ? '' : String(one.State?.ExitCode ?? '')],
    ['restart', restart === 'no' ? '' : restart],
    ['limits', limits.filter((limit) => limit !== '').join('  ')],
    ['capabilities', host.Privileged === true ? (names['privileged'] ?? '') : capabilities.join(' ')],
    ['health', wordsOf(config.Healthcheck?.Test)],
    ['runtime', host.Runtime ?? ''],
    ['logs', host.LogConfig?.Type ?? ''],
  ]
  const width = Math.max(...lines.map(([key]) => columnsOf(names[key] ?? key))) + 2
  const rows = lines
    .filter(([, value]) => value !== '')
    .map(([key, value]): Row => {
      const name = names[key] ?? key
      return [{ text: name + ' '.repeat(width - columnsOf(name)), ...theme.muted }, harmlessText(value)]
    })
  const group = (key: string, values: readonly string[]): Row[] =>
    values.length === 0
      ? []
      : [[], [{ text: names[key] ?? key, ...theme.title }], ...values.map((value): Row => [`  ${harmlessText(value)}`])]
  return [
    ...rows,
    ...group(
      'ports',
      Object.entries(one.NetworkSettings?.Ports ?? {}).map(([port, places]) => portLine(port, places)),
    ),
    ...group(
      'networks',
      Object.entries(one.NetworkSettings?.Networks ?? {}).map(
        ([name, { IPAddress = '', MacAddress = '' }]) => `${name}  ${IPAddress}  ${MacAddress}`,
      ),
    ),
    ...group(
      'mounts',
      (one.Mounts ?? []).map(
        (mount) =>
          `${mount.Destination ?? ''}  ←  ${mount.Type ?? ''} ${mount.Name ?? mount.Source ?? ''}${mount.RW === false ? `  ${words.readOnly}` : ''}`,
      ),
    ),
    ...group('environment', config.Env ?? []),
    ...group(
      'labels',
      Object.entries(config.Labels ?? {}).map(([key, value]) => `${key}=${value}`),
    ),
  ]
}

function portLine(port: string, places: Array<{ HostIp?: string; HostPort?: string }> | null): string {
  const from = (places ?? []).map(({ HostIp = '', HostPort = '' }) => `${HostIp}:${HostPort}`)
  return from.length === 0 ? port : `${from.join(', ')}  →  ${port}`
}

function wordsOf(list: readonly string[] | null | undefined): string {
  return (list ?? []).map((word) => (/^[\w./:=@,+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
}

/** Docker writes year 1 for never. */
function time(text: string | undefined): string {
  if (text === undefined || text.startsWith('0001-')) return ''
  const milliseconds = Date.parse(text)
  if (!Number.isFinite(milliseconds)) return ''
  const date = new Date(milliseconds)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
