/**
 * What can be done wrong on purpose (`run --break NAME`), and what one then sees. Each is a pure change of the list of steps, made so that it breaks the
 * container and never the host; what would break the host stands in REFUSED, with the reason.
 */
import {
  AT_FDCWD,
  call,
  CLONE_NEWIPC,
  CLONE_NEWUTS,
  fdPath,
  MS_BIND,
  O_DIRECTORY,
  O_RDONLY,
  ref,
  type Call,
  type Step,
} from '@mini-docker/syscall'

type Words = { en: string; ja: string }

export type Fault = {
  name: string
  /** What is done wrong. */
  what: Words
  /** What one will see. */
  see: Words
  /** The question that it answers. */
  question: Words
  /** A command in the container that shows it. */
  look: string[]
  /** The steps as they are then made; a step that stays the same is the same value. Undefined where the start has nothing that can be broken so. */
  apply: (steps: readonly Step[]) => Step[] | undefined
}

/** The root directory, opened by the step `rootfs.root`. */
const ROOT = 'rootfs.root'

export const FAULTS: readonly Fault[] = [
  {
    name: 'chroot',
    what: {
      en: 'The root is changed with chroot(2); the host’s mounts are not taken away with pivot_root(2).',
      ja: 'ルートを pivot_root(2) ではなく chroot(2) で変えます。ホストのマウントは外されません。',
    },
    see: {
      en: 'Inside, all looks right. But whoever joins the mount namespace (exec, nsenter) stands in the host’s root: the root of the namespace is still the host’s.',
      ja: '中からは正しく見えます。しかし exec や nsenter でマウント名前空間に入ると、そこはホストのルートです。名前空間のルートはホストのままだからです。',
    },
    question: { en: 'Why pivot_root and not chroot?', ja: 'なぜ chroot ではなく pivot_root なのでしょうか。' },
    look: ['ls', '/'],
    apply: change('rootfs.pivot', (step) => ({
      ...step,
      calls: [call('fchdir', [ref(ROOT)]), call('chroot', ['.']), call('chdir', ['/'])],
      shell: ['chroot . sh'],
      man: ['chroot(2)'],
    })),
  },
  {
    name: 'host-proc',
    what: {
      en: 'The host’s /proc is bound into the container; no proc of its own pid namespace is mounted.',
      ja: '自分の PID 名前空間の proc をマウントせず、ホストの /proc をそのまま見せます。',
    },
    see: {
      en: 'ps shows every process of the host, although the container is in a pid namespace of its own.',
      ja: 'コンテナは自分の PID 名前空間にいるのに、ps にはホストの全プロセスが出ます。',
    },
    question: { en: 'What does ps look at?', ja: 'ps は何を見ているのでしょうか。' },
    look: ['ps'],
    apply: change('mount./proc', (step) => ({
      ...step,
      calls: step.calls.map((made) =>
        made.name === 'mount' && made.args[2] === 'proc'
          ? call('mount', ['/proc', made.args[1] ?? fdPath('mount./proc'), null, MS_BIND, null])
          : made,
      ),
      shell: step.shell.map((line) => line.replace(/^mount -t proc .* (\S+)$/, 'mount --bind /proc $1')),
    })),
  },
  {
    name: 'all-capabilities',
    what: {
      en: 'No capability is given up: the steps security.bounding and security.capabilities do nothing.',
      ja: 'ケーパビリティを一つも手放しません。security.bounding と security.capabilities は何もしません。',
    },
    see: {
      en: 'CapBnd in /proc/self/status has every bit that the kernel knows, and mount(8) works in the container.',
      ja: '/proc/self/status の CapBnd はカーネルの知る全ビットになり、コンテナの中で mount(8) が使えます。',
    },
    question: { en: 'What is root in a container?', ja: 'コンテナの中の root とは何でしょうか。' },
    look: ['sh', '-c', 'grep Cap /proc/self/status; mount -t tmpfs tmpfs /mnt && echo mounted'],
    apply: (steps) => emptied(steps, ['security.bounding', 'security.capabilities']),
  },
  {
    name: 'bounding-after-user',
    what: {
      en: 'The process becomes its user first, and cuts the bounding set afterwards.',
      ja: '先にユーザーを変え、その後でバウンディングセットを切り詰めます。',
    },
    see: {
      en: 'For a user that is not root the start ends with EPERM: CAP_SETPCAP is no longer effective when it is needed.',
      ja: 'root でないユーザーでは EPERM で開始に失敗します。必要なときには CAP_SETPCAP がもう有効でないからです。',
    },
    question: { en: 'In which order is power given up?', ja: '権限はどの順に手放すのでしょうか。' },
    look: ['id'],
    apply: (steps) => {
      const bounding = steps.findIndex(({ id }) => id === 'security.bounding')
      const [first, user] = [steps[bounding], steps[bounding + 1]]
      if (first === undefined || first.calls.length === 0 || user?.id !== 'process.user') return undefined
      // New values: both are at a place that is not theirs.
      return steps.with(bounding, { ...user }).with(bounding + 1, { ...first })
    },
  },
  {
    name: 'no-limits',
    what: {
      en: 'The container’s cgroup is made and joined, but no limit is written into it.',
      ja: 'コンテナの cgroup は作って参加しますが、制限を書き込みません。',
    },
    see: {
      en: 'The files of the cgroup say "max" (or a huge number) whatever -m, --cpus and --pids-limit said.',
      ja: '-m、--cpus、--pids-limit に何を指定しても、cgroup のファイルは max（または巨大な数）のままです。',
    },
    question: { en: 'Who enforces -m 64m?', ja: '-m 64m を守らせているのは誰でしょうか。' },
    look: ['sh', '-c', 'cat /sys/fs/cgroup/memory.max || cat /sys/fs/cgroup/memory/memory.limit_in_bytes'],
    apply: change('cgroup.create', (step) => {
      const calls = withoutLimits(step.calls)
      if (calls.length === step.calls.length) return undefined
      return { ...step, calls, shell: step.shell.filter((line) => !isLimit(/> '?([^ ']+)'?$/.exec(line)?.[1])) }
    }),
  },
  {
    name: 'host-name',
    what: {
      en: 'The process is born in the host’s UTS namespace, and the hostname is not set.',
      ja: 'ホストの UTS 名前空間のままで生まれます。ホスト名も設定しません。',
    },
    see: {
      en: 'hostname prints the host’s name. Had the name been set, the host would have been renamed: that is why that step is left out too.',
      ja: 'hostname はホストの名前を表示します。名前を設定するとホストの名前が変わってしまうので、その手順も省きます。',
    },
    question: { en: 'Where is the hostname kept?', ja: 'ホスト名はどこに保存されているのでしょうか。' },
    look: ['hostname'],
    apply: (steps) =>
      writesKernel(steps) ? undefined : emptied(withoutNamespace(steps, CLONE_NEWUTS, 'uts'), ['uts.hostname']),
  },
  {
    name: 'shared-ipc',
    what: {
      en: 'The process is born in the host’s IPC namespace.',
      ja: 'ホストの IPC 名前空間のままで生まれます。',
    },
    see: {
      en: '/proc/self/ns/ipc is the host’s, and /dev/mqueue holds the host’s message queues.',
      ja: '/proc/self/ns/ipc がホストと同じになり、/dev/mqueue にはホストのメッセージキューが見えます。',
    },
    question: {
      en: 'What do processes share besides files?',
      ja: 'プロセスはファイル以外に何を共有しているのでしょうか。',
    },
    look: ['readlink', '/proc/self/ns/ipc'],
    apply: (steps) => (writesKernel(steps) ? undefined : withoutNamespace(steps, CLONE_NEWIPC, 'ipc')),
  },
  {
    name: 'leaked-directory',
    what: {
      en: 'A descriptor of the host’s root directory is left open, and nothing is closed before execve (as in CVE-2024-21626).',
      ja: 'ホストのルートディレクトリのディスクリプタを開いたままにし、execve の前に何も閉じません（CVE-2024-21626 と同じ間違いです）。',
    },
    see: {
      en: 'One of /proc/self/fd is a way out: the host’s files are behind it.',
      ja: '/proc/self/fd のどれかが出口になり、その先にホストのファイルがあります。',
    },
    question: { en: 'What is a descriptor a key to?', ja: 'ディスクリプタは何の鍵なのでしょうか。' },
    look: ['sh', '-c', 'for fd in /proc/self/fd/*; do echo "$fd $(ls $fd/ 2>&1 | tr "\\n" " ")"; done'],
    apply: (steps) => {
      const leaking = change('rootfs.root', (step) => ({
        ...step,
        calls: [...step.calls, call('openat', [AT_FDCWD, '/', O_RDONLY | O_DIRECTORY, 0])],
      }))(steps)
      return change('process.exec', (step) => ({
        ...step,
        calls: step.calls.filter(({ name }) => name !== 'close_range'),
      }))(leaking ?? steps)
    },
  },
]

/** Names that one could think of, and why they are not done. */
export const REFUSED: readonly { name: string; why: Words }[] = [
  {
    name: 'mounts-shared',
    why: {
      en: 'without rootfs.propagation every mount of the container would appear on the host, and stay there',
      ja: 'rootfs.propagation がないと、コンテナのマウントがすべてホストに現れ、残ってしまいます',
    },
  },
  {
    name: 'no-pid-namespace',
    why: {
      en: 'kill -9 -1 in the container would end the host’s processes, and its own would outlive it',
      ja: 'コンテナの中の kill -9 -1 がホストのプロセスを終わらせ、コンテナのプロセスは終了後も残ってしまいます',
    },
  },
  {
    name: 'host-network-half',
    why: {
      en: 'addresses, routes and sysctls of the container would be set on the host; --network host is the right way to see the host’s network',
      ja: 'コンテナのアドレス、ルート、sysctl がホストに設定されてしまいます。ホストのネットワークを見るには --network host を使います',
    },
  },
  {
    name: 'no-pivot-root',
    why: {
      en: 'the steps behind it would work on the host’s files; chroot is the fault that shows the difference',
      ja: '後の手順がホストのファイルに対して行われてしまいます。違いを見るには chroot を使います',
    },
  },
]

/** A change of the steps with this id. */
function change(id: string, work: (step: Step) => Step | undefined): Fault['apply'] {
  return (steps) => {
    const changed = steps.map((step) => (step.id === id ? (work(step) ?? step) : step))
    return changed.some((step, i) => step !== steps[i]) ? changed : undefined
  }
}

function emptied(steps: readonly Step[], ids: readonly string[]): Step[] {
  return steps.map((step) => (ids.includes(step.id) ? { ...step, calls: [], shell: [] } : step))
}

function withoutNamespace(steps: readonly Step[], flag: number, option: string): Step[] {
  return steps.map((step) =>
    step.id !== 'namespaces.clone'
      ? step
      : {
          ...step,
          calls: step.calls.map((made) => (made.name === 'clone3' ? withoutFlag(made, BigInt(flag)) : made)),
          shell: step.shell.map((line) => line.replace(` --${option}`, '')),
        },
  )
}

function withoutFlag(made: Call, flag: bigint): Call {
  const args = made.args.map((arg) => {
    if (typeof arg !== 'object' || arg === null || !('struct' in arg)) return arg
    const { flags } = arg.fields
    return typeof flags === 'bigint' ? { ...arg, fields: { ...arg.fields, flags: flags & ~flag } } : arg
  })
  return { ...made, args }
}

/** Settings of kernel.* and fs.* belong to the IPC and the UTS namespace: they would be the host's. */
function writesKernel(steps: readonly Step[]): boolean {
  const isHosts = (arg: unknown): boolean =>
    typeof arg === 'string' && arg.startsWith('/proc/sys/') && !arg.startsWith('/proc/sys/net/')
  return steps.some(({ id, calls }) => id === 'sysctl' && calls.some(({ args }) => args.some(isHosts)))
}

/** Each limit is an openat, a write and a close; cpuset's files are no limits in v1, where an empty one takes nobody. */
function withoutLimits(calls: readonly Call[]): Call[] {
  const limits = new Set(calls.flatMap(({ name, args, as }) => (name === 'openat' && isLimit(args[1]) ? [as] : [])))
  return calls.filter(({ as, args: [first] }) => {
    const used = typeof first === 'object' && first !== null && 'ref' in first ? first.ref : as
    return used === undefined || !limits.has(used)
  })
}

function isLimit(path: unknown): boolean {
  return typeof path === 'string' && /\/(?!cpuset\.|cgroup\.)[a-z]+\.[a-z_.0-9]+$/.test(path)
}
