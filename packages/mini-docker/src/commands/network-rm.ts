/** `network rm`: networks that no container is in are removed, one after the other. */
import { ApiError, type Engine } from '../client/engine.ts'
import { networkPath, type NetworkSummary } from '../client/networks.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { confirm } from '../cli/confirm.ts'
import { CliError } from '../cli/errors.ts'
import { daemonMessage } from '../cli/failure.ts'

const INGRESS =
  'WARNING! Before removing the routing-mesh network, make sure all the nodes in your swarm run the same docker engine version. Otherwise, removal may not be effective and functionality of newly create ingress networks will be impaired.'

export const command: Command = {
  name: 'network rm',
  usage: 'NETWORK [NETWORK...]',
  about: 'Remove one or more networks',
  faces: 'requests',
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Do not error if the network does not exist' }],
  words: { atLeast: 1 },
  async run(flags, names, terminal) {
    const engine = openEngine(terminal)
    let failed = false
    for (const name of names) {
      if ((await isIngress(engine, name)) && !(await confirm(terminal, INGRESS))) continue
      try {
        await engine.text('DELETE', networkPath(name))
        terminal.out(`${name}\n`)
      } catch (error) {
        if (flags.bool('force') && error instanceof ApiError && error.status === 404) continue
        terminal.err(`${daemonMessage(error as Error)}\n`)
        failed = true
      }
    }
    // Docker 28 says so after the reasons.
    if (failed) throw new CliError('exit status 1')
  },
}

/** Docker asks first before it removes the network of a swarm's published ports. */
async function isIngress(engine: Engine, name: string): Promise<boolean> {
  try {
    return (await engine.json<NetworkSummary>('GET', networkPath(name))).Ingress === true
  } catch {
    // Removing it will tell why.
    return false
  }
}
