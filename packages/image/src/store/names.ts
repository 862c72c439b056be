/**
 * Names in `index.json`. Each name is a descriptor of its own with two annotations: the one skopeo looks for
 * (`skopeo inspect oci:DIR:alpine:3.20`) and the one docker and containerd write. An image that lost its last name stays as one
 * descriptor without: docker's `<none>`. All functions are pure.
 */
import { formatReference, familiarReference, parseName, parseReference, type Reference } from '../reference.ts'
import type { Descriptor } from '../schema.ts'

export const REF_NAME = 'org.opencontainers.image.ref.name'
export const CONTAINERD_NAME = 'io.containerd.image.name'

/**
 * The name of a descriptor. A lone word in `ref.name` is a repository when `lone` says so (someone wrote `oci:DIR:alpine`), else
 * just a tag, as in archives by docker and umoci. Names that are not docker's count as none.
 */
export function nameOf({ annotations }: Descriptor, lone: 'repository' | 'tag' = 'repository'): Reference | undefined {
  const full = annotations?.[CONTAINERD_NAME]
  const short = annotations?.[REF_NAME]
  if (full !== undefined) return tryParse(full)
  if (short === undefined || (lone === 'tag' && !/[:/]/.test(short))) return undefined
  return tryParse(short)
}

/** The descriptor with this name, or with none. Other annotations stay. */
export function withName(descriptor: Descriptor, name: Reference | undefined): Descriptor {
  const { annotations, ...rest } = descriptor
  const { [REF_NAME]: _ref, [CONTAINERD_NAME]: _name, ...others } = annotations ?? {}
  const names = name && { [CONTAINERD_NAME]: formatReference(name), [REF_NAME]: familiarReference(name) }
  const all = { ...others, ...names }
  return { ...rest, ...(Object.keys(all).length > 0 && { annotations: all }) }
}

/** Adds an image under some names. A name that another image had moves; that image may be left without one. */
export function addNames(
  manifests: readonly Descriptor[],
  descriptor: Descriptor,
  names: readonly Reference[],
): Descriptor[] {
  const without = names.reduce((list, name) => dropName(list, name), [...manifests])
  const named = names.map((name) => withName(descriptor, name))
  if (named.length > 0) {
    return [...without.filter((one) => one.digest !== descriptor.digest || nameOf(one) !== undefined), ...named]
  }
  return without.some((one) => one.digest === descriptor.digest)
    ? without
    : [...without, withName(descriptor, undefined)]
}

/** Takes a name away. The image stays, without a name if it was its last. */
export function dropName(manifests: readonly Descriptor[], name: Reference): Descriptor[] {
  const dropped = manifests.filter((one) => isNamed(one, name))
  const kept = manifests.filter((one) => !isNamed(one, name))
  for (const one of dropped) {
    if (!kept.some((other) => other.digest === one.digest)) kept.push(withName(one, undefined))
  }
  return kept
}

export function isNamed(descriptor: Descriptor, name: Reference): boolean {
  const own = nameOf(descriptor)
  return own !== undefined && formatReference(own) === formatReference(name)
}

/** A name with a digest has no default tag. */
function tryParse(text: string): Reference | undefined {
  try {
    const name = parseName(text)
    return name.digest === undefined ? parseReference(text) : name
  } catch {
    return undefined
  }
}
