/**
 * The kernel structs that calls take, as data: field name, offset, width in bytes. A field of type `ptr` holds the
 * address of a string or buffer. All integers are little-endian, as on both architectures.
 */
export type FieldType = 'u8' | 'u16' | 'u16be' | 'u32' | 'i32' | 'u64' | 'ptr' | `char[${number}]`
export type Layout = { size: number; fields: Record<string, readonly [offset: number, type: FieldType]> }

const LAYOUTS = {
  /** openat2(2) */
  open_how: { size: 24, fields: { flags: [0, 'u64'], mode: [8, 'u64'], resolve: [16, 'u64'] } },
  /** clone3(2); `pidfd` is the result of an earlier call nowhere: the launcher fills it in and names it. */
  clone_args: {
    size: 88,
    fields: {
      flags: [0, 'u64'],
      pidfd: [8, 'u64'],
      child_tid: [16, 'u64'],
      parent_tid: [24, 'u64'],
      exit_signal: [32, 'u64'],
      stack: [40, 'u64'],
      stack_size: [48, 'u64'],
      tls: [56, 'u64'],
      set_tid: [64, 'u64'],
      set_tid_size: [72, 'u64'],
      cgroup: [80, 'u64'],
    },
  },
  /** mount_setattr(2) */
  mount_attr: {
    size: 32,
    fields: { attr_set: [0, 'u64'], attr_clr: [8, 'u64'], propagation: [16, 'u64'], userns_fd: [24, 'u64'] },
  },
  /** setrlimit(2), prlimit64 */
  rlimit64: { size: 16, fields: { cur: [0, 'u64'], max: [8, 'u64'] } },
  /** capset(2): header, pid 0 is the caller */
  cap_header: { size: 8, fields: { version: [0, 'u32'], pid: [4, 'i32'] } },
  /** capset(2), version 3: two 32-bit words of each set, low word first */
  cap_data: {
    size: 24,
    fields: {
      effective: [0, 'u32'],
      permitted: [4, 'u32'],
      inheritable: [8, 'u32'],
      effective_hi: [12, 'u32'],
      permitted_hi: [16, 'u32'],
      inheritable_hi: [20, 'u32'],
    },
  },
  /** unix(7) */
  sockaddr_un: { size: 110, fields: { family: [0, 'u16'], path: [2, 'char[108]'] } },
  /** ioctl_tty(2): TIOCSWINSZ */
  winsize: { size: 8, fields: { rows: [0, 'u16'], cols: [2, 'u16'], xpixel: [4, 'u16'], ypixel: [6, 'u16'] } },
  /** netdevice(7): SIOCSIFFLAGS */
  ifreq: { size: 40, fields: { name: [0, 'char[16]'], flags: [16, 'u16'] } },
  /** utimensat(2): two timespecs */
  timespec2: {
    size: 32,
    fields: { atime_sec: [0, 'u64'], atime_nsec: [8, 'u64'], mtime_sec: [16, 'u64'], mtime_nsec: [24, 'u64'] },
  },
  /** seccomp(2), socket(7): struct sock_fprog */
  sock_fprog: { size: 16, fields: { len: [0, 'u16'], filter: [8, 'ptr'] } },
  /** bpf(2): BPF_PROG_LOAD's half of union bpf_attr */
  bpf_prog_load: {
    size: 128,
    fields: {
      prog_type: [0, 'u32'],
      insn_cnt: [4, 'u32'],
      insns: [8, 'ptr'],
      license: [16, 'ptr'],
      log_level: [24, 'u32'],
      log_size: [28, 'u32'],
      log_buf: [32, 'u64'],
      kern_version: [40, 'u32'],
      prog_flags: [44, 'u32'],
      prog_name: [48, 'char[16]'],
      prog_ifindex: [64, 'u32'],
      expected_attach_type: [68, 'u32'],
    },
  },
  /** bpf(2): BPF_PROG_ATTACH's half of union bpf_attr */
  bpf_prog_attach: {
    size: 32,
    fields: { target_fd: [0, 'u32'], attach_bpf_fd: [4, 'u32'], attach_type: [8, 'u32'], attach_flags: [12, 'u32'] },
  },
} as const satisfies Record<string, Layout>

export type StructName = keyof typeof LAYOUTS

/** Size and fields of a struct, by its C name. */
export function layout(name: StructName): Layout {
  return LAYOUTS[name]
}
