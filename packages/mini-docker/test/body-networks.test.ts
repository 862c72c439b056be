/**
 * Networks, ports and names in the body of `POST /containers/create`, and what is refused before it is sent: as docker 28's own
 * client did for the same command lines (fixtures/create-networks.jsonl was recorded from it).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readFlags } from '../src/cli/flags.ts'
import { createBody } from '../src/create/body.ts'
import { CREATE_FLAGS } from '../src/create/flags.ts'

type Recorded = { argv: string[]; refused?: string; HostConfig?: object }

const recorded = readFileSync(join(import.meta.dirname, 'fixtures/create-networks.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)
const accepted = recorded.filter(({ refused }) => refused === undefined)
const refused = recorded.filter((one) => one.refused !== undefined)

function bodyFor(argv: readonly string[]) {
  const { flags, words } = readFlags(CREATE_FLAGS, argv, true)
  const [image = '', ...command] = words
  return createBody(flags, image, command, { env: {}, detach: false })
}

describe('networks and ports of create', () => {
  test('the record has both sides', () => {
    expect(accepted.length).toBeGreaterThan(80)
    expect(refused.length).toBeGreaterThan(60)
  })

  test.each(accepted)('are sent as docker sends them: $argv', ({ argv, ...wanted }) => {
    const { ExposedPorts, HostConfig, NetworkingConfig } = bodyFor(argv)
    const kept = Object.fromEntries(Object.entries(HostConfig).filter(([name]) => name in (wanted.HostConfig ?? {})))
    const ours = { ...(ExposedPorts === undefined ? {} : { ExposedPorts }), HostConfig: kept, NetworkingConfig }
    // As text: the order of the fields counts too.
    expect(JSON.stringify(ours)).toBe(JSON.stringify(wanted))
  })

  test.each(refused)('are refused with docker’s words: $argv', ({ argv, refused: message }) => {
    expect(() => bodyFor(argv)).toThrow(new Error(message))
  })
})
