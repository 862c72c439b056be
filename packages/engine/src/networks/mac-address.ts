/** `MacAddress` of a container as a whole, as clients of before API 1.44 give it; since then each endpoint has its own. */
import { parseMac } from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import { z } from 'zod'
import type { CreateBody } from '../api/bodies.ts'
import type { ContainerRecord } from '../containers/model.ts'
import { modeOf } from './mode.ts'

/** API 1.44. */
const PER_ENDPOINT = 44

/** The body with the address where it belongs, and docker's warning. @throws UserError `invalid` in docker's words */
export function withMacAddress(body: CreateBody, minor: number): { body: CreateBody; warnings: string[] } {
  const { MacAddress: mac, NetworkingConfig, HostConfig } = body
  const names = Object.keys(NetworkingConfig)
  if (minor < PER_ENDPOINT && mac === '')
    // An old daemon did not know it there.
    return { body: atEndpoints(body, names, ''), warnings: [] }
  if (mac === '') return { body, warnings: [] }
  parseMac(mac)
  const mode = HostConfig.NetworkMode || 'default'
  if (modeOf({ NetworkMode: mode }).kind !== 'network')
    throw new UserError('invalid', 'conflicting options: mac-address and the network mode')
  const warnings =
    minor < PER_ENDPOINT
      ? []
      : ['The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.']
  if (names.length === 0) return { body: atEndpoints(body, [mode], mac), warnings }
  if (minor < PER_ENDPOINT) return { body: atEndpoints(body, names, mac), warnings }
  if (!names.includes(mode))
    throw new UserError(
      'invalid',
      'if a container-wide MAC address is supplied, HostConfig.NetworkMode must match the identity of a network in NetworkSettings.Networks',
    )
  const own = endpoint.parse(NetworkingConfig[mode] ?? {}).MacAddress ?? ''
  if (own !== '' && own !== mac)
    throw new UserError(
      'invalid',
      'the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty',
    )
  return { body: atEndpoints(body, [mode], mac), warnings }
}

/** Where such clients look for it in inspect: `Config.MacAddress`, when one was asked for. */
export function macAddressJson(
  { hostConfig, networks }: Pick<ContainerRecord, 'hostConfig' | 'networks'>,
  minor: number,
): { MacAddress?: string } {
  const mac = networks[hostConfig.NetworkMode]?.MacAddress ?? ''
  return minor < PER_ENDPOINT && mac !== '' ? { MacAddress: mac } : {}
}

const endpoint = z.looseObject({ MacAddress: z.string().nullish() })

function atEndpoints(body: CreateBody, names: readonly string[], mac: string): CreateBody {
  const changed = names.map((name) => {
    const settings = endpoint.safeParse(body.NetworkingConfig[name] ?? {})
    // What is no endpoint at all is refused later, by its name.
    return [name, settings.success ? { ...settings.data, MacAddress: mac } : body.NetworkingConfig[name]] as const
  })
  return { ...body, NetworkingConfig: { ...body.NetworkingConfig, ...Object.fromEntries(changed) } }
}
