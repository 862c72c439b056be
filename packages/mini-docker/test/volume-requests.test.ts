/** What the volume commands ask of the daemon: recorded from docker 28's own client (fixtures/volume-requests.jsonl). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readFlags } from '../src/cli/flags.ts'
import { volumePath } from '../src/client/volumes.ts'
import { createVolumeBody, command as create } from '../src/commands/volume-create.ts'
import { volumeRow } from '../src/commands/volume-ls.ts'

type Recorded = { argv: string[]; request?: string; body?: unknown; refused?: string }

const creates = readFileSync(join(import.meta.dirname, 'fixtures/volume-requests.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)
  .filter(({ argv }) => argv[0] === 'create')

function bodyFor([, ...argv]: string[]): unknown {
  const { flags, words } = readFlags(create.flags, argv)
  return createVolumeBody(flags, words[0])
}

describe('volume create', () => {
  test.each(creates.filter(({ body }) => body !== undefined))('sends docker’s body: $argv', ({ argv, body }) => {
    expect(JSON.stringify(bodyFor(argv))).toBe(JSON.stringify(body))
  })
  test('two names are refused, and what only a cluster has', () => {
    expect(() => bodyFor(['create', '--name', 'a', 'b'])).toThrow('cannot specify a volume-name through both --name')
    expect(() => bodyFor(['create', '--scope', 'multi', 'b'])).toThrow('--scope is not built yet')
  })
})

test('an empty name asks nothing, and a strange one stays one part of the path', () => {
  expect(() => volumePath(' ')).toThrow('invalid volume name or ID: value is empty')
  expect(volumePath('../containers/x')).toBe('/volumes/..%2Fcontainers%2Fx')
})

test('a row of volume ls says N/A for what only a cluster or system df knows', () => {
  const { fields } = volumeRow({
    Name: 'v',
    Driver: 'local',
    Mountpoint: '/m',
    Scope: 'local',
    Labels: { b: '', a: '1' },
  })
  expect(Object.fromEntries(Object.entries(fields).map(([name, get]) => [name, get()]))).toEqual({
    Availability: 'N/A',
    Driver: 'local',
    Group: 'N/A',
    Labels: 'a=1,b=',
    Links: 'N/A',
    Mountpoint: '/m',
    Name: 'v',
    Scope: 'local',
    Size: 'N/A',
    Status: 'N/A',
  })
})
