/**
 * A pull or a push, described before anything is asked: which requests it makes, and how one would do the same by hand. Pure: no network. What
 * only the registry can tell is a shell variable in the URLs too, `$LAYER`, `$MANIFEST`, and the shell lines set it.
 *
 * A real pull leaves out what it has: layers that are here, a token that still holds.
 */
import type { Step } from '@mini-docker/syscall'
import { pullByHand, type PullPlanFacts } from './pull.ts'
import { pushByHand, type PushPlanFacts } from './push.ts'
import type { HttpStep } from '../http/trace.ts'

/** Why a request is made, in both languages of the catalogue. */
export type RequestWords = { en: string; ja: string }
export type PlannedRequest = { method: 'HEAD' | 'GET' | 'POST' | 'PUT'; url: string; why: RequestWords }

/** A step of stage `image`: no system calls of the launcher, but requests to a registry. */
export type ImageStep = Step & { requests: PlannedRequest[] }

export type ImageStepId = HttpStep | 'image.unpack' | 'image.name'

/** The steps of a pull, in order. All their shell lines together are one script. */
export function planPull(facts: PullPlanFacts): ImageStep[] {
  const { reference, endpoints } = facts
  const base = `${endpoints[0]}/v2/`
  const repository = `${base}${reference.path}`
  const name = reference.digest ?? reference.tag ?? 'latest'
  return [
    step(
      'image.ping',
      pullByHand.ping(facts),
      ['curl(1)'],
      endpoints.map((endpoint) => get(`${endpoint}/v2/`, WHY.ping)),
    ),
    step(
      'image.token',
      pullByHand.token(),
      ['curl(1)', 'jq(1)'],
      [get(`$REALM?service=$SERVICE&scope=repository:${reference.path}:pull`, WHY.token)],
    ),
    step(
      'image.manifest',
      pullByHand.manifest(facts),
      ['curl(1)', 'jq(1)', 'sha256sum(1)'],
      [
        { method: 'HEAD', url: `${repository}/manifests/${name}`, why: WHY.head },
        get(`${repository}/manifests/$DIGEST`, WHY.top),
        get(`${repository}/manifests/$MANIFEST`, WHY.manifest),
      ],
    ),
    step(
      'image.config',
      pullByHand.config(),
      ['curl(1)', 'sha256sum(1)'],
      [get(`${repository}/blobs/$CONFIG`, WHY.config)],
    ),
    step(
      'image.layer',
      pullByHand.layer(),
      ['curl(1)', 'sha256sum(1)'],
      [get(`${repository}/blobs/$LAYER`, WHY.layer)],
    ),
    step('image.unpack', pullByHand.unpack(), ['tar(1)'], []),
    step('image.name', pullByHand.name(facts), ['jq(1)'], []),
  ]
}

/** The steps of a push, in order. Where a layer may be mounted from is in the facts. */
export function planPush(facts: PushPlanFacts): ImageStep[] {
  const { reference, endpoints, mountFrom, blobs } = facts
  const repository = `${endpoints[0]}/v2/${reference.path}`
  const uploads = `${repository}/blobs/uploads/`
  const mount = (from: string): PlannedRequest => ({
    method: 'POST',
    url: `${uploads}?mount=$BLOB&from=${from}`,
    why: WHY.mount,
  })
  const ofBlob = (blob: string): PlannedRequest[] => [
    { method: 'HEAD', url: `${repository}/blobs/${blob}`, why: WHY.has },
    { method: 'POST', url: uploads, why: WHY.begin },
    { method: 'PUT', url: `$WHERE?digest=${blob}`, why: WHY.send },
  ]
  const scope = `repository:${reference.path}:pull,push`
  return [
    step(
      'image.ping',
      pushByHand.ping(facts),
      ['curl(1)'],
      endpoints.map((endpoint) => get(`${endpoint}/v2/`, WHY.ping)),
    ),
    step(
      'image.token',
      pushByHand.token(facts),
      ['curl(1)', 'jq(1)'],
      [get(`$REALM?service=$SERVICE&scope=${scope}`, WHY.token)],
    ),
    ...(mountFrom.length === 0
      ? []
      : [step('image.mount', pushByHand.mount(facts), ['curl(1)'], mountFrom.map(mount))]),
    step('image.upload', pushByHand.upload(), ['curl(1)'], blobs.flatMap(ofBlob)),
    step(
      'image.publish',
      pushByHand.publish(facts),
      ['curl(1)'],
      [{ method: 'PUT', url: `${repository}/manifests/${reference.tag ?? 'latest'}`, why: WHY.publish }],
    ),
  ]
}

function step(id: ImageStepId, shell: string[], man: string[], requests: PlannedRequest[]): ImageStep {
  return { id, stage: 'image', where: 'host', calls: [], shell, man, requests }
}

function get(url: string, why: RequestWords): PlannedRequest {
  return { method: 'GET', url, why }
}

/** In the order of use. */
const WHY = {
  ping: {
    en: 'is a registry there, and does it want to know who we are?',
    ja: 'レジストリがあるか、身元を尋ねられるかを見ます',
  },
  token: {
    en: 'a token for this repository, where the challenge asks for one',
    ja: '求められたときだけ、このリポジトリのトークンをもらいます',
  },
  head: {
    en: 'which digest has this name today? what is here already is not read again',
    ja: 'この名前のダイジェストを調べます。もうあるものは読み直しません',
  },
  top: {
    en: 'the manifest; or an index, where there are images for several machines',
    ja: 'マニフェストを読みます。複数の機種向けのイメージならインデックスです',
  },
  manifest: {
    en: 'the manifest for this machine, where the first answer was an index',
    ja: 'インデックスだったときは、このマシン用のマニフェストを読みます',
  },
  config: {
    en: 'how to run the image, and what its layers are when unpacked',
    ja: '動かし方と、展開したレイヤーのハッシュを読みます',
  },
  layer: {
    en: 'one request for each layer that is not here; a cut one goes on where it stopped (Range)',
    ja: 'ここにないレイヤーごとに一回。切れたら続きから取ります（Range）',
  },
  mount: {
    en: 'the registry may have the layer in another repository of its own',
    ja: '同じレジストリの別のリポジトリにあるレイヤーを使ってもらいます',
  },
  has: { en: 'what is there already is not sent again', ja: 'もうあるものは送りません' },
  begin: {
    en: 'an upload begins; the answer says where to send it',
    ja: 'アップロードを始めます。送り先が返ってきます',
  },
  send: {
    en: 'the bytes, and what their digest has to be',
    ja: '中身を送り、ダイジェストを告げます',
  },
  publish: {
    en: 'the manifest, under its tag: from now on it can be pulled',
    ja: 'マニフェストをタグの名前で送ります。ここから pull できます',
  },
} satisfies Record<string, RequestWords>
