/** A comparison as lines for people. Pure. */
import type { Language } from '../faces/explain.ts'
import type { Comparison } from './compare.ts'
import { SECTIONS, type Section } from './observe.ts'

const NAMES: Record<Section, Record<Language, string>> = {
  namespaces: { en: 'namespaces', ja: '名前空間' },
  mounts: { en: 'mounts', ja: 'マウント' },
  masked: { en: 'masked paths', ja: '隠されたパス' },
  readonly: { en: 'read-only paths', ja: '読み取り専用のパス' },
  capabilities: { en: 'capabilities', ja: 'ケーパビリティ' },
  security: { en: 'seccomp, no_new_privs, oom_score_adj', ja: 'seccomp、no_new_privs、oom_score_adj' },
  user: { en: 'user and groups', ja: 'ユーザーとグループ' },
  cgroup: { en: 'control groups', ja: 'コントロールグループ' },
  limits: { en: 'limits', ja: 'リソース制限（rlimit）' },
  environment: { en: 'environment', ja: '環境変数' },
  process: { en: 'host name, directory, program', ja: 'ホスト名、ディレクトリ、プログラム' },
}

const WORDS = {
  en: { same: 'the same', missing: '(not there)', noReason: 'nobody knows why: please report it', of: ' of ' },
  ja: { same: '同じ', missing: '（なし）', noReason: '理由が分かりません。報告してください', of: ' / ' },
}

/** A line for each section, and below it what differs, with the reason. */
export function linesOf({ compared, differences }: Comparison, runc: string, language: Language): string[] {
  const words = WORDS[language]
  const lines = SECTIONS.flatMap((section) => {
    const own = differences.filter((difference) => difference.section === section)
    const count = compared[section]
    if (count === 0) return []
    const name = NAMES[section][language]
    return [
      own.length === 0
        ? `✓ ${name}: ${count} ${words.same}`
        : `≠ ${name}: ${count - own.length}${words.of}${count} ${words.same}`,
      ...own.flatMap(({ key, runc: theirs, miniDocker, reason }) => [
        `    ${key}`,
        `      runc         ${theirs ?? words.missing}`,
        `      mini-docker  ${miniDocker ?? words.missing}`,
        `      → ${reason?.[language] ?? words.noReason}`,
      ]),
    ]
  })
  return [runc, ...lines]
}
