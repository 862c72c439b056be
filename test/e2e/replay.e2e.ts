/** `replay` as a person uses it: in a terminal, in a pipe, and on a machine that is no Linux. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordingEnd, recordingHead, recordingLine } from '../../packages/story/src/recording.ts'
import { wholeStory } from '../../packages/mini-docker/test/story/stories.ts'
import { run } from '../harness/command.ts'
import { describeWith } from '../harness/requires.ts'
import { Terminal } from '../harness/terminal.ts'

const root = join(import.meta.dirname, '../..')
const program = join(root, 'mini-docker')
const TEXT = recordingHead() + wholeStory().map(recordingLine).join('') + recordingEnd(4010)

describeWith(['built'], 'a recorded run', () => {
  let directory: string
  const file = (name: string, text = TEXT): string => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }
  const plain = (path: string, ...flags: string[]) =>
    run([program, 'replay', '--plain', '--speed', '0', ...flags, path])

  beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'mini-docker-replay-'))))
  afterAll(() => rmSync(directory, { recursive: true }))

  test('is printed at once with --plain --speed 0, in both languages', async () => {
    const path = file('whole.jsonl')
    const english = await plain(path, '--lang', 'en')
    expect(english).toMatchObject({ exitCode: 0, stderr: '' })
    expect(english.stdout).toMatch(/1\/4 Make the cgroup[\s\S]*\n会議\n[\s\S]*Tear-down[\s\S]*exited with 3\n$/)
    const japanese = await plain(path, '--lang', 'ja')
    expect(japanese.stdout).toMatch(/1\/4 cgroup を作ります[\s\S]*終了コード 3\n$/)
  })

  test('takes its own time otherwise, or as much faster as it is told', async () => {
    const { durationMs, exitCode } = await run([program, 'replay', '--speed', '4', file('whole.jsonl')])
    expect(exitCode).toBe(0)
    expect(durationMs).toBeGreaterThan(950)
  })

  test('that breaks off is played up to there', async () => {
    const { stdout, stderr, exitCode } = await plain(
      file('cut.jsonl', TEXT.slice(0, TEXT.indexOf('"started"'))),
      '--lang',
      'en',
    )
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Make the cgroup')
    expect(stderr).toBe('mini-docker: the recording is not whole: it has no end: it was cut off\n')
  })

  test.each([
    [
      'of another version',
      TEXT.replace('"version":1', '"version":2'),
      'a recording of version 2: this program reads version 1',
    ],
    ['that is none', 'hello\n', 'not a recording of mini-docker'],
    ['that is empty', '', 'not a recording of mini-docker'],
  ])('a file %s is refused', async (name, text, message) => {
    const { stderr, stdout, exitCode } = await plain(file('bad.jsonl', text))
    expect(name).not.toBe('')
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 })
    expect(stderr).toContain(message)
  })

  test('a file that is not there, a directory and a bad speed are told', async () => {
    expect((await plain(join(directory, 'no.jsonl'))).stderr).toContain('there is no such file')
    expect((await plain(directory)).stderr).toContain('it is a directory')
    expect(await run([program, 'replay', '--speed', 'fast', file('whole.jsonl')])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('must be 0 or a number from 0.1 to 16') as string,
    })
  })

  test.each(['darwin', 'win32'])('plays on %s, without root and without a library of native code', async (platform) => {
    const pretend = file(
      'pretend.cjs',
      `Object.defineProperty(process, 'platform', { value: '${platform}' })
       process.getuid = undefined
       process.dlopen = (module, name) => { throw new Error('native code is loaded: ' + name) }`,
    )
    const node = join(root, 'node_modules/.bin/node')
    const replay = [join(root, 'dist/main.js'), 'replay', '--plain', '--speed', '0', file('whole.jsonl')]
    const { stdout, stderr, exitCode } = await run([node, '--require', pretend, ...replay])
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(stdout).toContain('exited with 3')
  })
})

describeWith(['built', 'tmux'], 'a recorded run in a terminal', () => {
  let directory: string
  let path: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'mini-docker-replay-'))
    path = join(directory, 'whole.jsonl')
    writeFileSync(path, TEXT)
  })
  afterAll(() => rmSync(directory, { recursive: true }))
  const open = (args: string[] = [], options: { columns?: number; rows?: number; env?: Record<string, string> } = {}) =>
    Terminal.open([program, 'replay', ...args, path], { columns: 100, rows: 30, ...options })

  test('plays, is paused, sought and looked at, and leaves the terminal as it was', async () => {
    await using terminal = await open(['--lang', 'en'])
    await terminal.waitFor(/\[Terminal\]\n[\s\S]*会議/)
    await terminal.type('p')
    await terminal.waitFor(/paused/)
    await terminal.type('>')
    await terminal.waitFor(/exited with 3/)
    await terminal.press('End')
    await terminal.waitFor(/Nobody is in it any more[\s\S]*>✓ +1 +Remove the cgroup/)
    await terminal.type('<')
    // The tear-down has not happened yet, nor has the end.
    const back = await terminal.waitFor(/replay 0:00\.0.* paused/)
    expect(back).not.toContain('Tear-down')
    await terminal.type('p')
    await terminal.waitFor(/0:0[1-4].*runs/)
    await terminal.type('q')
    expect(await terminal.exitCode()).toBe(0)
    expect(await terminal.screen()).not.toContain('replay')
  })

  test('follows its size, says when it is too small, and comes back', async () => {
    await using terminal = await open(['--lang', 'ja', '--at', '3.5'])
    await terminal.waitFor(/再生/)
    for (const [columns, rows] of [
      [60, 20],
      [250, 80],
      [61, 33],
    ] as const) {
      await terminal.resize(columns, rows)
      // As many lines as there are rows, the keys in the last one.
      await terminal.waitFor(new RegExp(`^(?:.*\\n){${rows - 1}}.*q 終了$`))
    }
    await terminal.resize(40, 8)
    await terminal.waitFor(/端末が小さすぎます。60×20/)
    await terminal.resize(80, 24)
    await terminal.waitFor(/q 終了$/)
    await terminal.press('C-c')
    expect(await terminal.exitCode()).toBe(0)
  })

  test('with a key of one’s own, and what is wrong in keys.json told', async () => {
    writeFileSync(join(directory, 'keys.json'), '{"run": {"quit": "Q", "nxt": "x"}}')
    await using terminal = await open(['--lang', 'en'], { env: { DOCKER_CONFIG: directory } })
    await terminal.waitFor(/keys\.json: run\.nxt: there is no such action[\s\S]*Q quit$/)
    await terminal.type('qQ')
    expect(await terminal.exitCode()).toBe(0)
  })

  test('without colours has none, and in a dumb terminal is lines', async () => {
    await using terminal = await Terminal.open([
      'env',
      'TERM=dumb',
      program,
      'replay',
      '--lang',
      'en',
      '--speed',
      '16',
      path,
    ])
    expect(await terminal.exitCode()).toBe(0)
    expect(await terminal.scrollback()).toContain('1/4 Make the cgroup')
  })
})
