/** Facts of a namespace, while tests change it. */
import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'
import {
  EmptyNamespace,
  findConflicts,
  formatCidr,
  inNetworkNamespace,
  parseCidr,
  readNetworkFacts,
} from '../src/index.ts'

/** These tests are started in a network namespace of their own; whoever starts them elsewhere changes nothing by it. */
const run = (...words: string[]): string => execFileSync(words[0]!, words.slice(1), { encoding: 'utf8' })

describeWith(['root', 'nft', 'ip'], 'the facts', () => {
  test('say what this kernel makes, and leave nothing behind', async () => {
    const before = [run('ip', '-j', 'link'), run('nft', 'list', 'ruleset'), readlinkSync('/proc/thread-self/ns/net')]
    const facts = await readNetworkFacts()
    expect(facts).toMatchObject({
      nft: { path: expect.stringMatching(/\/nft$/), works: true },
      links: { bridge: true, veth: true, macvlan: true },
      ipv6: { available: true },
      droppingChains: expect.any(Array),
    })
    expect(facts.nft.problem).toBeUndefined()
    expect([run('ip', '-j', 'link'), run('nft', 'list', 'ruleset'), readlinkSync('/proc/thread-self/ns/net')]).toEqual(
      before,
    )
  })

  test('an empty namespace has lo only, and a subnet that is used there is told as a conflict', () => {
    using empty = new EmptyNamespace()
    const conflicts = inNetworkNamespace(empty.path, () => {
      const links = JSON.parse(run('ip', '-j', 'link')) as { ifname: string }[]
      expect(links.map(({ ifname }) => ifname)).toEqual(['lo'])
      run('ip', 'link', 'add', 'br9', 'type', 'bridge')
      run('ip', 'addr', 'add', '172.17.5.1/24', 'dev', 'br9')
      run('ip', 'link', 'set', 'br9', 'up')
      return [findConflicts(parseCidr('172.17.0.0/16')), findConflicts(parseCidr('172.18.0.0/16'))]
    })
    expect(conflicts.map((list) => list.map(formatCidr))).toEqual([['172.17.5.0/24'], []])
  })
})
