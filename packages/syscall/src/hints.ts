/** What to check next when a call fails, by call and error. Said once, here; tests hold every row. */
import type { Errno } from './errno.ts'

const HINTS: Record<string, string> = {
  'clone3 EPERM': 'creating namespaces needs root (CAP_SYS_ADMIN)',
  'clone3 ENOSPC': 'a namespace limit is reached: see /proc/sys/user/max_*_namespaces',
  'clone3 EAGAIN': 'too many processes: see ulimit -u and pids.max of the cgroup',
  'unshare EPERM': 'creating namespaces needs root (CAP_SYS_ADMIN)',
  'mount EPERM': 'mounting needs CAP_SYS_ADMIN in this mount namespace',
  'mount ENODEV': 'the kernel does not have this filesystem: see /proc/filesystems',
  'mount EINVAL': 'the kernel log (dmesg) says which option it refused',
  'mount ENOENT': 'the source or the target of the mount does not exist',
  'mount ENOTDIR': 'a directory can only be mounted on a directory, and a file on a file',
  'mount ELOOP': 'too many symbolic links on the way to the mount point',
  'pivot_root EINVAL': 'the new root must be a mount point, and its parent mount must not be shared',
  'pivot_root EBUSY': 'the new root must lie on another mount than the current root',
  'setns EINVAL': 'the descriptor is no namespace of the given kind, or the process is already in it',
  'execve ENOENT': 'no such file in the container, or the interpreter or loader it names is missing',
  'execve EACCES': 'the file is not executable, or it lies on a mount with noexec',
  'execve ENOEXEC': 'not a program this machine can run: another architecture, or a script without #!',
  'mkdirat EROFS': 'the image or the mount is read-only: create the directory in the image',
  'openat2 ENOSYS': 'openat2 needs Linux 5.6',
  'openat2 ELOOP': 'a symbolic link stands where a real directory must be',
  'setresuid EINVAL': 'the user id is not mapped in this user namespace',
  'prlimit64 EPERM': 'raising a hard limit needs CAP_SYS_RESOURCE',
  'sethostname EPERM': 'the hostname can only be set with CAP_SYS_ADMIN over the UTS namespace',
  'write ENOSPC': 'the disk is full, or a cgroup file refuses an empty cpuset',
  'write EBUSY': 'a v2 cgroup with processes cannot hand controllers to children (no-internal-process rule)',
}

export function hintFor(syscall: string, code: Errno): string | undefined {
  return HINTS[`${syscall} ${code}`]
}
