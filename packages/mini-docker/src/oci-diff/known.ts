/** Differences that are known, and why they are there. One that is not in this table is a defect, of one runtime or the other. */
import type { Difference } from './compare.ts'

export type Reason = { en: string; ja: string }
type Known = { matches: (difference: Omit<Difference, 'reason'>) => boolean; reason: Reason }

const KNOWN: readonly Known[] = [
  {
    matches: ({ section, key, runc, miniDocker }) =>
      section === 'mounts' &&
      key === '/sys/fs/cgroup' &&
      runc?.startsWith('tmpfs rw,') === true &&
      runc.replace(' rw,', ' ro,') === miniDocker,
    reason: {
      en: 'on cgroup v1, runc leaves the directory above the hierarchies writable when the container has a cgroup namespace; the config says ro, and mini-docker makes it so',
      ja: 'cgroup v1 で cgroup 名前空間があるとき、runc は階層の上のディレクトリを書き込めるままにします。config は ro なので、mini-docker は読み取り専用にします',
    },
  },
  {
    matches: ({ section, runc, miniDocker = '' }) =>
      section === 'masked' && runc === miniDocker.replace(/,size=\d+k,nr_inodes=2/, ''),
    reason: {
      en: 'both hide the directory behind an empty read-only tmpfs; mini-docker’s can hold one page and no second file, should somebody make it writable',
      ja: 'どちらも空の読み取り専用 tmpfs で隠します。mini-docker のものは、書き込み可能にされても 1 ページ分しか入りません',
    },
  },
  {
    matches: ({ section, key, miniDocker }) =>
      section === 'cgroup' && key === 'device c 10:200 rwm' && miniDocker === undefined,
    reason: {
      en: 'this runc lets every container use /dev/net/tun; mini-docker only one that is given it with --device',
      ja: 'この runc はどのコンテナにも /dev/net/tun を許します。mini-docker は --device で渡されたコンテナにだけ許します',
    },
  },
]

export function reasonFor(difference: Omit<Difference, 'reason'>): Reason | undefined {
  return KNOWN.find(({ matches }) => matches(difference))?.reason
}
