/** `--device /dev/x[:/dev/y[:rwm]]` and `--privileged`: devices of the host that a container gets. See mknod(2). */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { major, minor, UserError } from '@mini-docker/syscall'
import type { HostConfig } from '../api/bodies.ts'
import type { Device, DeviceRule } from '../oci.ts'

/** Looks at the host's /dev now. @throws UserError `invalid` naming the device that is missing. */
export function containerDevices(host: HostConfig): { devices: Device[]; rules: DeviceRule[] } {
  if (host.Privileged) return { devices: allHostDevices('/dev'), rules: [] }
  const devices: Device[] = []
  const rules: DeviceRule[] = []
  for (const { PathOnHost: from, PathInContainer: to, CgroupPermissions: permissions } of host.Devices) {
    const access = permissions === '' ? 'rwm' : permissions
    if (!/^[rwm]+$/.test(access)) throw new UserError('invalid', `invalid device mode: ${access}`)
    for (const device of devicesAt(from, to === '' ? from : to)) {
      devices.push(device)
      rules.push({
        allow: true,
        type: device.type === 'b' ? 'b' : 'c',
        major: device.major,
        minor: device.minor,
        access,
      })
    }
  }
  return { devices, rules }
}

/** One device node of the host, under the path it gets in the container. @throws UserError `invalid`. */
export function hostDevice(hostPath: string, containerPath: string): Device {
  const found = deviceOf(hostPath, containerPath)
  if (found === undefined)
    throw new UserError(
      'invalid',
      `error gathering device information while adding custom device "${hostPath}": not a device node`,
    )
  return found
}

/** A folder of devices stands for all of them, below the given path. */
function devicesAt(hostPath: string, containerPath: string): Device[] {
  const real = realPath(hostPath)
  if (!fs.statSync(real).isDirectory()) return [hostDevice(real, containerPath)]
  return fs.readdirSync(real, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const inside = path.join(path.relative(real, entry.parentPath), entry.name)
    const device = deviceOf(path.join(real, inside), path.join(containerPath, inside))
    return device === undefined ? [] : [device]
  })
}

function realPath(hostPath: string): string {
  try {
    return fs.realpathSync(hostPath)
  } catch (cause) {
    throw new UserError(
      'invalid',
      `error gathering device information while adding custom device "${hostPath}": no such file or directory`,
      { cause },
    )
  }
}

/** Terminals and the folders that a container has of its own are left out. */
const OWN = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev'])

function allHostDevices(dir: string): Device[] {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(dir, entry.name)
    if (entry.isDirectory()) return OWN.has(entry.name) ? [] : allHostDevices(full)
    if (entry.name === 'console' || entry.name === 'ptmx') return []
    const device = deviceOf(full, full)
    return device === undefined ? [] : [device]
  })
}

function deviceOf(hostPath: string, containerPath: string): Device | undefined {
  const stat = fs.lstatSync(hostPath, { throwIfNoEntry: false })
  if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice())) return undefined
  return {
    path: containerPath,
    type: stat.isBlockDevice() ? 'b' : 'c',
    major: major(stat.rdev),
    minor: minor(stat.rdev),
    fileMode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
  }
}
