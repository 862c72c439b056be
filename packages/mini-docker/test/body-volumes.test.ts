/**
 * Volumes and mounts in the body of `POST /containers/create`, and what is refused before it is sent: as docker 28's own client did
 * for the same command lines, called in `/` (fixtures/create-volumes.jsonl was recorded from it).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readFlags } from '../src/cli/flags.ts'
import { createBody } from '../src/create/body.ts'
import { CREATE_FLAGS } from '../src/create/flags.ts'

type Recorded = { argv: string[]; refused?: string; HostConfig?: object }

const recorded = readFileSync(join(import.meta.dirname, 'fixtures/create-volumes.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)

function bodyFor(argv: readonly string[]) {
  const { flags, words } = readFlags(CREATE_FLAGS, argv, true)
  const [image = '', ...command] = words
  return createBody(flags, image, command, { env: {}, detach: false })
}

beforeEach(() => void vi.spyOn(process, 'cwd').mockReturnValue('/'))
afterEach(() => vi.restoreAllMocks())

describe('volumes and mounts of create', () => {
  test.each(recorded.filter(({ refused }) => refused === undefined))(
    'are sent as docker sends them: $argv',
    ({ argv, ...wanted }) => {
      const { Volumes, HostConfig } = bodyFor(argv)
      const names = ['Binds', 'VolumeDriver', 'VolumesFrom', 'Tmpfs', 'Mounts']
      const kept = Object.fromEntries(Object.entries(HostConfig).filter(([name]) => names.includes(name)))
      // As text: the order of the fields counts too.
      expect(JSON.stringify({ Volumes, HostConfig: kept })).toBe(JSON.stringify(wanted))
    },
  )

  test.each(recorded.filter(({ refused }) => refused !== undefined))(
    'are refused with docker’s words: $argv',
    ({ argv, refused }) => {
      expect(() => bodyFor(argv)).toThrow(new Error(refused))
    },
  )

  test('bind-create-src, of docker after 28, makes the source', () => {
    const { HostConfig } = bodyFor(['--mount', 'type=bind,src=/a,dst=/b,bind-create-src', 'img'])
    expect(HostConfig).toMatchObject({ Mounts: [{ BindOptions: { CreateMountpoint: true } }] })
  })
})
