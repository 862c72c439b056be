/** `attach`: joins the streams of a running container. */
import { setTimeout as sleep } from 'node:timers/promises'
import { containerPath, openWait, type ContainerInspect } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import { checkInputIsTty, runSession } from '../client/session.ts'
import type { Command } from '../cli/command.ts'
import { DETACH_KEYS } from '../cli/common-flags.ts'
import { CliError, exitWith } from '../cli/errors.ts'
import { followSize } from '../terminal/resize.ts'
import { forwardSignals } from '../terminal/signals.ts'

/** What an ended container still had to say is on its way by then. */
const LAST_OUTPUT_MS = 500

export const command: Command = {
  name: 'attach',
  usage: '[OPTIONS] CONTAINER',
  about: 'Attach local standard input, output, and error streams to a running container',
  flags: [
    DETACH_KEYS,
    { name: 'no-stdin', kind: 'bool', help: 'Do not attach STDIN' },
    { name: 'sig-proxy', kind: 'bool', help: 'Proxy all received signals to the process (default true)' },
  ],
  words: { exactly: 1 },
  async run(flags, [name = ''], terminal) {
    const engine = openEngine(terminal)
    // The wait comes first: the container may exit while the rest is being asked.
    const wait = await openWait(engine, encodeURIComponent(name))
    const container = await engine.json<ContainerInspect>('GET', containerPath(name, 'json'))
    const { State: state, Config: config, Id: id } = container
    if (!state.Running) throw new CliError('You cannot attach to a stopped container, start it first')
    if (state.Paused) throw new CliError('You cannot attach to a paused container, unpause it first')
    if (state.Restarting) throw new CliError('You cannot attach to a restarting container, wait until it is running')
    const stdin = !flags.bool('no-stdin') && config.OpenStdin
    checkInputIsTty(terminal, { tty: config.Tty, stdin })
    const detachKeys = flags.string('detach-keys')
    using stack = new DisposableStack()
    if (!config.Tty && (!flags.has('sig-proxy') || flags.bool('sig-proxy'))) {
      stack.use(
        forwardSignals(terminal, (signal) => engine.text('POST', `/containers/${id}/kill`, { query: { signal } })),
      )
    }
    const attached = await engine.hijack(containerPath(name, 'attach'), {
      query: { stream: true, stdin, stdout: true, stderr: true, detachKeys },
    })
    const resize = (query: { h: number; w: number }) => engine.text('POST', `/containers/${id}/resize`, { query })
    if (config.Tty && terminal.isTty(1)) {
      // A size that differs makes the program draw its screen or prompt again; without it the user would see nothing.
      const size = terminal.size()
      if (size !== undefined) await resize({ h: size.rows + 1, w: size.columns + 1 })
      stack.use(followSize(terminal, resize))
    }
    const session = runSession(attached, terminal, { tty: config.Tty, stdin, stdout: true, stderr: true, detachKeys })
    session.catch(() => {})
    // It may have ended before the daemon knew of us: then its streams are those of a next start, which need not come.
    const now = await engine.json<ContainerInspect>('GET', containerPath(id, 'json')).catch(() => undefined)
    const end = await (now?.State.Running === true ? session : Promise.race([session, sleep(LAST_OUTPUT_MS)]))
    if (end === 'detached') throw new CliError('read escape sequence')
    const { statusCode, error } = await wait.exit
    if (error !== undefined) throw new CliError(error, statusCode)
    if (statusCode !== 0) throw exitWith(statusCode)
  },
}
