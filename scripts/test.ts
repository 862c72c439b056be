/**
 * Runs the checks and then each vitest project, in the order of what they need, and ends with one line that adds
 * everything up: `N passed, N failed, N skipped`. Above it stand the failures again, and each skip with its reason. See vitest.config.ts
 * for the projects. With `CI` set, a test that fails is tried once more, and one that passes only then is told as unsteady.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyReport, type Report } from '../test/harness/reporter.ts'

const PROJECTS = ['unit', 'root', 'e2e', 'vm'] as const
type Project = (typeof PROJECTS)[number]

/**
 * Tests that need root run in mount and pid namespaces of their own: whatever goes wrong, no mount and no process of theirs outlives them,
 * and what else runs on the machine is not taken for theirs. The shell is their PID 1, and reaps.
 */
const APART = [
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  'sh',
  '-c',
  '"$@"; exit $?',
  'sh',
]

/**
 * Daemons that root tests start make links and rules: not in the machine's network namespace. Those of e2e tests have one of their own each, and the
 * tests themselves reach the machine's registry of npm packages.
 */
const APART_ON_LOOPBACK = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

const root = join(import.meta.dirname, '..')
const reports = mkdtempSync(join(tmpdir(), 'mini-docker-test-'))
const isRoot = process.getuid?.() === 0
/** Words that name no project narrow the files: `npm test -- e2e tty`. */
const words = process.argv.slice(2)
const wanted = words.filter((word) => word === 'check' || PROJECTS.some((project) => project === word))
const files = words.filter((word) => !wanted.includes(word))

const total = emptyReport()

if (wanted.length === 0 || wanted.includes('check')) check()
for (const project of PROJECTS) {
  if (wanted.length > 0 && !wanted.includes(project)) continue
  if (project !== 'unit' && !isRoot) {
    say(`${project}: not run, it needs root`)
    continue
  }
  runProject(project)
}
rmSync(reports, { recursive: true })
summarise()

/** Each failed check counts as a failed test: the closing line must not say `0 failed` when something is wrong. */
function check(): void {
  say('check: types, lint, format')
  const { status } = spawnSync(join(root, 'scripts/check'), { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) return
  total.failed += 1
  total.failures.push({ name: 'scripts/check', reason: 'types, lint or format: see above' })
}

function runProject(project: Project): void {
  say(`tests: ${project}`)
  const output = join(reports, `${project}.json`)
  const began = Date.now()
  const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--project', project, '--passWithNoTests']
  const [program, ...args] = [
    ...(isRoot && project === 'root' ? APART_ON_LOOPBACK : []),
    ...(isRoot && project !== 'unit' ? APART : []),
    ...vitest,
    '--reporter=default',
    '--reporter=./test/harness/reporter.ts',
    ...(process.env['CI'] === undefined ? [] : ['--retry=1']),
    ...files,
  ]
  const { status } = spawnSync(program!, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, MINI_DOCKER_REPORT: output },
  })
  const report = existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as Report) : undefined
  total.passed += report?.passed ?? 0
  total.failed += report?.failed ?? 0
  total.failures.push(...(report?.failures ?? []))
  total.unsteady.push(...(report?.unsteady ?? []))
  total.skipped.push(...(report?.skipped ?? []))
  // An unhandled error, or a runner that died, fails the run though no single test did.
  if (status !== 0 && (report === undefined || report.failed === 0)) {
    total.failed += 1
    total.failures.push({ name: project, reason: `the runner ended with ${status}: see above` })
  }
  say(
    `tests: ${project} took ${Math.round((Date.now() - began) / 1000)} s: ${report === undefined ? 'no report' : counts(report)}`,
  )
}

function summarise(): void {
  list('skipped, and why', total.skipped)
  list('unsteady: passed at the second try only', total.unsteady)
  list('failed', total.failures)
  console.log(`\n${counts(total)}`)
  process.exitCode = total.failed > 0 ? 1 : 0
}

function list(title: string, items: Report['skipped']): void {
  if (items.length > 0) say(title)
  for (const { name, reason } of items) console.log(`  ${name}: ${reason}`)
}

function counts({ passed, failed, skipped }: Report): string {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`
}

function say(text: string): void {
  console.log(`\n=== ${text}`)
}
