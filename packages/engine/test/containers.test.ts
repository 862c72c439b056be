import { describe, expect, test } from 'vitest'
import { statusText, humanDuration } from '../src/containers/duration.ts'
import { NEW_STATE } from '../src/containers/model.ts'
import { generateName, isValidName } from '../src/containers/names.ts'
import { nextDelayMs, parseRestartPolicy, restartsAfter, startsWithDaemon } from '../src/containers/restart-policy.ts'
import { parseSignal } from '../src/containers/signals.ts'
import { ContainerStore } from '../src/containers/store.ts'
import { selectProcesses } from '../src/containers/top.ts'
import { Mutex } from '../src/state/mutex.ts'

describe('names', () => {
  test('are made up until one is free', () => {
    const seen = new Set<string>()
    for (let count = 0; count < 6000; count++) seen.add(generateName((name) => seen.has(name)))
    expect(seen.size).toBe(6000)
    expect([...seen].every(isValidName)).toBe(true)
  })
  test('are taken once, also before the container exists', () => {
    const store = new ContainerStore()
    expect(store.reserve('/a1', 'id1')).toBe('a1')
    expect(() => store.reserve('a1', 'id2')).toThrow(
      'Conflict. The container name "/a1" is already in use by container "id1".',
    )
    store.release('a1', 'id2')
    expect(() => store.reserve('a1', 'id2')).toThrow()
    store.release('a1', 'id1')
    expect(store.reserve('a1', 'id2')).toBe('a1')
  })
  test.each(['a b', '-a', 'a', 'ä1', 'a/b'])('%j is refused', (name) => {
    expect(() => new ContainerStore().reserve(name, 'id')).toThrow(`Invalid container name (${name})`)
  })
})

describe('durations in words', () => {
  test.each([
    [500, 'Less than a second'],
    [1000, '1 second'],
    [59_000, '59 seconds'],
    [60_000, 'About a minute'],
    [46 * 60_000, '46 minutes'],
    [60 * 60_000, 'About an hour'],
    [5 * 3_600_000, '5 hours'],
    [72 * 3_600_000, '3 days'],
    [24 * 21 * 3_600_000, '3 weeks'],
    [24 * 90 * 3_600_000, '3 months'],
    [24 * 800 * 3_600_000, '2 years'],
  ])('%d ms is %s', (milliseconds, words) => expect(humanDuration(milliseconds)).toBe(words))
  test('the state in words', () => {
    const now = Date.parse('2026-01-01T00:00:10Z')
    const at = '2026-01-01T00:00:00Z'
    expect(statusText({ ...NEW_STATE, status: 'paused', startedAt: at }, now)).toBe('Up 10 seconds (Paused)')
    expect(statusText({ ...NEW_STATE, status: 'exited', exitCode: 3, finishedAt: at }, now)).toBe(
      'Exited (3) 10 seconds ago',
    )
    expect(statusText(NEW_STATE, now)).toBe('Created')
  })
})

describe('signals', () => {
  test.each([
    ['KILL', 9],
    ['sigterm', 15],
    ['9', 9],
    ['RTMIN+3', 37],
    ['RTMAX-1', 63],
    [' USR1 ', 10],
  ])('%s', (text, number) => expect(parseSignal(text)).toBe(number))
  test.each(['', 'FOO', '0', '65', 'RTMIN+99', '-1'])('%j is refused', (text) =>
    expect(() => parseSignal(text)).toThrow(`invalid signal: ${text}`),
  )
})

describe('restart policies', () => {
  const policy = (Name: string, MaximumRetryCount = 0) =>
    parseRestartPolicy({ RestartPolicy: { Name, MaximumRetryCount }, AutoRemove: false })
  const ended = { exitCode: 1, restartCount: 0, stoppedByUser: false }
  test('on-failure looks at the code and counts', () => {
    expect(restartsAfter(policy('on-failure', 2), ended)).toBe(true)
    expect(restartsAfter(policy('on-failure', 2), { ...ended, exitCode: 0 })).toBe(false)
    expect(restartsAfter(policy('on-failure', 2), { ...ended, restartCount: 2 })).toBe(false)
  })
  test('what a user stopped stays down; `always` comes back with the daemon', () => {
    const stopped = { ...ended, stoppedByUser: true }
    expect([restartsAfter(policy('always'), stopped), startsWithDaemon(policy('always'), stopped)]).toEqual([
      false,
      true,
    ])
    expect(startsWithDaemon(policy('unless-stopped'), stopped)).toBe(false)
  })
  test('the delay doubles up to a minute, and begins anew after ten good seconds', () => {
    expect([nextDelayMs(0, 5), nextDelayMs(100, 5), nextDelayMs(40_000, 5), nextDelayMs(40_000, 10_000)]).toEqual([
      100, 200, 60_000, 100,
    ])
  })
})

test('top keeps the lines of the container and the spaces of the command', () => {
  const output = 'UID   PID  PPID CMD\nroot    7     1 sleep  1\nroot   70     1 sh -c a b\n'
  expect(selectProcesses(output, new Set([70]))).toEqual({
    Titles: ['UID', 'PID', 'PPID', 'CMD'],
    Processes: [['root', '70', '1', 'sh -c a b']],
  })
  expect(() => selectProcesses('A B\n', new Set())).toThrow("Couldn't find PID field in ps output")
})

test('a mutex keeps the order and survives a failure', async () => {
  const mutex = new Mutex()
  const order: number[] = []
  const slow = mutex.run(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    order.push(1)
    throw new Error('no')
  })
  const next = mutex.run(() => order.push(2))
  await expect(slow).rejects.toThrow('no')
  await next
  expect([order, mutex.busy]).toEqual([[1, 2], false])
})
