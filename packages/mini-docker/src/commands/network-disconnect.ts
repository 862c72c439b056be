/** `network disconnect`: a container loses its place in a network. */
import { checkContainerName, networkPath } from '../client/networks.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'

export const command: Command = {
  name: 'network disconnect',
  usage: '[OPTIONS] NETWORK CONTAINER',
  about: 'Disconnect a container from a network',
  faces: 'requests',
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Force the container to disconnect from a network' }],
  words: { exactly: 2 },
  async run(flags, [network = '', container = ''], terminal) {
    const path = networkPath(network, 'disconnect')
    checkContainerName(container)
    await openEngine(terminal).text('POST', path, { json: { Container: container, Force: flags.bool('force') } })
  },
}
