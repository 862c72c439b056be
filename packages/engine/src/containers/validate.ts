/** Refuses what cannot be, in docker's words, and what is not built yet, by name. Fills in docker's defaults. */
import { allCapabilities, applyCapAddDrop, DEFAULT_MASKED_PATHS, DEFAULT_READONLY_PATHS } from '@mini-docker/security'
import { UserError } from '@mini-docker/syscall'
import type { Config, CreateBody, HostConfig } from '../api/bodies.ts'
import { isZero } from '../api/schema.ts'
import { parseLogConfig } from '../logs/log-config.ts'
import { checkDriver } from '../volumes/name.ts'
import { parseSignal } from './signals.ts'
import { parseRestartPolicy } from './restart-policy.ts'
import { validateText } from './validate-text.ts'

const SHM_BYTES = 64 * 1024 * 1024
/** CAP_CHECKPOINT_RESTORE, the last that Linux has. */
const LAST_CAP = 40
const MIN_MEMORY_BYTES = 6 * 1024 * 1024

export type HostLimits = { cpus: number }

/** Checks a create body and returns its host config with defaults filled in. @throws UserError `invalid` or `not-built`. */
export function validateCreate(body: CreateBody, limits: HostLimits): HostConfig {
  const host = withDefaults(body.HostConfig)
  refuseNotBuilt(body, host)
  validateProcess(body)
  validateText(body)
  validateResources(host, limits)
  validateNamespaces(body, host)
  parseLogConfig(host.LogConfig)
  checkDriver(host.VolumeDriver, 'volume')
  // Only the names: what this daemon may hand on is known when the container starts.
  applyCapAddDrop({ add: host.CapAdd, drop: host.CapDrop }, { available: allCapabilities(LAST_CAP), lastCap: LAST_CAP })
  parseSecurityOptions(host.SecurityOpt ?? [])
  parseRestartPolicy(host)
  return host
}

function withDefaults(host: HostConfig): HostConfig {
  return {
    ...host,
    LogConfig: { Type: host.LogConfig.Type || 'json-file', Config: host.LogConfig.Config },
    NetworkMode: host.NetworkMode || 'default',
    RestartPolicy: { ...host.RestartPolicy, Name: host.RestartPolicy.Name || 'no' },
    CgroupnsMode: host.CgroupnsMode || (host.Privileged ? 'host' : 'private'),
    IpcMode: host.IpcMode || 'private',
    Runtime: host.Runtime || 'mini-runc',
    ShmSize: host.ShmSize === 0 ? SHM_BYTES : host.ShmSize,
    MemorySwap: host.Memory > 0 && host.MemorySwap === 0 ? host.Memory * 2 : host.MemorySwap,
    MemorySwappiness: host.MemorySwappiness === -1 ? null : host.MemorySwappiness,
    PidsLimit: host.PidsLimit !== null && host.PidsLimit <= 0 ? null : host.PidsLimit,
    MaskedPaths: host.MaskedPaths ?? (host.Privileged ? null : [...DEFAULT_MASKED_PATHS]),
    ReadonlyPaths: host.ReadonlyPaths ?? (host.Privileged ? null : [...DEFAULT_READONLY_PATHS]),
  }
}

/** Fields of docker's API that a later part of this project brings. */
function refuseNotBuilt(body: CreateBody, host: HostConfig): void {
  const refused: [boolean, string][] = [
    [(body.Healthcheck?.Test ?? []).some((word) => word !== 'NONE'), 'health checks (--health-cmd)'],
    [!isZero(host.StorageOpt), '--storage-opt'],
    [!isZero(host.DeviceRequests), 'device requests (--gpus)'],
    [!isZero(host.DeviceCgroupRules), '--device-cgroup-rule'],
    [!isZero(host.BlkioWeightDevice), '--blkio-weight-device'],
    [host.CpuRealtimePeriod !== 0 || host.CpuRealtimeRuntime !== 0, 'realtime scheduling (--cpu-rt-*)'],
    [host.KernelMemory !== 0 || host.KernelMemoryTCP !== 0, '--kernel-memory, which Linux 5.11 took away,'],
    [host.CgroupParent !== '', '--cgroup-parent'],
    [host.Cgroup !== '', 'joining the cgroup of another container'],
    [!['', 'host'].includes(host.UsernsMode), `--userns ${host.UsernsMode}`],
    [host.PidMode.startsWith('container:'), `--pid ${host.PidMode}`],
    [host.IpcMode.startsWith('container:'), `--ipc ${host.IpcMode}`],
    [!['mini-runc', 'runc'].includes(host.Runtime), `runtime ${host.Runtime}`],
    [!['', 'default'].includes(host.Isolation), `--isolation ${host.Isolation}`],
  ]
  const first = refused.find(([asked]) => asked)
  if (first !== undefined) throw new UserError('not-built', `${first[1]} is not built yet`)
}

function validateProcess(config: Config): void {
  if (config.WorkingDir !== '' && !config.WorkingDir.startsWith('/'))
    throw new UserError(
      'invalid',
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
    )
  if (config.StopSignal !== '') parseSignal(config.StopSignal)
  for (const entry of config.Env ?? [])
    if (entry.startsWith('=') || entry === '' || entry.includes('\0'))
      throw new UserError('invalid', `invalid environment variable: ${entry}`)
  const hostname = config.Hostname
  if (hostname !== '' && !/^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/.test(hostname))
    throw new UserError('invalid', `invalid hostname format: ${hostname}`)
  for (const words of [config.Entrypoint, config.Cmd])
    if (words?.some((word) => word.includes('\0')))
      throw new UserError('invalid', 'a command cannot contain a NUL byte')
}

function validateResources(host: HostConfig, { cpus }: HostLimits): void {
  const invalid = (message: string): never => {
    throw new UserError('invalid', message)
  }
  if (host.Memory < 0 || (host.Memory > 0 && host.Memory < MIN_MEMORY_BYTES))
    invalid('Minimum memory limit allowed is 6MB')
  if (host.MemorySwap < -1) invalid(`memory swap limit ${host.MemorySwap} is invalid: use -1 for no limit`)
  if (host.Memory === 0 && host.MemorySwap > 0)
    invalid('You should always set the Memory limit when using Memoryswap limit, see usage')
  if (host.MemorySwap > 0 && host.MemorySwap < host.Memory)
    invalid('Minimum memoryswap limit should be larger than memory limit, see usage')
  if (host.Memory > 0 && host.MemoryReservation > host.Memory)
    invalid('Minimum memory limit can not be less than memory reservation limit, see usage')
  const swappiness = host.MemorySwappiness
  if (swappiness !== null && (swappiness < 0 || swappiness > 100))
    invalid(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`)
  if (host.NanoCpus < 0 || host.NanoCpus > cpus * 1e9)
    invalid(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`)
  if (host.NanoCpus > 0 && (host.CpuPeriod > 0 || host.CpuQuota > 0))
    invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set')
  if (host.CpuPeriod !== 0 && (host.CpuPeriod < 1000 || host.CpuPeriod > 1_000_000))
    invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)')
  if (host.CpuQuota > 0 && host.CpuQuota < 1000) invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)')
  if (host.CpuShares < 0) invalid(`invalid CPU shares (${host.CpuShares}): value must be a positive integer`)
  if (host.BlkioWeight !== 0 && (host.BlkioWeight < 10 || host.BlkioWeight > 1000))
    invalid('Range of blkio weight is from 10 to 1000')
  checkCpuset(host.CpusetCpus, cpus)
  if (host.OomScoreAdj < -1000 || host.OomScoreAdj > 1000)
    invalid(`Invalid value ${host.OomScoreAdj}, range for oom score adj is [-1000, 1000]`)
  if (host.ShmSize < 0) invalid('SHM size can not be less than 0')
}

function checkCpuset(list: string, cpus: number): void {
  if (list === '') return
  const ranges = list.split(',').map((part) => /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part))
  const highest = Math.max(...ranges.map((range) => Number(range?.[2] ?? range?.[1] ?? Number.NaN)))
  if (Number.isNaN(highest)) throw new UserError('invalid', `Invalid value ${list} for cpuset cpus`)
  if (highest >= cpus)
    throw new UserError('invalid', `Requested CPUs are not available - requested ${list}, available: 0-${cpus - 1}`)
}

function validateNamespaces(config: Config, host: HostConfig): void {
  const modes: [string, string, string[]][] = [
    ['PID', host.PidMode, ['', 'private', 'host']],
    ['IPC', host.IpcMode, ['', 'none', 'private', 'shareable', 'host']],
    ['UTS', host.UTSMode, ['', 'private', 'host']],
    ['cgroup namespace', host.CgroupnsMode, ['private', 'host']],
  ]
  for (const [what, mode, allowed] of modes)
    if (!allowed.includes(mode)) throw new UserError('invalid', `invalid ${what} mode: ${mode}`)
  if (host.UTSMode === 'host' && (config.Hostname !== '' || config.Domainname !== ''))
    throw new UserError('invalid', 'conflicting options: hostname and the UTS mode')
}

/** What `--security-opt` can say so far. @throws UserError `invalid` for malformed ones, `not-built` for profiles. */
export function parseSecurityOptions(options: string[]): { noNewPrivileges: boolean } {
  let noNewPrivileges = false
  for (const option of options) {
    const [, key = '', value = ''] = /^([^=:]+)(?:[=:](.*))?$/s.exec(option) ?? []
    if (key === 'no-new-privileges' && ['', 'true', 'false'].includes(value)) noNewPrivileges = value !== 'false'
    else if ((key === 'seccomp' || key === 'apparmor' || key === 'systempaths') && value === 'unconfined') continue
    else if (key === 'label' && value === 'disable') continue
    else if (['seccomp', 'apparmor', 'label'].includes(key))
      throw new UserError('not-built', `--security-opt ${key} with a profile is not built yet`)
    else throw new UserError('invalid', `invalid --security-opt 2: ${JSON.stringify(option)}`)
  }
  return { noNewPrivileges }
}
