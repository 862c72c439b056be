/** A vitest reporter that writes the numbers, every failure and the reason of every skip, for `scripts/test.ts`, which adds them up. */
import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule, TestResult } from 'vitest/node'

type Told = { name: string; reason: string }

/** `unsteady`: passed, but not at the first try. */
export type Report = { passed: number; failed: number; failures: Told[]; unsteady: Told[]; skipped: Told[] }

export function emptyReport(): Report {
  return { passed: 0, failed: 0, failures: [], unsteady: [], skipped: [] }
}

export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const report = emptyReport()
    for (const module of modules) count(module, report)
    const output = process.env['MINI_DOCKER_REPORT']
    if (output !== undefined) writeFileSync(output, JSON.stringify(report))
  }
}

function count(module: TestModule, report: Report): void {
  // A file that cannot even be loaded has no tests to fail.
  if (module.state() === 'failed' && module.errors().length > 0) {
    report.failed += 1
    report.failures.push({ name: module.relativeModuleId, reason: firstLines(module.errors()) })
  }
  for (const test of module.children.allTests()) {
    const result = test.result()
    const name = `${module.relativeModuleId} > ${test.fullName}`
    if (result.state === 'passed') {
      report.passed += 1
      if (test.diagnostic()?.flaky === true) report.unsteady.push({ name, reason: firstLines(result.errors ?? []) })
    } else if (result.state === 'failed') {
      report.failed += 1
      report.failures.push({ name, reason: firstLines(result.errors) })
    } else report.skipped.push({ name: test.fullName, reason: reasonOf(test.fullName, result) })
  }
}

function firstLines(errors: readonly { message: string }[]): string {
  return errors.map(({ message }) => message.split('\n', 3).join(' ')).join('; ')
}

/** `context.skip('why')` leaves a note; `requires()` writes `[needs …]` into the name of the suite. */
function reasonOf(name: string, result: TestResult): string {
  const note = result.state === 'skipped' ? result.note : undefined
  return note ?? /\[(needs [^\]]+)\]/.exec(name)?.[1] ?? 'the test gives no reason'
}
