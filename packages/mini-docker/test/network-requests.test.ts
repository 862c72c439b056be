/**
 * The bodies of `network create` and `network connect`, and what is refused before they are sent: recorded from docker 28's own
 * client (fixtures/network-requests.jsonl; where that writes a Go map, in any order, subnets stand as they were given).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFlags } from '../src/cli/flags.ts'
import { command as connect, endpointConfig } from '../src/commands/network-connect.ts'
import { command as create, createNetworkBody } from '../src/commands/network-create.ts'
import { networkPath } from '../src/client/networks.ts'
import { compareNaturally } from '../src/format/natural.ts'
import { goTimeOf } from '../src/format/go-time.ts'

type Recorded = { argv: string[]; body?: unknown; refused?: string }

const recorded = readFileSync(join(import.meta.dirname, 'fixtures/network-requests.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)

function bodyFor([, sub, ...argv]: string[]): unknown {
  const isCreate = sub === 'create'
  const { flags, words } = readFlags((isCreate ? create : connect).flags, argv)
  if (isCreate) return createNetworkBody(flags, words[0] ?? '')
  networkPath(words[0] ?? '')
  return { Container: words[1] ?? '', EndpointConfig: endpointConfig(flags) }
}

describe('network create and connect', () => {
  test.each(recorded.filter(({ body }) => body !== undefined))('send docker’s body: $argv', ({ argv, body }) => {
    expect(JSON.stringify(bodyFor(argv))).toBe(JSON.stringify(body))
  })

  test.each(recorded.filter(({ refused, argv }) => refused !== undefined && argv[3] !== ''))(
    'refuse with docker’s words: $argv',
    ({ argv, refused }) => {
      expect(() => bodyFor(argv)).toThrow(new Error(refused))
    },
  )

  test('an empty name of a network asks nothing, and a strange one stays one part of the path', () => {
    expect(() => networkPath(' ')).toThrow('invalid network name or ID: value is empty')
    expect(networkPath('../containers/x', 'connect')).toBe('/networks/..%2Fcontainers%2Fx/connect')
  })
})

describe('lists of networks', () => {
  test('names are in the order in which people count', () => {
    const names = ['net10', 'net9', 'Net2', 'net', 'net09', 'zz', '10', '9', 'net9a']
    expect(names.toSorted(compareNaturally)).toEqual([
      '9',
      '10',
      'Net2',
      'net',
      'net9',
      'net9a',
      'net09',
      'net10',
      'zz',
    ])
  })

  test('that order is one: whatever is compared first', () => {
    const name = fc.stringMatching(/^[a-b0-2]{0,6}$/)
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(compareNaturally(a, b)) + Math.sign(compareNaturally(b, a))).toBe(0)
        const [first = '', second = '', third = ''] = [a, b, c].toSorted(compareNaturally)
        expect([first, second, third]).toEqual([third, second, first].toSorted(compareNaturally))
      }),
    )
  })

  test.each([
    ['2026-11-20T10:00:00.123456789Z', '2026-11-20 10:00:00.123456789 +0000 UTC'],
    ['2026-11-20T10:00:00.100Z', '2026-11-20 10:00:00.1 +0000 UTC'],
    ['2026-11-20T10:00:00.000000000+09:00', '2026-11-20 10:00:00 +0900 +0900'],
    ['0001-01-01T00:00:00Z', '0001-01-01 00:00:00 +0000 UTC'],
    ['yesterday', 'yesterday'],
  ])('%s is printed as Go prints it', (given, wanted) => {
    expect(goTimeOf(given)).toBe(wanted)
  })
})
