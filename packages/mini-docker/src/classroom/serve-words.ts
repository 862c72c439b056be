/** What `class serve` tells, in English and Japanese. Commands are lines to be typed as they are. */
import type { Language } from '../faces/explain.ts'

export type ServeWords = {
  serving: (names: number, root: string, urls: readonly string[]) => string
  noImages: string
  withoutAddress: (names: readonly string[]) => string
  miniDocker: string
  docker: string
  once: (file: string) => string
  orWithoutMirror: string
  certificate: (file: string) => string
  open: (port: number) => string
  localOnly: string
  noAddress: string
  pulled: (blobs: number, complete: boolean) => string
  stopping: string
  stopped: (pulls: number, size: string) => string
  tlsHalf: string
}

export const SERVE_WORDS: Record<Language, ServeWords> = {
  en: {
    serving: (names, root, urls) =>
      `Serving ${names} image name${names === 1 ? '' : 's'} of ${root} at ${urls.join(' and ')}. Ctrl-C ends it.`,
    noImages: 'There are no images yet. What is pulled or loaded here from now on is served at once.',
    withoutAddress: (names) =>
      `Only through a mirror that sends ns= (containerd), because their registry has a port or a name in use: ${names.join(', ')}`,
    miniDocker: 'Students with mini-docker type:',
    docker: 'Students with docker type:',
    once: (file) => `once; this replaces ${file}`,
    orWithoutMirror: 'or by the full name',
    certificate: (file) => `if your certificate is self-signed, students also need it as ${file}`,
    open: (port) =>
      `Everyone who reaches port ${port} of this machine can pull these images, and without TLS others on the way can read and change them: stop it after class, or use --tls-cert and --tls-key.`,
    noAddress: 'This machine has no address on a network right now: connect it, then start this again.',
    localOnly: 'Only this machine can reach it: --listen 0.0.0.0:5000 lets in others.',
    pulled: (blobs, complete) =>
      !complete ? 'cut off' : blobs === 0 ? 'manifest only' : `${blobs} blob${blobs === 1 ? '' : 's'}`,
    stopping: 'Stopping: transfers that are under way have 10 seconds. Ctrl-C again cuts them.',
    stopped: (pulls, size) => `Stopped after ${pulls} pull${pulls === 1 ? '' : 's'}, ${size} sent.`,
    tlsHalf: '--tls-cert and --tls-key are needed together',
  },
  ja: {
    serving: (names, root, urls) =>
      `${root} のイメージ（名前 ${names} 個）を ${urls.join(' と ')} で配布しています。Ctrl-C で終了します。`,
    noImages: 'イメージはまだありません。これから pull や load をしたものは、すぐに配布されます。',
    withoutAddress: (names) =>
      `レジストリ名にポートが付いているか名前が重なるため、ns= を送るミラー（containerd）からのみ取得できます: ${names.join(', ')}`,
    miniDocker: 'mini-docker を使う受講者が入力するコマンド:',
    docker: 'docker を使う受講者が入力するコマンド:',
    once: (file) => `最初に一度だけ。${file} は置き換えられます`,
    orWithoutMirror: 'または完全な名前で',
    certificate: (file) => `自己署名証明書の場合、受講者はそれを ${file} に置く必要があります`,
    open: (port) =>
      `このマシンのポート ${port} に届く人は誰でもこれらのイメージを取得でき、TLS がないため経路上の他人が読んだり書き換えたりできます。授業が終わったら止めるか、--tls-cert と --tls-key を使ってください。`,
    noAddress: 'このマシンには今ネットワークのアドレスがありません。接続してから、もう一度実行してください。',
    localOnly: 'このマシンからしか届きません。ほかのマシンに配布するには --listen 0.0.0.0:5000 を指定してください。',
    pulled: (blobs, complete) => (!complete ? '途中で切断' : blobs === 0 ? 'マニフェストのみ' : `ブロブ ${blobs} 個`),
    stopping: '終了します。転送中のものは 10 秒まで待ちます。もう一度 Ctrl-C で打ち切ります。',
    stopped: (pulls, size) => `終了しました。pull ${pulls} 回、送信 ${size}。`,
    tlsHalf: '--tls-cert と --tls-key は両方必要です',
  },
}
