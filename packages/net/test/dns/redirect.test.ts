import { expect, test } from 'vitest'
import { messages, planDns, redirectCommands } from '../../src/index.ts'

test('the rules write over ports of 127.0.0.11 only, in one transaction that replaces those before', () => {
  expect(redirectCommands({ udp: 40_001, tcp: 40_002 })).toEqual([
    'add table ip mini-docker-dns',
    'delete table ip mini-docker-dns',
    'add table ip mini-docker-dns',
    'add chain ip mini-docker-dns output { type filter hook output priority raw; policy accept; }',
    'add rule ip mini-docker-dns output ip daddr 127.0.0.11 udp dport 53 udp dport set 40001',
    'add rule ip mini-docker-dns output ip saddr 127.0.0.11 udp sport 40001 udp sport set 53',
    'add rule ip mini-docker-dns output ip daddr 127.0.0.11 tcp dport 53 tcp dport set 40002',
    'add rule ip mini-docker-dns output ip saddr 127.0.0.11 tcp sport 40002 tcp sport set 53',
  ])
})

test('the step has words, and its lines, as comments, are the rules with what is not known yet as variables', () => {
  const step = planDns()
  expect(messages[step.id]).toBeDefined()
  expect(step.shell.at(-1)).toBe(
    '# nsenter --net=/proc/$pid/ns/net nft "add rule ip mini-docker-dns output ip saddr 127.0.0.11 tcp sport $port tcp sport set 53"',
  )
})
