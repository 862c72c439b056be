/** Another machine, on a cable to the daemon's: a network namespace beside the one that the daemon is in. */
import { TestNamespace } from '../../packages/net/test/namespace.ts'
import { must } from './command.ts'

/** A daemon's process. */
type Daemon = { readonly pid: number }

/** RFC 5737: addresses that are nobody's. */
export const HOST = '192.0.2.1'
export const WORLD = '192.0.2.2'

/** The words before a program that is to run in the daemon's network namespace. */
export function onHost(daemon: Daemon): string[] {
  return ['nsenter', `--net=/proc/${daemon.pid}/ns/net`, '--']
}

/** The words before a program that is to run out in the world. */
export function inWorld(world: TestNamespace): string[] {
  return ['nsenter', `--net=${world.path}`, '--']
}

/** It is gone, with the cable, when it is disposed of. */
export async function openWorld(daemon: Daemon): Promise<TestNamespace> {
  const world = await TestNamespace.open()
  const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(world.pid)]
  await must([...onHost(daemon), 'ip', 'link', 'add', 'to-world', ...peer])
  await must([...onHost(daemon), 'ip', 'addr', 'add', `${HOST}/24`, 'dev', 'to-world'])
  await must([...onHost(daemon), 'ip', 'link', 'set', 'to-world', 'up'])
  world.run('ip', 'link', 'set', 'lo', 'up')
  world.run('ip', 'addr', 'add', `${WORLD}/24`, 'dev', 'eth0')
  world.run('ip', 'link', 'set', 'eth0', 'up')
  return world
}
