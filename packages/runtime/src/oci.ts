/**
 * The part of the OCI runtime specification 1.x (config.json) that this runtime reads. What it cannot do is refused by
 * `checkSpec`, never passed over. See config.md and config-linux.md of the runtime-spec.
 */
import type { OciLinuxResources } from '@mini-docker/cgroup'
import type { Device, Namespace } from '@mini-docker/ns'
import { UserError } from '@mini-docker/syscall'

export type SpecMount = {
  destination: string
  type?: string
  source?: string
  options?: readonly string[]
  /** Not of OCI: only this part of a bind's source, looked up when it is mounted, and never outside of the source. */
  subpath?: string
}

export type Process = {
  terminal?: boolean
  consoleSize?: { height: number; width: number }
  user: { uid: number; gid: number; additionalGids?: readonly number[]; umask?: number }
  args: readonly string[]
  env?: readonly string[]
  cwd: string
  capabilities?: {
    bounding?: readonly string[]
    effective?: readonly string[]
    inheritable?: readonly string[]
    permitted?: readonly string[]
    ambient?: readonly string[]
  }
  rlimits?: readonly { type: string; soft: number; hard: number }[]
  noNewPrivileges?: boolean
  oomScoreAdj?: number
}

export type Spec = {
  ociVersion: string
  process: Process
  root: { path: string; readonly?: boolean }
  hostname?: string
  domainname?: string
  mounts?: readonly SpecMount[]
  linux: {
    namespaces: readonly Namespace[]
    devices?: readonly Device[]
    resources?: OciLinuxResources
    cgroupsPath?: string
    sysctl?: Readonly<Record<string, string>>
    rootfsPropagation?: string
    maskedPaths?: readonly string[]
    readonlyPaths?: readonly string[]
  }
}

const NOT_BUILT_LINUX = [
  'uidMappings',
  'gidMappings',
  'seccomp',
  'intelRdt',
  'personality',
  'mountLabel',
  'timeOffsets',
]
const NOT_BUILT_PROCESS = ['apparmorProfile', 'selinuxLabel', 'scheduler', 'ioPriority', 'execCPUAffinity']

/**
 * Refuses what this runtime would otherwise leave out.
 * @throws UserError `invalid` for a config without a mount namespace or with another major version, `not-built` for the rest.
 */
export function checkSpec(spec: Spec): void {
  if (!spec.ociVersion.startsWith('1.'))
    throw new UserError('invalid', `unsupported ociVersion ${JSON.stringify(spec.ociVersion)}, want 1.x`)
  const types = spec.linux.namespaces.map(({ type }) => type)
  if (!types.includes('mount')) throw new UserError('invalid', 'a container needs a mount namespace of its own')
  if (types.includes('user')) throw new UserError('not-built', 'user namespaces are not built yet')
  if (types.includes('time')) throw new UserError('not-built', 'time namespaces are not built yet')
  if (spec.process.args.length === 0) throw new UserError('invalid', 'process.args must not be empty')
  if (!spec.process.cwd.startsWith('/'))
    throw new UserError('invalid', `cwd ${JSON.stringify(spec.process.cwd)} is not an absolute path`)
  refuse(spec.linux, NOT_BUILT_LINUX, 'linux')
  refuse(spec.process, NOT_BUILT_PROCESS, 'process')
  refuse(spec, ['hooks'], 'config')
}

function refuse(object: object, names: string[], where: string): void {
  const values: Record<string, unknown> = { ...object }
  for (const name of names) {
    const value = values[name]
    if (value !== undefined && value !== null && value !== '')
      throw new UserError('not-built', `${where}.${name} is not built yet`)
  }
}
