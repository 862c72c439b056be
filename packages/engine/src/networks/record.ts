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
  driver: z.enum(['bridge', 'macvlan', 'host', 'null']),
  enableIPv4: z.boolean().default(true),
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
  /** In the order of choice; a macvlan may have several of a version. None for `host` and `none`. Of `configOnly`, what was asked for. */
  pools: z.array(pool),
  /** No network, but settings for others: `--config-only`. */
  configOnly: z.boolean().default(false),
  /** The name of the one whose settings it was made with: `--config-from`. */
  configFrom: z.string().default(''),
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
  prefix: 'com.docker.network.container_iface_prefix',
  parent: 'parent',
  macvlanMode: 'macvlan_mode',
} as const

/** The name of its bridge on the host: the one that was asked for, or `md-` and the beginning of the id. */
export function bridgeName({ id, options }: Pick<NetworkRecord, 'id' | 'options'>): string {
  return options[OPTION.name] ?? `md-${id.slice(0, 12)}`
}

/** Containers have places in it, with addresses. */
export function hasEndpoints({ driver }: Pick<NetworkRecord, 'driver'>): boolean {
  return driver === 'bridge' || driver === 'macvlan'
}

/** No way out, and none in. A macvlan that is on no interface of the host has none either. */
export function isInternal({
  driver,
  internal,
  options,
}: Pick<NetworkRecord, 'driver' | 'internal' | 'options'>): boolean {
  return internal || (driver === 'macvlan' && (options[OPTION.parent] ?? '') === '')
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
