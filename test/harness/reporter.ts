/** A vitest reporter that writes the numbers, and the reason of every skip, for `scripts/test.ts`, which adds them up. */
import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule, TestResult } from 'vitest/node'

export type Report = { passed: number; failed: number; skipped: { name: string; reason: string }[] }

export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const report: Report = { passed: 0, failed: 0, skipped: [] }
    for (const module of modules) count(module, report)
    const output = process.env['MINI_DOCKER_REPORT']
    if (output !== undefined) writeFileSync(output, JSON.stringify(report))
  }
}

function count(module: TestModule, report: Report): void {
  // A file that cannot even be loaded has no tests to fail.
  if (module.state() === 'failed' && module.errors().length > 0) report.failed += 1
  for (const test of module.children.allTests()) {
    const result = test.result()
    if (result.state === 'passed') report.passed += 1
    else if (result.state === 'failed') report.failed += 1
    else report.skipped.push({ name: test.fullName, reason: reasonOf(test.fullName, result) })
  }
}

/** `context.skip('why')` leaves a note; `requires()` writes `[needs …]` into the name of the suite. */
function reasonOf(name: string, result: TestResult): string {
  const note = result.state === 'skipped' ? result.note : undefined
  return note ?? /\[(needs [^\]]+)\]/.exec(name)?.[1] ?? 'the test gives no reason'
}
