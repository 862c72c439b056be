/** `doctor`: what this machine can do, what is missing, and how to mend it. Needs no daemon. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { configPath } from '../client/places.ts'
import type { Command } from '../cli/command.ts'
import { exitWith } from '../cli/errors.ts'
import type { Terminal } from '../cli/terminal.ts'
import { examine, type Finding, type Machine } from '../doctor/checks.ts'
import { examineNetworks, type NetworkMachine } from '../doctor/network-checks.ts'

export const command: Command = {
  name: 'doctor',
  usage: '[OPTIONS]',
  about: 'Tell what this machine can do, what is missing, and how to mend it',
  flags: [{ name: 'json', kind: 'bool', help: 'Print the findings as JSON' }],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    const findings = [...examine(thisMachine(terminal.env)), ...examineNetworks(await thisNetwork())]
    const missing = findings.filter(({ verdict }) => verdict === 'missing').length
    if (flags.bool('json')) terminal.out(`${JSON.stringify({ canRun: missing === 0, findings }, undefined, 2)}\n`)
    else terminal.out(`${findings.map(formatFinding).join('\n')}\n\n${summary(missing)}\n`)
    if (missing > 0) throw exitWith(1)
  },
}

const MARKS = { ok: 'ok      ', limited: 'limited ', missing: 'MISSING ' }

function formatFinding({ name, verdict, detail, mend }: Finding): string {
  return `${MARKS[verdict]} ${name.padEnd(13)} ${detail}${mend === undefined ? '' : `\n${' '.repeat(23)}→ ${mend}`}`
}

function summary(missing: number): string {
  return missing === 0
    ? 'Containers can run here.'
    : `Containers cannot run here: ${missing} thing${missing === 1 ? ' is' : 's are'} missing.`
}

function thisMachine(env: Terminal['env']): Machine {
  return {
    read: (file) => orUndefined(() => readFileSync(file, 'utf8')),
    exists: existsSync,
    which: (program) =>
      (env['PATH'] ?? '')
        .split(':')
        .map((directory) => `${directory}/${program}`)
        .find(isExecutable),
    uid: process.getuid?.() ?? -1,
    kernelRelease: release(),
    nodeVersion: process.version,
    free: (place) =>
      orUndefined(() => {
        const { bavail, bsize, ffree } = statfsSync(place)
        return { bytes: bavail * bsize, inodes: ffree }
      }),
    list: (directory) => orUndefined(() => readdirSync(directory)),
    modifiedMs: (path) => orUndefined(() => statSync(path).mtimeMs),
    nowMs: Date.now(),
    dockerConfig: configPath(env),
  }
}

async function thisNetwork(): Promise<NetworkMachine> {
  const {
    DEFAULT_POOLS,
    chooseSubnet,
    findConflicts,
    formatCidr,
    NetlinkSocket,
    networkOf,
    readNetworkFacts,
    readTakenSubnets,
  } = await import('@mini-docker/net')
  using socket = NetlinkSocket.open()
  const free = orUndefined(() => chooseSubnet(readTakenSubnets(socket)))
  const [first] = DEFAULT_POOLS
  return {
    ...(await readNetworkFacts()),
    subnet: free === undefined ? undefined : formatCidr(free),
    inTheWay: first === undefined ? [] : findConflicts(first).map((taken) => formatCidr(networkOf(taken))),
  }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
