/** How pages are read and compared; and, of every page there is, what needs no kernel: quotes, links, and that both languages show the same. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { matches, readPage } from './page.ts'

const tutorials = join(import.meta.dirname, '..')
const pages = globSync('[0-9][0-9]-*/*.md', { cwd: tutorials }).toSorted()
const chapters = globSync('[0-9][0-9]-*', { cwd: tutorials }).toSorted()
const read = (file: string): string => readFileSync(join(tutorials, file), 'utf8')

describe('a page', () => {
  test('has commands with their output, over several lines too', () => {
    const { commands } = readPage('x\n```console\n# echo a \\\n  b\na b\n# true\n```\n')
    expect(commands).toEqual([
      { command: 'echo a \\\n  b', output: ['a b'], line: 3 },
      { command: 'true', output: [], line: 6 },
    ])
  })

  test.each([
    ['nothing', [], '', true],
    ['the same', ['box'], 'box\n', true],
    ['another', ['box'], 'bix\n', false],
    ['more than is shown', ['a'], 'a\nb\n', false],
    ['an inode', ['uts:[4026531838]'], 'uts:[4026532999]\n', true],
    ['a short number is meant', ['pid 1'], 'pid 2\n', false],
    ['an id', ['b4bfc6824a67'], '0123456789ab\n', true],
    ['a time', ['<0.000075>'], '<1.5>\n', true],
    ['a gap in a line', ['a … z'], 'a b c z\n', true],
    ['a gap of lines', ['a', '…', 'z'], 'a\nb\nc\nz\n', true],
    ['spaces of a table', ['PID   TTY'], 'PID TTY\n', true],
  ] as const)('compares: %s', (_what, shown, printed, expected) => {
    expect(matches(shown, printed)).toBe(expected)
  })
})

test.each(chapters)('%s is there in both languages, with a check', (chapter) => {
  for (const file of ['en.md', 'ja.md', 'check.ts']) expect(existsSync(join(tutorials, chapter, file)), file).toBe(true)
})

test.each(chapters)('%s shows the same commands and code in both languages', (chapter) => {
  const [en, ja] = [readPage(read(`${chapter}/en.md`)), readPage(read(`${chapter}/ja.md`))]
  expect(ja.commands.map(({ command }) => command)).toEqual(en.commands.map(({ command }) => command))
  expect(ja.quotes.map(({ file, text }) => ({ file, text }))).toEqual(
    en.quotes.map(({ file, text }) => ({ file, text })),
  )
})

describe.each(pages)('%s', (page) => {
  const { quotes, links } = readPage(read(page))
  const here = dirname(join(tutorials, page))

  test('quotes code as it stands in the files', () => {
    for (const { file, text, line } of quotes) {
      expect(readFileSync(join(here, file), 'utf8'), `line ${line}: ${file}`).toContain(text)
    }
  })

  test('has links that lead somewhere', () => {
    const dead = links
      .filter((link) => !/^https?:|^#/.test(link))
      .filter((link) => !existsSync(join(here, link.split('#')[0] ?? '')))
    expect(dead.map((link) => `${relative(tutorials, here)}: ${link}`)).toEqual([])
  })
})

test.each(globSync('[0-9][0-9]-*/{start,solution}.ts', { cwd: tutorials }))('%s has under 60 lines', (file) => {
  expect(read(file).split('\n').length).toBeLessThan(60)
})
