/** Every chapter: the check fails before the solution and passes after it, what the page shows is what happens, and nothing stays. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execFileSync, spawnSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { answerOf, reportLines, verify, type Check } from '@mini-docker/verify'
import { eventually } from '../../test/harness/eventually.ts'
import { assertNothingLeft, snapshot, type KernelState } from '../../test/harness/kernel-state.ts'
import { describeWith } from '../../test/harness/requires.ts'
import { matches, readPage } from './page.ts'
import { MAKE_ROOT, runPage } from './sandbox.ts'

const root = join(import.meta.dirname, '../..')
const tutorials = join(root, 'tutorials')
const chapters = globSync('[0-9][0-9]-*', { cwd: tutorials }).toSorted()

/** What runc leaves to whoever calls it, or does only when it is told to. */
const NOT_OF_RUNC: Record<string, string> = {
  '07-init': 'the command is process 1',
  '13-overlay': 'whoever calls it mounts the layers',
  '14-images': 'whoever calls it reads the image',
  '15-layers': 'whoever calls it unpacks the layers',
  '16-milestone': 'whoever calls it mounts the layers',
  '17-volumes': 'it mounts what its config lists',
  '22-exec': 'it has another command for it',
  '19-veth-bridge': 'whoever calls it lays the cable',
  '23-detach-logs-stop': 'whoever calls it keeps the log and the exit code',
  '24-crash': 'whoever calls it takes away what it left',
  '20-nat-dns': 'whoever calls it leads out of the network',
  '21-ports': 'whoever calls it publishes ports',
  '09-user': 'its default config has no user namespace',
}

/** What stands between a program and the command it runs. */
const WORDS: Record<string, string> = { '22-exec': ' $PID' }

describeWith(['root', 'built'], 'chapter', () => {
  let before: KernelState
  beforeAll(() => {
    execFileSync('sh', ['-ec', ['mount -t tmpfs tmpfs tutorials/work', ...MAKE_ROOT].join('\n')], {
      cwd: root,
      stdio: 'pipe',
    })
  })
  afterAll(async () => {
    // A monitor ends a moment after its container.
    await eventually(
      'tutorials/work is free',
      () => spawnSync('umount', ['tutorials/work'], { cwd: root }).status === 0,
    )
  })
  beforeEach(() => {
    before = snapshot()
  })
  afterEach(async () => assertNothingLeft(before))

  test.each(chapters)('%s: what the page shows is what happens', async (chapter) => {
    const { commands } = readPage(readFileSync(join(tutorials, chapter, 'en.md'), 'utf8'))
    const printed = await runPage(commands, chapter > '03-chroot')
    const wrong = printed.filter(({ output, printed: text }) => !matches(output, text))
    expect(wrong.map(({ line, command, printed: text }) => `line ${line}: ${command}\n${text}`)).toEqual([])
  })

  const load = async (chapter: string) =>
    ((await import(join(tutorials, chapter, 'check.ts'))) as { check: Check }).check
  const grade = async (chapter: string, commandLine: string) => {
    const check = await load(chapter)
    const findings = await verify(check, { commandLine, cwd: root, env: process.env })
    return { chapter: check.chapter, program: commandLine, findings }
  }

  const built = chapters.filter((chapter) => existsSync(join(tutorials, chapter, 'solution.ts')))
  test.each(built)('%s: the check fails at the start and passes with the solution', async (chapter) => {
    const program = (file: string) => `${process.execPath} ${join(tutorials, chapter, file)}${WORDS[chapter] ?? ''}`
    expect(answerOf(await grade(chapter, program('start.ts')))).toBe('not-yet')
    expect(answerOf(await grade(chapter, program('solution.ts')))).toBe('pass')
  })

  test('runc passes every check', async (context) => {
    if (!onThisMachine('runc')) context.skip('needs runc')
    const runc = `${process.execPath} ${join(tutorials, 'tools/oci-run.ts')} runc`
    for (const chapter of chapters.filter((name) => NOT_OF_RUNC[name] === undefined)) {
      const report = await grade(chapter, runc)
      expect(answerOf(report), reportLines(report, 'en').join('\n')).toBe('pass')
    }
  })
})

function onThisMachine(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
}
