/** The table of mounts as a process sees it: proc_pid_mountinfo(5). */
import { readProc } from './proc.ts'

export type MountFact = {
  id: number
  parentId: number
  /** `0:52`, major and minor of the filesystem. */
  device: string
  /** The part of the filesystem that is mounted: `/`, or what a bind mount took. */
  root: string
  /** As the process sees it, below its own root. */
  point: string
  options: string[]
  /** `shared:12`, `master:3`, `propagate_from:1`, `unbindable`; none of them is private. */
  propagation: string[]
  type: string
  source: string
  /** Of the filesystem itself, the same at each place where it is mounted. */
  superOptions: string[]
}

/** The layers of an overlay mount, the uppermost first. */
export type OverlayFact = { lower: string[]; upper?: string; work?: string }

/** Mounts that the process can reach, in the order in which they were made. @throws UserError `not-found` or `denied` */
export function readMounts(pid: number): MountFact[] {
  return parseMountinfo(readProc(pid, 'mountinfo'))
}

export function parseMountinfo(text: string): MountFact[] {
  return text.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ')
    const [id, parentId, device, root, point, options, ...propagation] = left.split(' ')
    const [type, source, superOptions = ''] = right.split(' ')
    if (point === undefined || type === undefined || source === undefined) return []
    return [
      {
        id: Number(id),
        parentId: Number(parentId),
        device: device ?? '',
        root: unescape(root ?? ''),
        point: unescape(point),
        options: (options ?? '').split(','),
        propagation: propagation.filter((word) => word !== ''),
        type,
        source: unescape(source),
        superOptions: unescape(superOptions).split(/(?<!\\),/),
      },
    ]
  })
}

/** What an overlay is made of; undefined for another filesystem. `lowerdir=a:b`, or `lowerdir+=a,lowerdir+=b` of newer kernels. */
export function overlayOf({ type, superOptions }: MountFact): OverlayFact | undefined {
  if (type !== 'overlay' && type !== 'fuse.fuse-overlayfs') return undefined
  const values = (name: string): string[] =>
    superOptions.filter((option) => option.startsWith(`${name}=`)).map((option) => option.slice(name.length + 1))
  const [together] = values('lowerdir')
  const lower = together === undefined ? values('lowerdir+') : together.split(/(?<!\\):/)
  const [upper] = values('upperdir')
  const [work] = values('workdir')
  const plain = (path: string): string => path.replaceAll(/\\([:,\\])/g, '$1')
  return {
    lower: lower.filter((path) => path !== '').map(plain),
    ...(upper !== undefined && { upper: plain(upper) }),
    ...(work !== undefined && { work: plain(work) }),
  }
}

/** What happens to mounts made later below it: mount_namespaces(7). */
export function propagationOf({ propagation }: MountFact): string {
  return propagation.length === 0 ? 'private' : propagation.join(' ')
}

/** As findmnt(8) writes it: `/dev/vda[/srv/data]` for a part of a filesystem. */
export function sourceOf({ source, root, type }: MountFact): string {
  return root === '/' || type === 'cgroup' || type === 'cgroup2' ? source : `${source}[${root}]`
}

/** The kernel writes space, tab, newline, backslash and `#` as `\040` and so on. */
function unescape(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}
