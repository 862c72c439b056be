/** The words of every step that a plan can hold: this package's own and those of the floor below. */
import { messages as cgroup } from '@mini-docker/cgroup'
import { messages as ns } from '@mini-docker/ns'
import { messages as security } from '@mini-docker/security'
import type { Messages } from '@mini-docker/syscall'
import { messages as unionfs } from '@mini-docker/unionfs'

const own: Messages = {
  'monitor.prepare': {
    en: {
      title: 'Prepare what stays behind',
      why: 'A small process stays as the container’s parent: it keeps the log, passes input and output on and writes down how the container ended. Its pipes and its socket are made first.',
      shell: 'the script is the parent. It keeps no log, and what the container prints goes where its own output goes.',
    },
    ja: {
      title: '見守るプロセスを用意します',
      why: '小さなプロセスがコンテナの親として残り、ログを書き、入出力を中継し、終了の様子を記録します。まずそのパイプとソケットを作ります。',
      shell: 'このスクリプトが親になります。ログは残らず、コンテナの出力はスクリプトの出力先へそのまま流れます。',
    },
  },
  'container.folder': {
    en: {
      title: 'Make the container’s folder',
      why: 'Each container has a folder on the host: what it changes goes into upper, and three files of its own are put over those of the image in /etc, so that it knows its name, its neighbours and who answers for names.',
    },
    ja: {
      title: 'コンテナのフォルダを作ります',
      why: 'コンテナはホストに自分のフォルダを持ちます。変更は upper に入ります。/etc の三つのファイルはイメージのものの上に重ね、自分の名前、隣のコンテナ、名前解決の相手がわかるようにします。',
    },
  },
  'volume.folder': {
    en: {
      title: 'Make the volume',
      why: 'A volume is a folder of the host that outlives the container. An empty one is filled with what the image has at its place, owners and modes included.',
    },
    ja: {
      title: 'ボリュームを作ります',
      why: 'ボリュームはホストのフォルダで、コンテナより長く残ります。空のボリュームには、イメージの同じ場所にあるものを所有者とモードも含めてコピーします。',
    },
  },
  'volume.mount': {
    en: {
      title: 'Mount the volume’s filesystem on the host',
      why: 'This volume was created with options of mount(8). Its filesystem is mounted once, since all its containers share it, and unmounted after the last of them.',
    },
    ja: {
      title: 'ボリュームのファイルシステムをホストにマウントします',
      why: 'このボリュームは mount(8) のオプション付きで作られました。使うコンテナすべてで共有するので一度だけマウントし、最後のコンテナが終わったらアンマウントします。',
    },
  },
  'volume.source': {
    en: {
      title: 'Make the folder to mount',
      why: '-v makes the folder of the host where it is missing; --mount would refuse.',
    },
    ja: {
      title: 'マウントするフォルダを作ります',
      why: '-v はホストのフォルダがなければ作ります。--mount では、フォルダがないとエラーになります。',
    },
  },
  'process.pty': {
    en: {
      title: 'Make a terminal',
      why: 'A pseudo-terminal is a pair: programs see the one end as their terminal, we hold the other. It comes from the container’s own /dev/pts.',
      shell:
        'no tool makes a terminal in somebody else’s /dev/pts. The container has no /dev/console, and uses the terminal that the script is run from.',
    },
    ja: {
      title: '端末を作ります',
      why: '擬似端末は二つの端からなります。プログラムは片方を端末として使い、こちらがもう片方を持ちます。コンテナ自身の /dev/pts から作ります。',
      shell:
        'ほかの /dev/pts に端末を作る道具はありません。コンテナはスクリプトを実行した端末をそのまま使い、/dev/console はありません。',
    },
  },
  'process.pty-master': {
    en: {
      title: 'Take our end of the terminal',
      why: 'The container made the terminal; its other end must reach the monitor outside. A pidfd lets the parent take the descriptor.',
    },
    ja: {
      title: '端末のこちら側を受け取ります',
      why: '端末はコンテナの中で作られたので、もう片方の端を外のモニターに渡します。親は pidfd を使ってディスクリプタを受け取ります。',
    },
  },
  'process.stdio': {
    en: {
      title: 'Connect input and output',
      why: 'A new session, so that no signal of another terminal reaches it, and descriptors 0, 1 and 2 on the pipes or the terminal.',
    },
    ja: {
      title: '入出力をつなぎます',
      why: '新しいセッションにして、ほかの端末のシグナルが届かないようにします。0、1、2 番のディスクリプタをパイプか端末につなぎます。',
    },
  },
  'process.cwd-made': {
    en: {
      title: 'Make the working directory',
      why: 'The image names a working directory; where it does not exist, it is made.',
    },
    ja: { title: '作業ディレクトリを作ります', why: 'イメージが指定した作業ディレクトリがなければ、ここで作ります。' },
  },
  'process.death-signal': {
    en: {
      title: 'Die with the monitor',
      why: 'If the monitor is killed, nobody would keep the log or learn the exit code. So the container is killed too.',
    },
    ja: {
      title: 'モニターと運命を共にします',
      why: 'モニターが強制終了されると、ログも終了コードも残せません。そのときはコンテナも終了させます。',
    },
  },
  'process.exec': {
    en: {
      title: 'Become the program',
      why: 'execve replaces the program of this process. All that was set up before stays: namespaces, root, limits, user. The container is this process.',
      shell:
        'env looks the program up in PATH and becomes it. Descriptors above 2 that the script was started with stay open.',
    },
    ja: {
      title: 'プログラムに変わります',
      why: 'execve はこのプロセスのプログラムを入れ替えます。これまでに用意した名前空間、ルート、制限、ユーザーはそのまま残ります。コンテナとは、このプロセスのことです。',
      shell:
        'env が PATH からプログラムを探し、そのプログラムになります。スクリプトが始まったときに開いていた 3 番以降のディスクリプタは開いたままです。',
    },
  },
  'test.kill': {
    en: {
      title: 'Kill everyone',
      why: 'Only in tests: the daemon and the launcher are killed here, to see what a crash leaves behind.',
    },
    ja: {
      title: '全員を強制終了します',
      why: 'テスト専用です。デーモンとランチャーをここで強制終了し、後に何が残るかを調べます。',
    },
  },
  'exec.clone': {
    en: {
      title: 'Be born into the container',
      why: 'A pid namespace is entered by being born in it. The child goes on; the launcher stays outside as its parent.',
    },
    ja: {
      title: 'コンテナの中に生まれます',
      why: 'PID 名前空間には、その中に生まれることで入ります。子が先に進み、ランチャーは親として外に残ります。',
    },
  },
}

/** By step id. A mount without words of its own is `mount.*`. */
export const messages: Messages = {
  ...cgroup,
  ...ns,
  ...security,
  ...unionfs,
  ...own,
}
