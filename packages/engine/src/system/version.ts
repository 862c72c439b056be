/** GET /version, /info and /_ping. */
import { cgroupSupport } from '@mini-docker/cgroup'
import { API_MINOR, MIN_API_MINOR } from '../api/router.ts'
import { INDEX_SERVER, registryConfig } from '../config/registry-info.ts'
import { blotted } from '../config/registries.ts'
import type { Engine } from '../engine.ts'
import { nowRfc3339 } from '../clock.ts'

/** Docker's types.Version. */
export function versionJson({ host, version, startedAt }: Engine): object {
  const details = {
    ApiVersion: `1.${API_MINOR}`,
    Arch: host.arch,
    BuildTime: startedAt,
    Experimental: 'false',
    GitCommit: '',
    GoVersion: '',
    KernelVersion: host.kernel,
    MinAPIVersion: `1.${MIN_API_MINOR}`,
    Os: 'linux',
    NodeVersion: process.version,
  }
  return {
    Platform: { Name: 'mini-docker' },
    Components: [
      { Name: 'Engine', Version: version, Details: details },
      { Name: 'Node.js', Version: process.versions.node, Details: { GitCommit: '' } },
    ],
    Version: version,
    ApiVersion: `1.${API_MINOR}`,
    MinAPIVersion: `1.${MIN_API_MINOR}`,
    GitCommit: '',
    GoVersion: process.version,
    Os: 'linux',
    Arch: host.arch,
    KernelVersion: host.kernel,
    BuildTime: startedAt,
  }
}

/** Docker's system.Info. */
export function infoJson(engine: Engine): object {
  const { host, containers, images, cgroups } = engine
  const all = containers.all()
  const support = cgroupSupport(cgroups)
  const count = (...statuses: string[]): number => all.filter(({ state }) => statuses.includes(state.status)).length
  return {
    ID: host.hostname,
    Containers: all.length,
    ContainersRunning: count('running', 'restarting'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('created', 'exited', 'dead', 'removing'),
    Images: images.list().length,
    Driver: 'overlay2',
    DriverStatus: [['Layers', images.layersDir]],
    Plugins: { Volume: ['local'], Network: ['host', 'null'], Authorization: null, Log: ['json-file', 'none'] },
    MemoryLimit: support.memoryLimit,
    SwapLimit: support.swapLimit,
    CpuCfsPeriod: support.cpuCfsPeriod,
    CpuCfsQuota: support.cpuCfsQuota,
    CPUShares: support.cpuShares,
    CPUSet: support.cpuset,
    PidsLimit: support.pidsLimit,
    IPv4Forwarding: true,
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: false,
    NFd: 0,
    OomKillDisable: support.oomKillDisable,
    NGoroutines: 0,
    SystemTime: nowRfc3339(),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: cgroups.kind === 'v2' ? '2' : '1',
    NEventsListener: engine.events.listeners,
    KernelVersion: host.kernel,
    OperatingSystem: host.operatingSystem,
    OSVersion: host.operatingSystemVersion,
    OSType: 'linux',
    Architecture: host.machine,
    IndexServerAddress: INDEX_SERVER,
    RegistryConfig: registryConfig(engine.config),
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    GenericResources: null,
    DockerRootDir: engine.root,
    HttpProxy: blotted(engine.config.proxies.http),
    HttpsProxy: blotted(engine.config.proxies.https),
    NoProxy: engine.config.proxies.no,
    Name: host.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: engine.version,
    Runtimes: { 'mini-runc': { path: 'mini-runc' } },
    DefaultRuntime: 'mini-runc',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: '',
    ContainerdCommit: { ID: '', Expected: '' },
    RuncCommit: { ID: '', Expected: '' },
    InitCommit: { ID: '', Expected: '' },
    SecurityOptions: cgroups.kind === 'v2' ? ['name=cgroupns'] : [],
    Warnings: null,
  }
}
