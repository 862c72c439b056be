import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AT_FDCWD,
  call,
  encodeProgram,
  errnoName,
  ref,
  struct,
  type Arg,
  type Call,
  type Step,
  type Where,
} from '../src/index.ts'

const step = (id: string, where: Where, calls: Call[]): Step => ({
  id,
  stage: 'process',
  where,
  calls,
  shell: [],
  man: [],
})
const clone = call(
  'clone3',
  [struct('clone_args', { flags: 0x1000, pidfd: { out: 4, as: ['pidfd'] }, exit_signal: 17 }), 88],
  { as: 'child' },
)

/** The parts of a program, read back by the description in launcher/program.h. */
function parse(bytes: Buffer) {
  const [magic, flags, ops, slots, data, relocations] = [0, 4, 8, 12, 16, 20].map((at) => bytes.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const kinds = Array.from({ length: ops }, (_, i) => bytes[24 + i * 80])
  return { magic, flags, ops, slots, data, relocations, kinds, size: 24 + ops * 80 + relocations * 8 + data }
}

describe('encodeProgram', () => {
  test('a program is header, operations, relocations and data, and nothing else', () => {
    const { bytes, sources } = encodeProgram([step('a', 'host', [call('mkdirat', [AT_FDCWD, '/x', 0o755])])], {
      trace: true,
    })
    const parts = parse(bytes)
    expect(bytes.length).toBe(parts.size)
    expect(parts).toMatchObject({ magic: 0x314c444d, flags: 1, ops: 2, relocations: 0 })
    expect(sources[1]?.call?.name).toBe('mkdirat')
  })

  test('the same string stands once in the data', () => {
    const one = encodeProgram([step('a', 'host', [call('chdir', ['/some/long/path'])])])
    const two = encodeProgram([
      step('a', 'host', [call('chdir', ['/some/long/path']), call('chdir', ['/some/long/path'])]),
    ])
    expect(parse(two.bytes).data).toBe(parse(one.bytes).data)
  })

  test('without a host step in between, the child goes on without waiting', () => {
    const container = [step('b', 'container', [call('setsid', [])]), step('c', 'container', [call('setsid', [])])]
    const { kinds } = parse(encodeProgram([step('a', 'host', [clone]), ...container]).bytes)
    expect(kinds.filter((kind) => kind === 5)).toHaveLength(0)
  })

  test('each change between host and container is one hand-over: a byte written and a byte awaited', () => {
    const steps = [
      step('a', 'host', [clone]),
      step('b', 'container', [call('setsid', [])]),
      step('c', 'host', [call('getpid', [])]),
      step('d', 'container', [call('setsid', [])]),
    ]
    const { kinds } = parse(encodeProgram(steps).bytes)
    expect(kinds.filter((kind) => kind === 5)).toHaveLength(2)
  })

  test.each([
    ['a container step before clone3', [step('b', 'container', [call('setsid', [])])]],
    ['two clone3', [step('a', 'host', [clone, clone])]],
    ['a reference to nothing', [step('a', 'host', [call('close', [ref('nothing')])])]],
    [
      'a field the struct does not have',
      [step('a', 'host', [call('openat2', [0, '/', struct('open_how', { nope: 1 }), 24])])],
    ],
    ['a string with NUL', [step('a', 'host', [call('chdir', ['a\0b'])])]],
    [
      'five allowed errors',
      [step('a', 'host', [call('chdir', ['/'], { allow: ['EPERM', 'EACCES', 'ENOENT', 'EBUSY', 'EIO'] })])],
    ],
  ])('%s is refused', (_what, steps) => {
    expect(() => encodeProgram(steps)).toThrow(TypeError)
  })

  test('what the launcher would not take is refused in words', () => {
    const many = [
      step(
        'a',
        'host',
        Array.from({ length: 1100 }, (_, i) => call('getpid', [], { as: `p${i}` })),
      ),
    ]
    expect(() => encodeProgram(many)).toThrow('too much for one start')
    const long = [step('a', 'host', [call('chdir', ['x'.repeat(5_000_000)])])]
    expect(() => encodeProgram(long)).toThrow('too much for one start')
  })

  test('any call of plain arguments encodes to a program of the size its header says', () => {
    const arg: fc.Arbitrary<Arg> = fc.oneof(
      fc.integer(),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.string().filter((text) => !text.includes('\0')),
      fc.uint8Array({ maxLength: 100 }),
      fc.constant(null),
      fc.array(fc.string().filter((text) => !text.includes('\0'))).map((strings) => ({ strings })),
    )
    fc.assert(
      fc.property(fc.array(fc.array(arg, { maxLength: 6 }), { maxLength: 20 }), (lists) => {
        const { bytes, sources } = encodeProgram([
          step(
            'a',
            'host',
            lists.map((args) => call('ioctl', args)),
          ),
        ])
        expect(bytes.length).toBe(parse(bytes).size)
        expect(sources).toHaveLength(lists.length + 1)
      }),
    )
  })
})

test('errno names are found by number, unknown numbers are not', () => {
  expect(errnoName(2)).toBe('ENOENT')
  expect(errnoName(4000)).toBeUndefined()
})
