import { expect, test } from 'vitest'
import { Commands } from '../src/story/commands.ts'
import { Gatekeeper } from '../src/story/gatekeeper.ts'

const STAGES = ['process', 'cgroup', 'cgroup', 'rootfs', 'rootfs', 'process']
const stops = (gate: Gatekeeper): number[] => STAGES.flatMap((stage, i) => (gate.isShut(i, stage) ? [i] : []))

test('it stops everywhere, or nowhere', () => {
  expect(stops(new Gatekeeper({ step: true }))).toEqual([0, 1, 2, 3, 4, 5])
  expect(stops(new Gatekeeper({ step: false }))).toEqual([])
})

test('each command says where it stops next', () => {
  const gate = new Gatekeeper({ step: true })
  expect(gate.obey('back', 0, 'process')).toBe('again')
  expect(gate.obey('stage', 1, 'cgroup')).toBe('open')
  expect(stops(gate).filter((i) => i > 1)).toEqual([3, 4, 5])
  expect(gate.obey('back', 4, 'rootfs')).toBe('back')
  expect(stops(gate)).toEqual([3, 4, 5])
  expect(gate.obey('next', 3, 'rootfs')).toBe('open')
  expect(stops(gate)).toEqual([0, 1, 2, 3, 4, 5])
  expect(gate.obey('continue', 3, 'rootfs')).toBe('open')
  expect(stops(gate)).toEqual([])
  expect(gate.obey('abort', 3, 'rootfs')).toBe('abort')
})

const bytes = (text: string) => new TextEncoder().encode(text)

test('commands are kept in order until somebody asks; abort overtakes', async () => {
  const commands = new Commands()
  commands.feed(bytes('{"do":"next"}\n{"do":"ba'))
  commands.feed(bytes('ck"}\n'))
  expect(await commands.ask()).toBe('next')
  expect(await commands.ask()).toBe('back')
  const asked = commands.ask()
  commands.feed(bytes('{"do":"stage"}\n'))
  expect(await asked).toBe('stage')
  commands.feed(bytes('{"do":"next"}\n{"do":"abort"}\n'))
  await expect(commands.ask()).rejects.toThrow('given up')
})

test('at the end of input what was said still counts; what is no command, and too much of it, does not', async () => {
  const commands = new Commands()
  commands.feed(bytes('{"do":"next"}\n'))
  commands.endOfInput(new Error('over'))
  expect(await commands.ask()).toBe('next')
  await expect(commands.ask()).rejects.toThrow('over')
  const wrong = new Commands()
  wrong.feed(bytes('{"do":"fly"}\n'))
  await expect(wrong.ask()).rejects.toThrow('not a command of a story: {"do":"fly"}')
  const flood = new Commands()
  flood.feed(bytes('{"do":"next"}\n'.repeat(2000)))
  await expect(flood.ask()).rejects.toThrow('too many commands ahead')
})
