/** From flags to the body of `POST /containers/create`: the same fields, in the same order, as docker's client sends. */
import type { Flags } from '../cli/flags.ts'
import { parseExtraHost, parseIp, parseSearchDomain } from './addresses.ts'
import {
  effectiveCapabilities,
  parseBytes,
  parseCpus,
  parseDevice,
  parseRestart,
  parseSwapBytes,
  parseUlimit,
} from './checks.ts'
import { environment } from './environment.ts'
import { parseKeyValueFile, readTextFile } from './files.ts'
import { parseMount } from './mounts.ts'
import { networkingOf } from './networks.ts'
import { parsePorts, type Published } from './ports.ts'
import { parseSecurityOptions } from './security-options.ts'
import { parseVolumes } from './volumes.ts'

/** What the body depends on besides the flags: the environment (for `-e NAME`), `-d`, the terminal's size for `-t`. */
export type BodyContext = {
  env: Record<string, string | undefined>
  detach: boolean
  consoleSize?: { rows: number; columns: number }
}

export type CreateBody = ReturnType<typeof createBody>

/** Makes the body. Throws an Error with docker's words for values that contradict each other or name files that are not there. */
export function createBody(flags: Flags, image: string, words: readonly string[], context: BodyContext) {
  const { binds, volumes } = parseVolumes(flags.list('volume'))
  const attached = attachedStreams(flags, context.detach)
  const openStdin = flags.bool('interactive')
  const stopTimeout = flags.int('stop-timeout')
  const stopSignal = flags.string('stop-signal')
  const ports = parsePorts(flags.list('publish'), flags.list('expose'))
  const networking = networkingOf(flags)
  return {
    Hostname: flags.string('hostname') ?? '',
    Domainname: flags.string('domainname') ?? '',
    User: flags.string('user') ?? '',
    AttachStdin: attached.stdin,
    AttachStdout: attached.stdout,
    AttachStderr: attached.stderr,
    ...(Object.keys(ports.exposed).length === 0 ? {} : { ExposedPorts: ports.exposed }),
    Tty: flags.bool('tty'),
    OpenStdin: openStdin,
    StdinOnce: openStdin && attached.stdin,
    Env: environment(flags, context.env),
    Cmd: words.length === 0 ? null : [...words],
    ...(flags.bool('no-healthcheck') ? { Healthcheck: { Test: ['NONE'] } } : {}),
    Image: image,
    Volumes: volumes,
    WorkingDir: flags.string('workdir') ?? '',
    Entrypoint: flags.has('entrypoint') ? [flags.string('entrypoint') ?? ''] : null,
    OnBuild: null,
    Labels: labels(flags),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(stopTimeout === undefined ? {} : { StopTimeout: stopTimeout }),
    HostConfig: hostConfig(flags, binds, networking.mode, ports, context),
    NetworkingConfig: { EndpointsConfig: networking.endpoints },
  }
}

function hostConfig(flags: Flags, binds: string[] | null, network: string, ports: Published, context: BodyContext) {
  const capabilities = effectiveCapabilities(flags.list('cap-add'), flags.list('cap-drop'))
  const security = parseSecurityOptions(flags.list('security-opt'))
  const mounts = flags.list('mount').map((text) => parseMount(text, parseBytes))
  const text = (name: string) => flags.string(name) ?? ''
  const number = (name: string) => flags.int(name) ?? 0
  const maybe = <T>(name: string, list: readonly string[], value: T) => (list.length === 0 ? {} : { [name]: value })
  return {
    Binds: binds,
    ContainerIDFile: text('cidfile'),
    LogConfig: logConfig(flags),
    NetworkMode: network,
    PortBindings: ports.bindings,
    RestartPolicy: restartPolicy(flags),
    AutoRemove: flags.bool('rm'),
    VolumeDriver: text('volume-driver'),
    VolumesFrom: orNull(flags.list('volumes-from')),
    ConsoleSize: context.consoleSize === undefined ? [0, 0] : [context.consoleSize.rows, context.consoleSize.columns],
    ...maybe('Annotations', flags.list('annotation'), pairs(flags.list('annotation'))),
    CapAdd: capabilities.add,
    CapDrop: capabilities.drop,
    CgroupnsMode: oneOf(flags, 'cgroupns', /^(host|private)$/, 'invalid CGROUP mode'),
    Dns: flags.list('dns').map(parseIp),
    DnsOptions: flags.list('dns-option'),
    DnsSearch: flags.list('dns-search').map(parseSearchDomain),
    ExtraHosts: orNull(flags.list('add-host').map(parseExtraHost)),
    GroupAdd: orNull(flags.list('group-add')),
    IpcMode: text('ipc'),
    Cgroup: '',
    Links: orNull(flags.list('link')),
    OomScoreAdj: number('oom-score-adj'),
    PidMode: oneOf(flags, 'pid', /^(host|container:.+)$/, 'invalid PID mode'),
    Privileged: flags.bool('privileged'),
    PublishAllPorts: flags.bool('publish-all'),
    ReadonlyRootfs: flags.bool('read-only'),
    SecurityOpt: orNull(security.options),
    ...maybe('StorageOpt', flags.list('storage-opt'), pairs(flags.list('storage-opt'))),
    ...maybe('Tmpfs', flags.list('tmpfs'), tmpfs(flags.list('tmpfs'))),
    UTSMode: oneOf(flags, 'uts', /^host$/, 'invalid UTS mode'),
    UsernsMode: oneOf(flags, 'userns', /^host$/, 'invalid USER mode'),
    ShmSize: parseBytes(flags.string('shm-size') ?? '0'),
    ...maybe('Sysctls', flags.list('sysctl'), pairs(flags.list('sysctl'))),
    ...(flags.has('runtime') ? { Runtime: text('runtime') } : {}),
    Isolation: '',
    CpuShares: number('cpu-shares'),
    Memory: parseBytes(flags.string('memory') ?? '0'),
    NanoCpus: parseCpus(flags.string('cpus') ?? '0'),
    CgroupParent: text('cgroup-parent'),
    BlkioWeight: number('blkio-weight'),
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
    CpuPeriod: number('cpu-period'),
    CpuQuota: number('cpu-quota'),
    CpuRealtimePeriod: number('cpu-rt-period'),
    CpuRealtimeRuntime: number('cpu-rt-runtime'),
    CpusetCpus: text('cpuset-cpus'),
    CpusetMems: text('cpuset-mems'),
    Devices: flags.list('device').map(parseDevice),
    DeviceCgroupRules: orNull(flags.list('device-cgroup-rule')),
    DeviceRequests: null,
    MemoryReservation: parseBytes(flags.string('memory-reservation') ?? '0'),
    MemorySwap: parseSwapBytes(flags.string('memory-swap') ?? '0'),
    MemorySwappiness: swappiness(flags),
    OomKillDisable: flags.bool('oom-kill-disable'),
    PidsLimit: number('pids-limit'),
    Ulimits: ulimits(flags.list('ulimit')),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    ...(mounts.length === 0 ? {} : { Mounts: mounts }),
    MaskedPaths: security.unconfinedPaths ? [] : null,
    ReadonlyPaths: security.unconfinedPaths ? [] : null,
    ...(flags.has('init') ? { Init: flags.bool('init') } : {}),
  }
}

/** `-a` names the streams; without it all are attached, stdin only with `-i`; `-d` attaches none. */
export function attachedStreams(flags: Flags, detach: boolean): { stdin: boolean; stdout: boolean; stderr: boolean } {
  if (detach) return { stdin: false, stdout: false, stderr: false }
  const named = new Set(flags.list('attach').map((name) => name.toLowerCase()))
  if (named.size === 0) return { stdin: flags.bool('interactive'), stdout: true, stderr: true }
  return { stdin: named.has('stdin'), stdout: named.has('stdout'), stderr: named.has('stderr') }
}

function labels(flags: Flags): Record<string, string> {
  const fromFiles = flags.list('label-file').flatMap((path) => parseKeyValueFile(readTextFile(path), path))
  return pairs([...fromFiles, ...flags.list('label')])
}

function restartPolicy(flags: Flags) {
  const policy = parseRestart(flags.string('restart') ?? 'no')
  if (flags.bool('rm') && policy.Name !== 'no')
    throw new Error('conflicting options: cannot specify both --restart and --rm')
  return policy
}

function swappiness(flags: Flags): number {
  const value = flags.int('memory-swappiness') ?? -1
  if (value < -1 || value > 100) throw new Error(`invalid value: ${value}. Valid memory swappiness range is 0-100`)
  return value
}

/** One per name, the last one given, sorted. */
function ulimits(list: readonly string[]) {
  const byName = new Map(list.map(parseUlimit).map((limit) => [limit.Name, limit]))
  return [...byName.values()].toSorted((a, b) => (a.Name < b.Name ? -1 : 1))
}

function logConfig(flags: Flags) {
  const driver = flags.string('log-driver') ?? ''
  const options = pairs(flags.list('log-opt'))
  if (driver === 'none' && Object.keys(options).length > 0) throw new Error('invalid logging opts for driver none')
  return { Type: driver, Config: options }
}

function oneOf(flags: Flags, name: string, allowed: RegExp, complaint: string): string {
  const value = flags.string(name) ?? ''
  if (value !== '' && !allowed.test(value)) throw new Error(`--${name}: ${complaint}`)
  return value
}

function tmpfs(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((text) => {
      const colon = text.indexOf(':')
      return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
    }),
  )
}

function pairs(list: readonly string[]): Record<string, string> {
  const entries = list.map((text): [string, string] => {
    const equals = text.indexOf('=')
    return equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
  })
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))))
}

function orNull(list: string[]): string[] | null {
  return list.length === 0 ? null : list
}
