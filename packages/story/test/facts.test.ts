/** Two readings of the kernel, compared. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  changesBetween,
  differingSections,
  SECTIONS,
  uniqueKeys,
  withSections,
  type FactRow,
  type Facts,
} from '../src/index.ts'

const mounts = (...rows: FactRow[]): Facts => ({ mounts: { source: '/proc/1/mountinfo', rows } })

describe('changesBetween', () => {
  test('names what came, what went, and what is different', () => {
    const before = mounts(['/', 'ext4 /dev/sda1 rw'], ['/proc', 'proc rw'], ['/old', 'ext4'])
    const after = mounts(['/', 'overlay overlay rw'], ['/proc', 'proc rw'], ['/dev', 'tmpfs'])
    expect(changesBetween(before, after)).toEqual([
      { section: 'mounts', key: '/', kind: 'changed', before: 'ext4 /dev/sda1 rw', after: 'overlay overlay rw' },
      { section: 'mounts', key: '/dev', kind: 'added', after: 'tmpfs' },
      { section: 'mounts', key: '/old', kind: 'removed', before: 'ext4' },
    ])
  })

  test('an order that is different is no change', () => {
    expect(changesBetween(mounts(['/a', '1'], ['/b', '2']), mounts(['/b', '2'], ['/a', '1']))).toEqual([])
  })

  test('a second mount on the same place is a row of its own', () => {
    const before = mounts(['/', 'ext4'])
    const after = mounts(['/', 'ext4'], ['/', 'overlay'])
    expect(changesBetween(before, after)).toEqual([{ section: 'mounts', key: '/#2', kind: 'added', after: 'overlay' }])
  })

  test('a section that was not read says nothing', () => {
    expect(changesBetween(mounts(['/', 'ext4']), {})).toEqual([])
    expect(changesBetween({}, mounts(['/', 'ext4']))).toEqual([])
    expect(changesBetween(mounts(['/', 'ext4']), mounts())).toHaveLength(1)
  })
})

describe('sections that are told', () => {
  test('only those that differ; a source that differs is a difference', () => {
    const before: Facts = { ...mounts(['/', 'ext4']), fds: { source: '/proc/1/fd', rows: [['0', '/dev/null']] } }
    expect(differingSections(before, before)).toEqual({})
    expect(differingSections(before, mounts(['/', 'overlay']))).toEqual(mounts(['/', 'overlay']))
    const moved: Facts = { fds: { source: '/proc/2/fd', rows: [['0', '/dev/null']] } }
    expect(differingSections(before, moved)).toEqual(moved)
  })

  test('who hears the differences knows the whole', () => {
    fc.assert(
      fc.property(someFacts, someFacts, (before, after) => {
        const known = withSections(before, differingSections(before, after))
        expect(known).toEqual({ ...before, ...after })
        expect(changesBetween(known, after)).toEqual([])
      }),
    )
  })
})

test('keys are made unique, and stay in their order', () => {
  const rows = uniqueKeys([
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
    ['a', '4'],
  ])
  expect(rows.map(([key]) => key)).toEqual(['a', 'b', 'a#2', 'a#3'])
})

const row: fc.Arbitrary<FactRow> = fc.tuple(fc.constantFrom('/', '/proc', '/dev', 'eth0'), fc.string())
const section = fc.record({ source: fc.constantFrom('/proc/1/x', '/proc/2/x'), rows: fc.array(row, { maxLength: 5 }) })
const someFacts: fc.Arbitrary<Facts> = fc.dictionary(fc.constantFrom(...SECTIONS), section)
