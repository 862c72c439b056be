/** GET /containers/{id}/json. */
import * as path from 'node:path'
import type { Engine } from '../engine.ts'
import type { MountPoint } from '../volumes/mount-point.ts'
import { networkSettingsJson } from '../networks/json.ts'
import { linksJson } from '../networks/links.ts'
import { macAddressJson } from '../networks/mac-address.ts'
import { layerDirs } from './layers.ts'
import { commandLine } from './merge.ts'
import type { Container, ContainerState } from './model.ts'

/** Docker's ContainerJSON. Paths are empty before the first start, when the files do not exist. */
export function inspectContainer(
  engine: Engine,
  container: Container,
  { size, minor }: { size?: { rw: number; rootFs: number } | undefined; minor: number },
): object {
  const { record, state, dir } = container
  const [command = '', ...args] = commandLine(record.config)
  const file = (name: string): string => (state.status === 'created' ? '' : path.join(dir, name))
  const lowerDir = layerDirs(engine, record).join(':')
  return {
    Id: record.id,
    Created: record.created,
    Path: command,
    Args: args,
    State: { ...stateJson(state), ...halfMadeJson(container) },
    Image: record.imageId,
    ResolvConfPath: file('resolv.conf'),
    HostnamePath: file('hostname'),
    HostsPath: file('hosts'),
    LogPath: record.hostConfig.LogConfig.Type === 'json-file' ? file('container.log') : '',
    Name: `/${record.name}`,
    RestartCount: state.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: container.execs.size === 0 ? null : [...container.execs],
    HostConfig: { ...record.hostConfig, Links: linksJson(engine, record) },
    GraphDriver: {
      Data: {
        ID: record.id,
        LowerDir: lowerDir,
        MergedDir: path.join(dir, 'rootfs'),
        UpperDir: path.join(dir, 'upper'),
        WorkDir: path.join(dir, 'work'),
      },
      Name: 'overlay2',
    },
    ...(size === undefined ? {} : { SizeRw: size.rw, SizeRootFs: size.rootFs }),
    Mounts: mountsJson(record.mounts),
    Config: { ...configJson(container), ...macAddressJson(record, minor) },
    NetworkSettings: networkSettingsJson(engine, container),
  }
}

/** Not docker's: where a start stands that is made step by step. */
function halfMadeJson({ halfMade }: Container): object {
  if (halfMade === undefined) return {}
  const { index, step, pid = 0, waiting } = halfMade
  return { HalfMade: { Step: step, Index: index, Pid: pid, Waiting: waiting } }
}

function stateJson(state: ContainerState): object {
  const { status } = state
  return {
    Status: status,
    Running: status === 'running' || status === 'paused' || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
  }
}

/** Docker leaves out what was not given. */
function configJson({ record }: Container): object {
  const {
    ExposedPorts,
    Healthcheck,
    ArgsEscaped,
    StopSignal,
    StopTimeout,
    Shell,
    Volumes,
    NetworkDisabled,
    ...config
  } = record.config
  return {
    ...config,
    Volumes: Object.keys(Volumes).length === 0 ? null : Volumes,
    ...(Object.keys(ExposedPorts).length === 0 ? {} : { ExposedPorts }),
    ...(Healthcheck === null || Healthcheck === undefined ? {} : { Healthcheck }),
    ...(ArgsEscaped ? { ArgsEscaped } : {}),
    ...(NetworkDisabled ? { NetworkDisabled } : {}),
    ...(StopSignal === '' ? {} : { StopSignal }),
    ...(StopTimeout === null ? {} : { StopTimeout }),
    ...(Shell === null ? {} : { Shell }),
  }
}

/** The mounts as `inspect` and `ps` show them: those of `--tmpfs` are only in the HostConfig. */
export function mountsJson(points: MountPoint[]): object[] {
  return points.filter(({ unlisted }) => unlisted !== true).map(mountJson)
}

function mountJson(point: MountPoint): object {
  const common = { Source: point.source, Destination: point.destination }
  const rest = { Mode: point.mode, RW: !point.readOnly, Propagation: point.propagation }
  if (point.type !== 'volume') return { Type: point.type, ...common, ...rest }
  return { Type: 'volume', Name: point.name, ...common, Driver: 'local', ...rest }
}
