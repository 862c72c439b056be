/** The words of mount(8) and of an OCI config's `mounts[].options`, as flags of mount(2) and mount_setattr(2). */
import {
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_DIRSYNC,
  MS_LAZYTIME,
  MS_MANDLOCK,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_NOSYMFOLLOW,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_RELATIME,
  MS_SHARED,
  MS_SILENT,
  MS_SLAVE,
  MS_STRICTATIME,
  MS_SYNCHRONOUS,
  MS_UNBINDABLE,
  UserError,
} from '@mini-docker/syscall'

const SET: Record<string, number> = {
  ro: MS_RDONLY,
  nosuid: MS_NOSUID,
  nodev: MS_NODEV,
  noexec: MS_NOEXEC,
  sync: MS_SYNCHRONOUS,
  dirsync: MS_DIRSYNC,
  mand: MS_MANDLOCK,
  noatime: MS_NOATIME,
  nodiratime: MS_NODIRATIME,
  relatime: MS_RELATIME,
  strictatime: MS_STRICTATIME,
  lazytime: MS_LAZYTIME,
  silent: MS_SILENT,
  nosymfollow: MS_NOSYMFOLLOW,
  bind: MS_BIND,
  rbind: MS_BIND | MS_REC,
}
const CLEAR: Record<string, number> = {
  rw: MS_RDONLY,
  suid: MS_NOSUID,
  dev: MS_NODEV,
  exec: MS_NOEXEC,
  async: MS_SYNCHRONOUS,
  nomand: MS_MANDLOCK,
  atime: MS_NOATIME,
  diratime: MS_NODIRATIME,
  norelatime: MS_RELATIME,
  nostrictatime: MS_STRICTATIME,
  nolazytime: MS_LAZYTIME,
  loud: MS_SILENT,
  defaults: 0,
}
const PROPAGATION: Record<string, number> = {
  private: MS_PRIVATE,
  shared: MS_SHARED,
  slave: MS_SLAVE,
  unbindable: MS_UNBINDABLE,
}
const RECURSIVE: Record<string, number> = {
  rro: MOUNT_ATTR_RDONLY,
  rnosuid: MOUNT_ATTR_NOSUID,
  rnodev: MOUNT_ATTR_NODEV,
  rnoexec: MOUNT_ATTR_NOEXEC,
}
const ATTRIBUTES: [flag: number, attribute: number][] = [
  [MS_RDONLY, MOUNT_ATTR_RDONLY],
  [MS_NOSUID, MOUNT_ATTR_NOSUID],
  [MS_NODEV, MOUNT_ATTR_NODEV],
  [MS_NOEXEC, MOUNT_ATTR_NOEXEC],
]

export type MountOptions = {
  /** MS_ flags, MS_BIND and MS_REC included. */
  flags: number
  /** What the filesystem itself reads: `mode=755,size=65536k`. Empty for none. */
  data: string
  /** MS_PRIVATE, MS_SHARED, MS_SLAVE or MS_UNBINDABLE; 0 for as it comes. */
  propagation: number
  propagationRecursive: boolean
  /** MOUNT_ATTR_ flags for this mount, for a bind mount, which takes its flags afterwards. */
  attributes: number
  /** MOUNT_ATTR_ flags for this mount and all below it. */
  recursiveAttributes: number
}

/** @throws UserError `not-built` for options that only runc extends mount with (`tmpcopyup`, `idmap`). */
export function parseMountOptions(words: readonly string[]): MountOptions {
  let flags = 0
  let propagation = 0
  let propagationRecursive = false
  let recursiveAttributes = 0
  const data: string[] = []
  for (const word of words) {
    const set = own(SET, word)
    const clear = own(CLEAR, word)
    const recursive = own(RECURSIVE, word)
    const mode = own(PROPAGATION, word) ?? (word.startsWith('r') ? own(PROPAGATION, word.slice(1)) : undefined)
    if (set !== undefined) flags |= set
    else if (clear !== undefined) flags &= ~clear
    else if (recursive !== undefined) recursiveAttributes |= recursive
    else if (mode !== undefined) {
      propagation = mode
      propagationRecursive = own(PROPAGATION, word) === undefined
    } else if (/^(tmpcopyup|idmap|ridmap)(=|$)/.test(word))
      throw new UserError('not-built', `mount option ${word} is not built yet`)
    else data.push(word)
  }
  const attributes = ATTRIBUTES.reduce((sum, [flag, attribute]) => ((flags & flag) === 0 ? sum : sum | attribute), 0)
  return { flags, data: data.join(','), propagation, propagationRecursive, attributes, recursiveAttributes }
}

function own(table: Record<string, number>, word: string): number | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined
}
