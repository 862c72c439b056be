/** Where a copy goes and what it is called there, by docker's rules. */
import { describe, expect, test } from 'vitest'
import {
  asArchived,
  keepEnd,
  placeCopy,
  rebaseNameOf,
  renamed,
  splitEntry,
  splitWord,
  type CopyPoint,
} from '../src/copy/paths.ts'

const point = (path: string, kind: 'directory' | 'file' | 'nothing', rebaseName = ''): CopyPoint => ({
  path,
  exists: kind !== 'nothing',
  isDirectory: kind === 'directory',
  rebaseName,
})

test.each([
  ['web:/etc', { container: 'web', path: '/etc' }],
  ['web:etc', { container: 'web', path: 'etc' }],
  ['web:/a:b', { container: 'web', path: '/a:b' }],
  ['/a:b', { container: '', path: '/a:b' }],
  ['./a:b', { container: '', path: './a:b' }],
  ['../a:b', { container: '', path: '../a:b' }],
  ['plain', { container: '', path: 'plain' }],
  ['-', { container: '', path: '-' }],
])('%s is a path of a container only where its colon says so', (word, expected) => {
  expect(splitWord(word)).toEqual(expected)
})

test.each([
  ['/a/b', '/x', '/a/b'],
  ['/a/b', 'x/', '/a/b/'],
  ['/a/b', 'x/.', '/a/b/.'],
  ['/a/b', '.', '/a/b/.'],
  ['/', '/', '/'],
  ['/', '/.', '/.'],
])('%s, written as %s, is %s', (clean, written, expected) => {
  expect(keepEnd(clean, written)).toBe(expected)
})

test.each([
  ['/a/b', { directory: '/a', entry: 'b' }],
  ['/a/b/', { directory: '/a', entry: 'b' }],
  ['/a/b/.', { directory: '/a/b', entry: '.' }],
  ['/', { directory: '/', entry: '/' }],
  ['/a', { directory: '/', entry: 'a' }],
])('%s is %j', (path, expected) => {
  expect(splitEntry(path)).toEqual(expected)
})

describe('a placement', () => {
  test.each([
    ['a file into a directory', point('/s/f', 'file'), point('/d', 'directory'), '/d', undefined],
    ['a file over a file', point('/s/f', 'file'), point('/d/g', 'file'), '/d', 'g'],
    ['a file to a new name', point('/s/f', 'file'), point('/d/g', 'nothing'), '/d', 'g'],
    ['a directory into a directory', point('/s/e', 'directory'), point('/d', 'directory'), '/d', undefined],
    ['a directory to a new name', point('/s/e', 'directory'), point('/d/n', 'nothing'), '/d', 'n'],
    ['a directory to a new name with a slash', point('/s/e', 'directory'), point('/d/n/', 'nothing'), '/d', 'n'],
    ['the content of a directory to a new name', point('/s/e/.', 'directory'), point('/d/n', 'nothing'), '/d', 'n'],
  ])('%s', (_what, source, destination, directory, to) => {
    expect(placeCopy(source, destination)).toMatchObject({ directory, to })
  })

  test.each([
    ['a directory over a file', point('/s/e', 'directory'), point('/d/f', 'file'), 'cannot copy directory'],
    ['a file to a directory that is not there', point('/s/f', 'file'), point('/d/n/', 'nothing'), 'no such directory'],
    ['a file to the content of nothing', point('/s/f', 'file'), point('/d/n/.', 'nothing'), 'no such directory'],
  ])('%s is refused', (_what, source, destination, message) => {
    expect(() => placeCopy(source, destination)).toThrow(message)
  })
})

test.each([
  ['e/sub/f', 'e', 'n', 'n/sub/f'],
  ['./sub/f', '.', 'n', 'n/sub/f'],
  ['.', '.', 'n', 'n'],
  ['/etc/passwd', '/', 'n', 'n/etc/passwd'],
  ['e/f', 'e', undefined, 'e/f'],
])('the entry %s (%s becomes %s) is called %s', (path, from, to, expected) => {
  expect(renamed(path, { directory: '/d', from, to })).toBe(expected)
})

test('a link that was followed gives its own name to what it led to', () => {
  expect(rebaseNameOf('/ld', '/d')).toEqual({ path: '/d', rebaseName: 'ld' })
  expect(rebaseNameOf('/ld/', '/d')).toEqual({ path: '/d/', rebaseName: 'ld' })
  expect(rebaseNameOf('/x/d', '/y/d')).toEqual({ path: '/y/d', rebaseName: '' })
  const source = point('/d', 'directory', 'ld')
  const into = asArchived(source, placeCopy(source, point('/out', 'directory')))
  expect(renamed('d/f', into)).toBe('ld/f')
})
