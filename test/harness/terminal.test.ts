import { expect, test } from 'vitest'
import { describeWith } from './requires.ts'
import { Terminal } from './terminal.ts'

describeWith(['tmux'], 'a terminal', () => {
  test('a program that ends at once leaves its last screen and its exit code', async () => {
    await using terminal = await Terminal.open(['sh', '-c', 'echo "it\'s $(stty size)"; exit 7'], {
      columns: 100,
      rows: 30,
    })
    expect(await terminal.exitCode()).toBe(7)
    expect(await terminal.screen()).toContain("it's 30 100")
  })

  test('keys reach the program, and a new size too', async () => {
    await using terminal = await Terminal.open(['sh', '-i'])
    await terminal.waitFor(/[#$]$/)
    await terminal.line('echo $((6 * 7))')
    await terminal.waitFor(/^42$/m)
    await terminal.resize(60, 10)
    await terminal.line('stty size')
    await terminal.waitFor(/^10 60$/m)
    await terminal.line('echo asl""eep; sleep 100')
    await terminal.waitFor(/^asleep$/m)
    await terminal.press('C-c')
    await terminal.waitFor(/\^C\n.*[#$]$/)
    await terminal.line('echo ended with $?')
    await terminal.waitFor(/ended with 130/)
  })
})
