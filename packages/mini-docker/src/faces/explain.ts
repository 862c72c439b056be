/**
 * The face `--explain`: the steps of a run as a script that one could type, with the reason above each. Pure: steps and
 * words in, text out; the words come from the message catalogues of the packages that plan the steps.
 */
import type { Step } from '@mini-docker/syscall'
import { wrap } from '../format/wrap.ts'

export type Language = 'en' | 'ja'
export type StepText = { title: string; why: string }
export type Catalogue = Record<string, { en: StepText; ja: StepText }>

/** A request to a registry, where a step makes some: what is asked, and why. */
export type PlannedRequest = { method: string; url: string; why: { en: string; ja: string } }
/** A step of a run, or of a pull. */
export type ExplainedStep = Step & { requests?: readonly PlannedRequest[] }

/** What is written around the steps themselves. */
const WORDS = {
  en: {
    head: (count: number, calls: number) => `# ${count} steps, ${calls} system calls. Nothing has been run.`,
    headOfPull: (count: number) => `# ${count} steps. Nothing has been asked or fetched.`,
    container: 'in the container',
    host: 'on the host',
    man: 'read',
    undo: 'taken back afterwards',
  },
  ja: {
    head: (count: number, calls: number) =>
      `# ${count} ステップ、システムコール ${calls} 個。まだ何も実行していません。`,
    headOfPull: (count: number) => `# ${count} ステップ。まだ何も問い合わせていません。`,
    container: 'コンテナの中で',
    host: 'ホストで',
    man: '参照',
    undo: '終わったあとで元に戻します',
  },
}

const WIDTH = 100

/** The language for a locale: `ja` for ja_JP.UTF-8 and the like, otherwise `en`. */
export function languageOf(env: Record<string, string | undefined>): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || ''
  return locale.startsWith('ja') ? 'ja' : 'en'
}

/** The script. A step without words in the catalogue shows its id. */
export function explainSteps(steps: readonly ExplainedStep[], catalogue: Catalogue, language: Language): string {
  const words = WORDS[language]
  const calls = steps.reduce((sum, step) => sum + step.calls.length, 0)
  const parts = steps.map((step, index) => explainStep(step, index + 1, catalogue, language))
  const isPull = steps.some(({ requests }) => requests !== undefined)
  const head = isPull ? words.headOfPull(steps.length) : words.head(steps.length, calls)
  return `${[head, ...parts].join('\n\n')}\n`
}

function explainStep(step: ExplainedStep, number: number, catalogue: Catalogue, language: Language): string {
  const words = WORDS[language]
  const text = wordsOf(step.id, catalogue, language)
  const lines = [`# ${number}. ${text?.title ?? step.id}  (${step.where === 'host' ? words.host : words.container})`]
  if (text !== undefined) lines.push(...wrap(text.why, WIDTH - 5).map((line) => `#    ${line}`))
  for (const { method, url, why } of step.requests ?? []) {
    lines.push(`#    ${method} ${url}`, ...wrap(why[language], WIDTH - 7).map((line) => `#      ${line}`))
  }
  if (step.man.length > 0) lines.push(`#    ${words.man}: ${step.man.join(', ')}`)
  // What is typed for a pull makes one script, to be pasted or piped as a whole; that of a run is for reading.
  const prompt = step.requests === undefined ? '$ ' : ''
  lines.push(...step.shell.map((command) => `${prompt}${command}`))
  return lines.join('\n')
}

/** The words of a step, or of its family: `mount.*` speaks for `mount./x`, whose own name then stands behind the title. */
function wordsOf(id: string, catalogue: Catalogue, language: Language): StepText | undefined {
  const dot = id.indexOf('.')
  const family = catalogue[`${id.slice(0, dot)}.*`]?.[language]
  const own = catalogue[id]?.[language]
  return own ?? (family && { ...family, title: `${family.title}: ${id.slice(dot + 1)}` })
}
