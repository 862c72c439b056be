/** The words on the screen of a run. */
import type { Language } from '../../faces/explain.ts'
import type { KeyAction } from './keys.ts'
import type { Phase, StepStatus, Tab } from './state.ts'

export type RunWords = {
  phases: Record<Phase, string>
  statuses: Record<StepStatus, string>
  /** Of DESIGN's stages; one that is not here shows its own name. */
  stages: Record<string, string>
  tabs: Record<Tab, string>
  teardown: string
  takenBack: string
  reasons: Record<'back' | 'abort' | 'failed', string>
  where: Record<string, string>
  calls: string
  plannedCalls: string
  shell: string
  read: string
  changes: string
  noChange: string
  notReadYet: string
  undo: string
  leftOut: string
  brokenBy: (fault: string) => string
  noOutput: string
  exited: (code: number) => string
  failedWith: (message: string) => string
  waitsBefore: (step: string) => string
  begins: string
  isRunning: string
  typing: (key: string) => string
  noInput: string
  stillRuns: string
  tooSmall: (columns: number, rows: number) => string
  charts: { cpu: string; memory: string; pids: string; io: string }
  replayed: string
  paused: string
  truncated: string
  replayEnd: string
  aborting: string
  goingBack: string
  notBack: string
  interrupted: string
  killed: string
  hostShell: string
  containerShell: string
  noShell: (reason: string) => string
  keys: Partial<Record<KeyAction, string>>
  helpTitle: string
  helpEnd: string
}

export const RUN_WORDS: Record<Language, RunWords> = {
  en: {
    phases: {
      starting: 'starting',
      making: 'being made',
      waiting: 'waits',
      undoing: 'being taken back',
      running: 'runs',
      'tearing-down': 'being torn down',
      over: 'over',
    },
    statuses: { planned: 'planned', running: 'running', done: 'done', failed: 'failed', undone: 'taken back' },
    stages: {
      image: 'Image',
      rootfs: 'Root filesystem',
      namespaces: 'Namespaces',
      cgroup: 'Cgroup',
      network: 'Network',
      security: 'Security',
      process: 'Process',
    },
    tabs: { step: 'Step', kernel: 'Kernel', terminal: 'Terminal' },
    teardown: 'Tear-down',
    takenBack: 'Taken back',
    reasons: { back: 'to go one step back', abort: 'because it was aborted', failed: 'because a step failed' },
    where: { host: 'on the host', container: 'in the container' },
    calls: 'System calls',
    plannedCalls: 'System calls, planned',
    shell: 'The same in a shell',
    read: 'Read',
    changes: 'What the kernel says now that it did not before',
    noChange: 'nothing that is looked at has changed',
    notReadYet: 'not read yet',
    undo: 'Taken back with',
    leftOut: 'left out on purpose',
    brokenBy: (fault) => `done wrong on purpose: ${fault}`,
    noOutput: 'the container has printed nothing yet',
    exited: (code) => `exited with ${code}`,
    failedWith: (message) => `failed: ${message}`,
    waitsBefore: (step) => `waits before: ${step}`,
    begins: 'all is made: the next step lets the program begin',
    isRunning: 'the container runs',
    typing: (key) => `keys go to the container; ${key} takes them back`,
    noInput: 'it was started without -i: it reads no keys',
    stillRuns: 'It still runs. d: leave it running   k: kill it   esc: stay',
    tooSmall: (columns, rows) => `This terminal is too small: ${columns}×${rows} at least.`,
    charts: { cpu: 'cpu', memory: 'memory', pids: 'pids', io: 'io' },
    replayed: 'replay',
    paused: 'paused',
    truncated: 'the recording breaks off here',
    replayEnd: 'the end of the recording',
    aborting: 'everything is taken back …',
    goingBack: 'is taken back and made anew, up to the step before …',
    notBack: 'this is the first step',
    interrupted: 'SIGINT was sent to the container; once more kills it',
    killed: 'SIGKILL was sent to the container',
    hostShell: 'There is no process of the container yet: this is a shell on the host. exit comes back.',
    containerShell: 'A shell in the half-made container. exit comes back.',
    noShell: (reason) => `no shell: ${reason}`,
    keys: {
      next: 'next step',
      stage: 'to the next stage',
      continue: 'all the rest',
      back: 'back',
      abort: 'abort',
      shell: 'shell',
      up: 'up',
      down: 'down',
      first: 'first',
      last: 'last',
      'scroll-up': 'scroll up',
      'scroll-down': 'scroll down',
      'page-up': 'page up',
      'page-down': 'page down',
      'next-tab': 'next tab',
      'previous-tab': 'tab before',
      follow: 'follow',
      type: 'type',
      'stop-typing': 'stop typing',
      full: 'full screen',
      language: 'language',
      pause: 'pause',
      faster: 'faster',
      slower: 'slower',
      earlier: '-5 s',
      later: '+5 s',
      help: 'keys',
      quit: 'quit',
      interrupt: 'interrupt',
    },
    helpTitle: 'Keys',
    helpEnd: 'They can be changed in keys.json: see docs/tui.md',
  },
  ja: {
    phases: {
      starting: '準備中',
      making: '作成中',
      waiting: '待機中',
      undoing: '取り消し中',
      running: '実行中',
      'tearing-down': '後片付け中',
      over: '終了',
    },
    statuses: { planned: '予定', running: '実行中', done: '完了', failed: '失敗', undone: '取り消し済み' },
    stages: {
      image: 'イメージ',
      rootfs: 'ルートファイルシステム',
      namespaces: '名前空間',
      cgroup: 'cgroup',
      network: 'ネットワーク',
      security: 'セキュリティー',
      process: 'プロセス',
    },
    tabs: { step: 'ステップ', kernel: 'カーネル', terminal: '端末' },
    teardown: '後片付け',
    takenBack: '取り消した操作',
    reasons: { back: '一つ前に戻るため', abort: '中止したため', failed: 'ステップが失敗したため' },
    where: { host: 'ホストで', container: 'コンテナの中で' },
    calls: 'システムコール',
    plannedCalls: 'システムコール（予定）',
    shell: 'シェルで書くと',
    read: '参照',
    changes: 'このステップでカーネルの答えが変わったところ',
    noChange: '見ている範囲では何も変わりません',
    notReadYet: 'まだ読み取っていません',
    undo: '元に戻す操作',
    leftOut: 'わざと省いています',
    brokenBy: (fault) => `わざと間違えています: ${fault}`,
    noOutput: 'コンテナはまだ何も出力していません',
    exited: (code) => `終了コード ${code}`,
    failedWith: (message) => `失敗しました: ${message}`,
    waitsBefore: (step) => `次のステップの前で待っています: ${step}`,
    begins: '準備がすべて整いました。次でプログラムが始まります',
    isRunning: 'コンテナは実行中です',
    typing: (key) => `キー入力はコンテナに届きます。${key} で戻ります`,
    noInput: '-i なしで起動したので、キー入力は受け付けません',
    stillRuns: 'まだ実行中です。d: 残して抜ける   k: 強制終了   esc: 抜けない',
    tooSmall: (columns, rows) => `端末が小さすぎます。${columns}×${rows} 以上にしてください。`,
    charts: { cpu: 'CPU', memory: 'メモリー', pids: 'PID 数', io: '入出力' },
    replayed: '再生',
    paused: '一時停止',
    truncated: '記録はここで途切れています',
    replayEnd: '記録の終わりです',
    aborting: 'すべて取り消しています …',
    goingBack: '取り消して、一つ前のステップまで作り直しています …',
    notBack: '最初のステップです',
    interrupted: 'コンテナに SIGINT を送りました。もう一度押すと強制終了します',
    killed: 'コンテナに SIGKILL を送りました',
    hostShell: 'コンテナのプロセスはまだありません。ホストのシェルを開きます。exit で戻ります。',
    containerShell: '作りかけのコンテナの中のシェルです。exit で戻ります。',
    noShell: (reason) => `シェルを開けません: ${reason}`,
    keys: {
      next: '次へ',
      stage: '次の段階へ',
      continue: '最後まで',
      back: '戻る',
      abort: '中止',
      shell: 'シェル',
      up: '上',
      down: '下',
      first: '先頭',
      last: '末尾',
      'scroll-up': '上へ送る',
      'scroll-down': '下へ送る',
      'page-up': '前のページ',
      'page-down': '次のページ',
      'next-tab': '次の欄',
      'previous-tab': '前の欄',
      follow: '追う',
      type: '入力',
      'stop-typing': '入力をやめる',
      full: '全画面',
      language: '言語',
      pause: '一時停止',
      faster: '速く',
      slower: '遅く',
      earlier: '5秒戻る',
      later: '5秒進む',
      help: 'キー一覧',
      quit: '終了',
      interrupt: '中断',
    },
    helpTitle: 'キー',
    helpEnd: 'keys.json で変更できます。docs/tui.md を見てください',
  },
}
