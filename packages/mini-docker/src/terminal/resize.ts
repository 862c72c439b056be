/** Tells the daemon the terminal's size now and whenever it changes (SIGWINCH). */
import type { Terminal } from '../cli/terminal.ts'

const RETRIES = 10
const RETRY_MS = 10

/** Calls `send` with the size at once, again while the process is not there yet, and at every SIGWINCH; disposing stops. */
export function followSize(terminal: Terminal, send: (size: { h: number; w: number }) => Promise<unknown>): Disposable {
  const resize = () => {
    const size = terminal.size()
    return size === undefined || (size.rows === 0 && size.columns === 0)
      ? Promise.resolve()
      : send({ h: size.rows, w: size.columns })
  }
  const first = async () => {
    for (let attempt = 0; attempt < RETRIES; attempt += 1) {
      try {
        return await resize()
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (attempt + 1)))
      }
    }
    return undefined
  }
  void first()
  const stop = terminal.on('SIGWINCH', () => {
    resize().catch(() => {})
  })
  return { [Symbol.dispose]: stop }
}
