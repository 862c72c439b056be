/** The mounts of a container in the order they are made: the kernel's filesystems, /etc files of our own, then the user's by depth. */
import * as path from 'node:path'
import type { HostConfig } from '../api/bodies.ts'
import type { Mount } from '../oci.ts'
import type { MountPoint } from '../volumes/mount-point.ts'

/** `etc`: the host's paths of the files mounted over /etc/hosts, /etc/hostname and /etc/resolv.conf. */
export function containerMounts(host: HostConfig, points: MountPoint[], etc: Record<string, string>): Mount[] {
  const own = [
    ...kernelMounts(host),
    ...Object.entries(etc).map(([destination, source]) => bind(source, destination, ['rprivate'])),
  ]
  const taken = new Set(points.map(({ destination }) => destination))
  // Who mounts a /dev of his own means all of it.
  const isTaken = (destination: string): boolean =>
    taken.has(destination) || (taken.has('/dev') && destination.startsWith('/dev/'))
  return [
    ...own.filter(({ destination }) => !isTaken(destination)),
    ...points.map(mountOf).toSorted((a, b) => depth(a.destination) - depth(b.destination)),
  ]
}

function depth(destination: string): number {
  return path.posix.normalize(destination).split('/').length
}

function mountOf(point: MountPoint): Mount {
  if (point.type === 'tmpfs') {
    const words = point.tmpfsOptions ?? []
    const safe = ['nosuid', 'nodev', 'noexec'].filter((word) => !words.includes(word.slice(2)) && !words.includes(word))
    return { destination: point.destination, type: 'tmpfs', source: 'tmpfs', options: [...safe, ...words] }
  }
  // Since docker 25, what is mounted below the source is read-only too.
  const readOnly = point.readOnly ? [point.readOnlyNonRecursive === true ? 'ro' : 'rro'] : []
  const propagation = point.propagation === '' ? 'rprivate' : point.propagation
  const mount = bind(point.source, point.destination, [...readOnly, propagation])
  if (point.nonRecursive === true) mount.options[0] = 'bind'
  return point.subpath === undefined ? mount : { ...mount, subpath: point.subpath }
}

function bind(source: string, destination: string, options: string[]): Mount {
  return { destination, type: 'bind', source, options: ['rbind', ...options] }
}

function kernelMounts(host: HostConfig): Mount[] {
  const ro = host.Privileged ? 'rw' : 'ro'
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', ro] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', ro] },
    ...ipcMounts(host),
  ]
}

/** A mount of mqueue shows the queues of the IPC namespace it is made in; /dev/shm of the host is a mount of the host. */
function ipcMounts(host: HostConfig): Mount[] {
  const mqueue: Mount = {
    destination: '/dev/mqueue',
    type: 'mqueue',
    source: 'mqueue',
    options: ['nosuid', 'noexec', 'nodev'],
  }
  if (host.IpcMode === 'host') return [mqueue, bind('/dev/shm', '/dev/shm', [])]
  if (host.IpcMode === 'none') return [mqueue]
  const options = ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${host.ShmSize}`]
  return [mqueue, { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options }]
}
