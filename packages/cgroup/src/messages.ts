/** Why each step of this package is there, by step id. */
export const messages: Record<string, Record<'en' | 'ja', { title: string; why: string }>> = {
  'cgroup.parent': {
    en: {
      title: 'Prepare the group above the containers',
      why: 'All containers live below one group. Every group on the way must hand the controllers (memory, cpu, pids …) down to its children, or the files for limits do not exist there.',
    },
    ja: {
      title: 'コンテナの親グループを用意する',
      why: 'すべてのコンテナは 1 つの親グループの下に置かれます。途中の各グループがコントローラー (memory、cpu、pids など) を子に渡さないと、上限を書くファイルが現れません。',
    },
  },
  'cgroup.create': {
    en: {
      title: 'Make the control group and write its limits',
      why: 'Namespaces hide things; they do not limit anything. A control group does: a directory of /sys/fs/cgroup, with one file for each limit. The limits are written first, so that the container never runs without them.',
    },
    ja: {
      title: 'コントロールグループを作り、上限を書く',
      why: '名前空間は隠すだけで、何も制限しません。制限するのはコントロールグループです。/sys/fs/cgroup のディレクトリで、上限ごとに 1 つのファイルがあります。先に上限を書くので、コンテナが無制限で動く瞬間はありません。',
    },
  },
  'cgroup.devices': {
    en: {
      title: 'Allow only harmless devices',
      why: 'Root in a container may make device nodes, and a node for the disk is the disk. So the kernel asks this group first: a list of devices on cgroup v1, a small BPF program on v2.',
    },
    ja: {
      title: '安全なデバイスだけを許可する',
      why: 'コンテナの root はデバイスノードを作れます。ディスクのノードがあれば、ディスクそのものに届きます。そこでカーネルは、まずこのグループに確認します。cgroup v1 ではデバイスの一覧、v2 では小さな BPF プログラムを使います。',
    },
  },
  'cgroup.join': {
    en: {
      title: 'Enter the control group',
      why: 'cgroup v1 has one tree for each controller, and the new process enters each of them by writing 0 ("myself") to cgroup.procs. In the v2 tree it does not need to: it was born there.',
    },
    ja: {
      title: 'コントロールグループに入る',
      why: 'cgroup v1 ではコントローラーごとに木があります。新しいプロセスは、それぞれの cgroup.procs に 0 (「自分」) を書いて入ります。v2 の木では、そこで生まれるので、この手順は要りません。',
    },
  },
}
