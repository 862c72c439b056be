/** A story for the tests: a container of four steps that reads like a real one, told, run and torn down. */
import type { Facts, PlannedStep, ToldEvent } from '@mini-docker/story'
import { reduce } from '../../src/tui/run/reduce.ts'
import { startState, type RunState, type Start } from '../../src/tui/run/state.ts'

export const STEPS: PlannedStep[] = [
  {
    id: 'cgroup.create',
    stage: 'cgroup',
    where: 'host',
    calls: ['mkdirat(AT_FDCWD, "/sys/fs/cgroup/pids/mini-docker/1f2e", 0755)'],
    shell: ['mkdir /sys/fs/cgroup/pids/mini-docker/1f2e', 'echo 100 > /sys/fs/cgroup/pids/mini-docker/1f2e/pids.max'],
    man: ['cgroups(7)', 'mkdir(2)'],
    undo: ['unlinkat(AT_FDCWD, "/sys/fs/cgroup/pids/mini-docker/1f2e", AT_REMOVEDIR)'],
  },
  {
    id: 'namespaces.clone',
    stage: 'namespaces',
    where: 'host',
    calls: ['clone3({flags=CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWPID|CLONE_NEWNET, exit_signal=SIGCHLD})'],
    shell: ['unshare --mount --uts --ipc --pid --net --fork'],
    man: ['clone(2)', 'namespaces(7)'],
    undo: [],
  },
  {
    id: 'rootfs.overlay',
    stage: 'rootfs',
    where: 'container',
    calls: [
      'mount("overlay", "/rootfs", "overlay", MS_NODEV, "lowerdir=/layers/b:/layers/a,upperdir=/upper,workdir=/work")',
    ],
    shell: ['mount -t overlay overlay -o nodev,lowerdir=/layers/b:/layers/a,upperdir=/upper,workdir=/work /rootfs'],
    man: ['mount(2)'],
    undo: [],
  },
  {
    id: 'process.exec',
    stage: 'process',
    where: 'container',
    calls: ['execve("/bin/sh", ["sh", "-c", "echo 会議 && exit 3"], 5 vars)'],
    shell: ['exec sh -c "echo 会議 && exit 3"'],
    man: ['execve(2)'],
    undo: [],
  },
]

const TEARDOWN: PlannedStep[] = [
  {
    id: 'cgroup.remove',
    stage: 'cgroup',
    where: 'host',
    calls: ['unlinkat(AT_FDCWD, "/sys/fs/cgroup/pids/mini-docker/1f2e", AT_REMOVEDIR)'],
    shell: ['rmdir /sys/fs/cgroup/pids/mini-docker/1f2e'],
    man: ['rmdir(2)'],
    undo: [],
  },
]

const words = (en: string, whyEn: string, ja: string, whyJa: string) => ({
  en: { title: en, why: whyEn },
  ja: { title: ja, why: whyJa },
})

export const WORDS: ToldEvent = {
  type: 'words',
  t: 0,
  steps: {
    'cgroup.create': words(
      'Make the cgroup',
      'A cgroup counts and limits what a group of processes uses. It is made first, so that nothing of the container ever runs outside it.',
      'cgroup を作ります',
      'cgroup はプロセスの集まりが使う資源を数え、制限します。コンテナの何かが外で動くことのないように、最初に作ります。',
    ),
    'namespaces.clone': words(
      'Give the process namespaces of its own',
      'A new process, which sees its own mounts, host name, process numbers and network.',
      'プロセスに専用の名前空間を与えます',
      '新しいプロセスは、自分だけのマウント、ホスト名、プロセス番号、ネットワークを見ます。',
    ),
    'rootfs.overlay': words(
      'Lay the layers over each other',
      'The layers of the image lie below, read-only; what the container writes goes into its own directory above them.',
      'レイヤーを重ねます',
      'イメージのレイヤーは読み取り専用で下に置かれ、コンテナが書いたものは上の専用ディレクトリに入ります。',
    ),
    'process.exec': words(
      'Become the program',
      'execve replaces the program of this process; all that was set up stays.',
      'プログラムに変わります',
      'execve はこのプロセスのプログラムを入れ替えます。用意したものはそのまま残ります。',
    ),
    'cgroup.remove': words(
      'Remove the cgroup',
      'Nobody is in it any more.',
      'cgroup を消します',
      'もう誰も入っていません。',
    ),
  },
}

const FACTS: Facts[] = [
  {
    namespaces: {
      source: '/proc/4242/ns',
      rows: [
        ['mnt', "mnt:[4026531841] (the host's)"],
        ['pid', "pid:[4026531836] (the host's)"],
      ],
    },
  },
  {
    cgroup: {
      source: '/proc/4242/cgroup',
      rows: [
        ['pids.max', '100'],
        ['pids.current', '1'],
      ],
    },
  },
  {
    namespaces: {
      source: '/proc/4243/ns',
      rows: [
        ['mnt', 'mnt:[4026532201]'],
        ['pid', 'pid:[4026532204]'],
      ],
    },
    mounts: { source: '/proc/4243/mountinfo', rows: [['/', 'ext4 /dev/vda1 rw']] },
  },
  {
    mounts: {
      source: '/proc/4243/mountinfo',
      rows: [
        ['/', 'ext4 /dev/vda1 rw'],
        ['/rootfs', 'overlay overlay rw,nodev'],
      ],
    },
  },
]

export const HEAD: ToldEvent = {
  type: 'head',
  t: 0,
  version: 1,
  at: '2026-12-01T09:00:00.000Z',
  command: ['mini-docker', 'run', '--tui', 'busybox', 'sh', '-c', 'echo 会議 && exit 3'],
  container: { id: '1f2e3d4c5b6a7988', name: 'brave_curie', image: 'busybox:latest' },
  machine: { kernel: '6.18.0', arch: 'x86_64', cgroup: 'v1', version: '0.1.0' },
}

function madeUpTo(count: number, isStepped: boolean, from = 0): ToldEvent[] {
  const events: ToldEvent[] = []
  for (let index = 0; index <= count; index++) {
    const t = from + 10 * index
    events.push({ type: 'facts', t, index, sections: FACTS[index] ?? {} })
    if (isStepped) events.push({ type: 'waiting', t, index })
    if (index === count) break
    events.push({ type: 'step', t: t + 1, index })
    const text = STEPS[index]?.calls[0] ?? ''
    events.push({
      type: 'call',
      t: t + 2,
      index,
      text,
      result: index === 1 ? 4243 : 0,
      durationNs: 41_000 * (index + 1),
    })
  }
  return events
}

/** Up to the gate before step `count`. */
export function steppedTo(count: number): ToldEvent[] {
  return [HEAD, WORDS, { type: 'plan', t: 0, attempt: 1, steps: STEPS }, ...madeUpTo(count, true)]
}

/** From the first event to the last. */
export function wholeStory(): ToldEvent[] {
  const text = (value: string): string => Buffer.from(value).toString('base64')
  return [
    HEAD,
    WORDS,
    { type: 'plan', t: 0, attempt: 1, steps: STEPS },
    ...madeUpTo(4, false),
    { type: 'started', t: 50, pid: 4243 },
    { type: 'output', t: 60, stream: 'stdout', data: text('会議\n') },
    ...[1, 2, 3].map((n): ToldEvent => ({
      type: 'stats',
      t: 60 + n * 1000,
      cpuPercent: 12.5 * n,
      memory: 1_500_000 * n,
      memoryLimit: 1e9,
      pids: n,
      read: 4096 * n,
      written: 1024 * n * n,
    })),
    { type: 'teardown', t: 4000, steps: TEARDOWN },
    { type: 'step', t: 4001, index: 0, phase: 'teardown' },
    {
      type: 'call',
      t: 4002,
      index: 0,
      phase: 'teardown',
      text: TEARDOWN[0]?.calls[0] ?? '',
      result: 0,
      durationNs: 77_000,
    },
    { type: 'exit', t: 4010, exitCode: 3 },
  ]
}

/** Stepped to the fourth step, then one back: a second attempt. */
export function wentBack(): ToldEvent[] {
  return [
    ...steppedTo(3),
    {
      type: 'undo',
      t: 40,
      text: 'unlinkat(AT_FDCWD, "/sys/fs/cgroup/pids/mini-docker/1f2e", AT_REMOVEDIR)',
      result: 0,
    },
    { type: 'undone', t: 41, reason: 'back' },
    { type: 'plan', t: 42, attempt: 2, steps: STEPS },
    ...madeUpTo(2, true, 42).filter((event) => event.type !== 'waiting' || event.index === 2),
  ]
}

export function stateOf(events: readonly ToldEvent[], start: Partial<Start> = {}): RunState {
  const state = startState({ language: 'en', columns: 100, rows: 30, takesInput: false, playing: undefined, ...start })
  return events.reduce((next, event) => reduce(next, { kind: 'event', event }), state)
}
