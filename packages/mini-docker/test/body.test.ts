/**
 * The body of `POST /containers/create`, against what docker's own client sends: recorded bodies (fixtures/create-bodies.json),
 * and all complete ones of the recorded trace where ../shared is there.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFlags } from '../src/cli/flags.ts'
import { createBody } from '../src/create/body.ts'
import { CREATE_FLAGS, RUN_ONLY_FLAGS } from '../src/create/flags.ts'

const TRACE = join(import.meta.dirname, '../../../../shared/reference/docker-api-trace.md')
const FIXTURES = join(import.meta.dirname, 'fixtures/create-bodies.json')

type Recorded = { argv: string[]; body: Record<string, unknown> & { HostConfig: { ConsoleSize: [number, number] } } }

function bodyFor(argv: readonly string[], env: Record<string, string> = {}, size?: { rows: number; columns: number }) {
  const { flags, words } = readFlags([...CREATE_FLAGS, ...RUN_ONLY_FLAGS], argv, true)
  const [image = '', ...command] = words
  return createBody(flags, image, command, {
    env,
    detach: flags.bool('detach'),
    ...(size === undefined ? {} : { consoleSize: size }),
  })
}

function check({ argv, body }: Recorded): void {
  const [rows, columns] = body.HostConfig.ConsoleSize
  const ours = bodyFor(argv, {}, rows === 0 ? undefined : { rows, columns })
  // As text: the order of the fields counts too.
  expect(JSON.stringify(ours)).toBe(JSON.stringify(body))
}

describe('the body of create', () => {
  test.each(JSON.parse(readFileSync(FIXTURES, 'utf8')) as Recorded[])('is docker’s, byte for byte: $argv', check)

  const traced = existsSync(TRACE) ? tracedBodies(readFileSync(TRACE, 'utf8')) : []
  test.skipIf(traced.length === 0)(
    'is docker’s for every complete body of the trace (skipped without ../shared)',
    () => {
      expect(traced.length).toBeGreaterThan(8)
      for (const recorded of traced) check(recorded)
    },
  )

  test('-e NAME takes the client’s value; an unset one stays a bare name', () => {
    expect(bodyFor(['-e', 'HOME', '-e', 'NONE', '-e', 'A=', 'i'], { HOME: '/root' }).Env).toEqual([
      'HOME=/root',
      'NONE',
      'A=',
    ])
  })

  test.each([
    [['--rm', '--restart', 'always', 'i'], 'conflicting options: cannot specify both --restart and --rm'],
    [['--pid', 'foo', 'i'], '--pid: invalid PID mode'],
    [['--uts', 'foo', 'i'], '--uts: invalid UTS mode'],
    [['--userns', 'foo', 'i'], '--userns: invalid USER mode'],
    [['--cgroupns', 'foo', 'i'], '--cgroupns: invalid CGROUP mode'],
    [['--memory-swappiness', '200', 'i'], 'invalid value: 200. Valid memory swappiness range is 0-100'],
    [['--security-opt', 'foo', 'i'], 'Invalid --security-opt: "foo"'],
    [['--device', '/dev/null:foo', 'i'], 'foo is not an absolute path'],
    [['--device', '/dev/null:/x:q', 'i'], 'bad mode specified: q'],
    [['--env-file', '/nope', 'i'], 'open /nope: no such file or directory'],
  ])('%j is refused with docker’s words', (argv, message) => {
    expect(() => bodyFor(argv)).toThrow(message)
  })

  test.each([
    ['type=foo', 'target is required'],
    ['foo', "invalid field 'foo' must be a key=value pair"],
    ['type=bind,bar=1,dst=/x', "unexpected key 'bar' in 'bar=1'"],
    ['type=tmpfs,dst=/x,readonly=maybe', 'invalid value for readonly: maybe'],
    ['type=bind,src=/a,dst=/x,tmpfs-size=1', "cannot mix 'tmpfs-*' options with mount type 'bind'"],
  ])('--mount %s is refused with docker’s words', (mount, message) => {
    expect(() => bodyFor(['--mount', mount, 'i'])).toThrow(`invalid argument "${mount}" for "--mount" flag: ${message}`)
  })

  test.each([
    ['nofile=10:5', 'ulimit soft limit must be less than or equal to hard limit: 10 > 5'],
    ['foo=1', 'invalid ulimit type: foo'],
    ['foo', 'invalid ulimit argument: foo'],
    ['nofile=x', 'strconv.ParseInt: parsing "x": invalid syntax'],
  ])('--ulimit %s is refused with docker’s words', (ulimit, message) => {
    expect(() => bodyFor(['--ulimit', ulimit, 'i'])).toThrow(
      `invalid argument "${ulimit}" for "--ulimit" flag: ${message}`,
    )
  })

  test('flags in any order and any form give the same body', () => {
    const pieces = [
      ['-i'],
      ['-t'],
      ['--rm'],
      ['-m', '64m'],
      ['--cpus=1.5'],
      ['-eA=b'],
      ['-w', '/tmp'],
      ['--cap-add', 'net_admin'],
      ['--tmpfs', '/run:size=1m'],
      ['-v/etc:/e:ro'],
    ]
    const wanted = bodyFor([...pieces.flat(), 'image', 'sh', '-c', 'x'])
    fc.assert(
      fc.property(fc.shuffledSubarray(pieces, { minLength: pieces.length }), (order) => {
        expect(bodyFor([...order.flat(), 'image', 'sh', '-c', 'x'])).toEqual(wanted)
      }),
    )
    expect([wanted.HostConfig.Memory, wanted.HostConfig.NanoCpus, wanted.HostConfig.CapAdd]).toEqual([
      64 << 20,
      1.5e9,
      ['CAP_NET_ADMIN'],
    ])
  })

  test('capabilities: names are normalised, ALL swallows the rest, adding wins over dropping', () => {
    const { CapAdd, CapDrop } = bodyFor([
      '--cap-add',
      'sys_ptrace',
      '--cap-drop',
      'all',
      '--cap-drop',
      'chown',
      '--cap-add',
      'CAP_KILL',
      'i',
    ]).HostConfig
    expect([CapAdd, CapDrop]).toEqual([['CAP_KILL', 'CAP_SYS_PTRACE'], ['ALL']])
    expect(bodyFor(['--cap-add', 'kill', '--cap-drop', 'KILL', 'i']).HostConfig).toMatchObject({
      CapAdd: ['CAP_KILL'],
      CapDrop: null,
    })
  })
})

/** Every `$ docker run|create …` of the trace whose body is there whole, for flags that are built. */
function tracedBodies(text: string): Recorded[] {
  return text.split('\n### ').flatMap((section): Recorded[] => {
    const line = /^`\$ (?:stty[^;]*; )?docker (?:run|create) (.*)` → /m.exec(section)?.[1]
    const body = / {2}\* req body \(\d+ B\): `(\{"Hostname".*\})`$/m.exec(section)?.[1]
    if (line === undefined || body === undefined) return []
    const argv = (line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^(['"])(.*)\1$/s, '$2'))
    if (argv.some((word) => /^(--platform|--health|--name=)/.test(word))) return []
    try {
      return [{ argv, body: JSON.parse(body) as Recorded['body'] }]
    } catch {
      return []
    }
  })
}
