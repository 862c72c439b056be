/** The bytes of messages, and what they say, without a kernel. Expected bytes are those that nft 1.0.6 was seen to send (strace). */
import { expect, test } from 'vitest'
import { batchText } from '../../src/nfnetlink/batch.ts'
import { describeElements, elementMessages } from '../../src/nfnetlink/elements.ts'
import { rewriteMessages } from '../../src/nfnetlink/rules.ts'
import { portElements } from '../../src/nft/ports.ts'
import type { PublishedPort } from '../../src/index.ts'

const tcp: PublishedPort = { protocol: 'tcp', hostPort: 9999, containerAddress: '10.0.0.2', containerPort: 80 }

test('an element’s key and value have each part in front of zeros', () => {
  const [message] = elementMessages('add', undefined, portElements([tcp]))
  const element = '2400018010000180 0c000100 06000000270f0000 10000280 0c000100 0a00000200500000'.replaceAll(' ', '')
  expect(message?.bytes.toString('hex')).toContain(element)
})

test.each<[string, PublishedPort, string]>([
  ['TCP', tcp, 'ports4, tcp . 9999 : 10.0.0.2 . 80'],
  [
    'UDP on one address',
    { ...tcp, protocol: 'udp', hostAddress: '10.1.1.1' },
    'ports4_at, 10.1.1.1 . udp . 9999 : 10.0.0.2 . 80',
  ],
  ['SCTP', { ...tcp, protocol: 'sctp' }, 'ports4, sctp . 9999 : 10.0.0.2 . 80'],
  ['IPv6', { ...tcp, hostAddress: '::', containerAddress: 'fd09::2' }, 'ports6, tcp . 9999 : fd09::2 . 80'],
  [
    'IPv6 on one address',
    { ...tcp, hostAddress: 'fd01::1', containerAddress: 'fd09::2' },
    'ports6_at, fd01::1 . tcp . 9999 : fd09::2 . 80',
  ],
])('%s is told as nft writes it', (_, port, text) => {
  const [message] = elementMessages('add', 'neighbour', portElements([port]))
  expect(describeElements(message!.bytes)).toBe(`{NFT_MSG_NEWSETELEM, inet mini-docker-neighbour, ${text}}`)
})

test('ports of a map go in one message, and what the kernel cannot translate in none', () => {
  const ports = [tcp, { ...tcp, hostPort: 81 }, { ...tcp, hostAddress: '::1' }, { ...tcp, hostAddress: '10.1.1.1' }]
  const messages = elementMessages('delete', undefined, portElements(ports))
  expect(batchText(messages)).toBe(
    '[{NFNL_MSG_BATCH_BEGIN}, ' +
      '{NFT_MSG_DELSETELEM, inet mini-docker, ports4, tcp . 9999 : 10.0.0.2 . 80, tcp . 81 : 10.0.0.2 . 80}, ' +
      '{NFT_MSG_DELSETELEM, inet mini-docker, ports4_at, 10.1.1.1 . tcp . 9999 : 10.0.0.2 . 80}, ' +
      '{NFNL_MSG_BATCH_END}]',
  )
})

test('a rule is told with its instructions', () => {
  const address = { field: 'daddr', bytes: Buffer.from([127, 0, 0, 11]) } as const
  const rewrite = { address, protocol: 'udp', port: { field: 'dport', from: 53, to: 40_001 } } as const
  const text = rewriteMessages('t', 'output', [rewrite], true).at(-1)?.text
  expect(text).toContain('{NFT_MSG_NEWRULE, family=2, NFTA_RULE_TABLE="t", NFTA_RULE_CHAIN="output", ')
  const names = [...(text ?? '').matchAll(/NFTA_EXPR_NAME="(\w+)"/g)].map(([, name]) => name)
  expect(names).toEqual(['payload', 'cmp', 'meta', 'cmp', 'payload', 'cmp', 'immediate', 'payload'])
})
