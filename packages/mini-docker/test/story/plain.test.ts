import { join } from 'node:path'
import type { ToldEvent } from '@mini-docker/story'
import { expect, test } from 'vitest'
import { PlainStory } from '../../src/story/plain.ts'
import { steppedTo, wentBack, wholeStory } from './stories.ts'

function tell(events: readonly ToldEvent[], language: 'en' | 'ja' = 'en'): string {
  const story = new PlainStory(language)
  return events
    .flatMap((event) => story.lines(event))
    .map((line) => `${line}\n`)
    .join('')
}

test.each(['en', 'ja'] as const)('a whole story as lines in %s', async (language) => {
  await expect(tell(wholeStory(), language)).toMatchFileSnapshot(
    join(import.meta.dirname, `golden/plain.${language}.txt`),
  )
})

test('a stepped one says before what it waits, and why that is there', () => {
  const text = tell(steppedTo(1))
  expect(text).toContain(
    'waits before: Give the process namespaces of its own\n    A new process, which sees its own mounts',
  )
})

test('going back is told with what was taken back', () => {
  expect(tell(wentBack())).toMatch(/< unlinkat\(.*\n.*Taken back \(1\): to go one step back\n\n# 2\n/)
})

test('moves no cursor and carries nothing of the container to the terminal', () => {
  const evil = wholeStory().map((event): ToldEvent =>
    event.type === 'call' ? { ...event, text: '\u001B[2Jx' } : event,
  )
  expect(tell(evil)).not.toContain('\u001B')
})
