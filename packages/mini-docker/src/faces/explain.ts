/**
 * The face `--explain`: the steps of a run as a script that one could type, with the reason above each. Pure: steps and
 * words in, text out; the words come from the message catalogues of the packages that plan the steps.
 */
import type { Step } from '@mini-docker/syscall'
import { wrap } from '../format/wrap.ts'
import { makesProcess, processScript, type ScriptWords } from './script.ts'

export type Language = 'en' | 'ja'
export type StepText = { title: string; why: string; shell?: string }
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
    shell: 'the shell',
    script: {
      head: [
        'As root, sh(1) makes this container by hand: sh THIS-FILE. Needed: util-linux, coreutils, hostname, iproute2 and nftables for',
        'networks, and the layers of the image. The system calls and how they end: --trace.',
      ],
      cleanUp:
        'What the steps leave on the host is taken back at the end, the newest first, as a journal would have it.',
      tools:
        'When the root has changed, the host’s programs are out of sight. Those still needed are laid into a folder with their libraries; a shell that stands in it can run them by a relative path.',
      inside: 'The steps in the container follow, up to INSIDE. What the host does meanwhile stands below.',
      gate: 'One waits for the other: the host needs the number of the process, the process what the host makes for it.',
      goOn: 'The container may go on.',
      wait: 'The exit code is the container’s.',
    } satisfies ScriptWords,
  },
  ja: {
    head: (count: number, calls: number) =>
      `# ${count} ステップ、システムコール ${calls} 個。まだ何も実行していません。`,
    headOfPull: (count: number) => `# ${count} ステップ。まだ何も問い合わせていません。`,
    container: 'コンテナの中で',
    host: 'ホストで',
    man: '参照',
    shell: 'シェルでは',
    script: {
      head: [
        'root の sh(1) で実行すると、このコンテナを手作業で作れます: sh このファイル。必要なもの: util-linux、coreutils、hostname、',
        'ネットワークには iproute2 と nftables、そしてイメージのレイヤーです。実際のシステムコールと結果は --trace で見られます。',
      ],
      cleanUp: 'ステップがホストに残すものは、終わるときに新しいものから順に元へ戻します。',
      tools:
        'ルートを切り替えると、ホストのプログラムは見えなくなります。まだ使うものをライブラリと一緒に一つのフォルダに置きます。そこにいるシェルは、相対パスで実行できます。',
      inside: 'ここから INSIDE までがコンテナの中のステップです。その間にホストがすることは、その下にあります。',
      gate: '互いに待ち合わせます。ホストにはプロセスの番号が、プロセスにはホストが用意するものが必要です。',
      goOn: 'コンテナは先へ進めます。',
      wait: '終了コードはコンテナのものです。',
    } satisfies ScriptWords,
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
  const isPull = steps.some(({ requests }) => requests !== undefined)
  const head = isPull ? words.headOfPull(steps.length) : words.head(steps.length, calls)
  const comment = (step: Step, number: number): string[] => commentOf(step, number, catalogue, language)
  if (makesProcess(steps)) return processScript(steps, scriptWords(words.script, head), comment)
  const parts = steps.map((step, index) => [...comment(step, index + 1), ...step.shell].join('\n'))
  return `${[head, ...parts].join('\n\n')}\n`
}

function scriptWords(words: ScriptWords, head: string): ScriptWords {
  const wrapped = (line: string): string => wrap(line, WIDTH - 2).join('\n# ')
  return {
    ...words,
    head: [head.replace(/^# /, ''), ...words.head],
    cleanUp: wrapped(words.cleanUp),
    tools: wrapped(words.tools),
    gate: wrapped(words.gate),
  }
}

function commentOf(step: ExplainedStep, number: number, catalogue: Catalogue, language: Language): string[] {
  const words = WORDS[language]
  const text = wordsOf(step.id, catalogue, language)
  const lines = [`# ${number}. ${text?.title ?? step.id}  (${step.where === 'host' ? words.host : words.container})`]
  if (text !== undefined) lines.push(...wrap(text.why, WIDTH - 5).map((line) => `#    ${line}`))
  if (text?.shell !== undefined)
    lines.push(...wrap(`${words.shell}: ${text.shell}`, WIDTH - 5).map((line) => `#    ${line}`))
  for (const { method, url, why } of step.requests ?? []) {
    lines.push(`#    ${method} ${url}`, ...wrap(why[language], WIDTH - 7).map((line) => `#      ${line}`))
  }
  if (step.man.length > 0) lines.push(`#    ${words.man}: ${step.man.join(', ')}`)
  return lines
}

/** The words of a step, or of its family: `mount.*` speaks for `mount./x`, whose own name then stands behind the title. */
export function wordsOf(id: string, catalogue: Catalogue, language: Language): StepText | undefined {
  const dot = id.indexOf('.')
  const family = catalogue[`${id.slice(0, dot)}.*`]?.[language]
  const own = catalogue[id]?.[language]
  return own ?? (family && { ...family, title: `${family.title}: ${id.slice(dot + 1)}` })
}
