import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Journal } from '../src/recovery/journal.ts'
import { StateFile } from '../src/state/atomic-file.ts'
import { lockFile } from '../src/state/lock-file.ts'
import { IdleTimer } from '../src/system/idle.ts'
import { withoutMountPoints } from '../src/containers/changes.ts'
import { VolumeStore } from '../src/volumes/store.ts'
import { TestDaemon } from './support/daemon.ts'

let dir: string
beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), 'engine-state-'))))
afterEach(() => fs.rmSync(dir, { recursive: true }))

describe('a state file', () => {
  const fail = (error: unknown): void => {
    throw error
  }
  test('has the last value, with no temporary file beside it', () => {
    const file = new StateFile(path.join(dir, 'state.json'), fail)
    for (const value of ['a', 'b', 'c']) file.save(value)
    expect([fs.readFileSync(path.join(dir, 'state.json'), 'utf8'), fs.readdirSync(dir)]).toEqual(['c', ['state.json']])
  })
  test('takes nothing after close: its folder may go', () => {
    const file = new StateFile(path.join(dir, 'state.json'), fail)
    file.close()
    file.save('a')
    expect(fs.readdirSync(dir)).toEqual([])
  })
  test('that cannot be written says so', () => {
    const failed = vi.fn()
    new StateFile(path.join(dir, 'nowhere/state.json'), failed).save('a')
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: 'ENOENT' }))
  })
})

test('a lock is held once, and free when it is let go', () => {
  const file = path.join(dir, 'lock')
  {
    using _held = lockFile(file)
    expect(fs.readFileSync(file, 'utf8')).toBe(`${process.pid}\n`)
    expect(() => lockFile(file)).toThrow(`another daemon (pid ${process.pid}) already holds ${file}`)
  }
  lockFile(file)[Symbol.dispose]()
})

test('a journal keeps what it can of a broken entry', () => {
  const journal = new Journal(dir)
  const id = 'a'.repeat(64)
  journal.write({
    id,
    cgroupPath: `mini-docker/${id}`,
    undo: [{ name: 'unlinkat', args: [-100, '/x', 512], allow: ['ENOENT'] }],
  })
  expect(journal.read(id)?.undo).toHaveLength(1)
  fs.writeFileSync(path.join(dir, 'journal', `${id}.json`), '{')
  expect(journal.read(id)).toEqual({ id, cgroupPath: `mini-docker/${id}`, undo: [] })
  journal.remove(id)
  expect([journal.read(id), journal.ids()]).toEqual([undefined, []])
})

describe('volumes on the disk', () => {
  test('are found again; a half-made one goes, one with data stays', async () => {
    await new VolumeStore(dir).ensure({ name: 'kept', labels: { a: 'b' }, durable: true })
    fs.mkdirSync(path.join(dir, 'volumes/half/_data'), { recursive: true })
    fs.mkdirSync(path.join(dir, 'volumes/lost/_data'), { recursive: true })
    fs.writeFileSync(path.join(dir, 'volumes/lost/_data/precious'), '')
    const names = new VolumeStore(dir).all().map(({ name }) => name)
    expect(names.toSorted()).toEqual(['kept', 'lost'])
    expect(fs.existsSync(path.join(dir, 'volumes/half'))).toBe(false)
  })
  test('have the real path below a linked data root, as the kernel tells of mounts', async () => {
    fs.mkdirSync(path.join(dir, 'real'))
    fs.symlinkSync('real', path.join(dir, 'linked'))
    const volumes = new VolumeStore(path.join(dir, 'linked'))
    await volumes.ensure({ name: 'vol', durable: false })
    expect(volumes.dataPath('vol')).toBe(fs.realpathSync(path.join(dir, 'real/volumes/vol/_data')))
  })
  test('are held until the last of their holders lets go, each once', () => {
    const volumes = new VolumeStore(dir)
    const [first, second, other] = [volumes.hold('v', 'a'), volumes.hold('v', 'a'), volumes.hold('v', 'b')]
    expect(volumes.holders('v')).toEqual(['a', 'b'])
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    other[Symbol.dispose]()
    expect(volumes.holders('v')).toEqual(['a'])
    second[Symbol.dispose]()
    expect(volumes.holders('v')).toEqual([])
  })
})

describe('an idle daemon', () => {
  test('ends when the time is over, nothing runs and nobody asks', () => {
    vi.useFakeTimers()
    let busy = true
    const ended = vi.fn()
    const idle = new IdleTimer(1000, () => busy)
    idle.start(ended)
    vi.advanceTimersByTime(3000)
    idle.activity(1)
    busy = false
    vi.advanceTimersByTime(5000)
    expect(ended).not.toHaveBeenCalled()
    idle.activity(-1)
    vi.advanceTimersByTime(999)
    expect(ended).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(ended).toHaveBeenCalledOnce()
    vi.useRealTimers()
  })
  test('takes its socket with it; a stale socket does not hinder the next one', async () => {
    const docker = await TestDaemon.start({ idleTimeoutMs: 50 })
    await docker.request('GET', '/_ping')
    expect(await docker.daemon.closed).toBe('idle')
    expect(fs.existsSync(docker.socket)).toBe(false)
    fs.writeFileSync(docker.socket, '')
    await docker.boot()
    expect((await docker.request('GET', '/_ping')).text).toBe('OK')
    await docker[Symbol.asyncDispose]()
  })
})

test('mount points are no change of the container, what it wrote there is', () => {
  const made = [
    { path: '/dev', kind: 'A' },
    { path: '/etc', kind: 'C' },
    { path: '/etc/hosts', kind: 'A' },
    { path: '/tmp', kind: 'C' },
    { path: '/tmp/x', kind: 'A' },
  ] as const
  expect(withoutMountPoints([...made]).map((change) => change.path)).toEqual(['/tmp', '/tmp/x'])
  expect(withoutMountPoints([...made, { path: '/etc/passwd', kind: 'C' }]).map((change) => change.path)).toEqual([
    '/etc',
    '/tmp',
    '/tmp/x',
    '/etc/passwd',
  ])
})
