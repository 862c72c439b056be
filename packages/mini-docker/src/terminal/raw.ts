/**
 * The terminal in raw mode: every key goes to the container, nothing is echoed or turned into a signal here. termios(3).
 *
 * libuv's raw mode keeps output processing on (ONLCR), and a bare `\n` of a full-screen program in the container would
 * become `\r\n`. So OPOST is switched off with stty(1). At any end of the process, Node puts the terminal back as it was.
 */

/** Switches the terminal on stdin to raw mode; disposing switches back. */
export function rawMode(stdin: NodeJS.ReadStream): Disposable {
  const tty = stdin
  tty.setRawMode(true)
  void import('node:child_process').then(({ spawn }) => {
    const stty = spawn('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
    // Without stty the terminal still works, only with ONLCR.
    stty.on('error', () => {})
    stty.unref()
  })
  return {
    [Symbol.dispose]() {
      tty.setRawMode(false)
    },
  }
}
