/** What `class pack` tells, and the pages that it puts into a pack, in English and Japanese. */
import type { Language } from '../faces/explain.ts'
import type { Dependency } from './dependencies.ts'

/** The directory that a pack unpacks to. */
export const PACK_DIRECTORY = 'mini-docker-class'

/** What the pages speak of. */
export type PackFacts = {
  /** As docker writes it: `linux/amd64`. */
  platform: string
  /** Names of the images. */
  images: readonly string[]
}

export type PackWords = {
  platform: (platform: string) => string
  noImages: string
  nameless: (count: number) => string
  otherPlatform: (names: readonly string[]) => string
  progress: (done: string, total: string) => string
  packed: (file: string, size: string, images: number) => string
  terminal: string
  extension: (file: string) => string
  stale: (file: string) => string
  changed: string
  startHere: (facts: PackFacts) => string
}

/** glibc of Debian 10 and RHEL 8: what the Node in it was linked with. */
const GLIBC = '2.28'

export const PACK_WORDS: Record<Language, PackWords> = {
  en: {
    platform: (platform) =>
      `This pack runs on ${platform} with glibc ${GLIBC} or newer. For other machines, make one on such a machine.`,
    noImages: 'There are no images here: the pack has only the program, and its image demo, which it makes by itself.',
    nameless: (count) =>
      `${count} image${count === 1 ? ' has' : 's have'} no name and ${count === 1 ? 'is' : 'are'} left out (mini-docker tag ID NAME gives one).`,
    otherPlatform: (names) =>
      `These images are for another platform than the pack, and will not run there: ${names.join(', ')}`,
    progress: (done, total) => `Packing ${done} of ${total}`,
    packed: (file, size, images) =>
      `Packed the program and ${images} image name${images === 1 ? '' : 's'} into ${file} (${size}).`,
    terminal: 'refusing to write an archive to a terminal: name a file, or redirect the output',
    extension: (file) => `${file} must end in .tar, .tar.gz or .tgz, or be - for standard output`,
    stale: (file) => `${file} is newer than dist/: run ./mini-docker once, which builds it, and pack again`,
    changed: 'the images changed while they were packed: try again',
    startHere: ({ platform, images }) => `# mini-docker for a class without a network

Everything is here: the program, the Node that runs it, its sources and documents${images.length === 0 ? '' : ', and images'}. Nothing is downloaded.

It needs: ${platform}, glibc ${GLIBC} or newer, root (sudo).

## Three commands

In the folder where this file is:

    sudo ./mini-docker doctor
${images.length === 0 ? '' : '    sudo ./mini-docker load -i images.tar\n'}    sudo ./mini-docker run --rm -it ${images[0] ?? 'demo'}

The first tells whether containers can run here and what is missing.${images.length === 0 ? '' : ' The second brings in the images:\n\n' + images.map((name) => `    ${name}`).join('\n')}

The image \`demo\` is made of this machine's own programs when it is used first.

## When something goes wrong

- \`Exec format error\`: this machine is not ${platform}. Ask for a pack that was made on a machine like it.
- \`needs root\`: put sudo before the command.
- Everything else: \`sudo ./mini-docker doctor\`.

## Learning from it

Start with README.md and docs/architecture.md. When you change a source, the next \`./mini-docker\` builds it, without a network. Tests and
checks need more packages: \`rm node_modules/.installed\`, and \`npm test\` fetches them where there is a network.

Whose work is in this pack, and under which licences: THIRD-PARTY.md.
`,
  },
  ja: {
    platform: (platform) =>
      `このパックは glibc ${GLIBC} 以降の ${platform} で動きます。ほかのマシン用のパックは、そのマシンと同じ種類のマシンで作ってください。`,
    noImages:
      'イメージがありません。パックに入るのはプログラムだけです（イメージ demo は使うときに自動で作られます）。',
    nameless: (count) => `名前のないイメージ ${count} 個は入りません（mini-docker tag ID 名前 で名前を付けられます）。`,
    otherPlatform: (names) =>
      `次のイメージはパックとは別のプラットフォーム用で、そこでは動きません: ${names.join(', ')}`,
    progress: (done, total) => `パック中 ${done} / ${total}`,
    packed: (file, size, images) => `プログラムとイメージ（名前 ${images} 個）を ${file} にまとめました（${size}）。`,
    terminal: 'アーカイブを端末には書きません。ファイル名を指定するか、出力をリダイレクトしてください',
    extension: (file) => `${file} の末尾は .tar、.tar.gz、.tgz のどれかにしてください（標準出力なら - ）`,
    stale: (file) =>
      `${file} が dist/ より新しいです。./mini-docker を一度実行してビルドしてから、もう一度パックしてください`,
    changed: 'パック中にイメージが変わりました。もう一度実行してください',
    startHere: ({ platform, images }) => `# ネットワークのない授業のための mini-docker

プログラム、それを動かす Node、ソースと文書${images.length === 0 ? '' : '、イメージ'}がすべて入っています。何もダウンロードしません。

必要なもの: ${platform}、glibc ${GLIBC} 以降、root 権限（sudo）。

## コマンドは三つ

このファイルがあるフォルダで:

    sudo ./mini-docker doctor
${images.length === 0 ? '' : '    sudo ./mini-docker load -i images.tar\n'}    sudo ./mini-docker run --rm -it ${images[0] ?? 'demo'}

一つ目は、このマシンでコンテナが動くか、何が足りないかを示します。${images.length === 0 ? '' : '二つ目は次のイメージを取り込みます:\n\n' + images.map((name) => `    ${name}`).join('\n')}

イメージ \`demo\` は、最初に使うときにこのマシン自身のプログラムから作られます。

## うまくいかないとき

- \`Exec format error\`: このマシンは ${platform} ではありません。同じ種類のマシンで作ったパックをもらってください。
- \`needs root\`: コマンドの前に sudo を付けてください。
- そのほか: \`sudo ./mini-docker doctor\`

## 読んで学ぶ

README.md と docs/architecture.md から始めてください。ソースを変えると、次の \`./mini-docker\` がネットワークなしでビルドします。テストと検査には
ほかのパッケージも必要です。ネットワークのあるところで \`rm node_modules/.installed\` のあと \`npm test\` を実行すると取得されます。

このパックに誰の著作物がどのライセンスで入っているか: THIRD-PARTY.md
`,
  },
}

/** The page of licences: everything in the pack that others wrote. Their texts are in the directories. */
export function thirdParty(packages: readonly Dependency[]): string {
  const rows = packages.map(
    ({ name, version, licence, directory }) => `| ${name} | ${version} | ${licence} | ${directory} |`,
  )
  return `# Third parties / 第三者の著作物

What others wrote, and where it lies with its licence. Parts of it are also bundled into the files of \`dist/\`.
他者が書いたものと、ライセンス文のある場所です。一部は \`dist/\` のファイルにも含まれています。

| package | version | licence | directory |
|---|---|---|---|
${rows.join('\n')}

Node.js itself holds further works: see LICENSE in its directory. Each image in images.tar has licences of its own.
Node.js にはさらに他の著作物が含まれます（そのディレクトリの LICENSE）。images.tar の各イメージにはそれぞれのライセンスがあります。
`
}
