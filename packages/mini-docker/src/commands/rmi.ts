/** `rmi`: takes names from images, and removes images that have none left. */
import { openEngine } from '../client/open.ts'
import { ApiError } from '../client/engine.ts'
import type { Command } from '../cli/command.ts'
import { exitWith } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'
import { PLATFORM, platformJson } from '../cli/platform.ts'

export type Deletion = { Untagged?: string; Deleted?: string }

export const command: Command = {
  name: 'rmi',
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  about: 'Remove one or more images',
  faces: 'requests',
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Force removal of the image' },
    { name: 'no-prune', kind: 'bool', help: 'Do not delete untagged parents' },
    PLATFORM('Remove only the given platform variant (like linux/amd64)', 'list'),
  ],
  words: { atLeast: 1 },
  async run(flags, images, terminal) {
    const engine = openEngine(terminal)
    const force = flags.bool('force')
    const platforms = flags
      .list('platform')
      .flatMap((text) => text.split(','))
      .map(platformJson)
    if (platforms.length > 0) await engine.requireVersion('--platform', '1.50')
    let failed = false
    for (const image of images) {
      try {
        const deletions = await engine.json<Deletion[]>('DELETE', `/images/${image}`, {
          query: { force, noprune: flags.bool('no-prune'), platforms },
        })
        terminal.out(
          deletions
            .map(({ Untagged, Deleted }) =>
              Deleted === undefined ? `Untagged: ${Untagged}\n` : `Deleted: ${Deleted}\n`,
            )
            .join(''),
        )
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (!(force && error.status === 404)) failed = true
        terminal.err(`${daemonMessage(error)}\n`)
      }
    }
    if (failed) throw exitWith(1)
  },
}
