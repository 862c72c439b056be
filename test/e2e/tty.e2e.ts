/** A person at a terminal: job control, Ctrl-C, detaching and attaching, another window size, exec. */
import { expect, test } from 'vitest'
import { Terminal } from '../harness/terminal.ts'
import { sleep } from '../harness/eventually.ts'
import { busybox, inspect, sleeper, suite } from './suite.ts'

suite('a terminal', ['tmux'], (daemon) => {
  const open = (args: string[], size = {}) =>
    Terminal.open(daemon().argv(...args), { ...size, env: { DOCKER_HOST: daemon().host } })

  test('-it gives a shell on a controlling terminal of the right size, and its exit code', async () => {
    await using terminal = await open(['run', '-it', '--rm', ...busybox('sh')], { columns: 91, rows: 31 })
    await terminal.waitFor(/^\/ # ?$/m)
    await terminal.line('tty; stty size; echo "t""ty ok"')
    const screen = await terminal.waitFor(/^tty ok$/m)
    expect(screen).toMatch(/^\/dev\/(pts\/0|console)$/m)
    expect(screen).toMatch(/^31 91$/m)
    await terminal.line('exit 6')
    expect(await terminal.exitCode()).toBe(6)
  })

  test('Ctrl-C interrupts the program in the foreground, not the shell', async () => {
    await using terminal = await open(['run', '-it', '--rm', ...busybox('sh')])
    await terminal.waitFor(/^\/ # ?$/m)
    await terminal.line('echo asl""eep; sleep 100')
    await terminal.waitFor(/^asleep$/m)
    await terminal.press('C-c')
    await terminal.waitFor(/\^C\n\/ # ?$/)
    await terminal.line('echo ended with $?')
    await terminal.waitFor(/^ended with 130$/m)
    await terminal.line('exit 0')
    expect(await terminal.exitCode()).toBe(0)
  })

  test('Ctrl-Z suspends a job and fg takes it up', async () => {
    await using terminal = await open(['run', '-it', '--rm', ...busybox('sh')])
    await terminal.waitFor(/^\/ # ?$/m)
    await terminal.line('echo asl""eep; sleep 2')
    await terminal.waitFor(/^asleep$/m)
    await terminal.press('C-z')
    await terminal.waitFor(/Stopped/)
    await terminal.line('jobs; fg; echo finished""-$?')
    await terminal.waitFor(/^finished-0$/m)
    await terminal.line('exit')
    expect(await terminal.exitCode()).toBe(0)
  })

  test('ps inside sees the terminal', async () => {
    await using terminal = await open(['run', '-it', '--rm', ...busybox('sh')])
    await terminal.waitFor(/^\/ # ?$/m)
    await terminal.line('ps -o pid,tty,args')
    await terminal.waitFor(/^ *1 +(136,0|pts\/0|\S+) +sh$/m)
  })

  test('Ctrl-P Ctrl-Q leaves it running; attach comes back, and exit ends it', async () => {
    await using first = await open(['run', '-it', '--name', 'left', ...busybox('sh')])
    await first.waitFor(/^\/ # ?$/m)
    await first.line('export MARK=kept')
    // docker looks for the keys only in reads of a single byte.
    await first.waitFor(/MARK=kept\n\/ # ?$/)
    await first.press('C-p')
    await first.press('C-q')
    await first.exitCode()
    expect(await inspect(daemon(), 'left', '{{.State.Running}}')).toBe('true')
    await using second = await open(['attach', 'left'])
    await sleep(300)
    await second.line('echo "MARK=$MARK"')
    await second.waitFor(/^MARK=kept$/m)
    await second.line('exit 3')
    expect(await second.exitCode()).toBe(3)
  })

  test('--detach-keys chooses other keys', async () => {
    await using terminal = await open(['run', '-it', '--name', 'left', '--detach-keys', 'ctrl-x,d', ...busybox('sh')])
    await terminal.waitFor(/^\/ # ?$/m)
    await terminal.press('C-x')
    await terminal.type('d')
    await terminal.exitCode()
    expect(await inspect(daemon(), 'left', '{{.State.Running}}')).toBe('true')
  })

  test('another window size reaches the program', async () => {
    await using terminal = await open(['run', '-it', '--rm', ...busybox('sh')])
    await terminal.waitFor(/^\/ # ?$/m)
    await terminal.line('trap "stty size" WINCH; echo trap""ped')
    await terminal.waitFor(/^trapped$/m)
    await terminal.resize(70, 20)
    await sleep(500)
    await terminal.line('stty size')
    await terminal.waitFor(/^20 70$/m)
  })

  test('exec -it has a terminal of its own in the container', async () => {
    const id = await sleeper(daemon())
    await using terminal = await open(['exec', '-it', '-e', 'WHO=exec', id, 'sh'], { columns: 66, rows: 22 })
    await terminal.waitFor(/^\/ # ?$/m)
    await terminal.line('tty; stty size; echo "$WHO$$"')
    const screen = await terminal.waitFor(/^exec\d+$/m)
    expect(screen).toMatch(/^\/dev\/pts\/\d+$/m)
    expect(screen).toMatch(/^22 66$/m)
    await terminal.line('exit 9')
    expect(await terminal.exitCode()).toBe(9)
    expect(await inspect(daemon(), id, '{{.State.Running}}')).toBe('true')
  })

  test('-t without a terminal on standard input is refused', async () => {
    const result = await daemon().cli(['run', '-it', '--rm', ...busybox('true')], { input: '' })
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toMatch(/the input device is not a TTY/i)
  })
})
