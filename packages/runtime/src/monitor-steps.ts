/** What the monitor needs, made by the launcher before the container is born: pipes, a socket to be found at, a place for `exit`. */
import {
  AF_UNIX,
  AT_FDCWD,
  call,
  CHILD,
  CHILD_PIDFD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  PR_SET_NAME,
  ref,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  struct,
  type Call,
  type MonitorSpec,
  type Step,
} from '@mini-docker/syscall'

/** Names of the descriptors. */
export const MONITOR = {
  directory: 'monitor.directory',
  listener: 'monitor.listener',
  stdinRead: 'stdin.read',
  stdinWrite: 'stdin.write',
  stdoutRead: 'stdout.read',
  stdoutWrite: 'stdout.write',
  stderrRead: 'stderr.read',
  stderrWrite: 'stderr.write',
  master: 'pty.master-taken',
} as const

/** The socket's name in the directory, where `Monitor.connect` finds it. */
export const MONITOR_SOCKET = 'monitor.sock'

export type MonitorRequest = {
  /** `containers/<id>`, or an exec's own directory. */
  directory: string
  tty: boolean
  openStdin: boolean
  /** The exit status is on the disk before anybody hears of it. */
  durable: boolean
  log?: { maxBytes: number; maxFiles: number } | undefined
}

/**
 * The step `monitor.prepare`. The socket is bound by its name in the directory, because a socket's path is limited to 107 bytes.
 * Traces of an earlier run of the same container go first: an old `exit` must not be taken for this one's.
 */
export function planMonitor(request: MonitorRequest): Step {
  const { directory, tty, openStdin } = request
  const calls: Call[] = [
    call('prctl', [PR_SET_NAME, Buffer.from('mini-monitor\0'), 0, 0, 0]),
    call('openat', [AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0], { as: MONITOR.directory }),
    call('unlinkat', [ref(MONITOR.directory), 'exit', 0], { allow: ['ENOENT'] }),
    call('unlinkat', [ref(MONITOR.directory), MONITOR_SOCKET, 0], { allow: ['ENOENT'] }),
    call('socket', [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0], { as: MONITOR.listener }),
    call('fchdir', [ref(MONITOR.directory)]),
    call('bind', [ref(MONITOR.listener), struct('sockaddr_un', { family: AF_UNIX, path: MONITOR_SOCKET }), 110]),
    call('listen', [ref(MONITOR.listener), 16]),
    call('chdir', ['/']),
  ]
  if (!tty) {
    if (openStdin) calls.push(pipe(MONITOR.stdinRead, MONITOR.stdinWrite))
    calls.push(pipe(MONITOR.stdoutRead, MONITOR.stdoutWrite), pipe(MONITOR.stderrRead, MONITOR.stderrWrite))
  }
  return {
    id: 'monitor.prepare',
    stage: 'process',
    where: 'host',
    calls,
    // Descriptor 3 is what the command reads from: the clone step gives it on.
    shell: [openStdin || tty ? 'exec 3<&0' : 'exec 3< /dev/null'],
    man: ['pipe(2)', 'unix(7)'],
  }
}

function pipe(readEnd: string, writeEnd: string): Call {
  return call('pipe2', [{ out: 8, as: [readEnd, writeEnd] }, O_CLOEXEC])
}

/** The container's ends, which the launcher lets go once the child has them: else it would never see the end of the output. */
export function childEnds({ tty, openStdin }: MonitorRequest): Call[] {
  if (tty) return []
  const ends = [...(openStdin ? [MONITOR.stdinRead] : []), MONITOR.stdoutWrite, MONITOR.stderrWrite]
  return ends.map((end) => call('close', [ref(end)]))
}

/** What the launcher is told to do when the container runs. */
export function monitorSpec({ tty, openStdin, durable, log }: MonitorRequest): MonitorSpec {
  const fds = tty
    ? { out: MONITOR.master, in: MONITOR.master }
    : { out: MONITOR.stdoutRead, err: MONITOR.stderrRead, ...(openStdin ? { in: MONITOR.stdinWrite } : {}) }
  return {
    child: CHILD,
    pidfd: CHILD_PIDFD,
    ...fds,
    listener: MONITOR.listener,
    directory: MONITOR.directory,
    tty,
    durable,
    ...(log === undefined ? {} : { log }),
  }
}
