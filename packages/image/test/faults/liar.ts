/** A registry that serves whatever it is told, which the real one would refuse to store: answers made up by the fault proxy. */
import { digestOf, topOf, type Content, type Deed, type Fault } from '../../../../test/harness/registry/index.ts'

type Answer = Extract<Deed, { kind: 'answer' }>

/** The faults that make a proxy serve `content` as `team/app:1`. */
export function serving(content: Content): Fault[] {
  const top = topOf(content)
  const answers = content.manifests.map(({ mediaType, bytes }) => manifestAnswer(nameOf(bytes), mediaType, bytes))
  const blobs = content.blobs.map((bytes) => ({ on: at('blobs', digestOf(bytes)), ...answer(bytes, OCTETS) }))
  return [...answers, manifestAnswer('1', top.mediaType, top.bytes), ...blobs]
}

/** What is asked for a manifest, answered with these bytes and headers; later ones of the same kind do not count. */
export function manifestAnswer(name: string, mediaType: string, bytes: Uint8Array, headers = {}): Fault {
  const own = { 'Content-Type': mediaType, 'Docker-Content-Digest': digestOf(bytes), ...headers }
  return { on: at('manifests', name), ...answer(bytes, own) }
}

/** An image whose manifest is changed: its digest, and the index of nothing else, change with it. */
export function withManifest(content: Content, change: (manifest: never) => object): Content {
  const { mediaType, bytes } = topOf(content)
  const changed = Buffer.from(JSON.stringify(change(JSON.parse(bytes.toString()) as never)))
  return { blobs: content.blobs, manifests: [{ mediaType, bytes: changed }] }
}

export function* endless(text = ' '): Generator<Uint8Array> {
  const chunk = Buffer.alloc(65_536, text)
  for (;;) yield chunk
}

const OCTETS = { 'Content-Type': 'application/octet-stream' }

function answer(body: Uint8Array, headers: Record<string, string>): Answer {
  return { kind: 'answer', status: 200, headers, body }
}

function nameOf(bytes: Uint8Array): string {
  return digestOf(bytes)
}

function at(kind: 'manifests' | 'blobs', name: string): RegExp {
  return new RegExp(`^(GET|HEAD) /v2/team/app/${kind}/${name}$`)
}
