/** The mounts of a container, one step each, made below its root before it is entered. mount(2), mount_setattr(2). */
import { posix } from 'node:path'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  call,
  fdPath,
  MS_BIND,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MS_REC,
  MS_SHARED,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  ref,
  shellWord,
  struct,
  UserError,
  type Call,
  type Step,
} from '@mini-docker/syscall'
import { makeDirectories, makeFile, openBeneathCalls, openInRootCall } from './in-root.ts'
import { parseMountOptions, type MountOptions } from './mount-options.ts'

/** `mounts[]` of an OCI config. `kind` says what a bind's source is, which must be known to make the place it goes to. */
export type Mount = {
  destination: string
  type: string
  source: string
  options: readonly string[]
  kind: 'directory' | 'file'
  /** Of a bind: the part of the source that is mounted, looked up when it is. */
  subpath?: string
}

/** Filesystems that show the machine: their place must be a real directory, since a link could show it elsewhere unmasked (CVE-2019-19921). */
const KERNEL_FILESYSTEMS = new Set(['proc', 'sysfs'])

/** Bind mounts whose mounts are to appear on the host too: those with `shared` or `rshared`. */
export function isSharedBind({ options }: Pick<Mount, 'options'>): boolean {
  const { flags, propagation } = parseMountOptions(options)
  return (flags & MS_BIND) !== 0 && propagation === MS_SHARED
}

/**
 * The step `rootfs.shared`: a copy of each such source, still in one peer group with the host's. It has to be made before `rootfs.propagation`
 * cuts the host off, and is attached later below the container's root, so that nothing but what is in it is ever seen on the host.
 */
export function planSharedTrees(mounts: readonly Pick<Mount, 'destination' | 'source' | 'options'>[]): Step {
  return {
    id: 'rootfs.shared',
    stage: 'rootfs',
    where: 'container',
    calls: mounts.map(({ destination, source, options }) => {
      const recursive = (parseMountOptions(options).flags & MS_REC) === 0 ? 0 : AT_RECURSIVE
      const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive
      return call('open_tree', [AT_FDCWD, source, flags], { as: sharedTree(destination) })
    }),
    shell: [],
    man: ['open_tree(2)', 'mount_namespaces(7)'],
  }
}

function sharedTree(destination: string): string {
  return `rootfs.shared/${destination}`
}

/**
 * One step, `mount.<destination>`. @throws UserError `invalid` for a relative destination, `not-built` for options of runc's own.
 */
export function planMount(mount: Mount, shellRoot: string): Step {
  const { destination, type, source, kind, subpath } = mount
  if (!destination.startsWith('/'))
    throw new UserError('invalid', `mount destination ${JSON.stringify(destination)} is not an absolute path`)
  const options = parseMountOptions(mount.options)
  const id = `mount.${destination}`
  const isBind = (options.flags & MS_BIND) !== 0
  const place = kind === 'file' ? makeFile(destination, id) : makeDirectories(destination, id)
  const target = `${shellRoot}${destination}`
  const part = subpath === undefined ? undefined : `${id}/source`
  const from = subpath === undefined ? source : `${source}/${subpath}`
  return {
    id,
    stage: 'rootfs',
    where: 'container',
    calls: [
      ...place,
      ...(KERNEL_FILESYSTEMS.has(type) ? [noLink(destination, id)] : []),
      ...(subpath === undefined ? [] : openBeneathCalls(source, subpath, `${id}/source`)),
      isSharedBind(mount)
        ? attachShared(destination, id)
        : isBind
          ? call('mount', [
              part === undefined ? source : fdPath(part),
              fdPath(id),
              null,
              options.flags & (MS_BIND | MS_REC),
              null,
            ])
          : call('mount', [source, fdPath(id), type, options.flags, options.data === '' ? null : options.data]),
      ...attributeCalls(id, destination, options, isBind),
    ],
    shell: [
      ...(kind === 'file'
        ? [`mkdir -p ${shellWord(posix.dirname(target))}`, `[ -e ${shellWord(target)} ] || : > ${shellWord(target)}`]
        : [`mkdir -p ${shellWord(target)}`]),
      ...(isBind ? bindLines(mount, options, from, target) : [mountLine(mount, target)]),
    ],
    man: ['mount(2)', 'openat2(2)'],
  }
}

/** openat2 with RESOLVE_NO_SYMLINKS fails with ELOOP where a link stands in the way. */
function noLink(destination: string, id: string): Call {
  const opened = openInRootCall(destination, `${id}/real`)
  const RESOLVE_NO_SYMLINKS = 0x04
  return {
    ...opened,
    args: opened.args.map((arg) =>
      isHow(arg) ? struct('open_how', { ...arg.fields, resolve: 0x10 | RESOLVE_NO_SYMLINKS }) : arg,
    ),
  }
}

function isHow(arg: unknown): arg is { struct: 'open_how'; fields: Record<string, number> } {
  return typeof arg === 'object' && arg !== null && 'struct' in arg
}

function attachShared(destination: string, id: string): Call {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
  return call('move_mount', [ref(sharedTree(destination)), '', ref(id), '', flags])
}

/** A bind mount takes its flags and its propagation afterwards, on the mount that is there now: the path is looked up again. */
function attributeCalls(id: string, destination: string, options: MountOptions, isBind: boolean): Call[] {
  const own = isBind ? options.attributes : 0
  if (own === 0 && options.recursiveAttributes === 0 && options.propagation === 0) return []
  const made = `${id}/made`
  const setattr = (flags: number, fields: Record<string, number>) =>
    call('mount_setattr', [ref(made), '', AT_EMPTY_PATH | flags, struct('mount_attr', fields), 32])
  return [
    openInRootCall(destination, made),
    ...(options.propagation === 0
      ? []
      : [setattr(options.propagationRecursive ? AT_RECURSIVE : 0, { propagation: options.propagation })]),
    ...(own === 0 ? [] : [setattr(0, { attr_set: own })]),
    ...(options.recursiveAttributes === 0 ? [] : [setattr(AT_RECURSIVE, { attr_set: options.recursiveAttributes })]),
  ]
}

function mountLine({ type, source, options }: Mount, target: string): string {
  const words = options.filter((word) => word !== 'newinstance')
  const given = words.length === 0 ? '' : `-o ${shellWord(words.join(','))} `
  return `mount -t ${type} ${given}${shellWord(source)} ${shellWord(target)}`
}

/** mount(8) before util-linux 2.39 makes only the uppermost mount of a tree read-only, so those below it are looked up. */
function bindLines({ options }: Mount, { flags }: MountOptions, from: string, target: string): string[] {
  const how = (flags & MS_REC) === 0 ? 'bind' : 'rbind'
  const words = options.filter((word) => word !== 'bind' && word !== 'rbind' && word !== 'rro')
  const given = words.length === 0 ? '' : `-o ${shellWord(words.join(','))} `
  const readOnly = 'while read -r point; do mount -o remount,bind,ro "$point"; done'
  return [
    `mount --${how} ${given}${shellWord(from)} ${shellWord(target)}`,
    ...(options.includes('rro') ? [`findmnt -Rrno TARGET ${shellWord(target)} | ${readOnly}`] : []),
  ]
}
