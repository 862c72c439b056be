import type { Step } from '@mini-docker/syscall'
import { describe, expect, test } from 'vitest'
import {
  DEFAULT_CAPABILITIES,
  DEFAULT_MASKED_PATHS,
  DEFAULT_READONLY_PATHS,
  dockerCapabilitySets,
  messages,
  parseCpuList,
  planMaskedPaths,
  planNoNewPrivileges,
  planOomScoreAdj,
  planReadonlyPaths,
  planRlimits,
  planUserAndCapabilities,
  readDefaultMaskedPaths,
} from '../src/index.ts'
import { stepsAsJson } from './golden.ts'

const plans: Record<string, Step[]> = {
  'user-root': planUserAndCapabilities(
    { uid: 0, gid: 0, additionalGids: [0] },
    dockerCapabilitySets(DEFAULT_CAPABILITIES),
    40,
  ),
  'user-ambient': planUserAndCapabilities(
    { uid: 1000, gid: 1000, additionalGids: [], umask: 0o077 },
    {
      bounding: ['CAP_NET_BIND_SERVICE', 'CAP_BPF'],
      permitted: ['CAP_NET_BIND_SERVICE', 'CAP_BPF'],
      effective: ['CAP_NET_BIND_SERVICE'],
      inheritable: ['CAP_NET_BIND_SERVICE'],
      ambient: ['CAP_NET_BIND_SERVICE'],
    },
    40,
  ),
  'no-new-privileges': [planNoNewPrivileges()],
  'masked-paths': [planMaskedPaths(['/proc/keys', '/proc/acpi/', '/proc/keys'])],
  'readonly-paths': [planReadonlyPaths(DEFAULT_READONLY_PATHS)],
  rlimits: [
    planRlimits([
      { type: 'RLIMIT_NOFILE', soft: 1024, hard: 2048n },
      { type: 'RLIMIT_CORE', soft: 0, hard: -1 },
    ]),
  ],
  'oom-score-adj': [planOomScoreAdj(-500)],
}

describe('a plan is the list of calls in its golden file', () => {
  test.each(Object.keys(plans))('%s', async (name) => {
    await expect(stepsAsJson(plans[name] ?? [])).toMatchFileSnapshot(`golden/${name}.json`)
  })
})

test('every step has a title and a why in both languages', () => {
  const ids = [...new Set(Object.values(plans).flatMap((steps) => steps.map((step) => step.id)))]
  expect(ids.toSorted()).toEqual(Object.keys(messages).toSorted())
  for (const id of ids) {
    for (const text of Object.values(messages[id] ?? {})) {
      expect(text.title.length).toBeGreaterThan(5)
      expect(text.why.length).toBeGreaterThan(20)
    }
  }
})

test('no call is made for an empty list of paths', () => {
  expect(planMaskedPaths([]).calls).toEqual([])
  expect(planReadonlyPaths([]).calls).toEqual([])
})

test.each(['proc/keys', '', '/a\0b'])('the path %j is refused: it is not absolute', (path) => {
  expect(() => planMaskedPaths([path])).toThrow('masked path is not absolute')
  expect(() => planReadonlyPaths([path])).toThrow('read-only path is not absolute')
})

test.each([1001, -1001, 0.5, Number.NaN])(
  'the OOM score adjustment %d is refused with the words of docker',
  (value) => {
    expect(() => planOomScoreAdj(value)).toThrow(`Invalid value ${value}, range for oom score adj is [-1000, 1000]`)
  },
)

test('a path with a quote is one word of the shell command', () => {
  expect(planReadonlyPaths(["/it's me"]).shell[0]).toContain(String.raw`mount --rbind '/it'\''s me' '/it'\''s me'`)
})

test('the masked paths of this machine are the fixed ones and those of its CPUs', () => {
  const paths = readDefaultMaskedPaths()
  expect(paths.slice(0, DEFAULT_MASKED_PATHS.length)).toEqual(DEFAULT_MASKED_PATHS)
  for (const path of paths.slice(DEFAULT_MASKED_PATHS.length)) expect(path).toMatch(/cpu\d+\/thermal_throttle$/)
})

test('a CPU list is read as cpuset(7) writes it', () => {
  expect(parseCpuList('0-3,12-13,15\n')).toEqual([0, 1, 2, 3, 12, 13, 15])
  expect(parseCpuList('0\n')).toEqual([0])
  expect(parseCpuList('\n')).toEqual([])
})
