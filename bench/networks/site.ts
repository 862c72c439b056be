/**
 * A daemon in a network namespace of its own, where it has its bridge, its firewall rules and its published ports, and beside it another namespace,
 * the world, at the other end of a cable. All are below the bench's own namespace and go with it.
 */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { TestNamespace } from '../../packages/net/test/namespace.ts'
import { must } from '../../test/harness/command.ts'
import { repository, startDaemon } from '../../test/harness/daemon.ts'
import { Dockerd } from '../../test/harness/dockerd.ts'
import { peerPath } from '../../test/harness/requires.ts'
import { Api } from '../api.ts'
import type { Bench } from '../bench.ts'

const HOST_ADDRESS = '10.99.0.1'
const WORLD_ADDRESS = '10.99.0.2'

export type Site = {
  name: 'mini-docker' | 'docker'
  /** The words that start its command line, and their environment. */
  argv: string[]
  env: Record<string, string>
  api: Api
  /** The words before a program that runs on the daemon's machine, and before one out in the world. */
  onHost: string[]
  inWorld: string[]
  /** Of the daemon's machine, from the world. */
  address: string
}

/** Ours, then docker's where it is installed, both with these images; and gone with their containers at the end. */
export async function openSites(
  { peers, scratch }: Bench,
  archives: readonly string[],
): Promise<AsyncDisposable & { sites: Site[] }> {
  await using opening = new AsyncDisposableStack()
  const sites = [await openOurs(opening)]
  if (peers.docker !== undefined) sites.push(await openDocker(opening, scratch))
  for (const site of sites) {
    for (const archive of archives) await ok(site, 'load', '-q', '-i', archive)
  }
  const opened = opening.move()
  return { sites, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Its command line to the end. @returns standard output without the last newline */
export async function ok({ argv, env }: Site, ...words: string[]): Promise<string> {
  return (await must([...argv, ...words], { env })).replace(/\n$/, '')
}

export function inspect(site: Site, container: string, format: string): Promise<string> {
  return ok(site, 'inspect', '--format', format, container)
}

async function openOurs(stack: AsyncDisposableStack): Promise<Site> {
  const daemon = stack.use(await startDaemon())
  return {
    name: 'mini-docker',
    argv: [join(repository, 'mini-docker'), '-H', daemon.host],
    env: {},
    api: stack.use(new Api(daemon.socket)),
    ...(await connectWorld(stack, daemon.pid)),
  }
}

async function openDocker(stack: AsyncDisposableStack, scratch: string): Promise<Site> {
  const directory = mkdtempSync(join(scratch, 'networks-'))
  const daemon = await Dockerd.start(directory, join(directory, 'docker.sock'), 'own')
  stack.defer(() => daemon.stop('SIGTERM'))
  const site: Site = {
    name: 'docker',
    argv: ['docker', '-H', `unix://${daemon.socket}`],
    env: { PATH: peerPath() },
    api: stack.use(new Api(daemon.socket)),
    ...(await connectWorld(stack, daemon.pid)),
  }
  // Their shims would outlive dockerd.
  stack.defer(async () => {
    const left = (await ok(site, 'ps', '-aq')).split('\n').filter((id) => id !== '')
    if (left.length > 0) await ok(site, 'rm', '-f', ...left)
  })
  return site
}

/** A veth from the daemon's namespace to a new one. */
async function connectWorld(
  stack: AsyncDisposableStack,
  daemonPid: number,
): Promise<Pick<Site, 'onHost' | 'inWorld' | 'address'>> {
  const world = stack.use(await TestNamespace.open())
  const enter = (path: string) => ['nsenter', `--net=${path}`, '--']
  const [onHost, inWorld] = [enter(`/proc/${daemonPid}/ns/net`), enter(world.path)]
  const link = ['ip', 'link', 'add', 'world', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${world.pid}`]
  await must([...onHost, ...link])
  await must([...onHost, 'ip', 'address', 'add', `${HOST_ADDRESS}/24`, 'dev', 'world'])
  await must([...onHost, 'ip', 'link', 'set', 'world', 'up'])
  await must([...inWorld, 'ip', 'address', 'add', `${WORLD_ADDRESS}/24`, 'dev', 'eth0'])
  await must([...inWorld, 'ip', 'link', 'set', 'eth0', 'up'])
  return { onHost, inWorld, address: HOST_ADDRESS }
}
