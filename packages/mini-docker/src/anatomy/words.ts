/** What `anatomy` says, in both languages. Names of the kernel's things stay as they are. */
import type { Language } from '../faces/explain.ts'
import type { SectionName } from './subject.ts'

export type Words = {
  sections: Record<SectionName, string>
  from: string
  process: string
  hostname: string
  host: string
  own: string
  sharedWith: string
  ownedBy: (inode: number, uid: number) => string
  upper: string
  layer: (number: number, count: number) => string
  otherLayer: string
  bind: string
  memory: string
  swap: string
  processes: string
  cpu: string
  used: string
  peak: string
  unlimited: string
  cpus: string
  cpuset: string
  frozen: string
  io: string
  hierarchies: string
  outside: string
  noWayOut: string
  noNetwork: string
  hostNetwork: string
  notSeen: string
  published: (host: string, container: string) => string
  masquerade: (network: string) => string
  noRules: string
  rulesInside: (count: number) => string
  bridge: string
  macvlan: string
  allCapabilities: string
  allInside: string
  kept: string
  added: string
  dropped: string
  none: string
  defaults: string
  seccompFilters: (count: number) => string
  seccompOff: string
  noNewPrivileges: (on: boolean) => string
  label: string
  user: string
  ids: string
  sameIds: string
  openFiles: (count: number, most: string) => string
  oom: string
  more: (count: number) => string
}

export const WORDS: Record<Language, Words> = {
  en: {
    sections: {
      namespaces: 'Namespaces: what it sees',
      mounts: 'Mounts: its files',
      cgroup: 'Control group: what it may use',
      network: 'Network: the way outside',
      processes: 'Processes',
      security: 'Privileges: what it may do',
    },
    from: 'read from',
    process: 'process',
    hostname: 'host name',
    host: "the host's",
    own: 'its own',
    sharedWith: 'shared with',
    ownedBy: (inode, uid) => `of user namespace ${inode}, user ${uid}`,
    upper: 'writable',
    layer: (number, count) => `layer ${number}/${count}`,
    otherLayer: 'lower',
    bind: 'host:',
    memory: 'memory',
    swap: 'with swap',
    processes: 'processes',
    cpu: 'cpu',
    used: 'used so far',
    peak: 'most so far',
    unlimited: 'no limit',
    cpus: 'processors',
    cpuset: 'on processors',
    frozen: 'frozen',
    io: 'disk',
    hierarchies: 'hierarchies',
    outside: 'outside',
    noWayOut: 'no default route: nothing leaves this machine',
    noNetwork: 'no link but lo: no network',
    hostNetwork: "It is in the host's network namespace: links, ports and addresses are the host's.",
    notSeen: 'Not seen: its network namespace needs root.',
    published: (host, container) => `published: ${host} → ${container}`,
    masquerade: (network) => `masquerade: ${network} → the host's address`,
    noRules: 'no rule of nftables names it',
    rulesInside: (count) => `${count} rules of nftables inside`,
    bridge: 'bridge',
    macvlan: 'parent',
    allCapabilities: 'all of them: as root on the host',
    allInside: 'all of them, over what its own user namespace owns',
    kept: 'kept',
    added: 'added',
    dropped: 'dropped',
    none: 'none',
    defaults: "compared with docker's default",
    seccompFilters: (count) => (count === 1 ? '1 filter looks at each call' : `${count} filters look at each call`),
    seccompOff: 'off: every system call is let through',
    noNewPrivileges: (on) => (on ? 'set: setuid programs give nothing' : 'not set'),
    label: 'label',
    user: 'user',
    ids: 'ids',
    sameIds: "the same as the host's",
    openFiles: (count, most) => `${count} open, at most ${most}`,
    oom: 'oom score',
    more: (count) => `… and ${count} more`,
  },
  ja: {
    sections: {
      namespaces: '名前空間: 見えるもの',
      mounts: 'マウント: ファイル',
      cgroup: 'cgroup: 使えるもの',
      network: 'ネットワーク: 外への道',
      processes: 'プロセス',
      security: '権限: してよいこと',
    },
    from: '読んだ場所',
    process: 'プロセス',
    hostname: 'ホスト名',
    host: 'ホストと同じ',
    own: '専用',
    sharedWith: '共有:',
    ownedBy: (inode, uid) => `所有者は user 名前空間 ${inode}、ユーザー ${uid}`,
    upper: '書き込み用',
    layer: (number, count) => `レイヤー ${number}/${count}`,
    otherLayer: '下の層',
    bind: 'ホスト:',
    memory: 'メモリー',
    swap: 'スワップ込み',
    processes: 'プロセス数',
    cpu: 'CPU',
    used: 'これまでの使用',
    peak: 'これまでの最大',
    unlimited: '制限なし',
    cpus: '個の CPU',
    cpuset: '使う CPU',
    frozen: '凍結',
    io: 'ディスク',
    hierarchies: '階層',
    outside: '外',
    noWayOut: 'デフォルトルートがないので、このマシンの外には出られません',
    noNetwork: 'lo 以外のリンクがありません: ネットワークなし',
    hostNetwork: 'ホストのネットワーク名前空間にいます。リンク、ポート、アドレスはホストのものです。',
    notSeen: '見えません: 他のネットワーク名前空間を見るには root が必要です。',
    published: (host, container) => `公開ポート: ${host} → ${container}`,
    masquerade: (network) => `マスカレード: ${network} → ホストのアドレス`,
    noRules: '関係する nftables のルールはありません',
    rulesInside: (count) => `中に nftables のルール ${count} 個`,
    bridge: 'ブリッジ',
    macvlan: '親リンク',
    allCapabilities: 'すべて: ホストの root と同じ',
    allInside: 'すべて。ただし自分の user 名前空間が所有するものだけ',
    kept: 'あり',
    added: '追加',
    dropped: '削除',
    none: 'なし',
    defaults: 'docker の初期値との比較',
    seccompFilters: (count) => `フィルター ${count} 個が各システムコールを調べます`,
    seccompOff: 'オフ: すべてのシステムコールが通ります',
    noNewPrivileges: (on) => (on ? 'オン: setuid プログラムで権限は増えません' : 'オフ'),
    label: 'ラベル',
    user: 'ユーザー',
    ids: 'ID の対応',
    sameIds: 'ホストと同じ',
    openFiles: (count, most) => `${count} 個、最大 ${most}`,
    oom: 'OOM スコア',
    more: (count) => `… ほか ${count} 個`,
  },
}
