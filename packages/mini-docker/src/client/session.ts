/**
 * A terminal or pipe joined with a container's streams over a hijacked connection: typed bytes go there, output comes
 * back, and each side waits for the other when it is full.
 */
import type { Terminal } from '../cli/terminal.ts'
import { DEFAULT_DETACH_KEYS, DetachWatcher, parseDetachKeys } from '../terminal/detach-keys.ts'
import { rawMode } from '../terminal/raw.ts'
import type { Hijacked } from './connection.ts'
import { OutputQueue } from './output-queue.ts'
import { Demultiplexer } from './stdcopy.ts'

/** How to join. `tty`: the stream is raw bytes, detach keys count. `stdin`: pass on what is typed. `raw`: the terminal goes to raw mode (the user sits at one). */
export type SessionOptions = {
  tty: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
  detachKeys?: string | undefined
}

/** How it ended: the container's side closed, or the user left with the detach keys. */
export type SessionEnd = 'closed' | 'detached'

/** Runs until either side is done. The terminal is as it was before when this settles. */
export async function runSession(hijacked: Hijacked, terminal: Terminal, options: SessionOptions): Promise<SessionEnd> {
  const { socket } = hijacked
  using stack = new DisposableStack()
  stack.defer(() => socket.destroy())
  const ends: Array<Promise<SessionEnd>> = [copyOutput(hijacked, terminal, options)]
  if (options.stdin) {
    if (options.tty && terminal.isTty(0)) stack.use(rawMode(terminal.stdin()))
    ends.push(copyInput(hijacked, terminal, options, stack))
  }
  return await Promise.race(ends)
}

/** The other side went away while something was being typed: the end of the session, no failure. */
const LEFT = new Set(['ECONNRESET', 'EPIPE'])

function copyOutput({ socket, head }: Hijacked, terminal: Terminal, options: SessionOptions): Promise<SessionEnd> {
  const frames = new Demultiplexer()
  const queue = new OutputQueue(terminal, { pause: () => socket.pause(), resume: () => socket.resume() })
  return new Promise<SessionEnd>((resolve, reject) => {
    const closed = () => queue.done().then(() => resolve('closed'), reject)
    const show = (bytes: Buffer) => {
      try {
        const pieces = options.tty ? [{ fd: 1 as const, bytes }] : frames.feed(bytes)
        queue.push(pieces.filter(({ fd }) => (fd === 1 ? options.stdout : options.stderr)))
        // A reader that is gone ends the session at once, not with the container.
        queue.done().catch(reject)
      } catch (error) {
        reject(error)
      }
    }
    socket.on('data', show)
    socket.once('end', () => void closed())
    socket.once('close', () => void closed())
    socket.once('error', (error: NodeJS.ErrnoException) => (LEFT.has(error.code ?? '') ? void closed() : reject(error)))
    if (head.length > 0) show(head)
    socket.resume()
  })
}

/** Passes on what is typed; at its end the daemon sees the end of input. Settles only when the user detaches. */
function copyInput(
  { socket }: Hijacked,
  terminal: Terminal,
  options: SessionOptions,
  stack: DisposableStack,
): Promise<SessionEnd> {
  const stdin = terminal.stdin()
  const watcher = options.tty ? new DetachWatcher(detachKeys(options, terminal)) : undefined
  return new Promise((resolve) => {
    const onData = (bytes: Buffer) => {
      const { pass, detached } = watcher?.feed(bytes) ?? { pass: bytes, detached: false }
      if (detached) return resolve('detached')
      if (pass.length > 0 && !socket.destroyed && !socket.write(pass)) {
        stdin.pause()
        socket.once('drain', () => stdin.resume())
      }
      return undefined
    }
    const onEnd = () => void (socket.destroyed || socket.end())
    stdin.on('data', onData).on('end', onEnd).on('error', onEnd)
    // A screen that was put aside has paused it: listening alone does not undo that.
    stdin.ref?.()
    stdin.resume()
    stack.defer(() => {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd)
      stdin.pause()
      stdin.unref?.()
    })
  })
}

function detachKeys({ detachKeys: keys }: SessionOptions, terminal: Terminal): Buffer {
  if (keys === undefined || keys === '') return DEFAULT_DETACH_KEYS
  try {
    return parseDetachKeys(keys)
  } catch (error) {
    terminal.err(`invalid detach escape keys ${JSON.stringify(keys)}, using the default: ${(error as Error).message}\n`)
    return DEFAULT_DETACH_KEYS
  }
}

/** Docker's refusal when a terminal is asked for and input is no terminal. */
export function checkInputIsTty(terminal: Terminal, options: { tty: boolean; stdin: boolean }): void {
  if (options.tty && options.stdin && !terminal.isTty(0)) throw new Error('the input device is not a TTY')
}
