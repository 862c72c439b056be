/** What the steps of this package are called and why they are there, for `--explain`, the TUI and the tutorials. */
import type { Messages } from '@mini-docker/syscall'

export const messages: Messages = {
  'rootfs.overlay': {
    en: {
      title: 'Lay the image and a writable directory over each other',
      why: "An image is a stack of read-only layers. Overlay shows them as one tree, with an empty directory of the container's own on top that takes every change. The layers stay as they are, so any number of containers share them. The mount is made inside the container's mount namespace and goes away with it.",
    },
    ja: {
      title: 'イメージの上に書き込み用のディレクトリを重ねます',
      why: 'イメージは読み取り専用のレイヤを積み重ねたものです。overlay はそれらを一つのツリーとして見せ、いちばん上に置いたコンテナ専用の空のディレクトリですべての変更を受け止めます。レイヤは変わらないので、いくつものコンテナで共有できます。このマウントはコンテナのマウント名前空間の中で行われ、コンテナの終了とともに消えます。',
    },
  },
}
