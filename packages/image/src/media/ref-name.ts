/** Names that are not docker's: `org.opencontainers.image.ref.name` holds any text, as skopeo and umoci write it. */
import { parseReference, type Reference } from '../reference.ts'
import type { Descriptor } from '../schema.ts'
import { REF_NAME, withName } from '../store/names.ts'

/** The descriptor under this name, to the letter. A whole name also goes into the annotation that docker and containerd read. */
export function withRefName(descriptor: Descriptor, name: string): Descriptor {
  const named = withName(descriptor, /[:/]/.test(name) ? tryReference(name) : undefined)
  return { ...named, annotations: { ...named.annotations, [REF_NAME]: name } }
}

export function tryReference(name: string): Reference | undefined {
  try {
    return parseReference(name)
  } catch {
    return undefined
  }
}
