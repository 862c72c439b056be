import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CliError } from '../src/cli/errors.ts'
import { FlagError, HelpWanted, readFlags, type Flag } from '../src/cli/flags.ts'

const TABLE: readonly Flag[] = [
  { name: 'tty', short: 't', kind: 'bool', help: '' },
  { name: 'interactive', short: 'i', kind: 'bool', help: '' },
  { name: 'env', short: 'e', kind: 'list', help: '' },
  { name: 'name', kind: 'string', help: '' },
  { name: 'pids-limit', kind: 'int', help: '' },
  { name: 'timeout', kind: 'int', help: '' },
  { name: 'time', kind: 'int', help: '', aliasOf: 'timeout' },
  { name: 'publish', short: 'p', kind: 'list', help: '', notBuilt: 'networks come with part 3' },
  { name: 'memory', short: 'm', kind: 'string', help: '', check: (text) => fail(text) },
]

function fail(text: string): void {
  if (text === 'abc') throw new Error(`invalid size: '${text}'`)
}

describe('flags', () => {
  test('a cluster, attached values and = forms mean the same', () => {
    for (const argv of [
      ['-it', '-e', 'A=b'],
      ['-i', '-t', '-eA=b'],
      ['-ite=A=b'],
      ['--interactive', '--tty=true', '--env=A=b'],
      ['-ti', '--env', 'A=b'],
    ]) {
      const { flags } = readFlags(TABLE, argv)
      expect([flags.bool('tty'), flags.bool('interactive'), flags.list('env')], argv.join(' ')).toEqual([
        true,
        true,
        ['A=b'],
      ])
    }
  })

  test('flags stop at the first word for run, and mix with words otherwise', () => {
    expect(readFlags(TABLE, ['-i', 'image', '-t', '--nope'], true).words).toEqual(['image', '-t', '--nope'])
    const mixed = readFlags(TABLE, ['a', '-i', 'b', '--', '-t'])
    expect(mixed.words).toEqual(['a', 'b', '-t'])
    expect([mixed.flags.bool('interactive'), mixed.flags.bool('tty')]).toEqual([true, false])
  })

  test('a single dash is a word; an alias fills the flag it stands for', () => {
    expect(readFlags(TABLE, ['-']).words).toEqual(['-'])
    expect(readFlags(TABLE, ['--time', '0x10']).flags.int('timeout')).toBe(16)
  })

  test.each([
    [['--nope'], 'unknown flag: --nope'],
    [['-z'], "unknown shorthand flag: 'z' in -z"],
    [['-iz'], "unknown shorthand flag: 'z' in -iz"],
    [['--name'], 'flag needs an argument: --name'],
    [['-e'], "flag needs an argument: 'e' in -e"],
    [['-t=x'], 'invalid argument "x" for "-t, --tty" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    [
      ['--pids-limit', 'x'],
      'invalid argument "x" for "--pids-limit" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [['-m', 'abc'], 'invalid argument "abc" for "-m, --memory" flag: invalid size: \'abc\''],
    [['--=x'], 'bad flag syntax: --=x'],
  ])('%j is refused with docker’s words', (argv, message) => {
    expect(() => readFlags(TABLE, argv)).toThrow(new FlagError(message))
  })

  test('a flag that is not built yet is an error that says when it comes, never ignored', () => {
    expect(() => readFlags(TABLE, ['-p', '80:80'])).toThrow(
      new CliError('mini-docker: --publish is not built yet (networks come with part 3)', 125),
    )
  })

  test('--help wins over words that are missing', () => {
    expect(() => readFlags(TABLE, ['--help'])).toThrow(HelpWanted)
  })

  test('any list of values survives any way of writing it, and what follows the image is untouched', () => {
    const value = fc.string().filter((text) => text !== '')
    const written = fc.constantFrom(
      (text: string) => ['--env', text],
      (text: string) => [`--env=${text}`],
      (text: string) => ['-e', text],
      (text: string) => [`-e=${text}`],
      (text: string) => [`-ie=${text}`],
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(value, written)), fc.array(fc.string()), (values, rest) => {
        const argv = [...values.flatMap(([text, write]) => write(text)), 'image', ...rest]
        const { flags, words } = readFlags(TABLE, argv, true)
        expect(flags.list('env')).toEqual(values.map(([text]) => text))
        expect(words).toEqual(['image', ...rest])
      }),
    )
  })

  test('whatever the words are, reading ends with flags or with one of its own errors', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('--', '-', '-it', '--tty', '--name', '-e', '--env=', '-=', '--=', '-t=', '--help'),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.boolean(), (argv, stop) => {
        try {
          readFlags(TABLE, argv, stop)
        } catch (error) {
          expect(error instanceof FlagError || error instanceof HelpWanted || error instanceof CliError).toBe(true)
        }
      }),
    )
  })
})
