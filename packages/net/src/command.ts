/** The command `net`: namespaces, bridges, cables, addresses, routes, address translation. All that it touches comes in as parameters. */
import { readdirSync } from 'node:fs'
import {
  encodeProgram,
  launch,
  LaunchError,
  runProgram,
  SyscallError,
  UserError,
  type Step,
} from '@mini-docker/syscall'
import { Command, CommanderError } from 'commander'
import { tryAddress } from './address/address.ts'
import { parseCidr } from './address/cidr.ts'
import { parseNetwork, parsePort } from './command/firewall.ts'
import { explain, listAddresses, listElements, listLinks, listRoutes } from './command/show.ts'
import { addPorts, applyRuleset, planNat, planPorts, removePorts, removeTable } from './nft/apply.ts'
import { readTable } from './nft/listed.ts'
import { NftError, type NftOptions } from './nft/run.ts'
import { planBridge, planRemoveBridge } from './plan/bridge.ts'
import {
  EXECUTED,
  NAMESPACES,
  namespacePath,
  planAddNamespace,
  planAddressChange,
  planCable,
  planExecute,
  planIn,
  planLinkChange,
  planRemoveNamespace,
  planRouteChange,
} from './plan/by-hand.ts'
import { NetlinkSocket } from './rtnetlink/socket.ts'

export type CommandIo = {
  write: (text: string) => void
  writeError: (text: string) => void
  env: readonly string[]
  cwd: string
}

/** `--in` is where it is done, `--explain` that it is not. */
type Flags = { in?: string; explain?: true }

/** Our daemon has the table `mini-docker`; this command's is its own. */
const OWNER = 'net'

/** Runs the command line (without program name) and returns the exit code. Prints through `io`, throws nothing. */
export async function netCommand(argv: string[], io: CommandIo): Promise<number> {
  let exitCode = 0
  const program = new Command('net').description('the kernel’s network: namespaces, bridges, cables, addresses, NAT')
  program.exitOverride().enablePositionalOptions()
  program.configureOutput({ writeOut: io.write, writeErr: io.writeError })

  /** Prints the steps, or makes them. */
  const perform = async (steps: Step[], flags: Flags): Promise<void> => {
    if (flags.explain === true) io.write(explain(steps))
    else await runProgram(encodeProgram(steps))
  }
  const list = (flags: Flags, lines: (socket: NetlinkSocket) => string[]): void => {
    using socket = flags.in === undefined ? NetlinkSocket.open() : NetlinkSocket.openIn(namespacePath(flags.in))
    io.write(
      lines(socket)
        .map((line) => `${line}\n`)
        .join(''),
    )
  }

  const ns = program.command('ns').description('network namespaces with a name, those of ip netns')
  changing(ns, 'add', 'make one')
    .argument('<name>')
    .action((name: string, flags: Flags) => perform(planAddNamespace(name), flags))
  changing(ns, 'rm', 'remove its name')
    .argument('<name>')
    .action((name: string, flags: Flags) => perform(planRemoveNamespace(name), flags))
  ns.command('ls')
    .description('their names')
    .action(() =>
      io.write(
        namespaceNames()
          .map((name) => `${name}\n`)
          .join(''),
      ),
    )
  ns.command('exec')
    .description('run a command in one')
    .option('--explain', 'print the steps, run nothing')
    .argument('<name>')
    .argument('<command...>')
    .passThroughOptions()
    .action(async (name: string, command: string[], flags: Flags) => {
      const steps = planExecute(name, command, io.env, io.cwd)
      if (flags.explain === true) io.write(explain(steps))
      else exitCode = await runInForeground(steps)
    })

  const bridge = program.command('bridge').description('switches inside the kernel')
  inNamespace(changing(bridge, 'add', 'make one, with the addresses of the host on it'))
    .argument('<name>')
    .argument('[addresses...]', '10.9.0.1/24')
    .action((name: string, addresses: string[], flags: Flags) =>
      perform(planIn(flags.in, planBridge({ name, addresses: addresses.map(parseCidr) })), flags),
    )
  inNamespace(changing(bridge, 'rm', 'remove one'))
    .argument('<name>')
    .action((name: string, flags: Flags) => perform(planIn(flags.in, planRemoveBridge(name)), flags))
  inNamespace(bridge.command('ls').description('their names and hardware addresses')).action((flags: Flags) =>
    list(flags, (socket) => listLinks(socket, 'bridge')),
  )

  const veth = program.command('veth').description('cables: what goes in at one end comes out at the other')
  inNamespace(changing(veth, 'add', 'lay one'))
    .argument('<name>')
    .argument('<peer>', 'the other end')
    .option('--to <namespace>', 'where the other end is')
    .option('--bridge <name>', 'plug the first end into it')
    .option('--hairpin', 'frames may go back out of the port of the bridge')
    .action((name: string, peer: string, flags: Flags & { to?: string; bridge?: string; hairpin?: true }) =>
      perform(
        planCable({ name, peer, peerNamespace: flags.to, bridge: flags.bridge, hairpin: flags.hairpin }, flags.in),
        flags,
      ),
    )

  const link = program.command('link').description('interfaces of any kind')
  for (const [word, change] of [
    ['up', 'up'],
    ['down', 'down'],
    ['rm', 'remove'],
  ] as const)
    inNamespace(changing(link, word, `${change === 'remove' ? 'remove' : `switch ${change}`} one`))
      .argument('<name>')
      .action((name: string, flags: Flags) => perform(planIn(flags.in, planLinkChange(name, change)), flags))
  inNamespace(link.command('ls').description('all of them')).action((flags: Flags) =>
    list(flags, (socket) => listLinks(socket)),
  )

  const addr = program.command('addr').description('addresses of interfaces')
  const route = program.command('route').description('which way packets go')
  for (const [word, change] of [
    ['add', 'add'],
    ['rm', 'remove'],
  ] as const) {
    inNamespace(changing(addr, word, `${change} one`))
      .argument('<address>', '10.9.0.2/24')
      .argument('<interface>')
      .action((address: string, name: string, flags: Flags) =>
        perform(planIn(flags.in, planAddressChange(change, name, parseCidr(address))), flags),
      )
    inNamespace(changing(route, word, `${change} one`))
      .argument('<to>', 'default, default6, or a subnet')
      .argument('<interface>')
      .option('--via <gateway>')
      .action((to: string, name: string, flags: Flags & { via?: string }) =>
        perform(planIn(flags.in, planRouteChange(change, name, routeOf(to, flags.via))), flags),
      )
  }
  inNamespace(addr.command('ls').description('all of them')).action((flags: Flags) => list(flags, listAddresses))
  inNamespace(route.command('ls').description('those of the main table')).action((flags: Flags) =>
    list(flags, listRoutes),
  )

  const nat = program.command('nat').description(`a table of nftables, mini-docker-${OWNER}, for bridges`)
  inNamespace(changing(nat, 'set', 'make it for these networks, and no others; ports are taken back'))
    .argument('<networks...>', 'br0=10.9.0.0/24')
    .option('--internal', 'no way out, and none in')
    .option('--no-masquerade', 'what leaves keeps its own address')
    .action(async (networks: string[], flags: Flags & { internal?: true; masquerade: boolean }) => {
      const kind = { internal: flags.internal === true, masquerade: flags.masquerade }
      const state = { owner: OWNER, networks: networks.map((text) => parseNetwork(text, kind)), ports: [] }
      if (flags.explain === true) io.write(explain(planIn(flags.in, [planNat(state)]).filter(hasNft)))
      else await applyRuleset(state, nftIn(flags))
    })
  inNamespace(nat.command('rm').description('remove the table')).action((flags: Flags) =>
    removeTable(OWNER, nftIn(flags)),
  )
  inNamespace(nat.command('ls').description('what its sets have')).action(async (flags: Flags) =>
    io.write(
      listElements(await readTable(OWNER, nftIn(flags)))
        .map((line) => `${line}\n`)
        .join(''),
    ),
  )

  const ports = program.command('ports').description('ports of the host that lead to other addresses; after nat set')
  inNamespace(changing(ports, 'add', 'publish'))
    .argument('<ports...>', '8080:10.9.0.2:80/tcp')
    .action(async (texts: string[], flags: Flags) => {
      const published = texts.map(parsePort)
      if (flags.explain === true) io.write(explain(planIn(flags.in, [planPorts(OWNER, published)]).filter(hasNft)))
      else await addPorts(OWNER, published, nftIn(flags))
    })
  inNamespace(ports.command('rm').description('take back'))
    .argument('<ports...>')
    .action((texts: string[], flags: Flags) => removePorts(OWNER, texts.map(parsePort), nftIn(flags)))
  inNamespace(ports.command('ls').description('all of them')).action(async (flags: Flags) =>
    io.write(
      listElements(await readTable(OWNER, nftIn(flags)), 'ports')
        .map((line) => `${line}\n`)
        .join(''),
    ),
  )

  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, io)
  }
}

function changing(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).option('--explain', 'print the steps, change nothing')
}

function inNamespace(command: Command): Command {
  return command.option('--in <namespace>', 'there, and not here')
}

function nftIn(flags: Flags): NftOptions {
  return flags.in === undefined ? {} : { namespace: namespacePath(flags.in) }
}

/** nft goes into the namespace by itself. */
function hasNft({ id }: Step): boolean {
  return id !== 'net.enter'
}

function routeOf(to: string, gateway: string | undefined): Parameters<typeof planRouteChange>[2] {
  const via = gateway === undefined ? {} : { gateway }
  if (to === 'default6') return { version: 6, ...via }
  if (to === 'default') return { version: tryAddress(gateway ?? '')?.version ?? 4, ...via }
  const subnet = parseCidr(to)
  return { version: subnet.address.version, to: subnet, ...via }
}

function namespaceNames(): string[] {
  try {
    return readdirSync(NAMESPACES).toSorted()
  } catch {
    return []
  }
}

async function runInForeground(steps: Step[]): Promise<number> {
  const program = encodeProgram(steps, { monitor: { ...EXECUTED, foreground: true } })
  const { ended } = await launch(program, { stdio: 'inherit' })
  return ended
}

function report(error: unknown, io: CommandIo): number {
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof SyscallError || error instanceof UserError || error instanceof NftError) {
    io.writeError(`net: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`)
    if (error instanceof LaunchError && error.syscall === 'execve') return error.code === 'ENOENT' ? 127 : 126
    return 125
  }
  throw error
}
