import { RLIM_INFINITY } from '@mini-docker/syscall'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatUlimit, parseUlimit, planRlimits, rlimitFromUlimit } from '../src/index.ts'

describe('--ulimit', () => {
  test.each([
    ['nofile=1024:2048', { name: 'nofile', soft: 1024, hard: 2048 }],
    ['nofile=1024', { name: 'nofile', soft: 1024, hard: 1024 }],
    ['core=-1', { name: 'core', soft: -1, hard: -1 }],
    ['core=0:-1', { name: 'core', soft: 0, hard: -1 }],
    ['nice=+3', { name: 'nice', soft: 3, hard: 3 }],
  ])('%s is read', (text, ulimit) => {
    expect(parseUlimit(text)).toEqual(ulimit)
  })

  // What docker 28.2 prints after `invalid argument "…" for "--ulimit" flag: `.
  test.each([
    ['foo=1', 'invalid ulimit type: foo'],
    ['as=3', 'invalid ulimit type: as'],
    ['nofile', 'invalid ulimit argument: nofile'],
    ['nofile=a', 'strconv.ParseInt: parsing "a": invalid syntax'],
    ['nofile=5:', 'strconv.ParseInt: parsing "": invalid syntax'],
    ['nofile=x:y', 'strconv.ParseInt: parsing "y": invalid syntax'],
    ['nofile=5:4', 'ulimit soft limit must be less than or equal to hard limit: 5 > 4'],
    ['nofile=-1:5', 'ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: 5'],
    ['nofile=1:2:3', 'too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`'],
    ['nofile=99999999999999999999', 'strconv.ParseInt: parsing "99999999999999999999": value out of range'],
  ])('%s is refused with the words of docker', (text, message) => {
    expect(() => parseUlimit(text)).toThrow(message)
  })

  test('a negative limit other than -1 is refused, though docker takes it', () => {
    expect(() => parseUlimit('nofile=-2')).toThrow('invalid ulimit value: -2')
  })

  test('what is printed is read back', () => {
    const limit = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(fc.constantFrom('core', 'nofile', 'stack'), limit, limit, (name, a, b) => {
        const ulimit = { name, soft: Math.min(a, b), hard: Math.max(a, b) }
        expect(parseUlimit(formatUlimit(ulimit))).toEqual(ulimit)
      }),
    )
  })
})

describe('an rlimit', () => {
  test('comes from a ulimit; -1 is no limit', () => {
    expect(rlimitFromUlimit({ name: 'memlock', soft: -1, hard: -1 })).toEqual({
      type: 'RLIMIT_MEMLOCK',
      soft: RLIM_INFINITY,
      hard: RLIM_INFINITY,
    })
    expect(() => rlimitFromUlimit({ name: 'as', soft: 1, hard: 1 })).toThrow('invalid ulimit name as')
    expect(() => rlimitFromUlimit({ name: 'core', soft: 2, hard: 1 })).toThrow('2 > 1')
  })

  test('that is unknown, repeated or upside down is refused', () => {
    const core = { type: 'RLIMIT_CORE', soft: 0, hard: 0 }
    expect(() => planRlimits([{ ...core, type: 'RLIMIT_X' }])).toThrow('invalid rlimit type: RLIMIT_X')
    expect(() => planRlimits([{ ...core, type: 'toString' }])).toThrow('invalid rlimit type: toString')
    expect(() => planRlimits([core, core])).toThrow('duplicated rlimit: RLIMIT_CORE')
    expect(() => planRlimits([{ ...core, soft: -1 }])).toThrow('soft limit of RLIMIT_CORE is above the hard limit')
  })
})
