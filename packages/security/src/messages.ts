/** What the steps of this package are called and why they are there, for `--explain`, the TUI and the tutorials. */
import type { Messages } from '@mini-docker/syscall'

export const messages: Messages = {
  'security.readonly-paths': {
    en: {
      title: 'Make the dangerous parts of /proc read-only',
      why: 'Parts of /proc, such as /proc/sys, change the kernel for the whole machine when written to, and no namespace covers them. Each is mounted on itself, and that mount is made read-only.',
    },
    ja: {
      title: '/proc の危険な部分を読み取り専用にします',
      why: '/proc/sys などに書き込むと、マシン全体のカーネルの動作が変わります。名前空間では分けられないので、そのパスを自分自身の上にバインドマウントし、そのマウントを読み取り専用にします。',
    },
  },
  'security.masked-paths': {
    en: {
      title: 'Hide what tells about the whole machine',
      why: 'Some files of /proc and /sys show the memory, keys, timers or power use of the whole machine. /dev/null is mounted over the files and an empty tmpfs over the directories, so that nothing can be read there.',
    },
    ja: {
      title: 'マシン全体の情報を隠します',
      why: '/proc と /sys には、マシン全体のメモリ、鍵、タイマー、消費電力が見えるファイルがあります。ファイルには /dev/null を、ディレクトリには空の tmpfs を上からマウントして、読めないようにします。',
    },
  },
  'security.rlimits': {
    en: {
      title: 'Limit what one process may use',
      why: 'Resource limits hold for each process: how many files it may open, how large its stack may grow. They are older than cgroups, which limit the container as a whole. Children inherit them.',
    },
    ja: {
      title: 'プロセスごとの上限を設定します',
      why: '開けるファイルの数やスタックの大きさなど、プロセス一つ一つに効く上限です。コンテナ全体を制限するコントロールグループより古くからある仕組みで、子プロセスに引き継がれます。',
    },
  },
  'security.oom-score-adj': {
    en: {
      title: 'Say who is killed first when memory runs out',
      why: 'When the machine has no memory left, the kernel kills the process with the highest score. This number is added to the score: 1000 means first, -1000 means never.',
    },
    ja: {
      title: 'メモリ不足のとき、どれから終了させるかを決めます',
      why: 'マシンのメモリが足りなくなると、カーネルはスコアのいちばん高いプロセスを終了させます。この値はスコアに加えられます。1000 なら最初に選ばれ、-1000 なら選ばれません。',
    },
  },
  'security.no-new-privileges': {
    en: {
      title: 'Rule out new privileges',
      why: 'A program with the setuid bit or file capabilities gives more power to whoever runs it. After this call that no longer works, for this process and all its children, and nobody can switch it off again.',
    },
    ja: {
      title: '権限が増えないようにします',
      why: 'setuid ビットやファイルケーパビリティの付いたプログラムは、実行した人の権限を増やします。この呼び出しのあとは、このプロセスと子プロセスのすべてでそれが効かなくなり、元には戻せません。',
    },
  },
  'security.bounding': {
    en: {
      title: 'Cut the capabilities that can ever be had',
      why: 'The bounding set is the ceiling: what is not in it can never come back, not even by running a setuid root program. It has to be cut first, while the process still has CAP_SETPCAP in force.',
      shell: 'these are options of one setpriv, which comes at the end and does them in the order that works.',
    },
    ja: {
      title: '持ちうるケーパビリティの上限を下げます',
      why: 'バウンディングセットは天井です。ここから外したものは、setuid root のプログラムを実行しても二度と手に入りません。CAP_SETPCAP が有効なうちに行う必要があるため、最初に下げます。',
      shell: 'これらは最後に実行する一つの setpriv のオプションです。正しい順序は setpriv が守ります。',
    },
  },
  'process.user': {
    en: {
      title: "Become the container's user",
      why: "Groups come first and the user last, because an ordinary user may no longer change groups. Leaving user 0 normally throws all capabilities away; PR_SET_KEEPCAPS keeps them for one more step. The numbers are the container's; names were looked up in the image's own /etc/passwd.",
    },
    ja: {
      title: 'コンテナのユーザーになります',
      why: '一般ユーザーはグループを変えられないので、グループを先に、ユーザーを最後に切り替えます。ふつうはユーザー 0 でなくなるとケーパビリティがすべて消えますが、PR_SET_KEEPCAPS で次のステップまで残しておきます。番号はイメージの中の /etc/passwd で調べたものです。',
    },
  },
  'security.capabilities': {
    en: {
      title: 'Keep only the capabilities that are wanted',
      why: "Root's power is cut into 41 pieces. A container gets 14 of them by default: enough to install packages and to bind port 80, not enough to mount, to load kernel modules or to set the clock. An ordinary user keeps none across execve unless they are ambient.",
    },
    ja: {
      title: '必要なケーパビリティだけを残します',
      why: 'root の権限は 41 個に分かれています。コンテナには既定で 14 個だけが渡されます。パッケージのインストールや 80 番ポートの使用には十分ですが、マウント、カーネルモジュールの読み込み、時計の変更はできません。一般ユーザーの場合、アンビエントでないものは execve で消えます。',
    },
  },
}
