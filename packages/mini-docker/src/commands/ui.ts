/** `ui`: everything on one screen: containers, images, networks, volumes, events. Of any daemon that speaks the Docker Engine API. */
import type { Command } from '../cli/command.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Terminal } from '../cli/terminal.ts'
import { Engine } from '../client/engine.ts'
import { daemonSocket } from '../client/host.ts'
import { openEngine } from '../client/open.ts'
import { canDraw } from '../tui/shared/can-draw.ts'
import { readBindings } from '../tui/shared/keys-file.ts'
import { colorDepthOf } from '../tui/shared/paint.ts'
import { UI_KEYS } from '../tui/ui/actions.ts'
import { THEMES, themeFor, type ThemeName } from '../tui/ui/themes.ts'
import { LANG, languageFrom } from './inspect-image.ts'

export const command: Command = {
  name: 'ui',
  usage: '[OPTIONS]',
  about: 'Show everything on one screen, and act on it: containers, images, networks, volumes, events',
  flags: [
    LANG,
    { name: 'no-mouse', kind: 'bool', help: 'Leave the mouse to the terminal' },
    { name: 'plain', kind: 'bool', help: 'Print everything once, as lines' },
    {
      name: 'theme',
      kind: 'string',
      help: `Colours: ${THEMES.join(', ')} (default: what the terminal can show)`,
      check(text) {
        if (!(THEMES as readonly string[]).includes(text)) throw new Error(`must be one of ${THEMES.join(', ')}`)
      },
    },
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const language = languageFrom(flags, terminal)
    if (flags.bool('plain')) {
      const { snapshot } = await import('../tui/ui/plain.ts')
      return terminal.out(await snapshot(openEngine(terminal), language))
    }
    if (!canDraw(terminal)) throw notDrawable(terminal)
    const theme = (flags.string('theme') as ThemeName | undefined) ?? themeFor(terminal.env)
    const { path } = daemonSocket(terminal.env)
    const engines = enginesOf(path, terminal)
    const leaving = new AbortController()
    const stops = (['SIGTERM', 'SIGHUP'] as const).map((signal) => terminal.on(signal, () => leaving.abort()))
    const { drawDashboard } = await import('../tui/ui/dashboard.ts')
    try {
      await drawDashboard(
        {
          start: { language, theme },
          where: { text: `unix://${path}`, open: engines },
          colors: colorDepthOf(terminal.env),
          ...readBindings(terminal.env, 'ui', UI_KEYS),
          isMouse: !flags.bool('no-mouse'),
          streams: { stdin: terminal.stdin(), stdout: process.stdout },
          env: terminal.env,
        },
        leaving.signal,
      )
    } finally {
      for (const stop of stops) stop()
    }
  },
}

/** The first one starts a daemon where none runs, as every command does; one that went away later was ended by somebody. */
function enginesOf(path: string, terminal: Terminal): () => Engine {
  let isFirst = true
  return () => {
    const engine = isFirst ? openEngine(terminal) : new Engine(path)
    isFirst = false
    return engine
  }
}

function notDrawable({ env, isTty }: Terminal): CliError {
  const why =
    !isTty(0) || !isTty(1)
      ? 'the dashboard needs a terminal to draw on'
      : env['TERM'] === 'dumb'
        ? 'this terminal cannot move its cursor (TERM=dumb)'
        : 'this terminal does not tell its size'
  return new CliError(`${PROGRAM}: ${why}; try: mini-docker ui --plain`, 1)
}
