/** A recording on the screen of a run, with its keys: pause, speed, back and forth. */
import type { Recording } from '@mini-docker/story'
import type { Terminal } from '../cli/terminal.ts'
import type { Language } from '../faces/explain.ts'
import { RUN_KEYS, type KeyAction } from '../tui/run/keys.ts'
import { RunScreen } from '../tui/run/screen.ts'
import type { Playing } from '../tui/run/state.ts'
import { RUN_WORDS } from '../tui/run/words.ts'
import { readBindings } from '../tui/shared/keys-file.ts'
import { colorDepthOf } from '../tui/shared/paint.ts'
import { Playback, PLAYBACK_CLOCK } from './playback.ts'

export type ReplayOptions = { speed: number; at: number; language: Language; terminal: Terminal }

const SEEK_MS = 5000

/** Draws until the person leaves. */
export async function drawReplay(recording: Recording, options: ReplayOptions): Promise<void> {
  const { terminal, language } = options
  const { bindings, problems } = readBindings(terminal.env, 'run', RUN_KEYS)
  const { promise: left, resolve: leave } = Promise.withResolvers<void>()
  const wasTerminal = recording.events.some((event) => event.type === 'output' && event.stream === 'terminal')
  const playingOf = (): Playing => ({
    speed: playback.speed,
    isPaused: playback.isPaused || playback.isOver,
    position: playback.position,
    duration: playback.durationMs,
    isTruncated: recording.damage !== undefined,
  })
  const playback: Playback = new Playback(
    recording,
    {
      event: (event) => screen.event(event),
      output: (stream, bytes) => screen.output(stream, bytes),
      rewind: () => screen.rewind(),
      moved() {
        screen.moved(playingOf())
        if (playback.isOver && recording.damage !== undefined)
          screen.do({
            kind: 'notice',
            text: `${RUN_WORDS[screen.state.language].truncated}: ${recording.damage}`,
            isBad: true,
          })
      },
    },
    PLAYBACK_CLOCK,
    options.speed,
  )
  using screen: RunScreen = new RunScreen({
    language,
    colors: colorDepthOf(terminal.env),
    keys: bindings,
    problems,
    tty: wasTerminal,
    takesInput: false,
    playing: { speed: options.speed, isPaused: false, position: 0, duration: recording.durationMs, isTruncated: false },
    streams: { stdin: terminal.stdin(), stdout: process.stdout },
    on: (action) => keyPressed(action, playback, leave),
    onEnd: leave,
  })
  if (options.at > 0) playback.seek(options.at)
  playback.play()
  // The clock in the corner goes on between events.
  const ticking = setInterval(() => {
    if (!playback.isPaused && !playback.isOver) screen.moved(playingOf())
  }, 200)
  const stops = (['SIGTERM', 'SIGHUP', 'SIGINT'] as const).map((signal) => terminal.on(signal, leave))
  await left
  clearInterval(ticking)
  for (const stop of stops) stop()
  playback.stop()
}

function keyPressed(action: KeyAction, playback: Playback, leave: () => void): void {
  switch (action) {
    case 'quit':
    case 'interrupt':
      return leave()
    case 'pause':
    case 'next':
      return playback.toggle()
    case 'faster':
      return playback.changeSpeed(1)
    case 'slower':
      return playback.changeSpeed(-1)
    case 'earlier':
      return playback.seek(playback.position - SEEK_MS)
    case 'later':
      return playback.seek(playback.position + SEEK_MS)
    default:
      return undefined
  }
}
