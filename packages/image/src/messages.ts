/** What the steps of a pull and a push are called and why they are there, for `--explain`, the TUI and the tutorials. */
import type { Messages } from '@mini-docker/syscall'

/** By step id; English and Japanese. */
export const messages: Messages = {
  'image.ping': {
    en: {
      title: 'Ask whether a registry is there',
      why: 'A registry is a web server with a few agreed paths. GET /v2/ answers 200 where everybody may read, or 401 with a challenge that says how to prove who we are.',
    },
    ja: {
      title: 'レジストリがあるか尋ねます',
      why: 'レジストリは、決まったパスを持つウェブサーバーです。GET /v2/ の答えは、誰でも読めるなら 200 です。401 なら、身元をどう示せばよいかが一緒に書いてあります。',
    },
  },
  'image.token': {
    en: {
      title: 'Get a token for this one repository',
      why: 'The challenge names another server that gives out tokens. It knows passwords, the registry does not: the token says what may be done, where, and for how long. Even without a login one gets a token, for what is public.',
    },
    ja: {
      title: 'このリポジトリのためのトークンをもらいます',
      why: '401 の答えには、トークンを渡す別のサーバーが書いてあります。パスワードを知っているのはそのサーバーだけです。トークンには、どこで何をいつまでしてよいかが入っています。公開されたイメージなら、ログインしなくてもトークンをもらえます。',
    },
  },
  'image.manifest': {
    en: {
      title: 'Read the manifest',
      why: 'A tag is a word that someone may move tomorrow; it leads to a manifest, whose digest never changes meaning. Where there are images for several machines, it leads to an index first, and we choose ours from it.',
    },
    ja: {
      title: 'マニフェストを読みます',
      why: 'タグは、明日には別のイメージを指すかもしれない名前です。その先にあるマニフェストはダイジェストで決まり、中身は変わりません。複数の機種のイメージがあるときは、まずインデックスを読み、このマシンに合うものを選びます。',
    },
  },
  'image.config': {
    en: {
      title: 'Read the config',
      why: 'How to run the image: command, environment, user. It also lists what each layer is when unpacked, so that nobody can slip in another one. Its digest is what docker calls the image ID.',
    },
    ja: {
      title: '設定を読みます',
      why: 'コマンド、環境変数、ユーザーなど、イメージの動かし方です。展開したレイヤーのハッシュも並んでいるので、すり替えに気づけます。設定のダイジェストが、docker の言うイメージ ID です。',
    },
  },
  'image.layer': {
    en: {
      title: 'Fetch the layers',
      why: 'Each layer is a compressed tar archive, and its name is the sha256 of its bytes: who has the name can check what came, wherever it came from. A layer that is here already, from any image, is not fetched again.',
    },
    ja: {
      title: 'レイヤーを取ってきます',
      why: 'レイヤーは圧縮した tar アーカイブで、名前は中身の sha256 です。どこから来たものでも、名前を知っていれば正しいか確かめられます。ほかのイメージのために取ったレイヤーは、もう一度取りません。',
    },
  },
  'image.unpack': {
    en: {
      title: 'Unpack them on top of each other',
      why: 'The lowest layer first. A file .wh.NAME in a layer means that NAME of the layers below is gone. Here the layers end in one tree; mini-docker keeps each in a directory of its own, and the kernel lays them over each other (overlay).',
    },
    ja: {
      title: '下から順に重ねて展開します',
      why: 'いちばん下のレイヤーから展開します。レイヤーの中の .wh.名前 というファイルは、下のレイヤーのその名前を消すという意味です。ここでは一つの木にまとめますが、mini-docker はレイヤーごとにディレクトリを分け、カーネルに重ねてもらいます（overlay）。',
    },
  },
  'image.name': {
    en: {
      title: 'Give the image its name',
      why: 'Only now, when everything is here and checked, does the name appear. A pull that was cut off leaves no half image, only parts that the next one need not fetch again.',
    },
    ja: {
      title: 'イメージに名前を付けます',
      why: 'すべてがそろい、確かめ終わってから名前を付けます。途中で切れても壊れたイメージは残らず、届いた部分は次の pull で使えます。',
    },
  },
  'image.mount': {
    en: {
      title: 'Ask the registry to take layers from its other repositories',
      why: 'A layer that was pulled from, or pushed to, the same registry need not travel again: the registry links it from one repository into the other.',
    },
    ja: {
      title: 'レジストリにあるレイヤーを使ってもらいます',
      why: '同じレジストリの別のリポジトリにあるレイヤーは、送り直す必要がありません。レジストリの中でつないでもらえます。',
    },
  },
  'image.upload': {
    en: {
      title: 'Send the layers and the config',
      why: 'HEAD tells what the registry has already. For the rest, POST opens an upload and answers with its address, and PUT ends it with the digest: the registry computes it too, and refuses what is not what it is called.',
    },
    ja: {
      title: 'レイヤーと設定を送ります',
      why: 'まず HEAD で、レジストリにもうあるかどうかを尋ねます。ないものは POST でアップロードを始め、返ってきたアドレスに送り、PUT でダイジェストを告げて終えます。レジストリも計算し、合わなければ断ります。',
    },
  },
  'image.publish': {
    en: {
      title: 'Send the manifest under its tag',
      why: 'The last request. The registry refuses a manifest whose layers it does not have, so at no time does a tag lead to half an image.',
    },
    ja: {
      title: 'マニフェストをタグの名前で送ります',
      why: '最後のリクエストです。レジストリは、レイヤーのそろわないマニフェストを断ります。そのため、タグが作りかけのイメージを指すことはありません。',
    },
  },
  'image.tags': {
    en: {
      title: 'List the tags',
      why: 'With --all-tags every tag of the repository is pulled, one after the other.',
    },
    ja: {
      title: 'タグの一覧を読みます',
      why: '--all-tags の指定です。リポジトリのタグを一つずつ pull します。',
    },
  },
  'image.referrers': {
    en: {
      title: 'Ask what refers to the image',
      why: 'Signatures and lists of contents are manifests of their own that name the image they are about.',
    },
    ja: {
      title: 'イメージを指すものを尋ねます',
      why: '署名や部品表は、対象のイメージを指す別のマニフェストです。',
    },
  },
  'image.login': {
    en: {
      title: 'Check name and password',
      why: 'The registry, or the server that gives out its tokens, is asked once with the password. Nothing is kept by the daemon: the client stores it, and sends it along with each pull and push.',
    },
    ja: {
      title: '名前とパスワードを確かめます',
      why: 'レジストリか、トークンを渡すサーバーに、パスワードを付けて一度尋ねます。デーモンは何も覚えません。クライアントが保存し、pull や push のたびに送ります。',
    },
  },
  'image.search': {
    en: {
      title: 'Search the index',
      why: 'Searching is no part of the registry protocol: Docker Hub answers on an older path of its own.',
    },
    ja: {
      title: 'インデックスを検索します',
      why: '検索はレジストリの規格にはありません。Docker Hub が、独自の古いパスで答えます。',
    },
  },
  'image.copy': {
    en: {
      title: 'Copy the image',
      why: 'What is at the source is read part by part and written to the destination under the same digests. Parts that are there already are not sent again; the name comes last.',
    },
    ja: {
      title: 'イメージをコピーします',
      why: 'コピー元から部分ごとに読み、同じダイジェストでコピー先に書きます。すでにある部分は送りません。名前を付けるのは最後です。',
    },
  },
}
