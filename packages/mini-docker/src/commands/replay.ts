/** `replay FILE`: a recorded run, on the screen it was made for, or as lines. Needs no daemon, no root and no Linux. */
import { readFileSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import { readRecording, RecordingError, type Recording } from '@mini-docker/story'
import type { Command } from '../cli/command.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { PLAYBACK_CLOCK, SPEEDS } from '../story/playback.ts'
import { PlainStory } from '../story/plain.ts'
import { canDraw } from '../tui/shared/can-draw.ts'
import { LANG, languageFrom } from './inspect-image.ts'

export const command: Command = {
  name: 'replay',
  usage: '[OPTIONS] FILE',
  about: 'Play a recorded run: its steps, what the kernel said, and what it printed',
  flags: [
    { name: 'plain', kind: 'bool', help: 'Print lines, in a terminal too' },
    {
      name: 'speed',
      kind: 'string',
      label: 'number',
      help: `How fast: 1 is as it was, 0 prints everything at once (default 1)`,
      check: parseSpeed,
    },
    {
      name: 'at',
      kind: 'string',
      label: 'seconds',
      help: 'Begin so many seconds after its start',
      check(text) {
        if (!/^\d+(\.\d+)?$/.test(text)) throw new Error('must be a number of seconds')
      },
    },
    LANG,
  ],
  words: { exactly: 1 },
  async run(flags, [file = ''], terminal) {
    const recording = open(file)
    const speed = parseSpeed(flags.string('speed') ?? '1')
    const at = Number(flags.string('at') ?? '0') * 1000
    if (flags.bool('plain') || speed === 0 || !canDraw(terminal))
      return playLines(recording, speed, at, flags, terminal)
    const { drawReplay } = await import('../story/replay-screen.ts')
    await drawReplay(recording, { speed, at, language: languageFrom(flags, terminal), terminal })
  },
}

function parseSpeed(text: string): number {
  const speed = Number(text)
  const [slowest, fastest] = [SPEEDS[0], SPEEDS.at(-1) ?? 1]
  if (text.trim() === '' || !(speed === 0 || (speed >= slowest && speed <= fastest)))
    throw new Error(`must be 0 or a number from ${slowest} to ${fastest}`)
  return speed
}

function open(file: string): Recording {
  let text: string
  try {
    text = textOf(readFileSync(file))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : (error as Error).message
    throw new CliError(`${PROGRAM}: cannot read ${file}: ${reason}`, 1, { cause: error })
  }
  try {
    return readRecording(text)
  } catch (error) {
    if (error instanceof RecordingError)
      throw new CliError(`${PROGRAM}: ${file}: ${error.message}`, 1, { cause: error })
    throw error
  }
}

/** A recording may be compressed with gzip; of one that was cut off, what is there. */
function textOf(bytes: Buffer): string {
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b
  return (isCompressed ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes).toString()
}

/** With speed 0 at once, otherwise in its own time. What it printed is printed in its place. */
async function playLines(
  recording: Recording,
  speed: number,
  at: number,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const story = new PlainStory(languageFrom(flags, terminal))
  let from: number | undefined
  for (const event of recording.events) {
    if (event.t < at) {
      story.lines(event)
      continue
    }
    if (speed > 0) {
      from ??= performance.now() - event.t / speed
      await pause(from + event.t / speed - performance.now())
    }
    if (event.type === 'output') await terminal.write(1, Buffer.from(event.data, 'base64'))
    const lines = story.lines(event)
    if (lines.length > 0) await terminal.write(1, Buffer.from(lines.map((line) => `${line}\n`).join('')))
  }
  if (recording.damage !== undefined) terminal.err(`${PROGRAM}: the recording is not whole: ${recording.damage}\n`)
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => PLAYBACK_CLOCK.after(ms, resolve))
}
