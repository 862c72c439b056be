/** A container's network namespace, with or without a cable to one that stands for all that is outside. */
import { TestNamespace } from '../namespace.ts'

export async function openContainer(): Promise<TestNamespace> {
  const container = await TestNamespace.open()
  container.run('ip', 'link', 'set', 'lo', 'up')
  return container
}

/** `eth0` in both: 10.9.0.2 in the container, 10.9.0.1 outside. */
export function connectTo(outside: TestNamespace, container: TestNamespace): void {
  outside.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${container.pid}`)
  const ends = [
    [outside, '10.9.0.1/24'],
    [container, '10.9.0.2/24'],
  ] as const
  for (const [namespace, address] of ends) {
    namespace.run('ip', 'address', 'add', address, 'dev', 'eth0')
    namespace.run('ip', 'link', 'set', 'eth0', 'up')
  }
}

/** What dig prints of an answer: `+short`, a line each, without what it tells of a try that was lost. */
export async function dig(container: TestNamespace, ...words: string[]): Promise<string[]> {
  const out = await container.start('dig', '@127.0.0.11', '+short', '+tries=1', '+timeout=4', ...words)
  return out.split('\n').filter((line) => line !== '' && !line.startsWith(';;'))
}
