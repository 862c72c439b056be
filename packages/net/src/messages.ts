/** What the steps of this package are called and why they are there, for `--explain`, the TUI and the tutorials. */
import type { Messages } from '@mini-docker/syscall'

/** By step id; English and Japanese. */
export const messages: Messages = {
  'network.socket': {
    en: {
      title: 'Open a line to the kernel about the network',
      why: 'Links, addresses and routes are asked for with messages on a netlink socket. It speaks for the network namespace it is opened in, so this one is opened now, while the process is still on the host.',
    },
    ja: {
      title: 'ネットワークのことをカーネルに頼む窓口を開きます',
      why: 'リンク、アドレス、経路は、netlink ソケットにメッセージを送って頼みます。ソケットは、開いたときのネットワーク名前空間のものになります。そこで、まだホストにいるうちに開いておきます。',
    },
  },
  'network.veth': {
    en: {
      title: 'Lay a cable from the bridge to the container',
      why: 'A veth pair is a cable inside the kernel: what goes in at one end comes out at the other. One end becomes a port of the bridge on the host, the other is born in the container’s network namespace, which had only lo.',
    },
    ja: {
      title: 'ブリッジからコンテナへケーブルを引きます',
      why: 'veth ペアは、カーネルの中のケーブルです。片方に入れたものは、もう片方から出てきます。片方はホストのブリッジのポートになり、もう片方は lo しかなかったコンテナのネットワーク名前空間の中に作られます。',
    },
  },
  'network.address': {
    en: {
      title: 'Give the container’s end addresses and a way out',
      why: 'Without an address nobody can answer, and without a default route only neighbours can be reached. The address comes from the network’s pool, and the way out is the bridge on the host.',
    },
    ja: {
      title: 'コンテナ側にアドレスと出口を付けます',
      why: 'アドレスがなければ返事が届かず、デフォルトの経路がなければ同じネットワークの中しか届きません。アドレスはネットワークのプールから取り、出口はホストのブリッジです。',
    },
  },
}
