/** What is said before a container that is made wrong on purpose. */
import type { Language } from '../faces/explain.ts'

export function warningsFor(without: readonly string[], faults: readonly string[], language: Language): string[] {
  const words = WORDS[language]
  return [...without.map((step) => words.without(step)), ...faults.map((fault) => words.fault(fault)), words.all]
}

const WORDS = {
  en: {
    without: (step: string) => `WARNING: the step ${step} is left out, as you asked.`,
    fault: (fault: string) => `WARNING: this container has the fault ${fault}, as you asked.`,
    all: 'WARNING: this container does not contain what runs in it. Run nothing in it that you do not trust.',
  },
  ja: {
    without: (step: string) => `警告: 指定どおり、ステップ ${step} を省きます。`,
    fault: (fault: string) => `警告: 指定どおり、このコンテナには間違い ${fault} を入れます。`,
    all: '警告: このコンテナは中のプログラムを閉じ込めません。信頼できないものは動かさないでください。',
  },
}
