/** Every command that changes something has the faces --explain, --trace and --json. */
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { flagsOf, type Command } from '../src/cli/command.ts'

/** Commands that change nothing on the daemon's side, each with the reason. */
const CHANGE_NOTHING: Record<string, string> = {
  anatomy: 'reads',
  attach: 'joins streams',
  'class pack': 'writes a file of this machine',
  'class serve': 'serves what is there',
  daemon: 'is what is asked',
  diff: 'reads',
  'diff runc': 'its two containers are gone when it ends',
  doctor: 'reads',
  events: 'reads',
  history: 'reads',
  'image diff': 'reads',
  'image tree': 'reads',
  images: 'reads',
  info: 'reads',
  inspect: 'reads',
  logout: 'a file of the user',
  logs: 'reads',
  'manifest inspect': 'reads',
  'network inspect': 'reads',
  'network ls': 'reads',
  port: 'reads',
  ps: 'reads',
  record: 'a run, whose story it writes down',
  replay: 'reads a file',
  search: 'reads',
  stats: 'reads',
  'system df': 'reads',
  top: 'reads',
  ui: 'a screen; its keys are requests of other commands',
  verify: 'tries what this machine can do',
  version: 'reads',
  'volume inspect': 'reads',
  'volume ls': 'reads',
  'volume update': 'always refused: there are no cluster volumes',
  wait: 'waits',
}

const folder = new URL('../src/commands/', import.meta.url)
const commands: Command[] = []
for (const file of readdirSync(folder).filter((name) => /\.tsx?$/.test(name))) {
  const module = (await import(new URL(file, folder).href)) as { command?: Command }
  if (module.command !== undefined) commands.push(module.command)
}

describe('faces', () => {
  test('are had by every command that changes something', () => {
    const without = commands.filter(({ name, faces }) => faces === undefined && CHANGE_NOTHING[name] === undefined)
    expect(without.map(({ name }) => name)).toEqual([])
    expect(commands.length).toBeGreaterThan(50)
  })

  test.each(commands.filter(({ faces }) => faces !== undefined).map((command) => [command.name, command] as const))(
    '%s has all three',
    (_name, command) => {
      const names = flagsOf(command).map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining(['explain', 'trace', 'json']))
      expect(new Set(names).size).toBe(names.length)
    },
  )
})
