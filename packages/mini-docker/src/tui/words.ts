/** The words on the screen. */
import type { Language } from '@mini-docker/image/inspect'

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
  keys: [key: string, what: string][]
  typingKeys: [key: string, what: string][]
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
      ['↑↓', 'move'],
      ['←→', 'in, out'],
      ['tab', 'pane'],
      ['space', 'fold'],
      ['/', 'filter'],
      ['a', 'all up to here'],
      ['q', 'quit'],
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
      ['↑↓', '移動'],
      ['←→', '開閉'],
      ['tab', '切替'],
      ['space', '畳む'],
      ['/', '絞込'],
      ['a', '積重ね'],
      ['q', '終了'],
    ],
    typingKeys: [
      ['enter', '決定'],
      ['esc', '取消'],
    ],
  },
}
