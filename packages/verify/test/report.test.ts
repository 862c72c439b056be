/** What findings look like. */
import { expect, test } from 'vitest'
import { answerOf, changes, finding, passes, reportLines, type Finding } from '../src/index.ts'

const says = { en: 'it is so', ja: 'そうです' }
const hint = { en: 'do this', ja: 'こうしてください' }
const passed = finding('01.a', true, { says, saw: 'seen', hint })
const failed = finding('01.b', false, { says, hint })
const report = (...findings: Finding[]) => ({ chapter: '01', program: './mine', findings })

test('a hint is told only where it helps', () => {
  expect(reportLines(report(passed, failed), 'en')).toEqual([
    '01: not yet',
    '  ✓ it is so',
    '      seen',
    '  ✗ it is so',
    '      → do this',
  ])
  expect(reportLines(report(failed), 'ja')).toEqual(['01: まだです', '  ✗ そうです', '      → こうしてください'])
})

test('what is broken weighs more than what is not yet, and that more than what passed', () => {
  const broken: Finding = { id: '01.c', answer: 'broken', says }
  const skipped: Finding = { id: '01.d', answer: 'skipped', says }
  expect(answerOf(report(passed, failed, broken))).toBe('broken')
  expect(answerOf(report(passed, failed))).toBe('not-yet')
  expect(answerOf(report(passed, skipped))).toBe('pass')
  expect(passes(report(passed, skipped))).toBe(true)
  expect(passes(report(passed, failed))).toBe(false)
})

test('the machine is compared: each change once, with the command that mends it', () => {
  const before = { hostname: 'vm', mounts: ['/', '/proc', '/proc'], links: ['lo'] }
  expect(changes(before, before, [], '01')).toEqual([])
  const after = { hostname: 'box', mounts: ['/', '/proc', '/mnt'], links: ['lo', 'veth1'] }
  const found = changes(before, after, [import.meta.dirname, '/nonexistent'], '01')
  expect(found.map(({ answer, saw, hint: mend }) => `${answer} ${saw} ${mend?.en}`)).toEqual([
    'broken hostname: box mend it with: hostname vm',
    'broken /mnt mend it with: umount /mnt',
    expect.stringMatching(/^broken \/proc mount it again/),
    'broken veth1 mend it with: ip link delete veth1',
    `broken ${import.meta.dirname} mend it with: rmdir ${import.meta.dirname}`,
  ])
})
