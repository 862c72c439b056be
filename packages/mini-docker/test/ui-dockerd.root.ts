/** The dashboard on a real dockerd: it needs nothing but the Docker Engine API. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../../test/harness/command.ts'
import { Dockerd } from '../../../test/harness/dockerd.ts'
import { BUSYBOX, busyboxArchive } from '../../../test/harness/images.ts'
import { describeWith } from '../../../test/harness/requires.ts'
import { Terminal } from '../../../test/harness/terminal.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const TICKING = 'trap exit TERM; i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.2; done'

describeWith(['root', 'docker', 'dockerd', 'tmux'], 'the dashboard on a real dockerd', () => {
  let directory = ''
  let dockerd: Dockerd
  const docker = (...words: string[]) => must(['docker', '-H', `unix://${dockerd.socket}`, ...words])

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mini-docker-ui-dockerd-'))
    dockerd = await Dockerd.start(directory, join(directory, 'd.sock'), 'host')
    await docker('load', '-q', '-i', busyboxArchive())
    await docker('run', '-d', '--name', 'ticker', '--network', 'none', BUSYBOX, 'sh', '-c', TICKING)
  })
  afterAll(async () => {
    if (dockerd !== undefined) await docker('rm', '-f', 'ticker').catch(() => {})
    await dockerd?.stop('SIGTERM')
    rmSync(directory, { recursive: true, force: true })
  })

  test('lists, follows, acts, and gives the terminal to a shell', async () => {
    const env = { DOCKER_HOST: `unix://${dockerd.socket}`, DOCKER_CONFIG: directory, COLORTERM: 'truecolor' }
    const words = [process.execPath, '--', MAIN, 'ui', '--lang', 'en']
    await using terminal = await Terminal.open(words, { columns: 120, rows: 30, env })
    await terminal.waitFor(/› ?● ticker +running +\d+\.\d%[\s\S]*tick \d/, 30_000)
    await terminal.press('Right')
    await terminal.waitFor(/Memory +[\d.]+.?i?B/)
    await terminal.press('Right')
    await terminal.waitFor(/PID[\s\S]*sleep 0\.2|PID[\s\S]*tick/)
    await terminal.type('e')
    await terminal.waitFor(/^\/ #/m)
    await terminal.line('echo in-$((40+2)); exit')
    await terminal.waitFor(/› ?● ticker +running/)
    await terminal.type('s')
    await terminal.waitFor(/○ ticker +exited/, 30_000)
    await terminal.type('2')
    await terminal.waitFor(new RegExp(`${BUSYBOX}[\\s\\S]*INSTRUCTION`))
    await terminal.type('3')
    await terminal.waitFor(/╔═ host ═/)
    await terminal.type('5')
    await terminal.waitFor(/container +die +ticker/)
    await terminal.type('q')
    expect(await terminal.exitCode()).toBe(0)
  })
})
