/** A network as it is kept: `networks/<id>.json`. What docker names has docker's names. */
import { createHash } from 'node:crypto'
import { z } from 'zod'

const pool = z.object({
  Subnet: z.string(),
  IPRange: z.string().optional(),
  Gateway: z.string().optional(),
  AuxiliaryAddresses: z.record(z.string(), z.string()).optional(),
})

const record = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().min(1),
  created: z.iso.datetime(),
  driver: z.enum(['bridge', 'host', 'null']),
  enableIPv6: z.boolean(),
  internal: z.boolean(),
  attachable: z.boolean(),
  /** `bridge`, `host` and `none`: there from the beginning, and never removed. */
  predefined: z.boolean(),
  options: z.record(z.string(), z.string()),
  labels: z.record(z.string(), z.string()),
  /** Somebody chose the subnets: only then may containers choose addresses. */
  configured: z.boolean(),
  ipamOptions: z.record(z.string(), z.string()).nullable(),
  /** One of IPv4, perhaps one of IPv6, each with its gateway; none for `host` and `none`. */
  pools: z.array(pool),
})

export type IpamPool = z.output<typeof pool>
export type NetworkRecord = z.output<typeof record>

/** @throws an error that names the field, or a SyntaxError. */
export function readNetwork(text: string): NetworkRecord {
  return record.parse(JSON.parse(text))
}

export const OPTION = {
  name: 'com.docker.network.bridge.name',
  icc: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  hostBinding: 'com.docker.network.bridge.host_binding_ipv4',
  defaultBridge: 'com.docker.network.bridge.default_bridge',
  mtu: 'com.docker.network.driver.mtu',
} as const

/** The name of its bridge on the host: the one that was asked for, or `md-` and the beginning of the id. */
export function bridgeName({ id, options }: Pick<NetworkRecord, 'id' | 'options'>): string {
  return options[OPTION.name] ?? `md-${id.slice(0, 12)}`
}

/** Go's strconv.ParseBool; undefined for what it does not take. */
export function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false
  return undefined
}

export function optionFlag({ options }: Pick<NetworkRecord, 'options'>, name: string, fallback: boolean): boolean {
  return parseBool(options[name] ?? '') ?? fallback
}

/** Bytes of a frame; undefined leaves the kernel's 1500. */
export function mtuOf({ options }: Pick<NetworkRecord, 'options'>): number | undefined {
  const text = options[OPTION.mtu]
  return text === undefined || text === '0' ? undefined : Number(text)
}

/** Part of the names of links, so that daemons which share a network namespace know their own. */
export function ownerOf(runRoot: string): string {
  return createHash('sha256').update(runRoot).digest('hex').slice(0, 8)
}
