/**
 * What can be pulled under a name: everything that its manifests lead to, and nothing else. A blob of another image, or one that
 * a running load has just brought, is not there for who asks in this repository.
 */
import * as z from 'zod'
import { UserError } from '@mini-docker/syscall'
import type { Digest } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { isIndex, isManifest } from '../media-type.ts'
import { Referring } from '../referrer.ts'
import { Descriptor } from '../schema.ts'
import type { ReadBlob } from '../store/image.ts'

/** Any manifest or index, artifacts too: only what leads on from it. */
const Document = Referring.extend({
  layers: z.array(Descriptor).nullish(),
  manifests: z.array(Descriptor).nullish(),
})
export type Document = z.infer<typeof Document>

/** A manifest or index has its `document`; a config or layer has none. */
export type Reached = { descriptor: Descriptor; document: Document | undefined }

/** Reads manifests once each: they never change. `undefined` for one that is missing or damaged, which leads nowhere. */
export class Documents {
  readonly #read: ReadBlob
  readonly #known = new Map<Digest, Document>()

  constructor(read: ReadBlob) {
    this.#read = read
  }

  get(descriptor: Descriptor): Document | undefined {
    if (!isIndex(descriptor.mediaType) && !isManifest(descriptor.mediaType)) return undefined
    const known = this.#known.get(descriptor.digest)
    if (known !== undefined) return known
    try {
      const document = parseJSON(`manifest ${descriptor.digest}`, this.#read('manifest', descriptor), Document)
      this.#known.set(descriptor.digest, document)
      return document
    } catch (error) {
      if (error instanceof UserError) return undefined
      throw error
    }
  }
}

/** All that `roots` lead to. A manifest of `loose` whose `subject` is among it belongs to it as well: a signature, an SBOM. */
export function reach(
  documents: Documents,
  roots: readonly Descriptor[],
  loose: readonly Descriptor[],
): Map<Digest, Reached> {
  const reached = new Map<Digest, Reached>()
  let waiting = [...roots]
  while (waiting.length > 0) {
    follow(documents, waiting, reached)
    waiting = loose.filter((one) => {
      const subject = documents.get(one)?.subject?.digest
      return subject !== undefined && reached.has(subject) && !reached.has(one.digest)
    })
  }
  return reached
}

function follow(documents: Documents, roots: readonly Descriptor[], reached: Map<Digest, Reached>): void {
  const waiting = [...roots]
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (reached.get(one.digest)?.document !== undefined) continue
    const document = documents.get(one)
    reached.set(one.digest, { descriptor: one, document })
    if (document === undefined) continue
    waiting.push(...(document.manifests ?? []))
    for (const blob of [document.config, ...(document.layers ?? [])]) {
      if (blob && !reached.has(blob.digest)) reached.set(blob.digest, { descriptor: blob, document: undefined })
    }
  }
}
