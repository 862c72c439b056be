/** The firewall of a daemon: how often nft is run, what mends a table that somebody flushed, and what a flushed table costs meanwhile. */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { describeWith, findProgram } from '../../../test/harness/requires.ts'
import { KillableDaemon } from './support/killable.ts'

describeWith(['root', 'ip', 'nft', 'nsenter', 'unshare', 'curl'], 'the firewall', () => {
  let scratch: string
  let daemon: KillableDaemon
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'firewall-'))
    daemon = new KillableDaemon()
    await daemon.boot({ through: countingNft(scratch) })
  })
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]()
    rmSync(scratch, { recursive: true })
  })

  const runs = (): string[] => {
    const log = join(scratch, 'runs')
    return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []
  }
  const rules = () => daemon.namespace.run('nft', 'list', 'ruleset')
  const start = async (name: string, port: number): Promise<string> => {
    const Cmd = ['sh', '-c', 'mkdir /www; printf hello > /www/index.html; exec busybox httpd -f -p 80 -h /www']
    const HostConfig = { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostPort: String(port) }] } }
    const id = await daemon.create({ Cmd, HostConfig }, name)
    const { status, text } = await daemon.request('POST', `/containers/${id}/start`)
    expect(status, text).toBe(204)
    return id
  }
  const remove = (name: string) => daemon.request('DELETE', `/containers/${name}?force=1`)
  const fetch = (port: number) =>
    daemon.namespace.start('curl', '-sS', '-m', '3', '--retry', '5', '--retry-connrefused', `http://127.0.0.1:${port}/`)

  test('nft is run for the table, once; further starts and ends of containers with ports run it no more', async () => {
    await start('first', 8001)
    expect(await fetch(8001)).toBe('hello')
    const atFirst = runs().length
    expect(atFirst).toBeGreaterThan(0)
    for (const [name, port] of [
      ['second', 8002],
      ['third', 8003],
    ] as const) {
      await start(name, port)
      expect(rules()).toContain(String(port))
      await remove(name)
      await eventually(`port ${port} is withdrawn`, () => !rules().includes(String(port)))
    }
    // A repair that is thought to be needed comes a moment later.
    await start('last', 8004)
    expect(await fetch(8004)).toBe('hello')
    expect(runs().slice(atFirst)).toEqual([])
    await remove('first')
    await remove('last')
  })

  test('a ruleset that somebody flushed is mended by the next start, with the ports of those that run, and by gc', async () => {
    await start('stays', 8001)
    daemon.namespace.run('nft', 'flush', 'ruleset')
    expect(rules()).toBe('')
    await start('comes', 8002)
    await eventually('both ports are back', () => rules().includes('8001') && rules().includes('8002'))
    expect([await fetch(8001), await fetch(8002)]).toEqual(['hello', 'hello'])
    const whole = rules()
    daemon.namespace.run('nft', 'flush', 'ruleset')
    expect((await daemon.request('POST', '/x/gc')).status).toBe(200)
    expect(rules()).toBe(whole)
    // One of ours among the rules of others: they stay.
    daemon.namespace.run('nft', 'add', 'table', 'inet', 'others')
    const table = /table inet (mini-docker\S*)/.exec(whole)?.[1] ?? ''
    daemon.namespace.run('nft', 'delete', 'table', 'inet', table)
    await daemon.request('POST', '/x/gc')
    expect(rules()).toContain('table inet others')
    expect(rules()).toContain('8001')
    await remove('stays')
    await remove('comes')
  })

  test('a network without a container that is in it, with the table flushed, is still removed', async () => {
    const { status } = await daemon.request('POST', '/networks/create', { Name: 'alone' })
    expect(status).toBe(201)
    daemon.namespace.run('nft', 'flush', 'ruleset')
    expect((await daemon.request('DELETE', '/networks/alone')).status).toBe(204)
  })
})

/** In a mount namespace of its own, where nft is a script that notes each run. */
function countingNft(scratch: string): string[] {
  const nft = findProgram('nft') ?? ''
  const [original, counting] = [join(scratch, 'nft-itself'), join(scratch, 'nft')]
  copyFileSync(nft, original)
  chmodSync(original, 0o755)
  writeFileSync(counting, `#!/bin/sh\necho "$@" >> ${scratch}/runs\nexec ${original} "$@"\n`, { mode: 0o755 })
  return ['unshare', '--mount', '--', 'sh', '-c', `mount --bind ${counting} ${nft} && exec "$@"`, 'sh']
}
