/** `ui` as a person uses it: the real program on a terminal, driven by keys and the mouse, on a real daemon. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventually } from '../harness/eventually.ts'
import { Terminal } from '../harness/terminal.ts'
import { busybox, suite } from './suite.ts'

const RICH = { COLORTERM: 'truecolor' }

suite('the dashboard', ['tmux'], (daemon) => {
  const open = (options: { columns?: number; rows?: number; args?: string[] } = {}) => {
    const { columns = 120, rows = 30, args = ['--lang', 'en'] } = options
    return Terminal.open(daemon().argv('ui', ...args), { columns, rows, env: RICH })
  }
  const start = (name: string, script: string, ...options: string[]) =>
    daemon().ok('run', '-d', '--name', name, ...options, ...busybox('sh', '-c', script))
  const stateOf = async (name: string) => {
    const { status, json } = await daemon().request('GET', `/containers/${name}/json`)
    return status === 404 ? 'gone' : (json as { State: { Status: string } }).State.Status
  }
  const eventuallyIs = (name: string, wanted: string) =>
    eventually(`${name} is ${wanted}`, async () => (await stateOf(name)) === wanted)
  const TICKING = 'trap exit TERM; i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.2; done'

  test('lists containers live, with their numbers and the log of the chosen one, and leaves the terminal as it was', async () => {
    await start('ticker', TICKING)
    await using terminal = await open()
    await terminal.waitFor(/› ?● ticker +running +\d+\.\d%[\s\S]*tick \d/)
    await terminal.waitFor(/following/)
    await start('later', 'sleep 100000')
    await terminal.waitFor(/later +running/)
    await daemon().ok('rm', '-f', 'later')
    await eventually('later is gone from the screen', async () => !/later +running/.test(await terminal.screen()))
    await terminal.type('q')
    expect(await terminal.exitCode()).toBe(0)
    expect(await terminal.screen()).not.toContain('ticker')
  })

  test('stops, starts, pauses, renames, and removes after a question; says what a daemon refuses', async () => {
    await start('one', TICKING)
    await start('two', TICKING)
    await using terminal = await open()
    await terminal.waitFor(/› ?● one +running/)
    await terminal.type('s')
    await terminal.waitFor(/○ one +exited[\s\S]*Stop: one: done/)
    expect(await stateOf('one')).toBe('exited')
    await terminal.type('u')
    await terminal.waitFor(/● one +running/)
    await terminal.type('p')
    await terminal.waitFor(/‖ one +paused/)
    await terminal.type('p')
    await terminal.waitFor(/● one +running/)
    await terminal.type('R')
    await terminal.waitFor(/New name[\s\S]*> one/)
    await terminal.press('C-u')
    await terminal.line('two')
    await terminal.waitFor(/Rename: one: .*Conflict/)
    await terminal.type('R')
    await terminal.press('C-u')
    await terminal.line('first')
    await terminal.waitFor(/● first +running/)
    await terminal.type('d')
    await terminal.waitFor(/Remove: first\?/)
    await terminal.type('n')
    await terminal.waitFor(/› ?● first +running/)
    await terminal.type('dy')
    await eventuallyIs('first', 'gone')
    await terminal.waitFor(/› ?● two +running/)
  })

  test('an action on marked rows, and what is chosen in the palette', async () => {
    for (const name of ['a1', 'a2', 'keep']) await start(name, TICKING)
    await using terminal = await open()
    await terminal.waitFor(/keep +running/)
    await terminal.press('Space', 'Space')
    await terminal.waitFor(/2 marked/)
    await terminal.type(':')
    await terminal.waitFor(/All commands/)
    await terminal.type('stop')
    await terminal.waitFor(/> stop[\s\S]*Stop +s/)
    await terminal.press('Enter')
    for (const name of ['a1', 'a2']) await eventuallyIs(name, 'exited')
    expect(await stateOf('keep')).toBe('running')
    await terminal.type('*')
    await terminal.type('dy')
    for (const name of ['a1', 'a2', 'keep']) await eventuallyIs(name, 'gone')
    await terminal.waitFor(/no containers/)
  })

  test('a log is searched forward and back, held and followed', async () => {
    await start(
      'log',
      'for i in $(seq 200); do echo "line $i"; done; echo "needle 日本語 one"; seq 50; echo "needle two"; seq 20; trap exit TERM; sleep 100000 & wait',
    )
    await using terminal = await open()
    await terminal.waitFor(/following +\d+\/272/)
    await terminal.press('Tab')
    await terminal.type('/needle')
    await terminal.waitFor(/needle two/)
    await terminal.press('Enter')
    await terminal.waitFor(/2 of 2\n/)
    await terminal.type('N')
    await terminal.waitFor(/1 of 2\n[\s\S]*needle 日本語 one/)
    await terminal.type('n')
    await terminal.waitFor(/2 of 2/)
    await terminal.type('T')
    await terminal.waitFor(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +needle two/)
    await terminal.press('Escape')
    await terminal.press('End')
    await terminal.waitFor(/following/)
  })

  test('a shell in the container gets the real terminal, and the dashboard comes back', async () => {
    await start('host', 'trap exit TERM; sleep 100000 & wait')
    await using terminal = await open()
    await terminal.waitFor(/› ?● host +running/)
    await terminal.type('e')
    await terminal.waitFor(/^\/ #/m)
    await terminal.line('stty size; echo in-$((40+2))')
    await terminal.waitFor(/30 120[\s\S]*in-42/)
    await terminal.press('C-c')
    await terminal.line('vi /tmp/x')
    await terminal.waitFor(/\/tmp\/x/)
    await terminal.type(':q!')
    await terminal.press('Enter')
    await terminal.line('exit')
    await terminal.waitFor(/› ?● host +running/)
    await terminal.press('Right')
    await terminal.waitFor(/Memory +[\d.]+.iB/)
  })

  test('the other sections: images as layers with their files, a run from one, networks drawn, volumes, events', async () => {
    await daemon().ok('volume', 'create', 'pages')
    await start('user', 'trap exit TERM; sleep 100000 & wait', '-v', 'pages:/srv')
    await using terminal = await open({ columns: 140, rows: 40 })
    await terminal.waitFor(/user +running/)
    await terminal.type('2')
    await terminal.waitFor(/busybox:test[\s\S]*layer 0/)
    await terminal.type('x')
    await terminal.waitFor(/> -d busybox:test/)
    await terminal.press('C-u')
    await terminal.line('--rm --network none busybox:test echo "from the image"')
    await terminal.waitFor(/from the image[\s\S]*Press enter to go back/)
    await terminal.press('Enter')
    await terminal.waitFor(/layer 0/)
    await terminal.type('3')
    await terminal.waitFor(/none +null/)
    await terminal.type('/none')
    await terminal.press('Enter')
    await terminal.waitFor(/╔═ none ═[\s\S]*● user/)
    await terminal.type('4')
    await terminal.waitFor(/pages[\s\S]*Mounted by[\s\S]*● user +→ +\/srv/)
    await terminal.type('5')
    await terminal.waitFor(/container +start +user[\s\S]*"Action": "/)
    await daemon().ok('rm', '-f', 'user')
    await daemon().ok('volume', 'rm', 'pages')
    await terminal.waitFor(/volume +destroy +pages/)
  })

  test('inspect, config and top of a container, in Japanese too', async () => {
    await start('app', 'trap exit TERM; sleep 100000 & wait', '-e', 'GREETING=こんにちは')
    await using terminal = await open({ args: ['--lang', 'ja'] })
    await terminal.waitFor(/› ?● app +実行中/)
    await terminal.press('Right', 'Right')
    await terminal.waitFor(/PID[\s\S]*sleep 100000/)
    await terminal.press('Right')
    await terminal.waitFor(/環境変数[\s\S]*GREETING=こんにちは/)
    await terminal.press('Right')
    await terminal.waitFor(/"Id": "[0-9a-f]{20}/)
    await terminal.press('Right')
    await terminal.waitFor(/\/proc\/\d+\//)
    await terminal.type('L')
    await terminal.waitFor(/Containers 1/)
  })

  test('every size, at any moment, and the mouse', async () => {
    await start('x1', TICKING)
    await start('x2', TICKING)
    await using terminal = await open({ columns: 250, rows: 80 })
    await terminal.waitFor(/x2 +running[\s\S]*q quit$/)
    for (const [columns, rows] of [
      [60, 20],
      [100, 24],
      [61, 50],
      [59, 20],
      [200, 60],
    ] as const) {
      await terminal.resize(columns, rows)
      if (columns < 60) await terminal.waitFor(/too small: 60×20/)
      else await terminal.waitFor(new RegExp(`x1[\\s\\S]*q quit$`))
      expect((await terminal.screen()).split('\n').length).toBeLessThanOrEqual(rows)
    }
    // SGR mouse reports, as the terminal sends them: the second row of the list, the second tab, the second section.
    await terminal.type('\u001B[<0;5;4M\u001B[<0;5;4m')
    await terminal.waitFor(/› ?● x2/)
    await terminal.type('\u001B[<0;20;1M')
    await terminal.waitFor(/busybox:test/)
  })

  test('a log that floods does not freeze the screen: keys are answered', async () => {
    await start('flood', 'trap exit TERM; while :; do seq 100000; done')
    await using terminal = await open()
    await terminal.waitFor(/following[^\n]*\n› ?● flood/)
    for (let i = 0; i < 5; i++) {
      await terminal.type('2')
      await terminal.waitFor(/› ? ?busybox:test/, 5000)
      await terminal.type('1')
      await terminal.waitFor(/› ?● flood/, 5000)
    }
  })

  test('hostile output is harmless on the way, whatever it does', async () => {
    await start(
      'evil',
      String.raw`printf '\033[2J\033[H\033]0;owned\007\033[?1049lIN THE WAY\n'; trap exit TERM; sleep 100000 & wait`,
    )
    await using terminal = await open()
    const screen = await terminal.waitFor(/● evil[\s\S]*IN THE WAY/)
    expect(screen).toMatch(/^ 1 Containers 1/)
    expect(screen).toMatch(/q quit$/)
  })

  test('a daemon that vanishes is said, and found again; the containers went on', async () => {
    await start('stays', TICKING)
    await using terminal = await open()
    await terminal.waitFor(/● stays +running/)
    await daemon().kill()
    await terminal.waitFor(/the daemon does not answer, trying again/)
    expect(await terminal.screen()).toMatch(/● stays/)
    await daemon().start()
    await terminal.waitFor(/mini-docker \d[\s\S]*tick \d+/)
    await eventually('the notice is gone', async () => !(await terminal.screen()).includes('does not answer'))
    await terminal.type('s')
    await terminal.waitFor(/○ stays +exited/, 30_000)
  })

  test('no terminal, or one that can do nothing: a word and exit code 1; --plain prints everything once', async () => {
    await start('here', TICKING)
    const piped = await daemon().cli(['ui'])
    expect(piped).toMatchObject({ exitCode: 1, stdout: '' })
    expect(piped.stderr).toContain('mini-docker ui --plain')
    const plain = await daemon().ok('ui', '--plain', '--lang', 'en')
    expect(plain).toMatch(/^Containers \(1\)\nNAME +STATE[\s\S]*\nhere +running +busybox:test[\s\S]*\nImages \(1\)/)
    const [program = '', ...words] = daemon().argv('ui')
    // tmux says what terminal it is; env says otherwise.
    await using terminal = await Terminal.open(['env', 'TERM=dumb', program, ...words])
    expect(await terminal.exitCode()).toBe(1)
    expect(await terminal.screen()).toContain('TERM=dumb')
  })

  test('an idle dashboard costs next to nothing', async () => {
    await start('idle', 'trap exit TERM; sleep 100000 & wait')
    await using terminal = await open()
    await terminal.waitFor(/idle +running +\d/)
    const pid = dashboardPid(daemon().host)
    const ticks = (): number => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '').split(' ')
      return Number(fields[11]) + Number(fields[12])
    }
    const before = ticks()
    await new Promise((resolve) => setTimeout(resolve, 4000))
    // 100 a second: 1 % are 4. On a machine that is busy with tests it is more.
    expect(ticks() - before).toBeLessThan(40)
    await terminal.type('q')
  })
})

/** The process that draws: started with `ui`, on this daemon. */
function dashboardPid(host: string): number {
  const isOurs = (pid: string): boolean => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return (
        words.some((word) => word.endsWith('main.js')) &&
        words.includes('ui') &&
        `${words.join(' ')} ${readFileSync(`/proc/${pid}/environ`, 'utf8')}`.includes(host)
      )
    } catch {
      // It ended while we looked.
      return false
    }
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurs(name))
  // The last one: before it are the shell and env that started it.
  return Number(pids.at(-1))
}
