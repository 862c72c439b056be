/**
 * System calls made by the Node process itself, through koffi: what Node's own fs module does not have (mknod, xattrs,
 * openat2, flock, ioctl of a tty). Same names and argument order as in the table, so that a call reads the same whether
 * the launcher makes it or Node does.
 *
 * Never for what changes the process's namespaces, root or credentials: Node has many threads. See syscalls(2).
 */
import koffi from 'koffi'
import { SyscallError } from './error.ts'
import { argTypes, syscallNumber, type SyscallName } from './table.ts'
import { formatCall } from './trace.ts'
import { currentListener, tell } from './tracing.ts'

/** What can be passed from JavaScript: an integer, a NUL-terminated string, memory the kernel reads or writes, or NULL. */
export type NativeArg = number | bigint | string | Uint8Array | null

type NativeFunction = (number: number, ...args: NativeArg[]) => number | bigint

/**
 * Makes one system call and returns its result.
 * @throws SyscallError with errno and decoded arguments when the kernel refuses.
 */
export function invoke(name: SyscallName, ...args: NativeArg[]): number {
  if (currentListener() === undefined) return make(name, args)
  return tell(
    'daemon.call',
    () => formatCall({ name, args }),
    () => make(name, args),
  )
}

function make(name: SyscallName, args: NativeArg[]): number {
  const result = Number(bound(name)(syscallNumber(name), ...args))
  if (result === -1) throw new SyscallError(name, koffi.errno(), args.map(show))
  return result
}

const functions = new Map<SyscallName, NativeFunction>()

/** syscall(2) of libc, once for each signature; C's variadic convention is the plain one for integers and pointers on both architectures. */
function bound(name: SyscallName): NativeFunction {
  let native = functions.get(name)
  if (native === undefined) {
    const parameters = argTypes(name).map((type) => {
      if (type === 'path' || type === 'str') return 'str'
      if (type === 'buf' || type === 'struct' || type === 'strings' || type === 'env' || type === 'arg') return 'void *'
      return 'int64'
    })
    native = libc().func('syscall', 'long', ['long', ...parameters]) as NativeFunction
    functions.set(name, native)
  }
  return native
}

let library: ReturnType<typeof koffi.load> | undefined

/** Loaded at first use: it costs 10 ms that a client without system calls need not pay. */
function libc() {
  library ??= koffi.load('libc.so.6')
  return library
}

let trim: ((pad: number) => number) | undefined

/** Gives what malloc(3) has free back to the kernel: malloc_trim(3). A libc that has no such function keeps it. */
export function trimMalloc(): void {
  try {
    trim ??= libc().func('malloc_trim', 'int', ['size_t']) as (pad: number) => number
  } catch {
    return
  }
  trim(0)
}

function show(arg: NativeArg): string {
  if (arg === null) return 'NULL'
  if (typeof arg === 'string') return JSON.stringify(arg)
  if (arg instanceof Uint8Array) return `[${arg.length} bytes]`
  return String(arg)
}
