import type { Recording, ToldEvent } from '@mini-docker/story'
import { describe, expect, test } from 'vitest'
import { Playback, type PlaybackClock } from '../../src/story/playback.ts'
import { HEAD, wholeStory } from './stories.ts'

/** A clock that goes when it is told to. */
class TestClock implements PlaybackClock {
  #now = 1000
  #due: { at: number; work: () => void } | undefined

  readonly now = (): number => this.#now

  after(ms: number, work: () => void): () => void {
    const due = { at: this.#now + ms, work }
    this.#due = due
    return () => {
      if (this.#due === due) this.#due = undefined
    }
  }

  go(ms: number): void {
    const end = this.#now + ms
    while (this.#due !== undefined && this.#due.at <= end) {
      const { at, work } = this.#due
      this.#now = Math.max(this.#now, at)
      this.#due = undefined
      work()
    }
    this.#now = end
  }
}

function player(events: ToldEvent[] = wholeStory(), speed = 1) {
  const told: string[] = []
  const clock = new TestClock()
  let rewinds = 0
  const recording: Recording = { events, durationMs: events.at(-1)?.t ?? 0, damage: undefined }
  const playback = new Playback(
    recording,
    {
      event: (event) => told.push(event.type),
      output: (stream, bytes) => told.push(`${stream}: ${bytes.toString()}`),
      rewind() {
        rewinds++
        told.length = 0
      },
      moved() {},
    },
    clock,
    speed,
  )
  return { told, clock, playback, rewinds: () => rewinds }
}

const all = wholeStory().map((event) => (event.type === 'output' ? 'stdout: 会議\n' : event.type))

describe('a recording that plays', () => {
  test('tells each event at its time', () => {
    const { told, clock, playback } = player()
    playback.play()
    clock.go(5)
    expect(told).toEqual(['head', 'words', 'plan', 'facts', 'step', 'call'])
    clock.go(50)
    expect(told.at(-1)).toBe('started')
    clock.go(5)
    expect(told.at(-1)).toBe('stdout: 会議\n')
    clock.go(10_000)
    expect(told).toEqual(all)
    expect(playback.isOver).toBe(true)
    expect(playback.position).toBe(4010)
  })

  test('twice as fast takes half the time', () => {
    const { told, clock, playback } = player(wholeStory(), 2)
    playback.play()
    clock.go(2004)
    expect(told).not.toContain('exit')
    clock.go(2)
    expect(told.at(-1)).toBe('exit')
  })

  test('stands still while it is paused, and goes on from there', () => {
    const { told, clock, playback } = player()
    playback.play()
    clock.go(55)
    playback.toggle()
    const before = told.length
    clock.go(100_000)
    expect(told).toHaveLength(before)
    expect(playback.position).toBeCloseTo(55)
    playback.toggle()
    clock.go(6)
    expect(told.at(-1)).toBe('stdout: 会議\n')
  })

  test('changes its speed without a jump', () => {
    const { clock, playback } = player()
    playback.play()
    clock.go(1000)
    playback.changeSpeed(1)
    expect(playback.speed).toBe(2)
    expect(playback.position).toBeCloseTo(1000)
    clock.go(500)
    expect(playback.position).toBeCloseTo(2000)
    for (let i = 0; i < 20; i++) playback.changeSpeed(-1)
    expect(playback.speed).toBe(0.1)
  })

  test('goes forward at once, telling what lies between', () => {
    const { told, playback, rewinds } = player()
    playback.play()
    playback.seek(3500)
    expect(told).toEqual(all.slice(0, -4))
    expect(rewinds()).toBe(0)
  })

  test('goes back by telling anew from the start', () => {
    const { told, clock, playback, rewinds } = player()
    playback.play()
    clock.go(4100)
    playback.seek(55)
    expect(rewinds()).toBe(1)
    expect(told.at(-1)).toBe('started')
    clock.go(5000)
    expect(told).toEqual(all)
  })

  test('sought while paused, it shows the place and stays there', () => {
    const { told, clock, playback } = player()
    playback.play()
    playback.pause()
    playback.seek(60)
    clock.go(9999)
    expect(told.at(-1)).toBe('stdout: 会議\n')
    expect(playback.position).toBe(60)
    playback.seek(-5)
    expect(playback.position).toBe(0)
  })

  test('at its end it begins anew', () => {
    const { told, clock, playback } = player()
    playback.play()
    clock.go(9999)
    playback.toggle()
    expect(told).toEqual(['head', 'words', 'plan', 'facts'])
    playback.play()
    clock.go(9999)
    expect(told).toEqual(all)
  })

  test('of a flood before the place that is sought only the end is told', () => {
    const flood = Array.from({ length: 100 }, (_, i): ToldEvent => ({
      type: 'output',
      t: i,
      stream: 'stdout',
      data: Buffer.alloc(30_000, i).toString('base64'),
    }))
    const { told, playback } = player([HEAD, ...flood])
    playback.seek(99)
    expect(told.length).toBeGreaterThan(5)
    expect(told.length).toBeLessThan(30)
  })
})
