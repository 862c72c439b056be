/** The words on the screen. */
import type { Language } from '@mini-docker/image/inspect'

export type KeyHelp = [key: string, what: string]

export type ScreenWords = {
  layers: string
  filesOf: (layer: number) => string
  filesUpTo: (layer: number) => string
  wasted: (bytes: string, efficiency: string) => string
  nothingWasted: string
  reading: (files: number) => string
  noFiles: string
  noMatch: string
  unknownInstruction: string
  removedFiles: (count: number) => string
  filter: string
  /** The longest that fits is shown; the last fits everywhere. */
  keys: KeyHelp[][]
  typingKeys: KeyHelp[]
}

export const SCREEN_WORDS: Record<Language, ScreenWords> = {
  en: {
    layers: 'Layers',
    filesOf: (layer) => `Files of layer ${layer}`,
    filesUpTo: (layer) => `Files up to layer ${layer}`,
    wasted: (bytes, efficiency) => `Wasted: ${bytes}, efficiency ${efficiency}`,
    nothingWasted: 'Wasted: nothing',
    reading: (files) => `reading … ${files} files`,
    noFiles: 'this layer changes no file',
    noMatch: 'no path has this text',
    unknownInstruction: '(the history does not say)',
    removedFiles: (count) => `(${count} ${count === 1 ? 'file' : 'files'})`,
    filter: 'filter',
    keys: [
      [
        ['↑↓ hjkl', 'move'],
        ['←→', 'fold, unfold'],
        ['tab', 'next pane'],
        ['space', 'fold'],
        ['/', 'filter'],
        ['a', 'this layer, or all up to it'],
        ['q', 'quit'],
      ],
      [
        ['↑↓', 'move'],
        ['←→ space', 'fold'],
        ['tab', 'pane'],
        ['/', 'filter'],
        ['a', 'all'],
        ['q', 'quit'],
      ],
    ],
    typingKeys: [
      ['enter', 'keep'],
      ['esc', 'clear'],
    ],
  },
  ja: {
    layers: 'レイヤー',
    filesOf: (layer) => `レイヤー ${layer} のファイル`,
    filesUpTo: (layer) => `レイヤー ${layer} までのファイル`,
    wasted: (bytes, efficiency) => `無駄になっている容量: ${bytes}、効率 ${efficiency}`,
    nothingWasted: '無駄になっている容量はありません',
    reading: (files) => `読み込んでいます … ファイル ${files} 個`,
    noFiles: 'このレイヤーではファイルは変わりません',
    noMatch: 'この文字を含むパスはありません',
    unknownInstruction: '（履歴に記録がありません）',
    removedFiles: (count) => `（ファイル ${count} 個）`,
    filter: '絞り込み',
    keys: [
      [
        ['↑↓ hjkl', '移動'],
        ['←→', '閉じる・開く'],
        ['tab', '次の欄'],
        ['space', '折りたたみ'],
        ['/', '絞り込み'],
        ['a', 'このレイヤーだけ・ここまで全部'],
        ['q', '終了'],
      ],
      [
        ['↑↓', '移動'],
        ['←→ space', '開閉'],
        ['tab', '次の欄'],
        ['/', '絞込'],
        ['a', '全部'],
        ['q', '終了'],
      ],
    ],
    typingKeys: [
      ['enter', '決定'],
      ['esc', '取消'],
    ],
  },
}
