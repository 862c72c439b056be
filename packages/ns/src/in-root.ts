/**
 * Paths inside a root filesystem that nobody vouches for. Every path is walked by openat2(2) with RESOLVE_IN_ROOT: a
 * symbolic link of the image leads where it would lead in the container, never to the host. Mounts are made on the
 * descriptor, so that what was looked up is what is mounted on.
 */
import {
  AT_FDCWD,
  call,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  ref,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  struct,
  type Call,
} from '@mini-docker/syscall'

/** The name of the descriptor of the root filesystem, given by the step `rootfs.root`. */
export const ROOT = 'rootfs.root'

/** Opens a path below the root as a mount point or a directory to work in. */
export function openInRootCall(path: string, as: string, flags: number = O_PATH): Call {
  const how = struct('open_how', { flags: flags | O_CLOEXEC, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS })
  return call('openat2', [ref(ROOT), relative(path), how, 24], { as })
}

/** Opens a part of a directory of the host; nothing in the directory, not even a link that moves meanwhile, leads out of it. */
export function openBeneathCalls(directory: string, path: string, as: string): Call[] {
  const how = struct('open_how', { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS })
  return [
    call('openat', [AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0], { as: `${as}/base` }),
    call('openat2', [ref(`${as}/base`), path, how, 24], { as }),
  ]
}

/** `mkdir -p` below the root; ends with the directory open under the name `as`. */
export function makeDirectories(path: string, as: string): Call[] {
  const parts = components(path)
  const calls: Call[] = []
  let parent = ROOT
  parts.forEach((part, i) => {
    const label = i === parts.length - 1 ? as : `${as}/${i}`
    calls.push(call('mkdirat', [ref(parent), part, 0o755], { allow: ['EEXIST'] }))
    calls.push(openInRootCall(parts.slice(0, i + 1).join('/'), label, O_PATH | O_DIRECTORY))
    parent = label
  })
  if (parts.length === 0) calls.push(openInRootCall('.', as, O_PATH | O_DIRECTORY))
  return calls
}

/** An existing file, or an empty one made for it, open under the name `as`: what a file is bind-mounted on. */
export function makeFile(path: string, as: string): Call[] {
  const parts = components(path)
  const create = struct('open_how', {
    flags: O_CREAT | O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    mode: 0o644,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  })
  return [
    ...(parts.length > 1 ? makeDirectories(parts.slice(0, -1).join('/'), `${as}/dir`) : []),
    // Creates through a dangling link too, as /etc/resolv.conf often is. What is there and cannot be opened is good enough. Never for
    // writing: a writer would forbid to make the root read-only later (EBUSY).
    call('openat2', [ref(ROOT), parts.join('/'), create, 24], {
      as: `${as}/new`,
      allow: ['EISDIR', 'ENXIO', 'EROFS', 'ETXTBSY'],
    }),
    openInRootCall(path, as),
  ]
}

/** The path without its leading slash and dots, as openat2 wants it below a root. */
export function relative(path: string): string {
  return components(path).join('/') || '.'
}

/** Splits like the kernel does in a chroot: `..` above the root stays there. */
function components(path: string): string[] {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts
}
