/** What we tell the kernel by ourselves is what nft makes of the same words: the kernel's listing of both is compared. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listening, type Work } from '@mini-docker/syscall'
import { describeWith } from '../../../../test/harness/requires.ts'
import { addPorts, applyRuleset, portCommands, redirectCommands, removePorts, runNft } from '../../src/index.ts'
import type { PublishedPort } from '../../src/index.ts'
import { redirect } from '../../src/dns/redirect.ts'
import { TestNamespace } from '../namespace.ts'

let host: TestNamespace
let options: { namespace: string }
beforeEach(async () => {
  host = await TestNamespace.open()
  options = { namespace: host.path }
})
afterEach(() => host[Symbol.dispose]())

/** Also what the kernel executes, not only how nft reads it back. */
const ruleset = (): string => host.run('nft', '--debug=netlink', 'list', 'ruleset')

const address = (i: number, six: boolean): string => (six ? `fd09::${i + 2}` : `10.9.0.${i + 2}`)
/** All protocols, on all addresses and on one, for both versions; ports whose bytes differ. */
const ports: PublishedPort[] = (['tcp', 'udp', 'sctp'] as const).flatMap((protocol, i) =>
  [undefined, '10.1.1.1', '::', 'fd01::1'].map((hostAddress, j) => ({
    protocol,
    hostAddress,
    hostPort: 258 + 1000 * i + j,
    containerAddress: address(i, hostAddress?.includes(':') === true),
    containerPort: 65_000 + i,
  })),
)

describeWith(['root', 'nft', 'nsenter'], 'past nft, to the kernel', () => {
  test('elements are those that nft makes of the commands, and are taken back by it and by us alike', async () => {
    await applyRuleset({ networks: [], ports: [] }, options)
    const empty = ruleset()
    await runNft(portCommands('add', undefined, ports), options)
    const byNft = ruleset()
    await removePorts(undefined, ports, options)
    expect(ruleset()).toBe(empty)
    await addPorts(undefined, ports, options)
    expect(ruleset()).toBe(byNft)
    await runNft(portCommands('delete', undefined, ports), options)
    expect(ruleset()).toBe(empty)
  })

  test('the rules in front of the DNS server are those that nft makes of the commands', async () => {
    const at = { udp: 40_001, tcp: 40_002 }
    await runNft(redirectCommands(at), options)
    const byNft = ruleset()
    expect(redirect(host.path, { udp: 1, tcp: 2 })).toBe(true)
    expect(ruleset()).not.toBe(byNft)
    expect(redirect(host.path, at)).toBe(true)
    expect(ruleset()).toBe(byNft)
  })

  test('what was sent is told; what was refused tells the errno and the message, and changes nothing', async () => {
    const told: string[] = []
    await applyRuleset({ networks: [], ports: [] }, options)
    const [tcp] = ports
    const listener = { work: ({ step, text }: Work) => told.push(`${step} ${text}`), launch: () => {} }
    await listening(listener, () => addPorts(undefined, [tcp!], options))
    expect(told).toEqual([
      'network.ports sendto(<nfnetlink>, [{NFNL_MSG_BATCH_BEGIN}, {NFT_MSG_NEWSETELEM, inet mini-docker, ports4, tcp . 258 : 10.9.0.2 . 65000}, {NFNL_MSG_BATCH_END}], 0, NULL, 0)',
    ])
    const before = ruleset()
    const other = { ...tcp!, containerPort: 1 }
    const refused = addPorts(undefined, [ports[1]!, other], options)
    await expect(refused).rejects.toThrow(/sendto\(nfnetlink, \{NFT_MSG_NEWSETELEM, .*tcp \. 258 : 10\.9\.0\.2 \. 1\}/)
    expect(ruleset()).toBe(before)
  })

  test('a thousand ports at once', async () => {
    await applyRuleset({ networks: [], ports: [] }, options)
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...ports[0]!, hostPort: 10_000 + i }))
    await addPorts(undefined, many, options)
    expect(host.run('nft', 'list', 'map', 'inet', 'mini-docker', 'ports4').match(/tcp \. /g)).toHaveLength(1000)
    await removePorts(undefined, many, options)
    expect(host.run('nft', 'list', 'map', 'inet', 'mini-docker', 'ports4')).not.toContain('tcp . ')
  })
})
