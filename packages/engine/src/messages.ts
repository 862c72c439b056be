/** The words of steps that only the daemon knows: what it does with files, signals and names. Words of kernel things are with their packages. */
import type { Messages } from '@mini-docker/syscall'

export const messages: Messages = {
  'container.signal': {
    en: {
      title: 'Send the signal',
      why: 'A container is asked to end as any process is: with a signal, to its first process. Some programs then put things in order; which signal they understand, the image says.',
    },
    ja: {
      title: 'シグナルを送ります',
      why: 'コンテナの終了も、ふつうのプロセスと同じくシグナルで頼みます。相手は最初のプロセスです。後片付けをするプログラムもあります。どのシグナルを使うかはイメージが決めています。',
    },
  },
  'container.wait': {
    en: {
      title: 'Wait for its end, but not for ever',
      why: 'The process may ignore the signal, or take long. After the time that was given comes SIGKILL, which nobody can ignore.',
    },
    ja: {
      title: '終わるのを待ちますが、いつまでもではありません',
      why: 'プロセスがシグナルを無視したり、時間がかかったりすることがあります。決められた時間が過ぎたら、無視できない SIGKILL を送ります。',
    },
  },
  'container.remove': {
    en: {
      title: 'Remove the container’s folder',
      why: 'What the container wrote is in its folder, and goes with it. The image’s layers are shared, and stay.',
    },
    ja: {
      title: 'コンテナのフォルダを削除します',
      why: 'コンテナが書いたものはこのフォルダにあり、一緒に消えます。イメージのレイヤーは共有なので残ります。',
    },
  },
  'container.record': {
    en: {
      title: 'Write down what has changed',
      why: 'What a container is stands in one file. It is replaced whole: written beside, then renamed, so that no crash leaves half of it. Nothing in the kernel changes.',
    },
    ja: {
      title: '変わったことを書き留めます',
      why: 'コンテナの設定は一つのファイルにあります。別名で書いてから rename で丸ごと置き換えるので、途中で落ちても半端なファイルは残りません。カーネルの中は何も変わりません。',
    },
  },
  'network.withdraw': {
    en: {
      title: 'Take the published ports back',
      why: 'The elements that led to the container leave the maps; the rules stay as they are.',
    },
    ja: {
      title: '公開したポートを取り下げます',
      why: 'コンテナへの行き先をマップから外します。ルールはそのままです。',
    },
  },
  'network.record': {
    en: {
      title: 'Write the network down',
      why: 'A network is a file with its subnet and options. On the host nothing is there yet: the steps below are made when a container first needs it.',
    },
    ja: {
      title: 'ネットワークを書き留めます',
      why: 'ネットワークは、サブネットとオプションを書いたファイルです。ホストにはまだ何もありません。下のステップは、最初のコンテナが必要とするときに実行します。',
    },
  },
  'network.forget': {
    en: {
      title: 'Forget the network',
      why: 'Its file goes first: what a crash would leave then belongs to nobody, and gc takes it away.',
    },
    ja: {
      title: 'ネットワークの記録を消します',
      why: 'まずファイルを消します。途中で落ちて何かが残っても、持ち主がいないので gc が片付けます。',
    },
  },
  'volume.unmount': {
    en: {
      title: 'Unmount the volume’s filesystem',
      why: 'It was mounted once for all containers that use it. With the last of them it goes.',
    },
    ja: {
      title: 'ボリュームのファイルシステムをアンマウントします',
      why: '使うコンテナすべてのために一度だけマウントしてありました。最後のコンテナと一緒に外します。',
    },
  },
  'volume.remove': {
    en: { title: 'Remove the volume', why: 'Its folder goes, with all files in it. No container has it any more.' },
    ja: {
      title: 'ボリュームを削除します',
      why: 'フォルダを中のファイルごと消します。使っているコンテナはもうありません。',
    },
  },
  'view.target': {
    en: {
      title: 'Take hold of the container’s process',
      why: 'A pidfd means this process and no other, even if its number is given to another one meanwhile.',
    },
    ja: {
      title: 'コンテナのプロセスをつかみます',
      why: 'pidfd は必ずこのプロセスを指します。番号が別のプロセスに使い回されても、取り違えません。',
    },
  },
  'view.enter': {
    en: {
      title: 'See the mounts that the container sees',
      why: 'A helper enters the container’s mount namespace, takes a copy of it and takes /proc, /sys and /dev away: they show the machine, and are no files of the container. Nothing changes in the container itself.',
    },
    ja: {
      title: 'コンテナから見えるマウントを見ます',
      why: '補助のプロセスがコンテナのマウント名前空間に入り、その写しを作ります。/proc、/sys、/dev はマシンを映すもので、コンテナのファイルではないので外します。コンテナ自身は何も変わりません。',
    },
  },
  'view.namespace': {
    en: {
      title: 'Mount out of sight',
      why: 'The container does not run, so a helper mounts its files in a mount namespace of its own. When it ends, all of it is gone; the host never sees it.',
    },
    ja: {
      title: '見えないところでマウントします',
      why: 'コンテナは動いていないので、補助のプロセスが自分のマウント名前空間でファイルをマウントします。終わればすべて消え、ホストからは見えません。',
    },
  },
  'view.bare': {
    en: { title: 'Keep the root filesystem alone', why: 'A copy of the mount without those on it: what export packs.' },
    ja: {
      title: 'ルートファイルシステムだけを持っておきます',
      why: '上に重なるマウントを除いた写しです。export がまとめるのはこれです。',
    },
  },
  'view.whole': {
    en: { title: 'Keep all of it', why: 'A copy with the volumes on it: what cp reads and writes.' },
    ja: { title: '全体を持っておきます', why: 'ボリュームも重ねた写しです。cp はこれを読み書きします。' },
  },
  'archive.place': {
    en: {
      title: 'Go where the container’s files are',
      why: 'Of a container that runs they are behind its first process in /proc; of another one where its overlay is mounted.',
    },
    ja: {
      title: 'コンテナのファイルがある場所へ行きます',
      why: '動いているコンテナなら /proc の最初のプロセスの先に、止まっているコンテナなら overlay をマウントした場所にあります。',
    },
  },
  'archive.write': {
    en: {
      title: 'Unpack into the container',
      why: 'The files come as a tar archive and are written below the container’s root. Each path is walked so that no link in the container leads out of it.',
      shell: 'a link in the container could lead tar out of it; openat2 with RESOLVE_IN_ROOT cannot be led.',
    },
    ja: {
      title: 'コンテナの中に展開します',
      why: 'ファイルは tar アーカイブで届き、コンテナのルートの下に書かれます。コンテナの中のリンクをたどって外に出ないように、パスを一段ずつ調べます。',
      shell: 'コンテナの中のリンクで tar が外に出ることがあります。RESOLVE_IN_ROOT を付けた openat2 では起きません。',
    },
  },
  'archive.read': {
    en: {
      title: 'Pack what is in the container',
      why: 'Files, links, owners and modes go out as a tar archive, as fast as it is read.',
      shell: 'a link in the container could lead tar out of it; openat2 with RESOLVE_IN_ROOT cannot be led.',
    },
    ja: {
      title: 'コンテナの中身をまとめます',
      why: 'ファイル、リンク、所有者、モードを tar アーカイブにして、読まれる速さで送り出します。',
      shell: 'コンテナの中のリンクで tar が外に出ることがあります。RESOLVE_IN_ROOT を付けた openat2 では起きません。',
    },
  },
  'gc.sweep': {
    en: {
      title: 'Remove what belongs to nobody',
      why: 'A crash at a bad moment leaves folders and links. They are known by what is missing: a folder without its config.json, a link with our name whose network or container is not there. Blobs and layers that no image needs go too.',
    },
    ja: {
      title: '持ち主のないものを削除します',
      why: '悪いときに落ちると、フォルダやリンクが残ります。config.json のないフォルダ、ネットワークやコンテナのないリンクがそれです。どのイメージにも要らないブロブとレイヤーも消します。',
    },
  },
  'image.layer': {
    en: {
      title: 'Make a layer',
      why: 'A layer is a tar archive, and its name is the SHA-256 of its bytes: whoever has the digest can check what he has got.',
    },
    ja: {
      title: 'レイヤーを作ります',
      why: 'レイヤーは tar アーカイブで、名前は中身の SHA-256 です。ダイジェストを知っていれば、届いたものが正しいか誰でも確かめられます。',
    },
  },
  'image.unpack': {
    en: {
      title: 'Open the archive',
      why: 'An archive of images holds layers, configurations, and a list of the names that lead to them.',
    },
    ja: {
      title: 'アーカイブを開きます',
      why: 'イメージのアーカイブには、レイヤー、設定、そしてそこへ導く名前の一覧が入っています。',
    },
  },
  'image.store': {
    en: {
      title: 'Put it into the store',
      why: 'Each part goes by its digest to blobs/sha256, and what is there already is not written again. The name comes last: before it does, nobody sees half of an image.',
    },
    ja: {
      title: 'ストアに入れます',
      why: '各部分はダイジェストを名前にして blobs/sha256 に置きます。すでにあるものは書きません。名前を付けるのは最後なので、途中のイメージは誰にも見えません。',
    },
  },
  'image.name': {
    en: {
      title: 'Give the image another name',
      why: 'A name is an entry in index.json that leads to a digest. No data is copied.',
    },
    ja: {
      title: 'イメージに別の名前を付けます',
      why: '名前は、ダイジェストを指す index.json の項目です。データはコピーしません。',
    },
  },
  'image.unname': {
    en: {
      title: 'Take the name away',
      why: 'The entry leaves index.json. The image itself goes only with its last name.',
    },
    ja: {
      title: '名前を外します',
      why: 'index.json から項目を外します。イメージそのものは、最後の名前と一緒に消えます。',
    },
  },
  'image.remove': {
    en: {
      title: 'Remove what no image needs',
      why: 'Layers are shared. Those that only this image had are removed, the others stay.',
    },
    ja: {
      title: 'どのイメージにも要らないものを削除します',
      why: 'レイヤーは共有されています。このイメージだけのものを消し、ほかは残します。',
    },
  },
  'image.save': {
    en: {
      title: 'Pack the images',
      why: 'The store is an OCI image layout already: an archive of it holds the blobs that these images need and their names.',
      shell: 'all of the store is packed, not only the blobs of these images.',
    },
    ja: {
      title: 'イメージをまとめます',
      why: 'ストアはもともと OCI イメージレイアウトです。必要なブロブと名前をアーカイブにします。',
      shell: 'これらのイメージのブロブだけでなく、ストア全体をまとめます。',
    },
  },
}
