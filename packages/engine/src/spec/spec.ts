/** A container as docker describes it → the OCI runtime spec dockerd would hand to runc. Pure: what must be looked up is passed in. */
import { applyCapAddDrop, type OwnCapabilities } from '@mini-docker/security'
import { commandLine } from '../containers/merge.ts'
import { parseSecurityOptions } from '../containers/validate.ts'
import type { ContainerRecord } from '../containers/model.ts'
import type { Capabilities, Device, DeviceRule, NamespaceType, Process, Spec } from '../oci.ts'
import { containerEnv } from './env.ts'
import { containerMounts } from './mounts.ts'
import { resources } from './resources.ts'
import { rlimits } from './rlimits.ts'
import type { ResolvedUser } from './user.ts'

/** What was looked up for this start. */
export type SpecFacts = {
  user: ResolvedUser
  /** Hostname as the container sees it. */
  hostname: string
  devices: Device[]
  deviceRules: DeviceRule[]
  /** Capabilities the daemon itself holds. */
  held: OwnCapabilities
  /** The files mounted over /etc/hosts and so on: path in the container → path of the host. */
  etc: Record<string, string>
  cgroupPath: string
  /** The network namespace of another container; without it, one of its own. */
  networkPath?: string | undefined
  /** Variables of `--link`, which its own environment replaces. */
  linkEnv?: string[]
}

/** The whole spec. The root filesystem is `rootfs` in the bundle, where the overlay is mounted. */
export function containerSpec(record: ContainerRecord, facts: SpecFacts): Spec {
  const { config, hostConfig: host } = record
  return {
    ociVersion: '1.2.0',
    process: containerProcess(record, facts),
    root: { path: 'rootfs', readonly: host.ReadonlyRootfs },
    ...(host.UTSMode === 'host' ? {} : { hostname: facts.hostname }),
    ...(config.Domainname === '' ? {} : { domainname: config.Domainname }),
    mounts: containerMounts(host, record.mounts, facts.etc),
    linux: {
      namespaces: namespaces(record).map((type) =>
        type === 'network' && facts.networkPath !== undefined ? { type, path: facts.networkPath } : { type },
      ),
      devices: facts.devices,
      resources: resources(host, facts.deviceRules),
      cgroupsPath: facts.cgroupPath,
      sysctl: {
        ...(host.NetworkMode === 'host' || facts.networkPath !== undefined ? {} : NETWORK_SYSCTLS),
        ...host.Sysctls,
      },
      ...propagation(record),
      maskedPaths: host.MaskedPaths ?? [],
      readonlyPaths: host.ReadonlyPaths ?? [],
    },
  }
}

/** An own network namespace can be generous: everyone in it may bind low ports and send pings. */
const NETWORK_SYSCTLS = { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' }

function containerProcess({ config, hostConfig: host }: ContainerRecord, facts: SpecFacts): Process {
  const [height, width] = host.ConsoleSize
  return {
    terminal: config.Tty,
    ...(config.Tty && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    user: userOf(facts.user),
    args: commandLine(config),
    env: containerEnv({
      hostname: facts.hostname,
      tty: config.Tty,
      home: facts.user.home,
      env: [...(facts.linkEnv ?? []), ...(config.Env ?? [])],
    }),
    cwd: config.WorkingDir || '/',
    capabilities: capabilitiesFor(
      applyCapAddDrop({ add: host.CapAdd, drop: host.CapDrop, privileged: host.Privileged }, facts.held),
      facts.user.uid,
    ),
    rlimits: rlimits(host.Ulimits),
    noNewPrivileges: parseSecurityOptions(host.SecurityOpt ?? []).noNewPrivileges,
    oomScoreAdj: host.OomScoreAdj,
  }
}

export type ExecRequest = {
  args: string[]
  env: string[]
  /** Of `--link`: what the container's own environment replaces. */
  linkEnv?: string[]
  cwd: string
  tty: boolean
  consoleSize: [number, number] | undefined
  privileged: boolean
  user: ResolvedUser
}

/** The process of `docker exec`: the container's own settings, except for what exec says otherwise. */
export function execProcess(
  { config, hostConfig: host }: ContainerRecord,
  exec: ExecRequest,
  hostname: string,
  held: OwnCapabilities,
): Process {
  const [height, width] = exec.consoleSize ?? [0, 0]
  const given = [...(exec.linkEnv ?? []), ...(config.Env ?? []), ...exec.env]
  const env = containerEnv({ hostname, tty: exec.tty, home: exec.user.home, env: given })
  const set = applyCapAddDrop(
    { add: host.CapAdd, drop: host.CapDrop, privileged: host.Privileged || exec.privileged },
    held,
  )
  return {
    terminal: exec.tty,
    ...(exec.tty && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    user: userOf(exec.user),
    args: exec.args,
    env,
    cwd: exec.cwd || config.WorkingDir || '/',
    capabilities: capabilitiesFor(set, exec.user.uid),
    rlimits: rlimits(host.Ulimits),
    noNewPrivileges: parseSecurityOptions(host.SecurityOpt ?? []).noNewPrivileges,
    oomScoreAdj: host.OomScoreAdj,
  }
}

function userOf({ uid, gid, additionalGids }: ResolvedUser): Process['user'] {
  return { uid, gid, additionalGids }
}

/**
 * Root holds the whole set. Another user only has it as its bound, so that setuid programs and file capabilities
 * work; execve(2) would clear the rest anyway. Inheritable stays empty: CVE-2022-24769.
 */
function capabilitiesFor(set: string[], uid: number): Capabilities {
  const own = uid === 0 ? set : []
  return { bounding: set, effective: own, permitted: own, inheritable: [], ambient: [] }
}

function namespaces({ hostConfig: host }: ContainerRecord): NamespaceType[] {
  const own: [NamespaceType, boolean][] = [
    ['mount', true],
    ['network', host.NetworkMode !== 'host'],
    ['uts', host.UTSMode !== 'host'],
    ['pid', host.PidMode !== 'host'],
    ['ipc', host.IpcMode !== 'host'],
    ['cgroup', host.CgroupnsMode !== 'host'],
  ]
  return own.flatMap(([type, wanted]) => (wanted ? [type] : []))
}

/** A bind mount that shares its mounts with the host needs a root that does not cut the sharing off. */
function propagation({ mounts }: ContainerRecord): { rootfsPropagation?: string } {
  const wanted = mounts.map(({ propagation: mode }) => mode.replace(/^r/, ''))
  if (wanted.includes('shared')) return { rootfsPropagation: 'shared' }
  if (wanted.includes('slave')) return { rootfsPropagation: 'rslave' }
  return {}
}
