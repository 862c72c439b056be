/** Paths and modes of the archive API, as docker writes them. */
import { expect, test } from 'vitest'
import { encodeGoMode } from '../src/archive/go-mode.ts'
import { absolutePath } from '../src/archive/place.ts'
import { madeForMounts } from '../src/containers/changes.ts'

test.each([
  ['/a/b', '/a/b'],
  ['a/b', '/a/b'],
  ['/a//b/../c', '/a/c'],
  ['/a/', '/a/'],
  ['/a/.', '/a/.'],
  ['.', '/.'],
  ['..', '/'],
  ['/', '/'],
  ['/../..', '/'],
  ['/..a', '/..a'],
])('%s is %s in a container', (path, expected) => {
  expect(absolutePath(path)).toBe(expected)
})

test.each([
  ['a directory', 0o040755, 2147484141],
  ['/tmp', 0o041777, 2148532735],
  ['a file', 0o100644, 420],
  ['a symbolic link', 0o120777, 134218239],
  ['a setuid file', 0o104755, 8389101],
  ['a character device', 0o020666, 69206454],
  ['a fifo', 0o010644, 33554852],
])('the mode of %s is Go’s', (_what, mode, expected) => {
  expect(encodeGoMode(mode)).toBe(expected)
})

test('a place of our own mounts that holds files of the user is a change', () => {
  const changes = [
    { path: '/dev', kind: 'A' },
    { path: '/dev/x', kind: 'A' },
    { path: '/proc', kind: 'A' },
  ] as const
  expect([...madeForMounts(changes)]).toEqual(['/proc'])
})
