/** `volume create`: a volume of one's own. */
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import type { Flag, Flags } from '../cli/flags.ts'
import { checkLabel } from '../create/checks.ts'

const CLUSTER = 'cluster volumes come with swarm'
const cluster = (kind: Flag['kind'], names: string): Flag[] =>
  names.split(' ').map((name) => ({ name, kind, help: '', notBuilt: CLUSTER }))

export const command: Command = {
  name: 'volume create',
  usage: '[OPTIONS] [VOLUME]',
  about: 'Create a volume',
  faces: 'requests',
  flags: [
    { name: 'driver', short: 'd', kind: 'string', help: 'Specify volume driver name (default "local")' },
    { name: 'label', kind: 'list', help: 'Set metadata for a volume', check: checkLabel },
    { name: 'name', kind: 'string', help: 'Specify volume name', hidden: true },
    { name: 'opt', short: 'o', kind: 'list', label: 'map', help: 'Set driver specific options (default map[])' },
    ...cluster('string', 'availability group limit-bytes required-bytes scope sharing type'),
    ...cluster('list', 'secret topology-preferred topology-required'),
  ],
  words: { atMost: 1 },
  async run(flags, [word], terminal) {
    const created = await openEngine(terminal).json<{ Name: string }>('POST', '/volumes/create', {
      json: createVolumeBody(flags, word),
    })
    terminal.out(`${created.Name}\n`)
  },
}

/** The body of `POST /volumes/create`: docker's fields, what was not given left out. Throws CliError for two names. */
export function createVolumeBody(flags: Flags, word: string | undefined) {
  const named = flags.string('name') ?? ''
  if (word !== undefined && named !== '')
    throw new CliError('conflicting options: cannot specify a volume-name through both --name and as a positional arg')
  const name = word ?? named
  const [options, labels] = [mapOf(flags.list('opt')), mapOf(flags.list('label'))]
  return {
    Driver: flags.string('driver') ?? 'local',
    ...(Object.keys(options).length === 0 ? {} : { DriverOpts: options }),
    ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
    ...(name === '' ? {} : { Name: name }),
  }
}

function mapOf(list: readonly string[]): Record<string, string> {
  const entries = list.map((text): [string, string] => {
    const equals = text.indexOf('=')
    return equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
  })
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
