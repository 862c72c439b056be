/** Which namespaces a process is in, whose they are, and who else is in them. namespaces(7), ioctl_ns(2). */
import { fstatSync, readlinkSync } from 'node:fs'
import { AT_FDCWD, Fd, invoke, O_RDONLY, openat } from '@mini-docker/syscall'
import { allProcesses, missing, procPath, readProcLink } from './proc.ts'

export const NAMESPACE_KINDS = ['user', 'mnt', 'pid', 'net', 'uts', 'ipc', 'cgroup', 'time'] as const
export type NamespaceKind = (typeof NAMESPACE_KINDS)[number]

export type NamespaceFact = {
  kind: NamespaceKind
  /** `mnt:[4026532201]`: equal for two processes exactly when they share it. */
  link: string
  inode: number
  /** It is the reader's own: mostly the machine's. */
  isReaders: boolean
}

const NS_GET_USERNS = 0xb701
const NS_GET_OWNER_UID = 0xb704

/** The namespaces of a process; kinds that this kernel does not have are left out. @throws UserError `not-found` or `denied` */
export function readNamespaces(pid: number): NamespaceFact[] {
  // The first tells whether the process may be looked at; of the others, a kernel may lack some.
  readProcLink(pid, 'ns/mnt')
  return NAMESPACE_KINDS.flatMap((kind) => {
    const link = missing(() => readlinkSync(procPath(pid, `ns/${kind}`)))
    if (link === undefined) return []
    const own = missing(() => readlinkSync(`/proc/thread-self/ns/${kind}`))
    return [{ kind, link, inode: Number(/\d+/.exec(link)?.[0]), isReaders: link === own }]
  })
}

/** The user namespace that owns a namespace: its root has power over it. Undefined where it is above the reader's. */
export function readOwner(
  pid: number,
  kind: Exclude<NamespaceKind, 'user'>,
): { userInode: number; uid: number } | undefined {
  return missing(() => {
    using namespace = openat(AT_FDCWD, procPath(pid, `ns/${kind}`), O_RDONLY)
    using owner = new Fd(invoke('ioctl', namespace.number, NS_GET_USERNS, null))
    const uid = Buffer.alloc(4)
    invoke('ioctl', owner.number, NS_GET_OWNER_UID, uid)
    return { userInode: fstatSync(owner.number).ino, uid: uid.readUInt32LE(0) }
  })
}

/** All processes that are in these namespaces, by the namespace's link. Looks at every process that the reader sees: some milliseconds. */
export function readMembers(namespaces: readonly NamespaceFact[]): Map<string, number[]> {
  const members = new Map<string, number[]>(namespaces.map(({ link }) => [link, []]))
  for (const pid of allProcesses()) {
    for (const { kind } of namespaces) {
      const link = missing(() => readlinkSync(procPath(pid, `ns/${kind}`)))
      if (link === undefined) break
      members.get(link)?.push(pid)
    }
  }
  return members
}
