import { describe, expect, test } from 'vitest'
import type { Command } from '../src/cli/command.ts'
import { commandHelp } from '../src/cli/help.ts'
import { command as images } from '../src/commands/images.ts'
import { command as pull } from '../src/commands/pull.ts'

describe('help', () => {
  test('has docker’s other names of a command, whichever was called', () => {
    expect(commandHelp(pull)).toContain('\n\nAliases:\n  mini-docker image pull, mini-docker pull\n\nOptions:\n')
    const all = 'Aliases:\n  mini-docker image ls, mini-docker image list, mini-docker images\n'
    expect(commandHelp(images)).toContain(all)
    expect(commandHelp({ ...images, name: 'image ls' })).toContain(all)
    expect(commandHelp({ ...images, name: 'image copy' })).not.toContain('Aliases')
  })

  test('breaks lines where docker does, for the terminal’s width', () => {
    expect(commandHelp(pull)).toContain(
      '      --platform string         Set platform if server is multi-platform\n                                capable\n',
    )
    expect(commandHelp(pull, 120)).toContain('Set platform if server is multi-platform capable\n')
  })

  test('a flag that is not built is told apart', () => {
    const command: Command = { ...pull, flags: [{ name: 'tree', kind: 'bool', help: '', notBuilt: 'later' }] }
    expect(commandHelp(command)).toContain('Not built yet (an error when given): --tree\n')
  })
})
