/** /dev of a container: a tmpfs with a handful of nodes, and links into /proc. mknod(2), null(4), tty(4), pts(4). */
import { call, makedev, ref, S_IFBLK, S_IFCHR, S_IFIFO, shellWord, type Call, type Step } from '@mini-docker/syscall'
import { makeDirectories } from './in-root.ts'

/** `linux.devices[]` of an OCI config. */
export type Device = {
  path: string
  type: 'b' | 'c' | 'u' | 'p'
  major?: number | undefined
  minor?: number | undefined
  fileMode?: number | undefined
  uid?: number | undefined
  gid?: number | undefined
}

/** What every container has, whatever its config says (runtime-spec, config-linux.md, "Default Devices"). */
const DEFAULT_DEVICES: readonly Device[] = [
  { path: '/dev/null', type: 'c', major: 1, minor: 3, fileMode: 0o666 },
  { path: '/dev/zero', type: 'c', major: 1, minor: 5, fileMode: 0o666 },
  { path: '/dev/full', type: 'c', major: 1, minor: 7, fileMode: 0o666 },
  { path: '/dev/random', type: 'c', major: 1, minor: 8, fileMode: 0o666 },
  { path: '/dev/urandom', type: 'c', major: 1, minor: 9, fileMode: 0o666 },
  { path: '/dev/tty', type: 'c', major: 5, minor: 0, fileMode: 0o666 },
]

const LINKS: readonly [name: string, target: string][] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['ptmx', 'pts/ptmx'],
]

const TYPES = { b: S_IFBLK, c: S_IFCHR, u: S_IFCHR, p: S_IFIFO } as const

/** The steps `dev.nodes` and `dev.links`; `kcore`: this machine has /proc/kcore, which /dev/core leads to. Needs CAP_MKNOD. */
export function planDevices(extra: readonly Device[], shellRoot: string, kcore: boolean): Step[] {
  const links = kcore ? [...LINKS, ['core', '/proc/kcore'] as const] : LINKS
  const all = [...DEFAULT_DEVICES.filter(({ path }) => !extra.some((device) => device.path === path)), ...extra]
  return [
    {
      id: 'dev.nodes',
      stage: 'rootfs',
      where: 'container',
      calls: nodeCalls(all),
      shell: [
        ...new Set(all.flatMap(({ path }) => parentLine(`${shellRoot}${path}`, `${shellRoot}/dev`))),
        ...all.map((device) => nodeLine(device, shellRoot)),
      ],
      man: ['mknod(2)', 'null(4)'],
    },
    {
      id: 'dev.links',
      stage: 'rootfs',
      where: 'container',
      calls: links.map(([name, target]) => call('symlinkat', [target, ref(DEV), name], { allow: ['EEXIST'] })),
      shell: links.map(([name, target]) => `ln -s ${target} ${shellWord(`${shellRoot}/dev/${name}`)}`),
      man: ['symlink(2)', 'fd(4)'],
    },
  ]
}

/** Nodes below folders of /dev, such as /dev/net/tun. */
function parentLine(path: string, dev: string): string[] {
  const parent = path.slice(0, path.lastIndexOf('/'))
  return parent === dev ? [] : [`mkdir -p ${shellWord(parent)}`]
}

function nodeLine(device: Device, shellRoot: string): string {
  const { path, type, major = '', minor = '' } = device
  return `mknod -m ${mode(device).toString(8)} ${shellWord(`${shellRoot}${path}`)} ${type} ${major} ${minor}`.trimEnd()
}

const DEV = 'dev.directory'

function nodeCalls(devices: readonly Device[]): Call[] {
  const calls = makeDirectories('/dev', DEV)
  const directories = new Map([['/dev', DEV]])
  for (const device of devices) {
    const slash = device.path.lastIndexOf('/')
    const [parent, name] = [device.path.slice(0, slash), device.path.slice(slash + 1)]
    let label = directories.get(parent)
    if (label === undefined) {
      label = `dev.directory.${parent}`
      directories.set(parent, label)
      calls.push(...makeDirectories(parent, label))
    }
    calls.push(
      call(
        'mknodat',
        [ref(label), name, TYPES[device.type] | mode(device), makedev(device.major ?? 0, device.minor ?? 0)],
        { allow: ['EEXIST'] },
      ),
    )
    if ((device.uid ?? 0) !== 0 || (device.gid ?? 0) !== 0)
      calls.push(call('fchownat', [ref(label), name, device.uid ?? 0, device.gid ?? 0, 0x100]))
  }
  return calls
}

function mode(device: Device): number {
  return (device.fileMode ?? 0o666) & 0o7777
}
