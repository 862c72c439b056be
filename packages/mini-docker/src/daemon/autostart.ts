/** Where no daemon listens at the default socket, the client starts one. It goes away by itself when it is idle and nothing runs. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { openConnection, type Connection } from '../client/connection.ts'
import { CannotConnect } from '../client/engine.ts'
import type { Terminal } from '../cli/terminal.ts'

const IDLE_TIMEOUT_SECONDS = 60
/** A daemon that ends is told at once; one that lives is only slow: an emulated or overloaded machine. */
const PATIENCE_MS = 120_000
const POLL_MS = 10
/** Not to take from a slow machine what the daemon needs. */
const SLOW_POLL_MS = 100
/** Faster than this, nobody needs to know. */
const QUIET_MS = 500

/** Starts a daemon for `socketPath` (in the run root) and connects to it. Throws CannotConnect with what is wrong and how to mend it. */
export async function startDaemon(socketPath: string, terminal: Terminal): Promise<Connection> {
  if (process.getuid?.() !== 0) {
    throw new CannotConnect(
      `no daemon listens at unix://${socketPath}, and starting one needs root: it makes mounts, cgroups and namespaces for containers (rootless mode comes with a later part). Try: sudo mini-docker …`,
    )
  }
  const runRoot = socketPath.slice(0, socketPath.lastIndexOf('/'))
  const logPath = `${runRoot}/daemon.log`
  mkdirSync(runRoot, { recursive: true, mode: 0o711 })
  const log = openSync(logPath, 'a', 0o600)
  // This very program again. `--` keeps Node from reading the program's arguments as its own (it looks for --env-file everywhere).
  const daemon = spawn(
    process.execPath,
    [...process.execArgv, '--', process.argv[1] ?? '', 'daemon', '--idle-timeout', String(IDLE_TIMEOUT_SECONDS)],
    {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
    },
  )
  closeSync(log)
  let ended: string | undefined
  daemon.once('exit', (code, signal) => (ended = signal === null ? `exit status ${code}` : signal))
  daemon.once('error', (error) => (ended = error.message))
  daemon.unref()
  return waitForSocket(socketPath, terminal, () =>
    ended === undefined ? undefined : `the daemon ended (${ended})${lastWords(logPath)}`,
  )
}

async function waitForSocket(
  socketPath: string,
  terminal: Terminal,
  problem: () => string | undefined,
): Promise<Connection> {
  const start = Date.now()
  let told = false
  for (;;) {
    try {
      const connection = await openConnection(socketPath)
      if (told) terminal.err(' done\n')
      return connection
    } catch {
      // Not yet. Another client may have started one at the same time: then ours ends, and the socket is there.
    }
    const waited = Date.now() - start
    const reason = problem()
    if (reason !== undefined && waited > 2 * QUIET_MS) throw new CannotConnect(`cannot start the daemon: ${reason}`)
    if (waited > PATIENCE_MS)
      throw new CannotConnect(
        `cannot start the daemon: nothing listens at unix://${socketPath} after ${PATIENCE_MS / 1000} s`,
      )
    if (waited > QUIET_MS && !told && terminal.isTty(2)) {
      terminal.err('Starting the daemon …')
      told = true
    }
    await new Promise((resolve) => setTimeout(resolve, waited > 1000 ? SLOW_POLL_MS : POLL_MS))
  }
}

function lastWords(logPath: string): string {
  try {
    const lines = readFileSync(logPath, 'utf8').trim().split('\n').slice(-5)
    return `; the end of ${logPath}:\n${lines.map((line) => `  ${line}`).join('\n')}`
  } catch {
    return ''
  }
}
