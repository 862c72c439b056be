/** The part of the OCI runtime specification (config.json) that the engine writes. See config.md and config-linux.md of the runtime-spec. */
export type Mount = { destination: string; type: string; source: string; options: string[] }
export type Device = {
  path: string
  type: 'b' | 'c' | 'p'
  major: number
  minor: number
  fileMode: number
  uid: number
  gid: number
}
export type DeviceRule = { allow: boolean; type?: 'a' | 'b' | 'c'; major?: number; minor?: number; access: string }
export type Rlimit = { type: string; soft: number; hard: number }
export type Capabilities = {
  bounding: string[]
  effective: string[]
  inheritable: string[]
  permitted: string[]
  ambient: string[]
}
export type Process = {
  terminal: boolean
  consoleSize?: { height: number; width: number }
  user: { uid: number; gid: number; additionalGids: number[]; umask?: number }
  args: string[]
  env: string[]
  cwd: string
  capabilities: Capabilities
  rlimits: Rlimit[]
  noNewPrivileges: boolean
  oomScoreAdj: number
}
export type ThrottleDevice = { major: number; minor: number; rate: number }
export type Resources = {
  devices: DeviceRule[]
  memory?: { limit?: number; reservation?: number; swap?: number; swappiness?: number; disableOOMKiller?: boolean }
  cpu?: { shares?: number; quota?: number; period?: number; cpus?: string; mems?: string }
  pids?: { limit: number }
  blockIO?: {
    weight?: number
    throttleReadBpsDevice?: ThrottleDevice[]
    throttleWriteBpsDevice?: ThrottleDevice[]
    throttleReadIOPSDevice?: ThrottleDevice[]
    throttleWriteIOPSDevice?: ThrottleDevice[]
  }
}
export type NamespaceType = 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time'
export type Spec = {
  ociVersion: string
  process: Process
  root: { path: string; readonly: boolean }
  hostname?: string
  domainname?: string
  mounts: Mount[]
  linux: {
    namespaces: { type: NamespaceType; path?: string }[]
    devices: Device[]
    resources: Resources
    cgroupsPath: string
    sysctl: Record<string, string>
    rootfsPropagation?: string
    maskedPaths: string[]
    readonlyPaths: string[]
  }
}
