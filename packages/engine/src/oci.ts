/** The OCI config, as the runtime reads it, and the parts of it that the engine's planners pass around. */
import type { OciDeviceRule, OciLinuxResources } from '@mini-docker/cgroup'
import type { Process, Spec, SpecMount } from '@mini-docker/runtime'

export type { Process, Spec } from '@mini-docker/runtime'
export type Mount = Required<Omit<SpecMount, 'subpath'>> & { options: string[]; subpath?: string }
export type Capabilities = NonNullable<Process['capabilities']>
export type Rlimit = NonNullable<Process['rlimits']>[number]
export type Resources = OciLinuxResources
export type ThrottleDevice = { major: number; minor: number; rate: number }
export type DeviceRule = OciDeviceRule
/** A node of the host, with all that stat(2) says of it. */
export type Device = {
  path: string
  type: 'b' | 'c'
  major: number
  minor: number
  fileMode: number
  uid: number
  gid: number
}
export type NamespaceType = Spec['linux']['namespaces'][number]['type']
