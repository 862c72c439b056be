/** What is said before a container that is made wrong on purpose: what is wrong, what one will see, and that it contains nothing. */
import type { Engine } from '../client/engine.ts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Language } from '../faces/explain.ts'
import { wrap } from '../format/wrap.ts'

type Words = Record<Language, string>
type Faults = { Faults: { Name: string; What: Words; See: Words }[]; Refused: { Name: string; Why: Words }[] }

/** Asks the daemon what its faults do. Throws CliError for one that is not there or is refused, with those that are there. */
export async function warningsFor(
  engine: Engine,
  { without, faults }: { without: readonly string[]; faults: readonly string[] },
  language: Language,
): Promise<string[]> {
  const words = WORDS[language]
  const known = faults.length > 0 ? await engine.json<Faults>('GET', '/x/faults') : { Faults: [], Refused: [] }
  const told = faults.flatMap((name) => {
    const fault = known.Faults.find((one) => one.Name === name)
    if (fault === undefined) throw new CliError(`${PROGRAM}: ${unknown(name, known, language)}`, 125)
    return [
      `${words.warning}: ${words.fault(name)}`,
      ...indented(fault.What[language]),
      ...indented(fault.See[language]),
    ]
  })
  return [
    ...without.map((step) => `${words.warning}: ${words.without(step)}`),
    ...told,
    `${words.warning}: ${words.all}`,
  ]
}

function unknown(name: string, { Faults: faults, Refused: refused }: Faults, language: Language): string {
  const words = WORDS[language]
  const why = refused.find((one) => one.Name === name)?.Why[language]
  if (why !== undefined) return `${words.refused(name)}: ${why}`
  const names = faults.map((one) => `  ${one.Name.padEnd(20)} ${one.What[language]}`)
  return `${words.noSuchFault(name)}\n${names.join('\n')}`
}

const WIDTH = 100

function indented(text: string): string[] {
  return wrap(text, WIDTH - 4).map((line) => `    ${line}`)
}

const WORDS = {
  en: {
    warning: 'WARNING',
    without: (step: string) => `the step ${step} is left out, as you asked.`,
    fault: (name: string) => `this container has the fault ${name}, as you asked.`,
    all: 'this container does not contain what runs in it. Run nothing in it that you do not trust.',
    refused: (name: string) => `the fault ${name} is refused`,
    noSuchFault: (name: string) => `there is no fault ${JSON.stringify(name)}. There are:`,
  },
  ja: {
    warning: '警告',
    without: (step: string) => `指定どおり、ステップ ${step} を省きます。`,
    fault: (name: string) => `指定どおり、このコンテナには間違い ${name} を入れます。`,
    all: 'このコンテナは中のプログラムを閉じ込めません。信頼できないものは動かさないでください。',
    refused: (name: string) => `間違い ${name} は入れられません`,
    noSuchFault: (name: string) => `間違い ${JSON.stringify(name)} はありません。使えるものは次のとおりです:`,
  },
}
