/** What the steps of this package are called and why they are there, for `--explain`, the TUI and the tutorials. */
import type { Messages } from '@mini-docker/syscall'

export const messages: Messages = {
  'cgroup.parent': {
    en: {
      title: 'Prepare the group above the containers',
      why: 'All containers live below one group. Every group on the way must hand the controllers (memory, cpu, pids …) down to its children, or the files for limits do not exist there.',
    },
    ja: {
      title: 'コンテナの親グループを用意します',
      why: 'すべてのコンテナは 一つの親グループの下に置かれます。途中の各グループがコントローラー (memory、cpu、pids など) を子に渡さないと、上限を書くファイルが現れません。',
    },
  },
  'cgroup.create': {
    en: {
      title: 'Make the control group and write its limits',
      why: 'Namespaces hide things; they do not limit anything. A control group does: a directory of /sys/fs/cgroup, with one file for each limit. The limits are written first, so that the container never runs without them.',
    },
    ja: {
      title: 'コントロールグループを作り、上限を書きます',
      why: '名前空間は隠すだけで、何も制限しません。制限するのはコントロールグループです。/sys/fs/cgroup のディレクトリで、上限ごとに一つのファイルがあります。先に上限を書くので、コンテナが無制限で動く瞬間はありません。',
    },
  },
  'cgroup.devices': {
    en: {
      title: 'Allow only harmless devices',
      why: 'Root in a container may make device nodes, and a node for the disk is the disk. So the kernel asks this group first: a list of devices on cgroup v1, a small BPF program on v2.',
      shell: 'on cgroup v2 no tool of the system makes such a program from text: there, devices are not limited.',
    },
    ja: {
      title: '安全なデバイスだけを許可します',
      why: 'コンテナの root はデバイスノードを作れます。ディスクのノードがあれば、ディスクそのものに届きます。そこでカーネルは、先にこのグループの決まりを確かめます。cgroup v1 ではデバイスの一覧、v2 では小さな BPF プログラムです。',
      shell:
        'cgroup v2 では、この BPF プログラムをテキストから作る道具がシステムにないので、デバイスは制限されません。',
    },
  },
  'cgroup.join': {
    en: {
      title: 'Enter the control group',
      why: 'cgroup v1 has one tree for each controller, and the new process enters each of them by writing 0 ("myself") to its file tasks. In the v2 tree it does not need to: it was born there.',
    },
    ja: {
      title: 'コントロールグループに入ります',
      why: 'cgroup v1 ではコントローラーごとにツリーがあります。新しいプロセスは、それぞれの tasks ファイルに 0 (「自分」) を書いて入ります。v2 のツリーでは、初めからその中に生まれるので、この手順は要りません。',
    },
  },
  'process.clone': {
    en: {
      title: 'Be born into the control group',
      why: 'clone3 makes the child. Where there is a v2 tree, CLONE_INTO_CGROUP puts it into its group at birth: there is no moment in which it runs outside.',
    },
    ja: {
      title: 'コントロールグループの中に生まれます',
      why: 'clone3 が子プロセスを作ります。v2 のツリーがあれば、CLONE_INTO_CGROUP によって初めからそのグループの中に生まれるので、外で動く瞬間はありません。',
    },
  },
  'cgroup.freeze': {
    en: {
      title: 'Freeze the control group',
      why: 'All processes of the group stand still at once, wherever they are, and do not notice. They keep their memory and their place; no signal is needed that they could catch.',
    },
    ja: {
      title: 'コントロールグループを凍結します',
      why: 'グループの全プロセスが、どこにいても一斉に止まります。プロセスは止められたことに気づかず、メモリもそのままです。捕まえられるシグナルを使う必要はありません。',
    },
  },
  'cgroup.thaw': {
    en: {
      title: 'Let the control group go on',
      why: 'The frozen processes go on where they stood, as if nothing had been.',
    },
    ja: {
      title: 'コントロールグループの凍結を解きます',
      why: '凍結されていたプロセスは、何もなかったかのように続きから動きます。',
    },
  },
  'cgroup.remove': {
    en: {
      title: 'Remove the control group',
      why: 'A group is a directory; without processes in it, rmdir takes it away, and its limits and counters with it.',
    },
    ja: {
      title: 'コントロールグループを削除します',
      why: 'グループはディレクトリです。プロセスがいなくなれば rmdir で消え、制限もカウンターも一緒になくなります。',
    },
  },
}
