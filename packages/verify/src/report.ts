/** Findings as lines for people, and as JSON for teachers. Pure. */
import type { Answer, Finding, Language, Words } from './check.ts'

export type Report = { chapter: string; program: string; findings: Finding[] }

const MARK: Record<Answer, string> = { pass: '✓', 'not-yet': '✗', broken: '!', skipped: '-' }
const SAID: Record<Answer, Words> = {
  pass: { en: 'pass', ja: '合格' },
  'not-yet': { en: 'not yet', ja: 'まだです' },
  broken: { en: 'you broke something', ja: '壊れたところがあります' },
  skipped: { en: 'cannot be seen here', ja: 'ここでは確認できません' },
}

/** True when nothing is left to do: all passed, or could not be seen. */
export function passes({ findings }: Report): boolean {
  return findings.every(({ answer }) => answer === 'pass' || answer === 'skipped')
}

/** The answer for a whole chapter. */
export function answerOf(report: Report): Answer {
  const answers = report.findings.map(({ answer }) => answer)
  if (answers.includes('broken')) return 'broken'
  if (answers.includes('not-yet')) return 'not-yet'
  return answers.includes('pass') ? 'pass' : 'skipped'
}

/** Some lines a finding: the mark and the sentence, what was seen, what to do. */
export function reportLines(report: Report, language: Language): string[] {
  const { chapter, findings } = report
  const lines = findings.flatMap(({ answer, says, saw, hint }) => [
    `  ${MARK[answer]} ${says[language]}`,
    ...(saw === undefined ? [] : saw.split('\n').map((line) => `      ${line}`)),
    ...(hint === undefined ? [] : [`      → ${hint[language]}`]),
  ])
  return [`${chapter}: ${SAID[answerOf(report)][language]}`, ...lines]
}

/** What `--json` prints: one object a chapter. */
export function reportJson(report: Report): object {
  return { chapter: report.chapter, answer: answerOf(report), program: report.program, findings: report.findings }
}
