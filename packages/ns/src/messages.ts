/** What the steps of this package are called and why they are there, for `--explain`, the TUI and the tutorials. `mount.*` stands for every mount that has no words of its own. */
import type { Messages } from '@mini-docker/syscall'

/** By step id; English and Japanese. */
export const messages: Messages = {
  'namespaces.clone': {
    en: {
      title: 'Be born into new namespaces',
      why: 'A namespace is what a process can see of the machine: its process numbers, mounts, network, host name. clone3 makes the child in new ones, so that it sees its own and nobody else’s.',
      shell:
        'unshare stays as the parent of the new process and passes its exit code on. On cgroup v2 the process goes into its group by itself, a moment after its birth.',
    },
    ja: {
      title: '新しい名前空間の中に生まれます',
      why: '名前空間とは、プロセスから見えるマシンの範囲です。プロセス番号、マウント、ネットワーク、ホスト名などがあります。clone3 は子プロセスを新しい名前空間の中に作るので、子からは自分のものだけが見えます。',
      shell:
        'unshare は新しいプロセスの親として残り、終了コードを伝えます。cgroup v2 では、プロセスは生まれた直後に自分でグループに入ります。',
    },
  },
  'namespaces.join': {
    en: {
      title: 'Enter namespaces that exist',
      why: 'Some namespaces are shared with another process. setns enters them by their file under /proc.',
    },
    ja: {
      title: '既にある名前空間に入ります',
      why: 'ほかのプロセスと共有する名前空間もあります。setns は /proc の下のファイルを使ってその中に入ります。',
    },
  },
  'namespaces.cgroup': {
    en: {
      title: 'Make the own cgroup look like the root',
      why: 'A cgroup namespace starts at the cgroup one is in when it is made. So it is made only now, after joining: the container sees / and not the path on the host.',
    },
    ja: {
      title: '自分のコントロールグループをルートに見せます',
      why: 'cgroup 名前空間は、作ったときにいるコントロールグループをルートにします。そのため、参加した後のここで作ります。コンテナからはホストのパスではなく / が見えます。',
    },
  },
  'namespaces.user': {
    en: {
      title: 'Be root inside only',
      why: 'In a user namespace, user ids are translated. Id 0 inside is mapped to an ordinary user outside, so its power ends at the namespace.',
    },
    ja: {
      title: '中だけの root になります',
      why: 'ユーザー名前空間ではユーザー ID が読み替えられます。中の ID 0 を外の一般ユーザーに対応させるので、その権限は名前空間の中だけで働きます。',
    },
  },
  'rootfs.shared': {
    en: {
      title: 'Take copies of mounts that stay shared with the host',
      why: 'A volume with the option rshared shows its mounts on both sides. The copy is made while this namespace still shares its mounts with the host, and is put into the container later.',
      shell: 'no tool holds a copy of a mount without a place. Mounts made in this volume are not seen on the host.',
    },
    ja: {
      title: 'ホストと共有し続けるマウントの写しを取ります',
      why: 'rshared の付いたボリュームでは、その中のマウントがホストとコンテナの両方から見えます。この名前空間がまだホストとマウントを共有しているうちに写しを取り、後でコンテナの中に置きます。',
      shell:
        '置き場所のないマウントの写しを持てる道具はありません。このボリュームの中で作るマウントは、ホストからは見えません。',
    },
  },
  'rootfs.propagation': {
    en: {
      title: 'Keep mounts to ourselves',
      why: 'Mounts can be shared between namespaces: what one mounts appears in the other. This namespace becomes a slave: it hears of the host’s mounts, but the host never hears of ours.',
    },
    ja: {
      title: 'マウントを外に伝えません',
      why: 'マウントは名前空間の間で共有されることがあり、片方でマウントするともう片方にも現れます。ここでスレーブにすると、ホストの変更は届きますが、こちらのマウントはホストに伝わりません。',
    },
  },
  'rootfs.propagation-after': {
    en: {
      title: 'Share mounts as asked',
      why: 'A volume was asked to share its mounts with the host, which only works when the root does not cut it off.',
    },
    ja: {
      title: '指定どおりにマウントを共有します',
      why: 'マウントをホストと共有するボリュームが指定されました。ルートがそれを断ち切らないようにします。',
    },
  },
  'rootfs.bind': {
    en: {
      title: 'Make the directory a mount point',
      why: 'pivot_root only takes a mount point as the new root. Mounting a directory on itself makes it one.',
    },
    ja: {
      title: 'ディレクトリをマウントポイントにします',
      why: 'pivot_root の新しいルートはマウントポイントでなければなりません。ディレクトリを自分自身の上にマウントすると、マウントポイントになります。',
    },
  },
  'rootfs.root': {
    en: {
      title: 'Open the root to come',
      why: 'All further paths are walked from this descriptor, and the kernel itself keeps every symbolic link of the image inside it.',
    },
    ja: {
      title: 'これからルートになる場所を開きます',
      why: 'この後のパスはすべてこのディスクリプタからたどります。イメージの中のシンボリックリンクが外に出ないように、カーネルが守ります。',
    },
  },
  'rootfs.pivot': {
    en: {
      title: 'Change the root and let the old one go',
      why: 'chroot only moves the starting point of paths, and root can walk out of it again. pivot_root exchanges the root mount itself, and the old one is unmounted: there is nothing left to walk out to.',
    },
    ja: {
      title: 'ルートを入れ替え、古いルートを手放します',
      why: 'chroot はパスの起点を変えるだけで、root なら外に出られます。pivot_root はルートのマウントそのものを入れ替え、古いほうはアンマウントします。外に出ようとしても、行き先がありません。',
    },
  },
  'rootfs.readonly': {
    en: {
      title: 'Make the root read-only',
      why: 'Asked for with --read-only: nothing in the image’s files can change; volumes and tmpfs mounts still can.',
    },
    ja: {
      title: 'ルートを読み取り専用にします',
      why: '--read-only の指定です。イメージのファイルは変更できません。ボリュームと tmpfs には書き込めます。',
    },
  },
  'dev.nodes': {
    en: {
      title: 'Make the device nodes',
      why: 'Programs expect /dev/null, /dev/zero, /dev/random and a few more. The container gets these and not the disks of the host.',
    },
    ja: {
      title: 'デバイスノードを作ります',
      why: 'プログラムには /dev/null、/dev/zero、/dev/random などが必要です。コンテナにはこれだけを用意し、ホストのディスクは見せません。',
    },
  },
  'dev.links': {
    en: {
      title: 'Make the links in /dev',
      why: '/dev/stdin, /dev/stdout and /dev/fd are links into /proc, and /dev/ptmx leads to the container’s own terminals.',
    },
    ja: {
      title: '/dev のリンクを作ります',
      why: '/dev/stdin、/dev/stdout、/dev/fd は /proc へのリンクです。/dev/ptmx はコンテナ自身の端末につながります。',
    },
  },
  'mount.*': {
    en: {
      title: 'Mount what the configuration asks for',
      why: 'A directory or file of the host, or a filesystem in memory, appears at this place of the container.',
    },
    ja: {
      title: '設定にあるものをマウントします',
      why: 'ホストのディレクトリやファイル、またはメモリ上のファイルシステムを、コンテナのこの場所に置きます。',
    },
  },
  'mount./proc': {
    en: {
      title: 'Mount /proc',
      why: 'proc shows the processes of the pid namespace it is mounted in. With the host’s /proc, ps would show the whole machine.',
    },
    ja: {
      title: '/proc をマウントします',
      why: 'proc は、マウントした PID 名前空間のプロセスを見せます。ホストの /proc のままでは、ps にマシン全体のプロセスが見えてしまいます。',
    },
  },
  'mount./dev': {
    en: {
      title: 'Mount an empty /dev',
      why: 'A filesystem in memory, so that device nodes can be made without touching the image.',
    },
    ja: {
      title: '空の /dev をマウントします',
      why: 'メモリ上のファイルシステムなので、イメージに触れずにデバイスノードを作れます。',
    },
  },
  'mount./dev/pts': {
    en: {
      title: 'Mount terminals of its own',
      why: 'A new instance of devpts: the container’s terminals start at /dev/pts/0, and it cannot see or open those of the host.',
    },
    ja: {
      title: '専用の端末をマウントします',
      why: 'devpts の新しいインスタンスです。コンテナの端末は /dev/pts/0 から始まり、ホストの端末は見えません。',
    },
  },
  'mount./dev/shm': {
    en: {
      title: 'Mount shared memory',
      why: 'shm_open(3) keeps its objects in /dev/shm. A small tmpfs of its own, 64 MB unless asked otherwise.',
    },
    ja: {
      title: '共有メモリをマウントします',
      why: 'shm_open(3) のオブジェクトは /dev/shm に置かれます。専用の小さな tmpfs で、指定がなければ 64 MB です。',
    },
  },
  'mount./dev/mqueue': {
    en: {
      title: 'Mount message queues',
      why: 'POSIX message queues belong to the IPC namespace; this shows those of the container.',
    },
    ja: {
      title: 'メッセージキューをマウントします',
      why: 'POSIX メッセージキューは IPC 名前空間のものです。コンテナのキューだけが見えます。',
    },
  },
  'mount./sys': {
    en: {
      title: 'Mount /sys read-only',
      why: 'sysfs shows devices and, per network namespace, interfaces. Writing to it would change the whole machine.',
    },
    ja: {
      title: '/sys を読み取り専用でマウントします',
      why: 'sysfs にはデバイスや、ネットワーク名前空間ごとのインターフェイスが見えます。書き込むとマシン全体に影響するので、読み取り専用にします。',
    },
  },
  'mount./sys/fs/cgroup': {
    en: {
      title: 'Show the own cgroup',
      why: 'The container can read its own limits and use here, and cannot change them.',
    },
    ja: {
      title: '自分のコントロールグループを見せます',
      why: 'コンテナは自分の制限と使用量をここで読めますが、変更はできません。',
    },
  },
  'uts.hostname': {
    en: {
      title: 'Set the host name',
      why: 'The UTS namespace holds one name. In the new one it can be set without renaming the machine.',
    },
    ja: {
      title: 'ホスト名を付けます',
      why: 'ホスト名は UTS 名前空間ごとに一つあります。新しい名前空間では、マシンの名前を変えずに付けられます。',
    },
  },
  'network.loopback': {
    en: {
      title: 'Switch the loopback interface on',
      why: 'A new network namespace has only lo, and it is off. With it on, 127.0.0.1 works inside.',
    },
    ja: {
      title: 'ループバックを有効にします',
      why: '新しいネットワーク名前空間には lo しかなく、無効になっています。有効にすると、中で 127.0.0.1 が使えます。',
    },
  },
  sysctl: {
    en: {
      title: 'Set kernel settings of the namespaces',
      why: 'Some settings under /proc/sys belong to a namespace. They are written now, before /proc/sys becomes read-only.',
    },
    ja: {
      title: '名前空間のカーネル設定を変えます',
      why: '/proc/sys の設定には名前空間ごとのものがあります。/proc/sys が読み取り専用になる前の、ここで書き込みます。',
    },
  },
  'ns.clone': {
    en: {
      title: 'Be born beside the process',
      why: 'The child goes into the namespaces of the process; the launcher stays outside as its parent.',
    },
    ja: {
      title: 'プロセスのそばに生まれます',
      why: '子が目的のプロセスの名前空間に入り、ランチャーは親として外に残ります。',
    },
  },
  'ns.exec': {
    en: { title: 'Become the command', why: 'execve replaces the program; the new namespaces stay.' },
    ja: { title: 'コマンドに変わります', why: 'execve がプログラムを入れ替えます。新しい名前空間はそのまま残ります。' },
  },
  'exec.target': {
    en: {
      title: 'Hold on to the running container',
      why: 'A pidfd means this process and no later one with the same number. Children made from now on are born in its pid namespace.',
    },
    ja: {
      title: '動いているコンテナをつかみます',
      why: 'pidfd は特定のプロセスを指し、番号が使い回されても別のプロセスを指しません。この後の子プロセスは、その PID 名前空間に生まれます。',
    },
  },
  'exec.join': {
    en: {
      title: 'Enter its namespaces',
      why: 'exec is nothing but setns: the new process gets the same view as the container’s own.',
    },
    ja: {
      title: 'その名前空間に入ります',
      why: 'exec の正体は setns です。新しいプロセスは、コンテナのプロセスと同じ世界を見ます。',
    },
  },
}
