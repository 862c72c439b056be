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
  'network.bridge': {
    en: {
      title: 'Make the bridge that the network is',
      why: 'A bridge is a switch inside the kernel: each container of the network gets a port on it. Its hardware address is given, since the kernel would take the lowest of its ports and change it as they come and go. The alias says whose it is, so that nothing of others is ever removed.',
    },
    ja: {
      title: 'ネットワークの実体であるブリッジを作ります',
      why: 'ブリッジは、カーネルの中のスイッチです。ネットワークの各コンテナは、そのポートにつながります。ハードウェアアドレスはこちらで決めます。カーネルに任せると、ポートの中で最も小さいものになり、ポートが増減するたびに変わってしまうからです。エイリアスには持ち主を書いておき、他のものを消さないようにします。',
    },
  },
  'network.forwarding': {
    en: {
      title: 'Let the kernel pass packets on',
      why: 'A machine keeps what is not for itself unless it is told to be a router. The bridge also may carry packets of 127.0.0.1, so that a published port is reached by that address; rules in the firewall see to it that no container uses this.',
    },
    ja: {
      title: 'カーネルにパケットの転送を許可します',
      why: '自分宛てでないパケットは、ルーターとして動くよう設定しない限り捨てられます。また、公開したポートに 127.0.0.1 からも届くように、このブリッジでは 127.0.0.1 のパケットも通します。コンテナがこれを悪用できないように、ファイアウォールのルールで防いでいます。',
    },
  },
  'network.gateway': {
    en: {
      title: 'Give the bridge the address that is the way out',
      why: 'The host is a neighbour in the network, at the gateway address: what containers send elsewhere goes there first, and the host passes it on.',
    },
    ja: {
      title: 'ブリッジに、出口となるアドレスを付けます',
      why: 'ホストもゲートウェイのアドレスで、このネットワークの一員になります。コンテナが外へ送るものは、まずそこへ届き、ホストが先へ転送します。',
    },
  },
  'network.bridge.remove': {
    en: {
      title: 'Remove the bridge',
      why: 'With the bridge go its addresses and routes; the ports on it are left without a network.',
    },
    ja: {
      title: 'ブリッジを削除します',
      why: 'ブリッジと一緒に、そのアドレスと経路もなくなります。残ったポートは、どのネットワークにも属さなくなります。',
    },
  },
  'network.macvlan': {
    en: {
      title: 'Put a second card on an interface of the host',
      why: 'A macvlan is an interface with a hardware address of its own on a cable that is there already. The container stands in the network outside by itself, without the host between. The kernel keeps one thing apart: host and container do not hear each other over that cable.',
    },
    ja: {
      title: 'ホストのインターフェースに、もう一枚のカードを載せます',
      why: 'macvlan は、既存のケーブルの上に、独自のハードウェアアドレスを持つインターフェースを作ります。コンテナはホストを介さず、外のネットワークに直接つながります。ただし、そのケーブルではホストとコンテナ同士は通信できません。',
    },
  },
  'network.parent': {
    en: {
      title: 'Make the interface that the network is on',
      why: 'A macvlan needs an interface below it. With a number behind a dot it is the part of a cable that carries this VLAN’s tag. A dummy is a cable that leads nowhere: the containers on it have each other, and nobody else.',
    },
    ja: {
      title: 'ネットワークを載せるインターフェースを作ります',
      why: 'macvlan には、土台になるインターフェースが必要です。ドットの後に番号があれば、ケーブルのうち、その VLAN のタグが付いた分を扱います。dummy は、どこにもつながらないケーブルです。そこにいるコンテナどうしだけが通信できます。',
    },
  },
  'network.parent.remove': {
    en: {
      title: 'Remove the interface that the network was on',
      why: 'It was made for this network, and no other is on it.',
    },
    ja: {
      title: 'ネットワークを載せていたインターフェースを削除します',
      why: 'このネットワークのために作ったもので、他のネットワークは載っていません。',
    },
  },
  'network.namespace': {
    en: {
      title: 'Open the container’s network namespace',
      why: 'A descriptor holds on to the namespace itself. The process could end and its number go to another one in the next moment; the descriptor would still mean the same.',
    },
    ja: {
      title: 'コンテナのネットワーク名前空間を開きます',
      why: 'ディスクリプターは、名前空間そのものを指します。次の瞬間にプロセスが終わり、その番号が別のプロセスに使われても、ディスクリプターの指すものは変わりません。',
    },
  },
  'network.join': {
    en: {
      title: 'Go into the container’s network namespace',
      why: 'Addresses and routes inside are set by somebody who is inside. The socket that is opened next speaks for the container.',
    },
    ja: {
      title: 'コンテナのネットワーク名前空間に入ります',
      why: '中のアドレスや経路は、中に入って設定します。この後に開くソケットは、コンテナのネットワークのものになります。',
    },
  },
  'network.route': {
    en: {
      title: 'Lead the way out over another network',
      why: 'A container in several networks has its default route in one of them. When that one goes, another takes its place.',
    },
    ja: {
      title: '外への経路を別のネットワークに切り替えます',
      why: '複数のネットワークに入っているコンテナでも、デフォルトの経路はそのうちの一つにあります。そのネットワークから外れるときは、別のネットワークが代わりになります。',
    },
  },
  'network.unplug': {
    en: {
      title: 'Pull the cable out',
      why: 'Of a veth pair it is enough to remove one end: the other goes with it, and its addresses and routes go too.',
    },
    ja: {
      title: 'ケーブルを抜きます',
      why: 'veth ペアは、片方を消せば十分です。もう片方も、そのアドレスや経路も、一緒になくなります。',
    },
  },
  'network.nat': {
    en: {
      title: 'Tell the firewall about the networks',
      why: 'One nftables table of our own translates addresses and keeps networks apart. Its rules never change; which bridges, subnets and ports there are stands in sets and maps. It is replaced whole, in one transaction, so there is no moment with half of it.',
      shell: 'command by command, and for a machine where the table is not there yet.',
    },
    ja: {
      title: 'ファイアウォールにネットワークのことを伝えます',
      why: '専用の nftables テーブル一つで、アドレスを変換し、ネットワークを互いに分離します。ルールは常に同じで、ブリッジ、サブネット、ポートの情報はセットとマップに入れます。テーブルは一つのトランザクションで丸ごと置き換えるので、中途半端な状態になる瞬間はありません。',
      shell: 'コマンドごとに実行します。テーブルがまだないマシンのためのものです。',
    },
  },
  'network.ports': {
    en: {
      title: 'Publish the container’s ports',
      why: 'Each published port is one element of a map: what arrives at this port of the host goes to that address and port instead. The kernel rewrites the packets, so no process stands in between.',
    },
    ja: {
      title: 'コンテナのポートを公開します',
      why: '公開するポートは、それぞれマップの要素一つです。ホストのこのポートに届いたものは、代わりにこのアドレスとポートへ送られます。パケットはカーネルが書き換えるので、間に入るプロセスはありません。',
    },
  },
  'network.dns': {
    en: {
      title: 'Lead 127.0.0.11, port 53, to the server that knows the names',
      why: 'On a network of the user’s making containers find each other by name. The daemon answers, on sockets that it opened inside the container’s network namespace; the ports are written over in each packet, so that a program in the container may have port 53 for itself.',
      shell: 'the server is the daemon itself: a container made by the script finds nobody by name.',
    },
    ja: {
      title: '127.0.0.11 の 53 番ポートを、名前を知っているサーバーにつなぎます',
      why: 'ユーザーが作ったネットワークでは、コンテナどうしが名前で相手を見つけられます。答えるのはデーモンで、コンテナのネットワーク名前空間の中で開いたソケットを使います。パケットのポート番号だけを書き換えるので、コンテナのプログラムは 53 番ポートを自分で使えます。',
      shell: 'サーバーはデーモン自身です。スクリプトで作ったコンテナでは、名前で相手を見つけられません。',
    },
  },
  'net.ns.add': {
    en: {
      title: 'Make a network namespace that stays',
      why: 'A namespace ends with its last process. Mounted on a file it has one more holder, and a name that other programs find it by.',
    },
    ja: {
      title: '残り続けるネットワーク名前空間を作ります',
      why: '名前空間は、最後のプロセスが終わるとなくなります。ファイルの上にマウントすると、プロセスがなくても残り、他のプログラムからもその名前で見つけられます。',
    },
  },
  'net.ns.remove': {
    en: {
      title: 'Take the name of a network namespace away',
      why: 'When the file is gone the namespace lives on only as long as a process is in it; then its links go, too.',
    },
    ja: {
      title: 'ネットワーク名前空間の名前を消します',
      why: 'ファイルがなくなると、名前空間は中にプロセスがいる間だけ残ります。その後は、中のリンクも一緒になくなります。',
    },
  },
  'net.ns.exec': {
    en: {
      title: 'Run a command in the network namespace',
      why: 'The command sees the interfaces, addresses and routes of the namespace; files and processes are those of the machine.',
    },
    ja: {
      title: 'ネットワーク名前空間の中でコマンドを実行します',
      why: 'コマンドから見えるインターフェース、アドレス、経路は、その名前空間のものです。ファイルとプロセスは、マシンのもののままです。',
    },
  },
  'net.peer': {
    en: {
      title: 'Find where the other end goes',
      why: 'The namespace of the other end is opened by its name while this process is still where it was started.',
    },
    ja: {
      title: 'もう片方を置く場所を探します',
      why: 'このプロセスがまだ元の場所にいるうちに、もう片方を置く名前空間を名前で開いておきます。',
    },
  },
  'net.veth': {
    en: {
      title: 'Lay a cable',
      why: 'A veth pair is a cable inside the kernel: what goes in at one end comes out at the other. Each end may be in a namespace of its own, or be a port of a bridge.',
    },
    ja: {
      title: 'ケーブルを引きます',
      why: 'veth ペアは、カーネルの中のケーブルです。片方に入れたものは、もう片方から出てきます。両端はそれぞれ別の名前空間に置くことも、ブリッジのポートにすることもできます。',
    },
  },
  'net.link': {
    en: {
      title: 'Change an interface',
      why: 'An interface that is down carries nothing, and its routes are gone. A cable works when both of its ends are up.',
    },
    ja: {
      title: 'インターフェースを変更します',
      why: 'ダウンしているインターフェースは何も運ばず、その経路もなくなります。ケーブルは、両端がアップのときに使えます。',
    },
  },
  'net.address': {
    en: {
      title: 'Change an address',
      why: 'With an address and its length comes a route: all of that subnet is on this interface.',
    },
    ja: {
      title: 'アドレスを変更します',
      why: 'アドレスとプレフィックス長を付けると、経路も一つできます。そのサブネットは、すべてこのインターフェースの先にあるという経路です。',
    },
  },
  'net.route': {
    en: {
      title: 'Change a route',
      why: 'A route says by which interface packets to a subnet leave, and over which neighbour. The most exact one counts, the default one last.',
    },
    ja: {
      title: '経路を変更します',
      why: '経路は、あるサブネット宛てのパケットを、どのインターフェースから、どの隣のマシンを通して送るかを決めます。最も細かく一致するものが使われ、デフォルトの経路は最後に使われます。',
    },
  },
  'net.enter': {
    en: {
      title: 'Go into the network namespace',
      why: 'The file with its name is opened, and setns(2) takes this process there. The sockets that it opens from now on speak for that namespace.',
    },
    ja: {
      title: 'ネットワーク名前空間に入ります',
      why: '名前の付いたファイルを開き、setns(2) でこのプロセスをその名前空間に移します。これから開くソケットは、その名前空間のものになります。',
    },
  },
  'net.ns.clone': {
    en: {
      title: 'Make the process that becomes the command',
      why: 'A child is born in the namespace that its parent is in. The parent stays to tell how it ended.',
    },
    ja: {
      title: 'コマンドになるプロセスを作ります',
      why: '子プロセスは、親と同じ名前空間で生まれます。親は残り、子がどのように終わったかを伝えます。',
    },
  },
}
