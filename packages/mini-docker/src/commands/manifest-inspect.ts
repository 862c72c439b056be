/** `manifest inspect`: what a registry has under a name, unpacked from nothing. The client asks by itself; no daemon is needed. */
import {
  formatReference,
  formatRepository,
  isIndex,
  OCI_INDEX,
  OCI_MANIFEST,
  parseReference,
  RegistryError,
  type Descriptor,
  type Reference,
} from '@mini-docker/image'
import { openRegistry } from '../client/registry.ts'
import type { Command } from '../cli/command.ts'
import { notBuilt } from '../cli/errors.ts'
import { goJson, parseExact } from '../template/index.ts'

export const command: Command = {
  name: 'manifest inspect',
  usage: '[OPTIONS] [MANIFEST_LIST] MANIFEST',
  about: 'Display an image manifest, or manifest list',
  flags: [
    { name: 'insecure', kind: 'bool', help: 'Allow communication with an insecure registry' },
    { name: 'verbose', short: 'v', kind: 'bool', help: 'Output additional info including layers and platform' },
  ],
  words: { atLeast: 1, atMost: 2 },
  async run(flags, words, terminal) {
    if (words.length === 2)
      throw notBuilt('manifest inspect MANIFEST_LIST MANIFEST', 'lists that are made locally are not')
    const reference = parseReference(words[0] ?? '')
    using registry = openRegistry(terminal, { insecure: flags.bool('insecure') ? [reference.domain] : [] })
    const repository = await registry.repository(reference)
    const found = await asNoSuchManifest(reference, () =>
      repository.fetchManifest(reference.digest ?? reference.tag ?? 'latest'),
    )
    if (!isIndex(found.descriptor.mediaType)) {
      if (!flags.bool('verbose')) return terminal.out(`${indented(found.bytes)}\n`)
      const platform = await platformOf(repository, found.bytes)
      return terminal.out(`${goJson(verbose(formatReference(reference), found, platform), '\t')}\n`)
    }
    const members = await Promise.all(imagesOf(found.bytes).map((image) => fetchMember(repository, image)))
    if (!flags.bool('verbose')) return terminal.out(`${JSON.stringify(listOf(members), undefined, '   ')}\n`)
    const all = members.map((member) =>
      verbose(`${memberName(reference)}@${member.descriptor.digest}`, member, member.platform),
    )
    return terminal.out(`${goJson(all, '\t')}\n`)
  },
}

type Repository = Awaited<ReturnType<ReturnType<typeof openRegistry>['repository']>>
type Platform = Record<string, unknown> | undefined
type Fetched = { descriptor: Descriptor; bytes: Buffer }
type Member = Fetched & { platform: Platform }

/** The name is what the user knows: why there is nothing under it is not. */
async function asNoSuchManifest<T>(reference: Reference, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'not-found') throw error
    throw new Error(`no such manifest: ${formatReference(reference)}`, { cause: error })
  }
}

/** The images that an index names, without what is no image (another index). */
function imagesOf(index: Buffer): Descriptor[] {
  const { manifests } = JSON.parse(index.toString()) as { manifests?: Descriptor[] | null }
  return (manifests ?? []).filter(({ mediaType }) => !isIndex(mediaType))
}

async function fetchMember(repository: Repository, image: Descriptor): Promise<Member> {
  return { ...(await repository.fetchManifest(image)), platform: ordered(image.platform ?? undefined) }
}

/** Of an image that stands alone: its config tells. */
async function platformOf(repository: Repository, manifest: Buffer): Promise<Platform> {
  const { config } = JSON.parse(manifest.toString()) as { config: Descriptor }
  return ordered(JSON.parse((await repository.readBlob(config, 'config')).toString()) as Record<string, unknown>)
}

/** A platform's fields in Go's order, those that are set. */
function ordered(from: Record<string, unknown> | undefined): Platform {
  if (from === undefined) return undefined
  const names = ['architecture', 'os', 'os.version', 'os.features', 'variant']
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined && from[name] !== '').map((name) => [name, from[name]]),
  )
}

/** Docker makes the list anew from what it has fetched. */
function listOf(members: readonly Member[]): unknown {
  const isOci = members[0]?.descriptor.mediaType === OCI_MANIFEST
  return {
    schemaVersion: 2,
    mediaType: isOci ? OCI_INDEX : 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifests: members.map(({ descriptor: { mediaType, size, digest }, platform }) => ({
      mediaType,
      size,
      digest,
      platform: platform ?? { architecture: '', os: '' },
    })),
  }
}

function verbose(name: string, { descriptor, bytes }: Fetched, platform: Platform): unknown {
  const { mediaType, digest, size } = descriptor
  const kind = mediaType === OCI_MANIFEST ? 'OCIManifest' : 'SchemaV2Manifest'
  return {
    Ref: name,
    Descriptor: { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) },
    Raw: bytes.toString('base64'),
    [kind]: parseExact(bytes.toString()),
  }
}

function memberName(reference: Reference): string {
  return reference.tag === undefined ? formatRepository(reference) : `${formatRepository(reference)}:${reference.tag}`
}

/** The manifest's own text with other blanks: nothing of it is read, so nothing is lost. */
function indented(bytes: Buffer): string {
  return JSON.stringify(JSON.parse(bytes.toString()), undefined, '\t')
}
