/** Signals that reach the client while it is attached go to the container instead: `docker run` as a stand-in for its process. */
import type { Terminal } from '../cli/terminal.ts'

/** All that can be caught, except SIGCHLD, SIGPIPE and SIGWINCH, which are the client's own. */
const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
]

/** Calls `send` with names like `SIGTERM`; disposing stops. */
export function forwardSignals(terminal: Terminal, send: (signal: string) => Promise<unknown>): Disposable {
  const stops = FORWARDED.map((signal) =>
    terminal.on(signal, () => {
      // The container may be gone already; docker's client is silent about it too.
      send(signal).catch(() => {})
    }),
  )
  return {
    [Symbol.dispose]() {
      for (const stop of stops) stop()
    },
  }
}
