/** Which rows differ, which differences have a reason, and what is printed of them. */
import { describe, expect, test } from 'vitest'
import { compare } from '../src/oci-diff/compare.ts'
import type { Row } from '../src/oci-diff/observe.ts'
import { linesOf } from '../src/oci-diff/print.ts'

const uid: Row = { section: 'user', key: 'uid', value: '0 0 0 0' }
const masked = (options: string): Row => ({
  section: 'masked',
  key: '/proc/acpi',
  value: `tmpfs ro,relatime (${options}) private`,
})

describe('compare', () => {
  test('equal rows are counted, in any order', () => {
    const { compared, differences } = compare([uid, masked('ro')], [masked('ro'), uid])
    expect(differences).toEqual([])
    expect(compared).toMatchObject({ user: 1, masked: 1, mounts: 0 })
  })

  test.each([
    ['of one kernel', 'ro', 'ro,size=4k,nr_inodes=2'],
    ['of another, which tells of its inode numbers', 'ro,inode64', 'ro,size=64k,nr_inodes=2,inode64'],
  ])('a difference that is known has its reason: %s', (_what, runc, miniDocker) => {
    const { differences } = compare([masked(runc)], [masked(miniDocker)])
    expect(differences).toMatchObject([{ key: '/proc/acpi', reason: { en: expect.stringContaining('one page') } }])
  })

  test.each([
    ['another value', [masked('ro')], [masked('rw')]],
    ['the reason’s difference, and one more', [masked('ro')], [masked('rw,size=4k,nr_inodes=2')]],
    ['only runc has it', [uid], []],
    ['only mini-docker has it', [], [uid]],
  ])('has no reason: %s', (_what, runc, miniDocker) => {
    expect(compare(runc, miniDocker).differences.map(({ reason }) => reason)).toEqual([undefined])
  })
})

test('what is printed names both values, and says when nobody knows why', () => {
  const comparison = compare([uid], [{ ...uid, value: '1 1 1 1' }])
  expect(linesOf(comparison, 'runc version 1', 'en')).toEqual([
    'runc version 1',
    '≠ user and groups: 0 of 1 the same',
    '    uid',
    '      runc         0 0 0 0',
    '      mini-docker  1 1 1 1',
    '      → nobody knows why: please report it',
  ])
  expect(linesOf(compare([uid], [uid]), 'runc version 1', 'ja')).toEqual([
    'runc version 1',
    '✓ ユーザーとグループ: 1 同じ',
  ])
})
