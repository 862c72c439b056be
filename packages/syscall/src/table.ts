/**
 * The system calls this project speaks: number on x86-64, number on arm64, and what each argument is, in order.
 * Only calls that both architectures have: `openat` and not `open`, `mkdirat` and not `mkdir`.
 * Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. Arguments: the call's page in section 2.
 */

/** What an argument means; decides how it is passed to the kernel and how it is printed. `flags:MS` is decoded with the MS_ constants. */
export type ArgType =
  | 'int'
  | 'uint'
  | 'size'
  | 'fd'
  | 'dirfd'
  | 'mode'
  | 'dev'
  | 'id'
  | 'signal'
  | 'prctl'
  | 'ioctl'
  | 'rlimit'
  | `flags:${string}`
  | 'path'
  | 'str'
  | 'buf'
  | 'struct'
  | 'strings'
  | 'env'
  | 'arg'

type Row = readonly [x64: number, arm64: number, args: string]

const TABLE = {
  // files
  openat: [257, 56, 'dirfd path flags:O mode'],
  openat2: [437, 437, 'dirfd path struct size'],
  close: [3, 57, 'fd'],
  close_range: [436, 436, 'uint uint flags:CLOSE_RANGE'],
  dup3: [292, 24, 'fd fd flags:O'],
  pipe2: [293, 59, 'buf flags:O'],
  read: [0, 63, 'fd buf size'],
  write: [1, 64, 'fd buf size'],
  lseek: [8, 62, 'fd int int'],
  fcntl: [72, 25, 'fd int int'],
  fchdir: [81, 50, 'fd'],
  chdir: [80, 49, 'path'],
  mkdirat: [258, 34, 'dirfd path mode'],
  mknodat: [259, 33, 'dirfd path mode dev'],
  symlinkat: [266, 36, 'path dirfd path'],
  linkat: [265, 37, 'dirfd path dirfd path flags:AT'],
  unlinkat: [263, 35, 'dirfd path flags:AT'],
  renameat2: [316, 276, 'dirfd path dirfd path flags:RENAME'],
  readlinkat: [267, 78, 'dirfd path buf size'],
  fchmodat: [268, 53, 'dirfd path mode'],
  fchmod: [91, 52, 'fd mode'],
  fchownat: [260, 54, 'dirfd path id id flags:AT'],
  fchown: [93, 55, 'fd id id'],
  utimensat: [280, 88, 'dirfd path struct flags:AT'],
  ftruncate: [77, 46, 'fd int'],
  fallocate: [285, 47, 'fd int int int'],
  fsync: [74, 82, 'fd'],
  fdatasync: [75, 83, 'fd'],
  syncfs: [306, 267, 'fd'],
  flock: [73, 32, 'fd flags:LOCK'],
  statfs: [137, 43, 'path buf'],
  copy_file_range: [326, 285, 'fd buf fd buf size int'],
  lsetxattr: [189, 6, 'path str buf size int'],
  lgetxattr: [192, 9, 'path str buf size'],
  llistxattr: [195, 12, 'path buf size'],
  lremovexattr: [198, 15, 'path str'],
  fsetxattr: [190, 7, 'fd str buf size int'],
  fgetxattr: [193, 10, 'fd str buf size'],
  flistxattr: [196, 13, 'fd buf size'],
  memfd_create: [319, 279, 'str flags:MFD'],
  // mounts
  mount: [165, 40, 'str path str flags:MS str'],
  umount2: [166, 39, 'path flags:MNT'],
  pivot_root: [155, 41, 'path path'],
  chroot: [161, 51, 'path'],
  open_tree: [428, 428, 'dirfd path flags:OPEN_TREE'],
  move_mount: [429, 429, 'dirfd path dirfd path flags:MOVE_MOUNT'],
  fsopen: [430, 430, 'str flags:FSOPEN'],
  fsconfig: [431, 431, 'fd int str str int'],
  fsmount: [432, 432, 'fd flags:FSMOUNT flags:MOUNT_ATTR'],
  mount_setattr: [442, 442, 'dirfd path flags:AT struct size'],
  // namespaces and processes
  unshare: [272, 97, 'flags:CLONE'],
  setns: [308, 268, 'fd flags:CLONE'],
  clone3: [435, 435, 'struct size'],
  pidfd_open: [434, 434, 'int flags:PIDFD'],
  pidfd_send_signal: [424, 424, 'fd signal buf int'],
  pidfd_getfd: [438, 438, 'fd int int'],
  kill: [62, 129, 'int signal'],
  wait4: [61, 260, 'int buf int buf'],
  execve: [59, 221, 'path strings env'],
  execveat: [322, 281, 'dirfd path strings env flags:AT'],
  exit_group: [231, 94, 'int'],
  getpid: [39, 172, ''],
  setsid: [112, 157, ''],
  umask: [95, 166, 'mode'],
  ioctl: [16, 29, 'fd ioctl arg'],
  sethostname: [170, 161, 'str size'],
  setdomainname: [171, 162, 'str size'],
  personality: [135, 92, 'flags:PER'],
  // privileges
  prctl: [157, 167, 'prctl int int int int'],
  capset: [126, 91, 'struct struct'],
  capget: [125, 90, 'struct buf'],
  setgroups: [116, 159, 'size buf'],
  setresuid: [117, 147, 'id id id'],
  setresgid: [119, 149, 'id id id'],
  prlimit64: [302, 261, 'int rlimit struct buf'],
  seccomp: [317, 277, 'int int buf'],
  bpf: [321, 280, 'int struct size'],
  keyctl: [250, 219, 'int str int int int'],
  // scheduling
  setpriority: [141, 140, 'int int int'],
  ioprio_set: [251, 30, 'int int int'],
  sched_setaffinity: [203, 122, 'int size buf'],
  // sockets
  socket: [41, 198, 'int int int'],
  socketpair: [53, 199, 'int int int buf'],
  bind: [49, 200, 'fd struct size'],
  listen: [50, 201, 'fd int'],
  connect: [42, 203, 'fd struct size'],
  setsockopt: [54, 208, 'fd int int buf size'],
  sendto: [44, 206, 'fd buf size int struct size'],
  recvfrom: [45, 207, 'fd buf size int buf buf'],
  eventfd2: [290, 19, 'uint flags:O'],
} as const satisfies Record<string, Row>

export type SyscallName = keyof typeof TABLE

/** Which column of the table holds this machine's numbers. */
const COLUMN = process.arch === 'arm64' ? 1 : 0

/** The number of a system call on this machine's architecture (x64 or arm64). */
export function syscallNumber(name: SyscallName): number {
  return TABLE[name][COLUMN]
}

/** The meaning of each argument of a system call. */
export function argTypes(name: SyscallName): ArgType[] {
  const types = TABLE[name][2]
  return types === '' ? [] : (types.split(' ') as ArgType[])
}

export function isSyscallName(name: string): name is SyscallName {
  return Object.hasOwn(TABLE, name)
}

/** Every name in the table, for tests and documentation. */
export function syscallNames(): SyscallName[] {
  return Object.keys(TABLE) as SyscallName[]
}
