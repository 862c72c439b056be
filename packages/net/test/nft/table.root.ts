/** Our table among others: written, found changed, repaired, removed without a trace. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../../../../test/harness/requires.ts'
import {
  addPorts,
  applyRuleset,
  findNft,
  isSameTable,
  listNft,
  parseCidr,
  planNat,
  planPorts,
  readForeign,
  readTable,
  removePorts,
  removeTable,
  repairRuleset,
  runNft,
  tableContents,
  type NatState,
  type PublishedPort,
} from '../../src/index.ts'
import { TestNamespace } from '../namespace.ts'

let host: TestNamespace
let options: { namespace: string }
beforeEach(async () => {
  host = await TestNamespace.open()
  options = { namespace: host.path }
})
afterEach(() => host[Symbol.dispose]())

const port = (hostPort: number, more: Partial<PublishedPort> = {}): PublishedPort => ({
  protocol: 'tcp',
  hostPort,
  containerAddress: '10.9.0.2',
  containerPort: 80,
  bridge: 'br0',
  ...more,
})
const network = {
  bridge: 'br0',
  subnets: [parseCidr('10.9.0.1/24'), parseCidr('fd09::1/64')],
  internal: false,
  masquerade: true,
  isolated: true,
}
const state: NatState = {
  networks: [network, { ...network, bridge: 'br1', subnets: [parseCidr('10.10.0.1/24')], internal: true }],
  ports: [
    port(80),
    port(81, { protocol: 'sctp', hostAddress: '10.1.1.1' }),
    port(53, { protocol: 'udp', hostAddress: '::', containerAddress: 'fd09::2' }),
    port(54, { protocol: 'udp', hostAddress: 'fd01::1', containerAddress: 'fd09::2' }),
  ],
}
const ruleset = (): string => host.run('nft', 'list', 'ruleset')

describeWith(['root', 'nft', 'nsenter'], 'the table in the kernel', () => {
  test('is the one that the state asks for, also when typed line by line as the steps say', async () => {
    await applyRuleset(state, options)
    const applied = ruleset()
    expect(isSameTable(await readTable(undefined, options), tableContents(state))).toBe(true)
    await removeTable(undefined, options)
    expect(ruleset()).toBe('')
    const { shell } = planNat(state)
    host.run('sh', '-ec', [...shell, ...planPorts(undefined, state.ports).shell].join('\n'))
    expect(ruleset()).toBe(applied)
  })

  test.each([
    ['flush ruleset'],
    ['flush chain inet mini-docker forward'],
    ['delete element inet mini-docker ports4 { tcp . 80 }'],
    ['add element inet mini-docker ports4 { tcp . 99 : 10.9.0.9 . 99 }'],
    ['delete element inet mini-docker masquerade4 { 10.9.0.0/24 }'],
    ['delete chain inet mini-docker leave'],
    ['insert rule inet mini-docker forward drop'],
  ])('after "nft %s" it is found changed and repaired, and then left as it is', async (damage) => {
    await applyRuleset(state, options)
    const whole = ruleset()
    await runNft([damage], options)
    expect(ruleset()).not.toBe(whole)
    expect(await repairRuleset(state, options)).toBe(true)
    expect(ruleset()).toBe(whole)
    expect(await repairRuleset(state, options)).toBe(false)
  })

  test('tables of others, and those of our other daemons, are as they were after all that we do', async () => {
    await runNft(['add table ip other', 'add chain ip other c { type filter hook input priority 0; }'], options)
    await applyRuleset({ ...state, owner: 'neighbour' }, options)
    const before = ruleset()
    await applyRuleset(state, options)
    await applyRuleset({ ...state, networks: [] }, options)
    await addPorts(undefined, [port(99)], options)
    await removeTable(undefined, options)
    await removeTable(undefined, options)
    expect(ruleset()).toBe(before)
  })

  test('a port that leads elsewhere already is refused whole, and is not taken away by who does not have it', async () => {
    await applyRuleset(state, options)
    const before = ruleset()
    const mine = [port(90), port(80, { containerAddress: '10.9.0.7' })]
    await expect(addPorts(undefined, mine, options)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(ruleset()).toBe(before)
    await addPorts(undefined, [port(90)], options)
    await removePorts(undefined, mine, options)
    expect(ruleset()).toBe(before)
  })

  test('removing ports that are not there, or without a table, is no error; adding without one is', async () => {
    await removePorts(undefined, [port(90)], options)
    expect(ruleset()).toBe('')
    await expect(addPorts(undefined, [port(90)], options)).rejects.toMatchObject({ code: 'ENOENT' })
    await applyRuleset(state, options)
    const before = ruleset()
    await removePorts(undefined, [port(90), port(91)], options)
    expect(ruleset()).toBe(before)
  })

  test('a mistake is told in nft’s own sentence with the line', async () => {
    await expect(runNft(['add table inet a', 'add nonsense'], options)).rejects.toThrow(
      /nft add nonsense: syntax error/,
    )
    expect(ruleset()).toBe('')
  })

  test('fifty ports added at once by many are all there', async () => {
    await applyRuleset({ ...state, ports: [] }, options)
    const ports = Array.from({ length: 50 }, (_, i) => port(1000 + i))
    await Promise.all(ports.map((one) => addPorts(undefined, [one], options)))
    expect(isSameTable(await readTable(undefined, options), tableContents({ ...state, ports }))).toBe(true)
    await Promise.all(ports.map((one) => removePorts(undefined, [one], options)))
    expect((await readTable(undefined, options))?.elements['ports4']).toEqual([])
  })
})

describeWith(['root', 'nft', 'nsenter', 'iptables'], 'beside docker’s rules', () => {
  /** What dockerd 20.10 was seen to write. */
  const docker = [
    'iptables -N DOCKER-USER',
    'iptables -A DOCKER-USER -j RETURN',
    'iptables -P FORWARD DROP',
    'iptables -A FORWARD -j DOCKER-USER',
  ]

  test('two rules for each bridge go to DOCKER-USER, iptables reads them, and they go without a trace', async () => {
    host.run('sh', '-ec', docker.join('\n'))
    const before = ruleset()
    await applyRuleset(state, options)
    const rules = host.run('iptables', '-S', 'DOCKER-USER').trim().split('\n').toSorted()
    expect(rules).toEqual([
      '-A DOCKER-USER -i br0 -m comment --comment mini-docker -j ACCEPT',
      '-A DOCKER-USER -i br1 -m comment --comment mini-docker -j ACCEPT',
      '-A DOCKER-USER -j RETURN',
      '-A DOCKER-USER -o br0 -m comment --comment mini-docker -j ACCEPT',
      '-A DOCKER-USER -o br1 -m comment --comment mini-docker -j ACCEPT',
      '-N DOCKER-USER',
    ])
    await applyRuleset(state, options)
    expect(host.run('iptables', '-S', 'DOCKER-USER').trim().split('\n').toSorted()).toEqual(rules)
    await removeTable(undefined, options)
    expect(ruleset()).toBe(before)
  })

  test('rules that docker has flushed are put back by a repair', async () => {
    host.run('sh', '-ec', docker.join('\n'))
    await applyRuleset(state, options)
    host.run('iptables', '-F', 'DOCKER-USER')
    expect(await repairRuleset(state, options)).toBe(true)
    expect(host.run('iptables', '-S', 'DOCKER-USER')).toContain('-i br0 -m comment --comment mini-docker -j ACCEPT')
  })

  test.each([
    ['ufw', 'ip', 'filter', 'ufw-before-forward'],
    ['ufw, for IPv6', 'ip6', 'filter', 'ufw6-before-forward'],
    ['firewalld', 'inet', 'firewalld', 'filter_FORWARD'],
  ])('%s has such a place, too', async (_, family, table, chain) => {
    const dropping = family === 'inet' ? ' { type filter hook forward priority 10; policy drop; }' : ''
    await runNft([`add table ${family} ${table}`, `add chain ${family} ${table} ${chain}${dropping}`], options)
    const before = ruleset()
    await applyRuleset(state, options)
    const listed = host.run('nft', 'list', 'chain', family, table, chain)
    for (const rule of ['iifname "br0" accept', 'oifname "br0" accept', 'iifname "br1" accept', 'oifname "br1" accept'])
      expect(listed).toContain(rule)
    expect((await readForeign(undefined, options)).dropping).toEqual([])
    await removeTable(undefined, options)
    expect(ruleset()).toBe(before)
  })

  test('a chain that drops what is forwarded, and has no place for us, is told and not touched', async () => {
    await runNft(
      ['add table ip strict', 'add chain ip strict f { type filter hook forward priority 0; policy drop; }'],
      options,
    )
    const before = ruleset()
    await applyRuleset(state, options)
    expect((await readForeign(undefined, options)).dropping).toEqual([{ family: 'ip', table: 'strict', name: 'f' }])
    await removeTable(undefined, options)
    expect(ruleset()).toBe(before)
    expect(await listNft(['tables'], options)).toHaveLength(1)
  })
})

test('nft is looked for where administrators’ programs are; where it is not, there is none', () => {
  expect(findNft([])).toBeUndefined()
  expect(findNft(['/nonexistent'])).toBeUndefined()
})
