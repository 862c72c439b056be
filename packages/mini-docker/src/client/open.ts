/** The engine for a command: the right socket, and a daemon behind it. */
import type { Terminal } from '../cli/terminal.ts'
import { openConnection, type Connection } from './connection.ts'
import { CannotConnect, Engine } from './engine.ts'
import { daemonSocket } from './host.ts'

/** An engine that connects on first use, and starts the daemon when none listens at the default socket. */
export function openEngine(terminal: Terminal): Engine {
  const { path, isDefault } = daemonSocket(terminal.env)
  return new Engine(path, (socketPath) => connectOrStart(socketPath, isDefault, terminal), terminal.face)
}

async function connectOrStart(socketPath: string, mayStart: boolean, terminal: Terminal): Promise<Connection> {
  try {
    return await openConnection(socketPath)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EACCES') {
      throw new CannotConnect(
        `permission denied while trying to connect to the daemon socket at unix://${socketPath}: mini-docker needs root for now, because it makes mounts and cgroups (rootless mode comes with a later part); try: sudo mini-docker …`,
      )
    }
    if (!mayStart || (code !== 'ENOENT' && code !== 'ECONNREFUSED')) {
      throw new CannotConnect(
        `Cannot connect to the Docker daemon at unix://${socketPath}. Is the docker daemon running?`,
      )
    }
  }
  const { startDaemon } = await import('../daemon/autostart.ts')
  return startDaemon(socketPath, terminal)
}
