/** The words around the data, in English and Japanese. */
import type { Change } from './model.ts'
import type { Difference } from './diff-model.ts'

export type Language = 'en' | 'ja'

/** As `docker diff` marks them; a directory that is kept has no mark. */
export const MARKS: Record<Change, string> = { added: 'A', changed: 'C', removed: 'D', kept: ' ' }

export type Words = {
  layer: (number: number) => string
  summary: (layers: number, files: string, bytes: string, stored: string) => string
  wasted: (bytes: string, percent: string) => string
  nothingWasted: string
  wastedPaths: (shown: number, all: number) => string
  head: { layer: string; size: string; files: string; changes: string; instruction: string }
  wastedHead: { bytes: string; copies: string; storedIn: string; hiddenBy: string; path: string }
  removedFiles: (count: number) => string
  unknownInstruction: string
  noChanges: string
  shared: (layers: number) => string
  counts: (added: number, changed: number, removed: number) => string
  same: string
  config: string
  unset: string
  differences: Record<Difference, string>
}

export const WORDS: Record<Language, Words> = {
  en: {
    layer: (number) => `layer ${number}`,
    summary: (layers, files, bytes, stored) =>
      `${layers} ${layers === 1 ? 'layer' : 'layers'}, ${files} files, ${bytes} (stored as ${stored})`,
    wasted: (bytes, percent) => `wasted: ${bytes}, efficiency ${percent}`,
    nothingWasted: 'wasted: nothing',
    wastedPaths: (shown, all) => `the worst ${shown} of ${all} paths with wasted bytes`,
    head: { layer: 'LAYER', size: 'SIZE', files: 'FILES', changes: 'CHANGES', instruction: 'INSTRUCTION' },
    wastedHead: { bytes: 'WASTED', copies: 'COPIES', storedIn: 'STORED IN', hiddenBy: 'HIDDEN BY', path: 'PATH' },
    removedFiles: (count) => `(${count} ${count === 1 ? 'file' : 'files'})`,
    unknownInstruction: '(the history does not say)',
    noChanges: '(nothing)',
    shared: (layers) => `${layers} shared ${layers === 1 ? 'layer' : 'layers'}`,
    counts: (added, changed, removed) => `${added} added, ${changed} changed, ${removed} removed`,
    same: 'no file differs',
    config: 'config',
    unset: '(not set)',
    differences: {
      type: 'type',
      content: 'content',
      mode: 'mode',
      owner: 'owner',
      size: 'size',
      link: 'target',
      device: 'device',
      xattrs: 'attributes',
    },
  },
  ja: {
    layer: (number) => `レイヤー ${number}`,
    summary: (layers, files, bytes, stored) =>
      `レイヤー ${layers} 個、ファイル ${files} 個、${bytes}（保存サイズ ${stored}）`,
    wasted: (bytes, percent) => `無駄になっている容量: ${bytes}、効率 ${percent}`,
    nothingWasted: '無駄になっている容量はありません',
    wastedPaths: (shown, all) => `容量が無駄になっているパス ${all} 件のうち、大きい順に ${shown} 件です`,
    head: { layer: 'レイヤー', size: 'サイズ', files: 'ファイル', changes: '変更', instruction: '作った命令' },
    wastedHead: {
      bytes: '無駄',
      copies: '個数',
      storedIn: '保存したレイヤー',
      hiddenBy: '隠したレイヤー',
      path: 'パス',
    },
    removedFiles: (count) => `（ファイル ${count} 個）`,
    unknownInstruction: '（履歴に記録がありません）',
    noChanges: '（変更はありません）',
    shared: (layers) => `共有しているレイヤー ${layers} 個`,
    counts: (added, changed, removed) => `追加 ${added}、変更 ${changed}、削除 ${removed}`,
    same: '違うファイルはありません',
    config: '設定',
    unset: '（なし）',
    differences: {
      type: '種類',
      content: '内容',
      mode: 'モード',
      owner: '所有者',
      size: 'サイズ',
      link: 'リンク先',
      device: 'デバイス',
      xattrs: '拡張属性',
    },
  },
}
