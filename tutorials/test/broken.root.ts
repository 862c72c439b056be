/** The checks are not only kind to what works: a runtime with one fault fails what tells of this fault, and nothing else. */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { verify, type Check, type Finding } from '@mini-docker/verify'
import { describeWith } from '../../test/harness/requires.ts'
import { FAULTS, LOOKS, type Fault } from './broken/faults.ts'
import { MAKE_ROOT } from './sandbox.ts'

const root = join(import.meta.dirname, '../..')
const work = join(root, 'tutorials/work')
const runtime = join(import.meta.dirname, 'broken/runtime.ts')

describeWith(['root', 'built'], 'verify, of a runtime that is broken:', () => {
  beforeAll(() => {
    // Shared, as systemd mounts everything: a runtime that forgets to leave the group of peers is seen on the machine.
    const script = ['mount -t tmpfs tmpfs tutorials/work', 'mount --make-shared tutorials/work', ...MAKE_ROOT]
    execFileSync('sh', ['-ec', script.join('\n')], { cwd: root, stdio: 'pipe' })
  })
  afterEach(() => {
    for (const point of mountsBelow(work).toReversed()) execFileSync('umount', [point])
  })
  afterAll(() => {
    execFileSync('umount', [work])
  })

  test.each(Object.keys(FAULTS) as Fault[])('%s', async (fault) => {
    const { fails, also = [] }: { fails: string[]; also?: string[] } = FAULTS[fault]
    const check = await together([...LOOKS, ...also])
    const commandLine = `${process.execPath} ${runtime} ${fault}`
    const findings = await verify(check, { commandLine, cwd: root, env: process.env })
    removeGroups(findings)
    const failed = findings.filter(({ answer }) => answer === 'not-yet' || answer === 'broken')
    expect([...new Set(failed.map(({ id }) => id))], text(failed)).toEqual(fails.toSorted())
  })
})

/** One check that asks several on the same process: one start instead of ten. */
async function together(chapters: readonly string[]): Promise<Check> {
  const checks = await Promise.all(chapters.map(load))
  return {
    chapter: 'all',
    miniDocker: '',
    async look(subject) {
      const findings: Finding[] = []
      for (const check of checks) findings.push(...(await check.look(subject)))
      return findings.toSorted((one, other) => one.id.localeCompare(other.id))
    },
  }
}

async function load(chapter: string): Promise<Check> {
  const [file = ''] = globSync(`${chapter}-*/check.ts`, { cwd: join(root, 'tutorials') })
  return ((await import(join(root, 'tutorials', file))) as { check: Check }).check
}

function text(findings: readonly Finding[]): string {
  return findings.map(({ id, saw = '' }) => `${id}: ${saw}`).join('\n')
}

/** What `group-left` left once for each of its runs. */
function removeGroups(findings: readonly Finding[]): void {
  const [left] = findings.filter(({ id }) => id === 'all.host-cgroups').map(({ saw = '' }) => saw)
  if (left === undefined) return
  for (const group of globSync('/sys/fs/cgroup/{,*/}broken-*')) rmdirSync(group)
}

function mountsBelow(directory: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.map((line) => line.split(' ')[4] ?? '').filter((point) => point.startsWith(`${directory}/`))
}
