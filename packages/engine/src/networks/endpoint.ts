/** What a container asks of a network: docker's EndpointSettings, and where it stands in create's body. */
import { parseAddress, parseMac, tryAddress } from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import { z } from 'zod'
import { integer, text, texts } from '../api/schema.ts'
import { driverOptions } from './driver-options.ts'
import type { NetworkRecord } from './record.ts'

export const endpointSettings = z.object({
  IPAMConfig: z
    .object({ IPv4Address: text, IPv6Address: text, LinkLocalIPs: texts })
    .nullish()
    .transform((value) => value ?? null),
  Links: texts,
  Aliases: texts,
  MacAddress: text,
  DriverOpts: z
    .record(z.string(), z.string())
    .nullish()
    .transform((value) => value ?? null),
  GwPriority: integer,
})

export type EndpointSettings = z.output<typeof endpointSettings>

export const NO_SETTINGS: EndpointSettings = endpointSettings.parse({})

/** @throws UserError `invalid` for what is no EndpointSettings, an address that is none, a hardware address that is none. */
export function parseEndpoint(value: unknown): EndpointSettings {
  const result = endpointSettings.safeParse(value ?? {})
  if (!result.success) {
    const [issue] = result.error.issues
    throw new UserError(
      'invalid',
      `invalid endpoint settings: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong type'}`,
    )
  }
  const settings = result.data
  const { IPv4Address = '', IPv6Address = '', LinkLocalIPs } = settings.IPAMConfig ?? {}
  checkVersion(IPv4Address, 4)
  checkVersion(IPv6Address, 6)
  if (settings.MacAddress !== '') parseMac(settings.MacAddress)
  for (const address of LinkLocalIPs ?? []) checkLinkLocal(address)
  driverOptions(settings)
  for (const alias of settings.Aliases ?? [])
    if (!/^[\w.-]{1,253}$/.test(alias))
      throw new UserError('invalid', `invalid network-scoped alias ${JSON.stringify(alias)}`)
  for (const link of settings.Links ?? []) parseLink(link)
  return settings
}

function checkVersion(address: string, version: 4 | 6): void {
  if (address !== '' && parseAddress(address).version !== version)
    throw new UserError('invalid', `invalid IPv${version} address: ${address}`)
}

/** 169.254.0.0/16 and fe80::/10. */
function checkLinkLocal(text: string): void {
  const address = tryAddress(text)
  const { bytes, version } = address ?? {}
  const [first = 0, second = 0] = bytes ?? []
  const fits = version === 4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80
  if (address === undefined || !fits) throw new UserError('invalid', `invalid link local IP address: ${text}`)
}

/** `db`, `db:alias`. Inspect's own form, `/db:/web/alias`, is taken too. */
export function parseLink(link: string): { name: string; alias: string } {
  const parts = link.split(':')
  const [name = '', alias = name] = parts
  if (name === '' || alias === '' || parts.length > 2) throw new UserError('invalid', `bad format for links: ${link}`)
  return { name: name.replace(/^\//, ''), alias: alias.replace(/^.*\//, '') }
}

/** Refuses what a network cannot give, in docker's words. @throws UserError `invalid` */
export function checkEndpoint(network: NetworkRecord, settings: EndpointSettings): void {
  if (network.configOnly) throw new UserError('denied', 'cannot create endpoint on configuration-only network')
  const { IPv4Address = '', IPv6Address = '' } = settings.IPAMConfig ?? {}
  const wantsAddress = IPv4Address !== '' || IPv6Address !== ''
  if (network.predefined) {
    if (wantsAddress)
      throw new UserError('invalid', 'user specified IP address is supported on user defined networks only')
    if ((settings.Aliases ?? []).length > 0)
      throw new UserError('invalid', 'network-scoped alias is supported only for containers in user defined networks')
  } else if (wantsAddress && !network.configured)
    throw new UserError(
      'invalid',
      'user specified IP address is supported only when connecting to networks with user configured subnets',
    )
  if (IPv4Address !== '' && !network.enableIPv4) throw new UserError('invalid', `network ${network.name} has no IPv4`)
  if (IPv6Address !== '' && !network.enableIPv6)
    throw new UserError('invalid', `network ${network.name} has no IPv6`, {
      hint: 'make one with network create --ipv6',
    })
}
