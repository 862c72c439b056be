import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DnsServer, NetworkNames, type DnsView } from '../../src/index.ts'
import { TestNamespace } from '../namespace.ts'

describe('a container on the user network n1', () => {
  let container: TestNamespace
  let server: DnsServer
  const names = new NetworkNames('n1')
  names.set({ id: 'a', name: 'Web', aliases: ['www', '0123456789ab'], addresses: ['10.9.0.2', 'fd00::2'] })
  names.set({ id: 'b', name: 'web2', aliases: ['www'], addresses: ['10.9.0.3'] })
  const view: DnsView = { networks: [{ names }], forwards: true, ndotsSet: false }

  beforeEach(async () => {
    container = await TestNamespace.open()
    container.run('ip', 'link', 'set', 'lo', 'up')
    server = await DnsServer.open({ namespace: container.path, view, upstreams: [] })
  })
  afterEach(async () => {
    await server[Symbol.asyncDispose]()
    container[Symbol.dispose]()
  })

  const dig = (...words: string[]): Promise<string[]> => digIn(container, ...words)

  test('an unknown name without anybody to ask is a failure of the server', async () => {
    expect(await container.start('dig', '@127.0.0.11', 'unknown')).toContain('status: SERVFAIL')
  })

  test('dig at 127.0.0.11 gets addresses of names, over UDP and TCP', async () => {
    expect(await dig('web')).toEqual(['10.9.0.2'])
    expect(await dig('+tcp', 'WEB2.n1')).toEqual(['10.9.0.3'])
    expect(await dig('-x', '10.9.0.3')).toEqual(['web2.n1.'])
    expect(await dig('AAAA', 'web2')).toEqual([])
  })
})

async function digIn(namespace: TestNamespace, ...words: string[]): Promise<string[]> {
  const out = await namespace.start('dig', '@127.0.0.11', '+short', '+tries=1', '+timeout=3', ...words)
  return out.split('\n').filter((line) => line !== '')
}
