/** The lines of `info`, in docker's order. A line without a value is left out where docker leaves it out. */
import { binarySize } from './units.ts'

/** `GET /info`, as far as it is shown. */
export type Info = {
  [field: string]: unknown
  ID?: string
  Containers: number
  ContainersRunning: number
  ContainersPaused: number
  ContainersStopped: number
  Images: number
  Driver: string
  DriverStatus: Array<[string, string]> | null
  LoggingDriver: string
  CgroupDriver: string
  CgroupVersion?: string
  Plugins: Record<string, string[] | null>
  Swarm?: { LocalNodeState?: string }
  Runtimes?: Record<string, unknown> | null
  DefaultRuntime?: string
  InitBinary?: string
  ContainerdCommit?: { ID: string }
  RuncCommit?: { ID: string }
  InitCommit?: { ID: string }
  SecurityOptions?: string[] | null
  KernelVersion?: string
  OperatingSystem?: string
  OSType?: string
  Architecture?: string
  NCPU: number
  MemTotal: number
  Name?: string
  DockerRootDir?: string
  Debug?: boolean
  ExperimentalBuild?: boolean
  Labels?: string[] | null
  RegistryConfig?: {
    InsecureRegistryCIDRs?: string[] | null
    IndexConfigs?: Record<string, { Secure: boolean }> | null
    Mirrors?: string[] | null
  } | null
  LiveRestoreEnabled?: boolean
  ServerVersion?: string
  Warnings?: string[] | null
}

/** Everything under `Server:`. */
export function formatInfo(info: Info): string {
  const some = (title: string, value: string | undefined) =>
    value === undefined || value === '' || value === null ? [] : [` ${title}: ${value}`]
  return [
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    ...some('Server Version', info.ServerVersion),
    ...some('Storage Driver', info.Driver),
    ...(info.DriverStatus ?? []).map(([title, value]) => `  ${title}: ${value}`),
    ...some('Logging Driver', info.LoggingDriver),
    ...some('Cgroup Driver', info.CgroupDriver),
    ...some('Cgroup Version', info.CgroupVersion),
    ' Plugins:',
    ...['Volume', 'Network', 'Log'].map((kind) => `  ${kind}: ${(info.Plugins[kind] ?? []).join(' ')}`),
    ` Swarm: ${info.Swarm?.LocalNodeState ?? 'inactive'}`,
    ...runtimeLines(info),
    ...securityLines(info.SecurityOptions ?? []),
    ...some('Kernel Version', info.KernelVersion),
    ...some('Operating System', info.OperatingSystem),
    ...some('OSType', info.OSType),
    ...some('Architecture', info.Architecture),
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${binarySize(info.MemTotal)}`,
    ...some('Name', info.Name),
    ...some('ID', info.ID),
    ...some('Docker Root Dir', info.DockerRootDir),
    ` Debug Mode: ${info.Debug === true}`,
    ...(info.Labels?.length ? [' Labels:', ...info.Labels.map((label) => `  ${label}`)] : []),
    ` Experimental: ${info.ExperimentalBuild === true}`,
    ...registryLines(info.RegistryConfig ?? {}),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled === true}`,
    '',
  ].join('\n')
}

function runtimeLines(info: Info): string[] {
  if (info.OSType !== 'linux') return []
  const names = Object.keys(info.Runtimes ?? {})
  return [
    ...(names.length === 0
      ? []
      : [` Runtimes: ${names.toSorted().join(' ')}`, ` Default Runtime: ${info.DefaultRuntime ?? ''}`]),
    ` Init Binary: ${info.InitBinary ?? ''}`,
    ` containerd version: ${info.ContainerdCommit?.ID ?? ''}`,
    ` runc version: ${info.RuncCommit?.ID ?? ''}`,
    ` init version: ${info.InitCommit?.ID ?? ''}`,
  ]
}

/** `name=seccomp,profile=default` → `seccomp` with `Profile: default` below. */
function securityLines(options: string[]): string[] {
  if (options.length === 0) return []
  const lines = options.flatMap((option) => {
    const pairs = option.split(',').map((pair) => pair.split('=') as [string, string])
    const name = pairs.find(([key]) => key === 'name')?.[1] ?? option
    const profile = pairs.find(([key]) => key === 'profile')?.[1]
    return [`  ${name}`, ...(profile === undefined ? [] : [`   Profile: ${profile}`])]
  })
  return [' Security Options:', ...lines]
}

function registryLines({
  InsecureRegistryCIDRs,
  IndexConfigs,
  Mirrors,
}: NonNullable<Info['RegistryConfig']>): string[] {
  const insecure = [
    ...Object.entries(IndexConfigs ?? {})
      .filter(([, { Secure }]) => !Secure)
      .map(([name]) => name),
    ...(InsecureRegistryCIDRs ?? []),
  ]
  return [
    ...(insecure.length === 0 ? [] : [' Insecure Registries:', ...insecure.map((name) => `  ${name}`)]),
    ...((Mirrors ?? []).length === 0 ? [] : [' Registry Mirrors:', ...(Mirrors ?? []).map((name) => `  ${name}`)]),
  ]
}
