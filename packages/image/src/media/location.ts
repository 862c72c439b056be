/**
 * Where images lie, as skopeo spells it (containers-transports(5)). The first colon ends the medium's name, the next one the path;
 * what follows is the image's name there, colons and all.
 *
 *   docker://NAME[:TAG|@DIGEST]          a repository of a registry
 *   oci:DIR[:NAME] oci:DIR@DIGEST        an OCI image layout
 *   oci-archive:FILE[:NAME]              the same in a tar; FILE@DIGEST too
 *   docker-archive:FILE[:NAME[:TAG]|:@N] what docker save writes; @N is its N-th image, counted from 0
 *   dir:DIR                              skopeo's own: one image, its blobs side by side
 *   store:NAME                           this machine's store
 */
import { UserError } from '@mini-docker/syscall'
import { parseDigest, type Digest } from '../digest.ts'
import { familiarReference, formatReference, parseReference, type Reference } from '../reference.ts'

/** Which image of a layout: by its name there, by digest, or the only one. */
export type Choice = { by: 'name'; name: string } | { by: 'digest'; digest: Digest } | { by: 'only' }

/** Which image of a docker archive. */
export type ArchiveChoice = { by: 'reference'; reference: Reference } | { by: 'index'; index: number } | { by: 'only' }

export type Location =
  | { medium: 'docker'; reference: Reference }
  | { medium: 'oci'; directory: string; choice: Choice }
  | { medium: 'oci-archive'; file: string; choice: Choice }
  | { medium: 'docker-archive'; file: string; choice: ArchiveChoice }
  | { medium: 'dir'; directory: string }
  | { medium: 'store'; name: string }

export type Medium = Location['medium']

/** @throws UserError `invalid` with skopeo's words. */
export function parseLocation(text: string): Location {
  const colon = text.indexOf(':')
  const hint = `should look like docker://alpine:3.20 or oci:DIRECTORY:NAME; the media are ${Object.keys(PARSERS).join(', ')}`
  if (colon === -1) {
    throw new UserError('invalid', `invalid image name "${text}", expected colon-separated transport:reference`, {
      hint,
    })
  }
  const medium = text.slice(0, colon)
  if (!isMedium(medium)) {
    throw new UserError('invalid', `invalid image name "${text}", unknown transport "${medium}"`, { hint })
  }
  return PARSERS[medium](text.slice(colon + 1))
}

/** The text that parses to this location again. */
export function formatLocation(location: Location): string {
  switch (location.medium) {
    case 'docker':
      return `docker://${formatReference(location.reference)}`
    case 'oci':
      return `oci:${location.directory}${formatChoice(location.choice)}`
    case 'oci-archive':
      return `oci-archive:${location.file}${formatChoice(location.choice)}`
    case 'docker-archive':
      return `docker-archive:${location.file}${formatArchiveChoice(location.choice)}`
    case 'dir':
      return `dir:${location.directory}`
    case 'store':
      return `store:${location.name}`
  }
}

const PARSERS: Record<Medium, (rest: string) => Location> = {
  docker: (rest) => {
    if (!rest.startsWith('//')) throw malformed(`docker: image reference ${rest} does not start with //`)
    return { medium: 'docker', reference: parseReference(rest.slice(2)) }
  },
  oci: (rest) => {
    const { path, choice } = parseLayout('oci', rest)
    return { medium: 'oci', directory: path, choice }
  },
  'oci-archive': (rest) => {
    const { path, choice } = parseLayout('oci-archive', rest)
    return { medium: 'oci-archive', file: path, choice }
  },
  'docker-archive': (rest) => {
    const [file, name] = splitPath('docker-archive', rest)
    return { medium: 'docker-archive', file, choice: parseArchiveChoice(name) }
  },
  dir: (rest) => ({ medium: 'dir', directory: requirePath('dir', rest) }),
  store: (rest) => {
    if (rest === '') throw malformed('store: needs the name of an image')
    return { medium: 'store', name: rest }
  },
}

function isMedium(text: string): text is Medium {
  return Object.hasOwn(PARSERS, text)
}

function parseLayout(medium: string, rest: string): { path: string; choice: Choice } {
  const pinned = /^([^:]+)@(sha256:[0-9a-f]*)$/.exec(rest)
  if (pinned !== null) return { path: pinned[1]!, choice: { by: 'digest', digest: parseDigest(pinned[2]!) } }
  const [path, name] = splitPath(medium, rest)
  if (name === undefined) return { path, choice: { by: 'only' } }
  if (!REF_NAME_GRAMMAR.test(name)) {
    throw malformed(`${medium}: invalid image name "${name}"`, 'letters and digits, joined by - . _ : @ + or /')
  }
  return { path, choice: { by: 'name', name } }
}

/** Values of `org.opencontainers.image.ref.name`: image-spec, annotations.md. */
const REF_NAME_GRAMMAR = /^[A-Za-z0-9]+(?:(?:--|[-._:@+])[A-Za-z0-9]+|\/[A-Za-z0-9]+)*$/

function parseArchiveChoice(name: string | undefined): ArchiveChoice {
  if (name === undefined) return { by: 'only' }
  if (/^@\d{1,9}$/.test(name)) return { by: 'index', index: Number(name.slice(1)) }
  if (name.startsWith('@')) throw malformed(`docker-archive: "${name}" is no index`, 'it should look like @0')
  const reference = parseReference(name)
  if (reference.tag === undefined || reference.digest !== undefined) {
    throw malformed(`docker-archive: reference does not include a tag: ${familiarReference(reference)}`)
  }
  return { by: 'reference', reference }
}

function splitPath(medium: string, rest: string): [path: string, name: string | undefined] {
  const colon = rest.indexOf(':')
  const path = requirePath(medium, colon === -1 ? rest : rest.slice(0, colon))
  // skopeo takes `oci:DIR:` for no name.
  return [path, colon === -1 || colon === rest.length - 1 ? undefined : rest.slice(colon + 1)]
}

function requirePath(medium: string, path: string): string {
  if (path === '') throw malformed(`${medium}: needs a path`, `like ${medium}:PATH`)
  if (path.includes('\0')) throw malformed(`${medium}: the path has a zero byte`)
  return path
}

function formatChoice(choice: Choice): string {
  if (choice.by === 'name') return `:${choice.name}`
  return choice.by === 'digest' ? `@${choice.digest}` : ''
}

function formatArchiveChoice(choice: ArchiveChoice): string {
  if (choice.by === 'reference') return `:${familiarReference(choice.reference)}`
  return choice.by === 'index' ? `:@${choice.index}` : ''
}

function malformed(message: string, hint?: string): UserError {
  return new UserError('invalid', message, hint === undefined ? {} : { hint })
}
