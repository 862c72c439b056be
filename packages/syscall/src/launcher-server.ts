/**
 * A launcher that forks launchers (`launcher/serve.c`). Starting one from Node costs a daemon 2 to 4 ms in which it can do
 * nothing else; connecting to this one costs a tenth of that.
 */
import { connect, type Socket } from 'node:net'
import { dirname, basename } from 'node:path'
import { call, ref, struct, type Step } from './call.ts'
import { AF_UNIX, AT_FDCWD, PR_SET_NAME, SOCK_CLOEXEC, SOCK_STREAM } from './constants.ts'
import { launch } from './launch.ts'
import { encodeProgram } from './program.ts'

const LISTENER = 'launcher.listener'

/** Lives as long as the process that started it, or until it is disposed. What it has launched lives on. */
export class LauncherServer implements Disposable {
  readonly #control: Socket
  readonly #path: string

  private constructor(control: Socket, path: string) {
    this.#control = control
    this.#path = path
  }

  /** Starts a server at `path`, which only this user can connect to. A socket left there is replaced. */
  static async start(path: string): Promise<LauncherServer> {
    const { control } = await launch(encodeProgram([planServer(path)], { serve: LISTENER }))
    control.on('error', () => {})
    control.unref()
    return new LauncherServer(control, path)
  }

  /** A new launcher's control socket. Rejects when the server is gone. */
  async launcher(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#path)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(socket)
      })
    })
  }

  [Symbol.dispose](): void {
    this.#control.destroy()
  }
}

function planServer(path: string): Step {
  return {
    id: 'launcher.serve',
    stage: 'process',
    where: 'host',
    calls: [
      call('prctl', [PR_SET_NAME, Buffer.from('mini-launcher\0'), 0, 0, 0]),
      call('chdir', [dirname(path)]),
      call('unlinkat', [AT_FDCWD, basename(path), 0], { allow: ['ENOENT'] }),
      call('socket', [AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0], { as: LISTENER }),
      call('umask', [0o177]),
      call('bind', [ref(LISTENER), struct('sockaddr_un', { family: AF_UNIX, path: basename(path) }), 110]),
      call('umask', [0o022]),
      call('listen', [ref(LISTENER), 128]),
      call('chdir', ['/']),
    ],
    shell: [],
    man: ['unix(7)', 'fork(2)'],
  }
}
