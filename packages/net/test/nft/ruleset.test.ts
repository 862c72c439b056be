import { describe, expect, test } from 'vitest'
import {
  isTranslated,
  parseCidr,
  planNat,
  planPorts,
  portCommands,
  rulesetCommands,
  tableName,
  type PublishedPort,
} from '../../src/index.ts'

const port: PublishedPort = {
  protocol: 'tcp',
  hostPort: 8080,
  containerAddress: '10.9.0.2',
  containerPort: 80,
  bridge: 'br0',
}
const network = {
  bridge: 'br0',
  subnets: [parseCidr('10.9.0.1/24')],
  internal: false,
  masquerade: true,
  isolated: true,
}

describe('published ports', () => {
  test('become elements of the map of their version, with or without an address of the host', () => {
    const ports: PublishedPort[] = [
      port,
      { ...port, hostPort: 8081, hostAddress: '0.0.0.0' },
      { ...port, hostAddress: '127.0.0.1', protocol: 'udp' },
      { ...port, hostAddress: '::', containerAddress: 'fd09::0:2' },
    ]
    expect(portCommands('add', undefined, ports)).toEqual([
      'add element inet mini-docker ports4 { tcp . 8080 : 10.9.0.2 . 80, tcp . 8081 : 10.9.0.2 . 80 }',
      'add element inet mini-docker ports4_at { 127.0.0.1 . udp . 8080 : 10.9.0.2 . 80 }',
      'add element inet mini-docker ports6 { tcp . 8080 : fd09::2 . 80 }',
    ])
    expect(portCommands('delete', 'x1', [port])).toEqual([
      'delete element inet mini-docker-x1 ports4 { tcp . 8080 : 10.9.0.2 . 80 }',
    ])
    expect(portCommands('add', undefined, [])).toEqual([])
  })

  test('that the kernel cannot translate are left out: ::1, and between IPv4 and IPv6', () => {
    const six = { ...port, hostAddress: '::1', containerAddress: 'fd09::2' }
    const mixed = { ...port, hostAddress: '::' }
    expect([port, six, mixed].map(isTranslated)).toEqual([true, false, false])
    expect(portCommands('add', undefined, [six, mixed])).toEqual([])
  })

  test.each([0, 65536, 1.5, Number.NaN])('%s is no port', (hostPort) => {
    expect(() => portCommands('add', undefined, [{ ...port, hostPort }])).toThrow('invalid port number')
  })
})

describe('the table', () => {
  test('of an internal network masquerades nothing', () => {
    const commands = rulesetCommands({ networks: [{ ...network, internal: true }], ports: [] })
    expect(commands.find((line) => line.includes('set inet mini-docker internal'))).toContain('"br0"')
    expect(commands.find((line) => line.includes('masquerade4 {'))).not.toContain('elements')
  })

  test.each(['a"b', 'x; flush ruleset', '', 'sixteen-letters-'])('%j is no interface of a rule', (bridge) => {
    expect(() => rulesetCommands({ networks: [{ ...network, bridge }], ports: [] })).toThrow('invalid interface name')
  })

  test.each(['', 'A', 'a b', 'a;b'])('%j is no owner', (owner) => {
    expect(() => tableName(owner)).toThrow('invalid owner')
  })

  test('is explained as lines of a shell', () => {
    const { shell } = planNat({ networks: [network], ports: [port] })
    expect(shell[0]).toBe("nft 'add table inet mini-docker'")
    expect(shell).toContain(
      'nft \'add rule inet mini-docker forward iifname @internal drop comment "an internal network has no way out"\'',
    )
    expect(planPorts(undefined, [port]).shell).toEqual([
      "nft 'add element inet mini-docker ports4 { tcp . 8080 : 10.9.0.2 . 80 }'",
    ])
  })
})
