/** `logout`: forgets the credentials of a registry. */
import { serverOf } from '@mini-docker/image/credentials'
import { openDockerConfig } from '../client/stored-auth.ts'
import type { Command } from '../cli/command.ts'

export const command: Command = {
  name: 'logout',
  usage: '[SERVER]',
  about: 'Log out from a registry.\nIf no server is specified, the default is Docker Hub.',
  flags: [],
  words: { atMost: 1 },
  async run(_flags, [address], terminal) {
    const server = serverOf(address ?? '')
    terminal.out(`Removing login credentials for ${server}\n`)
    await openDockerConfig(terminal).erase(server)
  },
}
