/** The last steps of a container: its terminal or pipes, who it is, and execve(2), after which nothing of us is left in it. */
import {
  AT_FDCWD,
  call,
  CHILD_PIDFD,
  CLOSE_RANGE_CLOEXEC,
  executeCalls,
  fdPath,
  MS_BIND,
  O_CLOEXEC,
  O_NOCTTY,
  O_RDWR,
  PR_SET_PDEATHSIG,
  ref,
  S_IFREG,
  shellWord,
  SIGKILL,
  struct,
  TIOCGPTPEER,
  TIOCSCTTY,
  TIOCSPTLCK,
  TIOCSWINSZ,
  type Call,
  type Step,
} from '@mini-docker/syscall'
import { MONITOR } from './monitor-steps.ts'
import type { Process } from './oci.ts'

/** Where the child puts the pty's master, so that the launcher knows what to take: pidfd_getfd wants a number. */
const MASTER_FD = 200

/**
 * The steps `process.pty` and `process.pty-master`: a terminal from the container's own devpts. Its master end goes to the monitor, which
 * takes the descriptor out of the child. `console`: a container's first process also has it at /dev/console.
 */
export function planTerminal(process: Process, { console }: { console: boolean }): Step[] {
  const { consoleSize } = process
  return [
    {
      id: 'process.pty',
      stage: 'process',
      where: 'container',
      calls: [
        call('openat', [AT_FDCWD, '/dev/pts/ptmx', O_RDWR | O_NOCTTY | O_CLOEXEC, 0], { as: 'pty.master' }),
        call('ioctl', [ref('pty.master'), TIOCSPTLCK, new Uint8Array(4)]),
        call('ioctl', [ref('pty.master'), TIOCGPTPEER, O_RDWR | O_NOCTTY], { as: 'pty.slave' }),
        ...(consoleSize === undefined
          ? []
          : [
              call('ioctl', [
                ref('pty.slave'),
                TIOCSWINSZ,
                struct('winsize', { rows: consoleSize.height, cols: consoleSize.width }),
              ]),
            ]),
        ...(console ? consoleCalls() : []),
        call('dup3', [ref('pty.master'), MASTER_FD, O_CLOEXEC]),
      ],
      shell: [],
      man: ['pty(7)', 'ioctl_tty(2)'],
    },
    {
      id: 'process.pty-master',
      stage: 'process',
      where: 'host',
      calls: [call('pidfd_getfd', [ref(CHILD_PIDFD), MASTER_FD, 0], { as: MONITOR.master })],
      shell: [],
      man: ['pidfd_getfd(2)'],
    },
  ]
}

function consoleCalls(): Call[] {
  return [
    call('mknodat', [AT_FDCWD, '/dev/console', S_IFREG | 0o666, 0], { allow: ['EEXIST'] }),
    call('mount', [fdPath('pty.slave'), '/dev/console', null, MS_BIND, null]),
  ]
}

/** The step `process.stdio`: a session of its own, and descriptors 0, 1, 2. They are given to the user, so that it can open /dev/stdout again. */
export function planStdio(process: Process, { openStdin }: { openStdin: boolean }): Step {
  const tty = process.terminal === true
  const from = tty
    ? ['pty.slave', 'pty.slave', 'pty.slave']
    : [openStdin ? MONITOR.stdinRead : undefined, MONITOR.stdoutWrite, MONITOR.stderrWrite]
  const calls: Call[] = [call('setsid', [])]
  if (tty) calls.push(call('ioctl', [ref('pty.slave'), TIOCSCTTY, 0]))
  from.forEach((name, fd) => {
    if (name === undefined) return
    calls.push(call('dup3', [ref(name), fd, 0]))
    // Never /dev/null: its inode is the host's.
    if (process.user.uid !== 0 && (!tty || fd === 0))
      calls.push(call('fchown', [fd, process.user.uid, tty ? -1 : process.user.gid]))
  })
  return {
    id: 'process.stdio',
    stage: 'process',
    where: 'container',
    calls,
    shell: ['setsid …'],
    man: ['setsid(2)', 'dup(2)', 'ioctl_tty(2)'],
  }
}

/** The step `process.cwd-made`: docker makes the working directory where the image has none. Before the root becomes read-only. */
export function planMakeCwd(cwd: string): Step[] {
  const parts = cwd.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) return []
  return [
    {
      id: 'process.cwd-made',
      stage: 'process',
      where: 'container',
      calls: parts.map((_part, i) =>
        call('mkdirat', [AT_FDCWD, `/${parts.slice(0, i + 1).join('/')}`, 0o755], { allow: ['EEXIST'] }),
      ),
      shell: [`mkdir -p ${shellWord(cwd)}`],
      man: ['mkdir(2)'],
    },
  ]
}

/** The step `process.death-signal`: should the monitor be killed, the container goes with it. After setresuid, which clears it. */
export function planDeathSignal(): Step {
  return {
    id: 'process.death-signal',
    stage: 'process',
    where: 'container',
    calls: [call('prctl', [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0])],
    shell: ['setpriv --pdeathsig KILL …'],
    man: ['prctl(2)'],
  }
}

/** The step `process.exec`. The command is looked for inside the container and as its user. */
export function planExecve({ args, cwd, env = [] }: Process): Step {
  return {
    id: 'process.exec',
    stage: 'process',
    where: 'container',
    calls: [
      call('chdir', [cwd]),
      // Not closed yet: the descriptor that reports a failed execve is among them.
      call('close_range', [3, 0xffffffff, CLOSE_RANGE_CLOEXEC]),
      ...executeCalls(args, env),
    ],
    shell: [`exec env -i --default-signal --chdir=${[cwd, ...env, ...args].map(shellWord).join(' ')}`],
    man: ['execve(2)', 'close_range(2)'],
  }
}
