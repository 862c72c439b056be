/**
 * The one idea of this project: a container is a list of system calls, written down as data before it runs.
 *
 * A `Call` describes one system call. A `Step` groups the calls of one thing that `run` does, with the shell commands
 * one would type instead. Nothing in this file does anything: plans are made of these values by pure functions, and
 * the launcher (`launch.ts`), the faces (`explain.ts`, `trace.ts`) and the journal all read the same list.
 */
import type { Errno } from './errno.ts'
import type { StructName } from './struct.ts'
import type { SyscallName } from './table.ts'

/** The result of an earlier call of the same program, by the name given in that call's `as`. */
export type Ref = { ref: string }

/** The path `/proc/self/fd/N`, where N is the result of an earlier call: how one mounts on an open descriptor. */
export type FdPath = { fdPath: string }

/** `char *const []`: NULL-terminated, as `execve` wants its argv and envp. */
export type Strings = { strings: string[] }

/** A kernel struct by its C name; the layouts stand in `struct.ts`. Fields left out are zero. */
export type Struct = { struct: StructName; fields: Record<string, Field> }
export type Field = number | bigint | string | Uint8Array | Ref | Out

/**
 * Room for `out` bytes that the kernel fills; `as` names the 32-bit integers found there afterwards (`pipe2`, `socketpair`), from byte `at` on,
 * which is 0 if not given.
 */
export type Out = { out: number; as?: string[]; at?: number }

/**
 * Bytes in which the results of earlier calls are filled in, as 32-bit integers: a netlink message that names a process or an interface.
 * `text` says what they mean, for the trace.
 */
export type Filled = { bytes: Uint8Array; fill: { at: number; ref: string }[]; text: string }

/** One argument. A string is passed as a NUL-terminated path, a Uint8Array as a pointer to its bytes, null as NULL. */
export type Arg = number | bigint | string | Uint8Array | null | Ref | FdPath | Strings | Struct | Out | Filled

/** One system call, described. */
export type Call = {
  name: SyscallName
  args: Arg[]
  /** Names the result, so that later calls of the same process tree can refer to it. */
  as?: string
  /** Errors that do not stop the program. */
  allow?: Errno[]
  /** The result is the 32-bit integer at this offset of what the call received in its `out` argument: netlink's answers hold an errno. */
  resultAt?: number
  /** The result 0 stops the program too: the other end of a pipe is gone. */
  nonzero?: true
}

export type Stage = 'image' | 'rootfs' | 'namespaces' | 'cgroup' | 'network' | 'security' | 'process'

/**
 * Which process makes the calls: `host` is the launcher itself, `container` its child, born by the one `clone3` of the
 * program. Steps run strictly in the order of the list, whichever process makes them.
 */
export type Where = 'host' | 'container'

/** One thing that `run` does. `id` is stable: tutorials, translations and tests refer to it. Why it is there stands in the message catalogue under the same id. */
export type Step = {
  id: string
  stage: Stage
  where: Where
  calls: Call[]
  /** Takes back what the step leaves on the host, by path, in this order, when the processes are gone. Allows what is already gone. */
  undo?: Call[]
  /**
   * What one would type in a root shell instead: whole commands, in sh(1). Two forms stand for more than themselves: `setpriv --nnp …` is put before the
   * command that the process becomes, and after `unshare --uts sh` or `nsenter … sh` what follows is typed in the new shell.
   */
  shell: string[]
  /** What one would type to take back what `shell` leaves on the host, when the processes are gone. */
  undoShell?: string[]
  /** Manual pages, `mount(2)` style. */
  man: string[]
}

/** Describes a call: `call('mkdirat', [AT_FDCWD, path, 0o755], { allow: ['EEXIST'] })`. */
export function call(name: SyscallName, args: Arg[], options: Omit<Call, 'name' | 'args'> = {}): Call {
  return { name, args, ...options }
}

/** The result of the earlier call that was named `as: name`. */
export function ref(name: string): Ref {
  return { ref: name }
}

/** `/proc/self/fd/N` for the descriptor that was named `as: name`. */
export function fdPath(name: string): FdPath {
  return { fdPath: name }
}

/** A kernel struct as an argument: `struct('open_how', { flags: O_PATH, resolve: RESOLVE_IN_ROOT })`. */
export function struct(name: StructName, fields: Record<string, Field>): Struct {
  return { struct: name, fields }
}
