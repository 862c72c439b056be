/** `run --tui` and `--step` as a person uses them: driven by keys in a real terminal, and by lines where there is none. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BUSYBOX } from '../harness/images.ts'
import { eventually } from '../harness/eventually.ts'
import { Terminal } from '../harness/terminal.ts'
import { onDocker, suite } from './suite.ts'

suite('a run that is watched', ['tmux'], (daemon) => {
  const open = (args: string[], options: { columns?: number; rows?: number; env?: Record<string, string> } = {}) =>
    Terminal.open(daemon().argv('run', '--network', 'none', '--lang', 'en', ...args), {
      columns: 110,
      rows: 34,
      ...options,
    })
  const containers = async (): Promise<string> => daemon().ok('ps', '-a', '--format', '{{.ID}} {{.Status}}')
  const it = test.skipIf(onDocker)

  it('is made before one’s eyes, used, and torn down', async () => {
    await using terminal = await open(['--tui', '--rm', '-it', BUSYBOX, 'sh'])
    await terminal.waitFor(/\[Terminal\][\s\S]*│\/ #\n[\s\S]*keys go to the container/)
    await terminal.line('stty size; hostname | wc -c; echo 会$((40 + 2))')
    const screen = await terminal.waitFor(/会42/)
    // The container's terminal is as large as its place on the screen.
    expect(screen).toMatch(/30 70/)
    await terminal.resize(80, 24)
    await terminal.line('clear; stty size')
    await terminal.waitFor(/20 51/)
    await terminal.press('C-]')
    await terminal.waitFor(/q quit$/)
    await terminal.press('Up')
    await terminal.waitFor(/\[Step\][\s\S]*System calls/)
    await terminal.waitFor(/memory +[\d.]+[kM]?B/)
    await terminal.type('t')
    await terminal.line('exit 7')
    await terminal.waitFor(/exited with 7/)
    await terminal.type('q')
    expect(await terminal.exitCode()).toBe(7)
    expect(await terminal.screen()).not.toContain('[Step]')
  })

  it('waits before each step, goes on, goes back, and runs', async () => {
    await using terminal = await open(['--step', '--rm', BUSYBOX, 'echo', 'made it'])
    await terminal.waitFor(/waits before: [\s\S]*n next step/)
    await terminal.type('n')
    await terminal.waitFor(/✓ +1 [\s\S]*\|\s+2 /)
    await terminal.type('n')
    await terminal.waitFor(/✓ +2 [\s\S]*\| +3 /)
    await terminal.type('b')
    await terminal.waitFor(/#2 waits[\s\S]*✓ +1 [\s\S]*\| +2 /)
    // It is seen at once, beside the step that waits.
    await terminal.waitFor(/Taken back \(\d+\)[^\n]*\n[^\n]*\| +2 /)
    await terminal.press('Up')
    await terminal.waitFor(/Taken back: to go one step back[\s\S]*unlinkat/)
    await terminal.type('ws')
    await terminal.waitFor(/ waits /)
    await terminal.type('c')
    await terminal.waitFor(/made it[\s\S]*exited with 0/)
    await terminal.type('q')
    expect(await terminal.exitCode()).toBe(0)
  })

  it.each([
    ['a', 3],
    ['C-c', 0],
    ['C-c', 12],
    ['q', 25],
  ])('given up with %s after %i steps leaves nothing', async (key, steps) => {
    await using terminal = await open(['--step', BUSYBOX, 'true'])
    await terminal.waitFor(/waits before/)
    for (let i = 0; i < steps; i++) {
      await terminal.type('n')
      await terminal.waitFor(new RegExp(`✓ +${i + 1} [\\s\\S]*waits`))
    }
    await terminal.press(key)
    expect(await terminal.exitCode()).toBe(130)
    expect(await terminal.screen()).toContain('all that was made has been undone')
    expect(await containers()).toBe('')
  })

  it('whose client is killed leaves no half-made container', async () => {
    const child = await open(['--step', '--name', 'orphan', BUSYBOX, 'true'])
    {
      await using terminal = child
      await terminal.waitFor(/waits before/)
      for (let i = 0; i < 10; i++) {
        await terminal.type('n')
        await terminal.waitFor(new RegExp(`✓ +${i + 1} [\\s\\S]*waits`))
      }
    }
    // The terminal is gone, and with it the client. The leak check of the suite sees that the kernel has nothing.
    await eventually('the start is given up', async () => {
      const state = await containers()
      if (/Up/.test(state)) throw new Error(state)
      return true
    })
  })

  /** Where the start waits, as the daemon says it. */
  const halfMade = async (name: string) => {
    const { json } = await daemon().request('GET', `/containers/${name}/json`)
    return (json as { State: { HalfMade?: { Step: string; Index: number; Pid: number; Waiting: boolean } } }).State
      .HalfMade
  }
  /** Presses n until the step with this id is the next one. */
  const stepTo = async (terminal: Terminal, name: string, step: string): Promise<void> => {
    for (let i = 0; i < 100; i++) {
      const here = await halfMade(name)
      if (here?.Step === step) return
      await terminal.type('n')
      await eventually('the next step waits', async () => {
        const now = await halfMade(name)
        return now !== undefined && now.Waiting && now.Index > (here?.Index ?? -1)
      })
    }
    throw new Error(`never came to ${step}`)
  }

  it('opens a shell on the host before there is a process, and in the half-made container then', async () => {
    await using terminal = await open(
      ['--step', '--rm', '--name', 'halfway', '--hostname', 'halfway', BUSYBOX, 'sh', '-c', 'echo name=$(hostname)'],
      { env: { SHELL: '/bin/sh' } },
    )
    await terminal.waitFor(/waits before/)
    await terminal.type('!')
    await terminal.waitFor(/shell on the host/)
    await terminal.line('exit')
    await terminal.waitFor(/n next step/)
    // Its root is the image's, and its name is not given yet.
    await stepTo(terminal, 'halfway', 'uts.hostname')
    await terminal.waitFor(/n next step/)
    await terminal.type('!')
    await terminal.waitFor(/shell in the half-made container[\s\S]*\/ #$/)
    await terminal.line(
      'echo name=$(hostname); grep -c " / / .*overlay" /proc/self/mountinfo; echo mine=$(ls -d /proc/self)',
    )
    const before = await terminal.waitFor(/mine=\/proc\/self/)
    expect(before).toMatch(/^1$/m)
    expect(before).not.toContain('name=halfway')
    await terminal.line('exit')
    await terminal.waitFor(/n next step/)
    await terminal.type('n')
    await terminal.waitFor(/waits before: (?!Set the host name)[\s\S]*n next step/)
    await terminal.type('!')
    await terminal.waitFor(/shell in the half-made container[\s\S]*\/ #$/)
    await terminal.line('echo name=$(hostname)')
    await terminal.waitFor(/^name=halfway/m)
    await terminal.line('exit')
    await terminal.waitFor(/n next step/)
    await terminal.type('c')
    await terminal.waitFor(/name=halfway[\s\S]*exited with 0/)
    await terminal.type('q')
    expect(await terminal.exitCode()).toBe(0)
  })

  it('opens no shell in a container that is paused, and says why', async () => {
    await using terminal = await open(['--tui', '--rm', '--name', 'frozen', BUSYBOX, 'sleep', '1000'])
    await terminal.waitFor(/\[Terminal\][\s\S]*\n runs\n/)
    await daemon().ok('pause', 'frozen')
    await terminal.type('!')
    const screen = await terminal.waitFor(/no shell: container frozen is paused/)
    expect(screen).not.toContain('shell on the host')
    await daemon().ok('rm', '-f', 'frozen')
    await terminal.waitFor(/exited with 137/)
    await terminal.type('q')
    expect(await terminal.exitCode()).toBe(137)
  })

  it('whose daemon vanishes says so and ends', async () => {
    await using terminal = await open(['--step', '--name', 'lonely', BUSYBOX, 'true'])
    await terminal.waitFor(/waits before/)
    await terminal.type('n')
    await terminal.waitFor(/✓ +1 /)
    await daemon().kill()
    try {
      await terminal.waitFor(/failed: /)
      await terminal.type('q')
      expect(await terminal.exitCode()).toBe(125)
    } finally {
      await daemon().start()
    }
  })

  it('whose container dies in the middle says so', async () => {
    await using terminal = await open(['--step', '--name', 'doomed', BUSYBOX, 'true'])
    await terminal.waitFor(/waits before/)
    await terminal.type('n')
    await terminal.waitFor(/✓ +1 /)
    await daemon().ok('rm', '-f', 'doomed')
    await terminal.waitFor(/failed: /)
    await terminal.type('q')
    expect(await terminal.exitCode()).not.toBe(0)
  })

  it('is not frozen by a container that floods it', async () => {
    await using terminal = await open(['--tui', '--rm', BUSYBOX, 'yes', 'flood'])
    await terminal.waitFor(/flood\n[\s\S]*flood/)
    await terminal.press('Up')
    await terminal.waitFor(/\[Step\][\s\S]*System calls/)
    await terminal.type('q')
    await terminal.waitFor(/It still runs/)
    await terminal.type('k')
    expect(await terminal.exitCode()).toBe(137)
  })

  it('is lines where there is no terminal, and each step is asked for', async () => {
    const { stdout, stderr, exitCode } = await daemon().cli(
      ['run', '--step', '--network', 'none', '--rm', '--lang', 'en', BUSYBOX, 'echo', 'hello'],
      { input: 'n\n?\nx\nn\nb\nc\n' },
    )
    expect({ stdout, exitCode }).toEqual({ stdout: 'hello\n', exitCode: 0 })
    expect(stderr).toMatch(
      /waits before: [\s\S]*next step[\s\S]*Taken back[\s\S]*the container runs[\s\S]*exited with 0/,
    )
  })

  it('that nobody answers is given up', async () => {
    const { stderr, exitCode } = await daemon().cli(['run', '--step', '--network', 'none', BUSYBOX, 'true'], {
      input: 'n\nn\n',
    })
    expect(exitCode).toBe(130)
    expect(stderr).toContain('all that was made has been undone')
    expect(await containers()).toBe('')
  })

  it('made wrong on purpose needs --i-know, is warned of, and shows why the step is there', async () => {
    const refused = await daemon().cli(['run', '--break', 'host-proc', BUSYBOX, 'true'])
    expect(refused).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('add --i-know') as string })
    const broken = await daemon().cli([
      'run',
      '--rm',
      '--network',
      'none',
      '--i-know',
      '--break',
      'host-proc',
      BUSYBOX,
      'ls',
      '/proc',
    ])
    expect(broken.stderr).toContain('WARNING')
    expect(broken.stdout.split('\n')).toContain(String(process.pid))
    const unknown = await daemon().cli(['run', '--i-know', '--break', 'gravity', BUSYBOX, 'true'])
    expect(unknown).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('gravity') as string })
    expect(await containers()).toBe('')
  })

  it('can be made without a step, but not without one that the others need', async () => {
    const without = (step: string, ...options: string[]) =>
      daemon().cli([
        'run',
        '--rm',
        '--network',
        'none',
        ...options,
        '--without',
        step,
        '--hostname',
        'named',
        BUSYBOX,
        'hostname',
      ])
    expect(await without('uts.hostname')).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('add --i-know') as string,
    })
    const nameless = await without('uts.hostname', '--i-know')
    expect(nameless).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('WARNING') as string })
    expect(nameless.stdout).not.toContain('named')
    const needed = await without('namespaces.clone', '--i-know')
    expect(needed).toMatchObject({ exitCode: 125, stdout: '' })
    expect(needed.stderr).toMatch(/namespaces\.clone cannot be left out/)
    const unknown = await without('gravity', '--i-know')
    expect(unknown).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('gravity') as string })
    expect(await containers()).toBe('')
  })

  it('is recorded as it runs, and replayed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mini-docker-record-'))
    try {
      const file = join(directory, 'run.jsonl')
      const recorded = await daemon().cli([
        'record',
        file,
        'run',
        '--rm',
        '--network',
        'none',
        BUSYBOX,
        'sh',
        '-c',
        'echo 会議; exit 4',
      ])
      expect(recorded).toMatchObject({ stdout: '会議\n', exitCode: 4 })
      const replayed = await daemon().cli(['replay', '--plain', '--speed', '0', '--lang', 'ja', file])
      expect(replayed).toMatchObject({ exitCode: 0, stderr: '' })
      expect(replayed.stdout).toMatch(/run --rm[\s\S]*1\/\d+ [\s\S]*会議\n[\s\S]*後片付け[\s\S]*終了コード 4\n$/)
      expect(readFileSync(file, 'utf8')).toContain('"type":"facts"')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
