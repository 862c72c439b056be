/** The bodies clients send, parsed once here; the types that come out are what the rest of the engine works with. */
import { z } from 'zod'
import {
  anything,
  command,
  consoleSize,
  flag,
  integer,
  list,
  maybeFlag,
  maybeInteger,
  maybeTextMap,
  text,
  textMap,
  texts,
  textSet,
} from './schema.ts'

const healthcheck = z.object({ Test: texts }).loose().nullish()

/** Docker's container.Config: the part of a container that an image can also have. */
const configFields = {
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  ExposedPorts: textSet,
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: texts,
  Cmd: command,
  Healthcheck: healthcheck,
  ArgsEscaped: flag,
  Image: text,
  Volumes: textSet,
  WorkingDir: text,
  Entrypoint: command,
  NetworkDisabled: flag,
  OnBuild: texts,
  Labels: textMap,
  StopSignal: text,
  StopTimeout: maybeInteger,
  Shell: command,
}

const throttle = list(z.object({ Path: text, Rate: integer }))

export const mountBody = z.object({
  Type: text,
  Source: text,
  Target: text,
  ReadOnly: flag,
  Consistency: text,
  BindOptions: z
    .object({
      Propagation: text,
      NonRecursive: flag,
      CreateMountpoint: flag,
      ReadOnlyNonRecursive: flag,
      ReadOnlyForceRecursive: flag,
    })
    .nullish(),
  VolumeOptions: z
    .object({
      NoCopy: flag,
      Labels: maybeTextMap,
      Subpath: text,
      DriverConfig: z.object({ Name: text, Options: maybeTextMap }).nullish(),
    })
    .nullish(),
  TmpfsOptions: z.object({ SizeBytes: integer, Mode: integer, Options: list(z.array(z.string())) }).nullish(),
})

const hostConfig = z.object({
  Binds: texts,
  ContainerIDFile: text,
  LogConfig: z
    .object({ Type: text, Config: textMap })
    .nullish()
    .transform((value) => value ?? { Type: '', Config: {} }),
  NetworkMode: text,
  PortBindings: z
    .record(z.string(), anything)
    .nullish()
    .transform((value) => value ?? {}),
  RestartPolicy: z
    .object({ Name: text, MaximumRetryCount: integer })
    .nullish()
    .transform((value) => value ?? { Name: '', MaximumRetryCount: 0 }),
  AutoRemove: flag,
  VolumeDriver: text,
  VolumesFrom: texts,
  ConsoleSize: consoleSize.transform((value): [number, number] => value ?? [0, 0]),
  CapAdd: texts,
  CapDrop: texts,
  CgroupnsMode: text,
  Dns: texts,
  DnsOptions: texts,
  DnsSearch: texts,
  ExtraHosts: texts,
  GroupAdd: texts,
  IpcMode: text,
  Cgroup: text,
  Links: texts,
  OomScoreAdj: integer,
  PidMode: text,
  Privileged: flag,
  PublishAllPorts: flag,
  ReadonlyRootfs: flag,
  SecurityOpt: texts,
  StorageOpt: anything,
  Tmpfs: textMap,
  UTSMode: text,
  UsernsMode: text,
  ShmSize: integer,
  Sysctls: textMap,
  Runtime: text,
  Isolation: text,
  CpuShares: integer,
  Memory: integer,
  NanoCpus: integer,
  CgroupParent: text,
  BlkioWeight: integer,
  BlkioWeightDevice: anything,
  BlkioDeviceReadBps: throttle,
  BlkioDeviceWriteBps: throttle,
  BlkioDeviceReadIOps: throttle,
  BlkioDeviceWriteIOps: throttle,
  CpuPeriod: integer,
  CpuQuota: integer,
  CpuRealtimePeriod: integer,
  CpuRealtimeRuntime: integer,
  CpusetCpus: text,
  CpusetMems: text,
  Devices: list(z.object({ PathOnHost: text, PathInContainer: text, CgroupPermissions: text })),
  DeviceCgroupRules: texts,
  DeviceRequests: anything,
  KernelMemory: integer,
  KernelMemoryTCP: integer,
  MemoryReservation: integer,
  MemorySwap: integer,
  MemorySwappiness: maybeInteger,
  OomKillDisable: maybeFlag,
  PidsLimit: maybeInteger,
  Ulimits: list(z.object({ Name: text, Soft: integer, Hard: integer })),
  Mounts: list(mountBody),
  MaskedPaths: texts,
  ReadonlyPaths: texts,
  Init: maybeFlag,
  Annotations: textMap,
})

const networkingConfig = z
  .object({ EndpointsConfig: z.record(z.string(), anything).nullish() })
  .nullish()
  .transform((value) => value?.EndpointsConfig ?? {})

/** POST /containers/create */
export const createBody = z.object({
  ...configFields,
  HostConfig: hostConfig.nullish().transform((value) => value ?? hostConfig.parse({})),
  NetworkingConfig: networkingConfig,
  /** Of clients older than API 1.44: see networks/mac-address.ts. */
  MacAddress: text,
})

/** Docker's container.Config with every field present. */
export type Config = Omit<z.output<typeof createBody>, 'HostConfig' | 'NetworkingConfig' | 'MacAddress'>
/** Docker's container.HostConfig with every field present. */
export type HostConfig = z.output<typeof hostConfig>
export type MountBody = z.output<typeof mountBody>
export type CreateBody = z.output<typeof createBody>

/** POST /containers/{id}/exec */
export const execCreateBody = z.object({
  User: text,
  Privileged: flag,
  Tty: flag,
  ConsoleSize: consoleSize,
  AttachStdin: flag,
  AttachStderr: flag,
  AttachStdout: flag,
  DetachKeys: text,
  Env: texts,
  WorkingDir: text,
  Cmd: command,
})
export type ExecCreateBody = z.output<typeof execCreateBody>

/** POST /exec/{id}/start */
export const execStartBody = z.object({
  Detach: flag,
  Tty: flag,
  ConsoleSize: consoleSize,
})

/** POST /volumes/create */
export const volumeCreateBody = z.object({
  Name: text,
  Driver: text,
  DriverOpts: maybeTextMap,
  Labels: maybeTextMap,
  ClusterVolumeSpec: anything,
})
