/** The daemon is killed, and comes again, while its containers run. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { TestNamespace } from '../namespace.ts'
import { Client } from './client.ts'
import { dig, openContainer } from './container.ts'

const SERVE = join(import.meta.dirname, 'serve.ts')

test('kill -9 of the server’s process: names are answered again as soon as another one is ready, to the same socket too', async () => {
  using container = await openContainer()
  using client = await Client.open(container)
  const first = await serve(container)
  expect(await client.ask('web')).toBeDefined()
  first.kill('SIGKILL')
  await once(first, 'exit')
  expect(await client.ask('web', 50)).toBeUndefined()
  const second = await serve(container)
  const asked = performance.now()
  expect(await client.ask('web')).toBeDefined()
  expect(performance.now() - asked).toBeLessThan(500)
  expect(client.errors).toEqual([])
  second.kill('SIGKILL')
})

test('a resolver that asks while no server is there waits and asks again: the lookup is late, and not lost', async () => {
  using container = await openContainer()
  const first = await serve(container)
  first.kill('SIGKILL')
  await once(first, 'exit')
  const looked = dig(container, '+tries=3', '+timeout=2', 'web')
  await sleep(200)
  const second = await serve(container)
  expect(await looked).toEqual(['10.9.0.2'])
  second.kill('SIGKILL')
})

test('nft is not needed for the rules in front of it', async () => {
  using container = await openContainer()
  const server = await serve(container, 'mount --bind /dev/null /usr/sbin/nft && ')
  expect(container.run('ss', '-Hlnu')).not.toContain('127.0.0.11:53 ')
  expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
  server.kill('SIGKILL')
})

test('where rules cannot be made, the server takes port 53 itself', async () => {
  using container = await openContainer()
  const server = await serve(container, '', ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'])
  expect(container.run('ss', '-Hlnu')).toContain('127.0.0.11:53 ')
  expect(container.run('nft', 'list', 'ruleset')).toBe('')
  expect(await dig(container, 'web')).toEqual(['10.9.0.2'])
  expect(await dig(container, '+tcp', 'web')).toEqual(['10.9.0.2'])
  server.kill('SIGKILL')
})

/** Resolves when the server is ready. `before` is what the shell does first, in a mount namespace of its own; `wrapper` starts the server. */
async function serve(container: TestNamespace, before = '', wrapper: string[] = []): Promise<ChildProcess> {
  const words = ['--mount', 'sh', '-c', `${before}exec "$@"`, 'sh', ...wrapper, process.execPath, SERVE, container.path]
  const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}
