import { describe, expect, test } from 'vitest'
import { checkReference, familiarName, parseImageName, withDefaultTag } from '../src/create/reference.ts'
import { tagQuery } from '../src/commands/tag.ts'

describe('names of images', () => {
  test.each([
    ['busybox', 'docker.io', 'library/busybox', undefined],
    ['busybox:1.36', 'docker.io', 'library/busybox', '1.36'],
    ['user/app', 'docker.io', 'user/app', undefined],
    ['localhost/app', 'localhost', 'app', undefined],
    ['127.0.0.1:5000/tr/busy:1', '127.0.0.1:5000', 'tr/busy', '1'],
    ['index.docker.io/busybox', 'docker.io', 'library/busybox', undefined],
  ])('%s', (text, domain, path, tag) =>
    expect(parseImageName(text)).toEqual({ domain, path, ...(tag === undefined ? {} : { tag }) }),
  )

  test.each([
    ['BUSY', 'invalid reference format: repository name (library/BUSY) must be lowercase'],
    ['a b', 'invalid reference format'],
    ['', 'invalid reference format'],
    ['a:', 'invalid reference format'],
    ['a/../b', 'invalid reference format'],
    ['a@sha256:12', 'invalid reference format'],
  ])('%j is refused with docker’s words', (text, message) =>
    expect(() => checkReference(text)).toThrow(new Error(message)),
  )

  test('IDs pass, the default tag is shown, and tag spells names out', () => {
    checkReference('a6e6ef6ae61d')
    expect([withDefaultTag('a'), withDefaultTag('a:1'), familiarName(parseImageName('library/x'))]).toEqual([
      'a:latest',
      'a:1',
      'x',
    ])
    expect(tagQuery('evt:1')).toEqual({ repo: 'docker.io/library/evt', tag: '1' })
    expect(() => tagQuery('BAD')).toThrow(
      'Error parsing reference: "BAD" is not a valid repository/tag: invalid reference format: repository name (library/BAD) must be lowercase',
    )
  })
})
