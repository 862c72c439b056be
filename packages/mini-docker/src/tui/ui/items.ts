/** What the dashboard lists, made from the answers of the Docker Engine API. Pure; every text of others is harmless from here on. */
import type { Port } from '../../format/ports.ts'
import { harmless } from './harmless.ts'

export type Joined = {
  network: string
  networkId: string
  address: string
  address6: string
  gateway: string
  mac: string
}
export type MountPoint = { type: string; name: string; source: string; destination: string; isWritable: boolean }
export type Container = {
  id: string
  name: string
  image: string
  imageId: string
  command: string
  /** Seconds since 1970. */
  created: number
  /** `running`, `exited`, `paused`, `created`, `restarting`, `removing`, `dead`. */
  state: string
  /** `healthy`, `unhealthy`, `starting`; empty where nobody checks. */
  health: string
  /** Docker's words: `Up 3 minutes (healthy)`. */
  status: string
  ports: Port[]
  networks: Joined[]
  mounts: MountPoint[]
}

export type Image = { id: string; name: string; names: string[]; size: number; created: number; users: number }
export type Network = {
  id: string
  name: string
  driver: string
  subnets: string[]
  gateways: string[]
  /** The interface on the host; empty where the driver has none. */
  bridge: string
  isInternal: boolean
  users: number
}
export type Volume = {
  id: string
  name: string
  driver: string
  mountpoint: string
  /** Seconds since 1970; 0 where unknown. */
  created: number
  /** Undefined until somebody has counted. */
  bytes: number | undefined
  users: number
}
export type LoggedEvent = { id: string; name: string; time: number; type: string; action: string; raw: string }

export type Items = {
  containers: readonly Container[]
  images: readonly Image[]
  networks: readonly Network[]
  volumes: readonly Volume[]
  events: readonly LoggedEvent[]
}
export type Section = keyof Items
export type Item = Items[Section][number]

export const SECTIONS = ['containers', 'images', 'networks', 'volumes', 'events'] as const satisfies readonly Section[]

type ApiContainer = {
  Id: string
  Names?: string[] | null
  Image?: string
  ImageID?: string
  Command?: string
  Created?: number
  State?: string
  Status?: string
  Ports?: Port[] | null
  NetworkSettings?: { Networks?: Record<string, ApiEndpoint> | null } | null
  Mounts?: Array<{ Type?: string; Name?: string; Source?: string; Destination?: string; RW?: boolean }> | null
}
type ApiEndpoint = {
  NetworkID?: string
  IPAddress?: string
  IPPrefixLen?: number
  GlobalIPv6Address?: string
  Gateway?: string
  MacAddress?: string
}

/** `GET /containers/json`. */
export function containersFrom(answer: unknown): Container[] {
  return (harmless(answer) as ApiContainer[]).map((one): Container => {
    const status = one.Status ?? ''
    return {
      id: one.Id,
      name: (one.Names?.find((name) => !name.slice(1).includes('/')) ?? one.Names?.[0] ?? one.Id.slice(0, 12)).replace(
        /^\//,
        '',
      ),
      image: one.Image ?? '',
      imageId: one.ImageID ?? '',
      command: one.Command ?? '',
      created: one.Created ?? 0,
      state: one.State ?? '',
      health: /\((healthy|unhealthy|health: starting)\)/.exec(status)?.[1]?.replace('health: ', '') ?? '',
      status,
      ports: one.Ports ?? [],
      networks: Object.entries(one.NetworkSettings?.Networks ?? {}).map(([network, endpoint]) => ({
        network,
        networkId: endpoint.NetworkID ?? '',
        address: withPrefix(endpoint.IPAddress, endpoint.IPPrefixLen),
        address6: endpoint.GlobalIPv6Address ?? '',
        gateway: endpoint.Gateway ?? '',
        mac: endpoint.MacAddress ?? '',
      })),
      mounts: (one.Mounts ?? []).map((mount) => ({
        type: mount.Type ?? '',
        name: mount.Name ?? '',
        source: mount.Source ?? '',
        destination: mount.Destination ?? '',
        isWritable: mount.RW ?? true,
      })),
    }
  })
}

function withPrefix(address = '', prefix = 0): string {
  return address === '' || prefix === 0 ? address : `${address}/${prefix}`
}

type ApiImage = {
  Id: string
  RepoTags?: string[] | null
  RepoDigests?: string[] | null
  Size?: number
  Created?: number
}

/** `GET /images/json`. */
export function imagesFrom(answer: unknown): Image[] {
  return (harmless(answer) as ApiImage[]).map((one) => {
    const names = (one.RepoTags ?? []).filter((name) => name !== '<none>:<none>')
    const digest = one.RepoDigests?.[0]?.split('@')[0]
    const name = names[0] ?? (digest === undefined ? '<none>' : `${digest}:<none>`)
    return { id: one.Id, name, names, size: one.Size ?? 0, created: one.Created ?? 0, users: 0 }
  })
}

type ApiNetwork = {
  Id: string
  Name: string
  Driver?: string
  Internal?: boolean
  IPAM?: { Config?: Array<{ Subnet?: string; Gateway?: string }> | null } | null
  Options?: Record<string, string> | null
}

/** `GET /networks`. The bridge's name is docker's rule where no option names it. */
export function networksFrom(answer: unknown): Network[] {
  return (harmless(answer) as ApiNetwork[]).map((one) => {
    const config = one.IPAM?.Config ?? []
    const named = one.Options?.['com.docker.network.bridge.name']
    return {
      id: one.Id,
      name: one.Name,
      driver: one.Driver ?? '',
      subnets: config.flatMap(({ Subnet }) => (Subnet === undefined || Subnet === '' ? [] : [Subnet])),
      gateways: config.flatMap(({ Gateway }) => (Gateway === undefined || Gateway === '' ? [] : [Gateway])),
      bridge: one.Driver === 'bridge' ? (named ?? `br-${one.Id.slice(0, 12)}`) : '',
      isInternal: one.Internal ?? false,
      users: 0,
    }
  })
}

type ApiVolume = {
  Name: string
  Driver?: string
  Mountpoint?: string
  CreatedAt?: string
  UsageData?: { Size?: number } | null
}

/** `GET /volumes`, and of `GET /system/df` the part `Volumes`. */
export function volumesFrom(answer: unknown): Volume[] {
  const { Volumes } = harmless(answer) as { Volumes?: ApiVolume[] | null }
  return (Volumes ?? []).map((one) => {
    const size = one.UsageData?.Size ?? -1
    const created = Date.parse(one.CreatedAt ?? '') / 1000
    return {
      id: one.Name,
      name: one.Name,
      driver: one.Driver ?? '',
      mountpoint: one.Mountpoint ?? '',
      created: Number.isFinite(created) ? created : 0,
      bytes: size < 0 ? undefined : size,
      users: 0,
    }
  })
}

type ApiEvent = {
  Type?: string
  Action?: string
  Actor?: { ID?: string; Attributes?: Record<string, string> | null }
  time?: number
  timeNano?: number
}

/** One of `GET /events`. `number` makes it different from the others. */
export function eventFrom(answer: unknown, number: number): LoggedEvent {
  const one = harmless(answer) as ApiEvent
  const { name, image } = one.Actor?.Attributes ?? {}
  const milliseconds = one.timeNano === undefined ? (one.time ?? 0) * 1000 : one.timeNano / 1e6
  return {
    id: String(number),
    name: name ?? image ?? (one.Actor?.ID ?? '').replace('sha256:', '').slice(0, 12),
    time: milliseconds,
    type: one.Type ?? '',
    action: one.Action ?? '',
    raw: JSON.stringify(answer),
  }
}

/** Who uses what, counted from the containers. */
export function withUsers(items: Items): Items {
  const count = (test: (container: Container) => boolean): number => items.containers.filter(test).length
  if (items.containers.length * (items.images.length + items.networks.length + items.volumes.length) > 4_000_000)
    return items
  const byImage = tally(items.containers.map(({ imageId }) => imageId))
  const byVolume = tally(
    items.containers.flatMap(({ mounts }) => mounts.flatMap(({ type, name }) => (type === 'volume' ? [name] : []))),
  )
  return {
    ...items,
    images: items.images.map((one) => ({ ...one, users: byImage.get(one.id) ?? 0 })),
    volumes: items.volumes.map((one) => ({ ...one, users: byVolume.get(one.name) ?? 0 })),
    networks: items.networks.map((one) => ({ ...one, users: count((container) => isOn(container, one)) })),
  }
}

export function isOn(container: Container, network: Network): boolean {
  return container.networks.some((joined) => joined.networkId === network.id || joined.network === network.name)
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
