/** As a new user: a fresh clone in a folder with a space in its name, an empty home, no environment, and one command. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, type CommandOptions } from '../harness/command.ts'
import { repository } from '../harness/daemon.ts'
import { describeWith } from '../harness/requires.ts'
import { onDocker } from './suite.ts'

if (!onDocker) {
  describeWith(['root', 'git', 'npx'], 'the first run', () => {
    let directory: string
    let clone: string
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'mini docker first run '))
      clone = join(directory, 'fresh clone')
      mkdirSync(join(directory, 'home'))
      execFileSync('git', ['clone', '--quiet', '--no-hardlinks', repository, clone])
    })
    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    /** `env -i`: only what a login shell gives, and whom this machine trusts. `npm test` puts our own Node into PATH; a new user has none. */
    const PATH = (process.env['PATH'] ?? '')
      .split(':')
      .filter((entry) => !entry.includes('node_modules'))
      .join(':')
    const trust = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'].flatMap((name) =>
      process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`],
    )
    const fresh = (args: string[], options: CommandOptions = {}) =>
      run(['env', '-i', `PATH=${PATH}`, ...trust, `HOME=${join(directory, 'home')}`, ...args], {
        timeoutMs: 300_000,
        cwd: '/',
        ...options,
      })

    test(
      'two at once install and build once, telling so on stderr, and stdout is the program’s',
      { timeout: 320_000 },
      async () => {
        const results = await Promise.all([
          fresh([join(clone, 'mini-docker'), '--version']),
          fresh([join(clone, 'mini-docker'), '--version']),
        ])
        for (const result of results) {
          expect(result, result.stderr).toMatchObject({ exitCode: 0 })
          expect(result.stdout).toMatch(/version/)
        }
        const told = results.map(({ stderr }) => stderr).join('')
        expect(told.match(/installing the packages/g)).toHaveLength(1)
        expect(told).toMatch(/waiting for another first run/)
        expect(existsSync(join(clone, 'dist/main.js'))).toBe(true)
      },
    )

    test('the next run says nothing, from any directory and through a symbolic link', async () => {
      const link = join(directory, 'md')
      execFileSync('ln', ['-s', join(clone, 'mini-docker'), link])
      for (const command of [
        [join(clone, 'mini-docker')],
        [link],
        ['sh', '-c', 'cd "$1" && ./mini-docker --version', 'sh', clone],
      ]) {
        const result = await fresh([...command, '--version'])
        expect(result, result.stderr).toMatchObject({ exitCode: 0, stderr: '' })
      }
    })

    test('an ordinary user is told that it needs root, and why', async () => {
      execFileSync('chmod', ['755', directory])
      const result = await fresh([
        'setpriv',
        '--reuid',
        '65534',
        '--regid',
        '65534',
        '--clear-groups',
        '--',
        join(clone, 'mini-docker'),
        '-H',
        `unix://${directory}/none.sock`,
        'daemon',
      ])
      expect(result.exitCode).not.toBe(0)
      expect(result.stderr).toMatch(/needs root/)
    })

    test('a source newer than the bundle is built again', async () => {
      execFileSync('touch', [join(clone, 'packages/mini-docker/src/main.ts')])
      const result = await fresh([join(clone, 'mini-docker'), '--version'])
      expect(result.stderr).toMatch(/built \d+ files/)
    })
  })
}
