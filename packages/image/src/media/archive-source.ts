/**
 * An archive of images as a source: what `docker save` writes, old and new, and any OCI image layout in a tar. Where it is both, the
 * layout's manifests are taken, since an image keeps its digests then, and the names of both.
 */
import { UserError } from '@mini-docker/syscall'
import type { Root, Source } from '../copy/medium.ts'
import { chooseFrom } from '../copy/tree.ts'
import type { Digest } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { hostPlatform, matchesPlatform } from '../platform.ts'
import { familiarReference, formatReference, parseReference, type Reference } from '../reference.ts'
import { Index, Manifest, type ArchiveManifest, type Descriptor, type Platform } from '../schema.ts'
import { nameOf } from '../store/names.ts'
import type { ArchiveFiles } from './archive-files.ts'
import { configOf, makeImage, readArchiveManifest } from './docker-archive.ts'
import { readBlob } from './files.ts'
import type { ArchiveChoice } from './location.ts'

export type ArchiveSourceOptions = {
  choice: ArchiveChoice | { by: 'all' }
  /** Of several platforms' images, this one's; this machine's by default. */
  platform?: Platform | undefined
}

/** An image of the archive; `config` is its ID. */
type Found = { descriptor: Descriptor; config: Digest; names: Reference[] }

export class ArchiveSource implements Source {
  readonly location: string
  readonly #files: ArchiveFiles
  readonly #choice: ArchiveSourceOptions['choice']
  readonly #platform: Platform
  /** Of an archive without manifests: those that were made for it, and where its blobs lie. */
  readonly #made = new Map<Digest, Buffer>()
  readonly #paths = new Map<Digest, string>()

  /** Closes the files with itself. */
  constructor(location: string, files: ArchiveFiles, { choice, platform = hostPlatform() }: ArchiveSourceOptions) {
    this.location = location
    this.#files = files
    this.#choice = choice
    this.#platform = platform
  }

  /** @throws UserError `invalid` when this is no archive of images, or a file that its manifest names is missing. */
  async roots(): Promise<Root[]> {
    const items = await readArchiveManifest(this.#files)
    const all = this.#isLayout() ? await this.#readLayout(items) : await this.#readItems(items)
    const chosen = await this.#choose(unique(all), items)
    return chosen.map(({ descriptor, names }) => ({ descriptor, names }))
  }

  async read(what: string, descriptor: Descriptor): Promise<Buffer> {
    return (
      this.#made.get(descriptor.digest) ??
      (await readBlob(this.#files, what, this.#pathOf(descriptor.digest), descriptor))
    )
  }

  open({ digest }: Descriptor, offset: number): AsyncIterable<Uint8Array> {
    return this.#files.open(`layer ${digest}`, this.#pathOf(digest), offset)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]()
  }

  #pathOf(digest: Digest): string {
    return this.#paths.get(digest) ?? `blobs/${digest.replace(':', '/')}`
  }

  #isLayout(): boolean {
    if (this.#files.has('index.json') && this.#files.has('oci-layout')) return true
    if (this.#files.has('manifest.json')) return false
    if (this.#files.has('repositories')) {
      throw new UserError('not-built', 'the archive is of docker older than 1.10', {
        hint: 'load and save it once with a newer docker',
      })
    }
    throw new UserError('invalid', 'this is no image archive: it has neither manifest.json nor index.json', {
      hint: 'a root filesystem becomes an image with: import',
    })
  }

  async #readItems(items: ArchiveManifest): Promise<Found[]> {
    const found: Found[] = []
    for (const item of items) {
      const { descriptor, manifest, paths } = await makeImage(this.#files, item)
      this.#made.set(descriptor.digest, manifest)
      for (const [digest, path] of paths) this.#paths.set(digest, path)
      const [config] = paths.keys()
      found.push({ descriptor, config: config!, names: item.RepoTags.map((tag) => parseReference(tag)) })
    }
    return found
  }

  async #readLayout(items: ArchiveManifest): Promise<Found[]> {
    const what = 'index.json of the archive'
    const index = parseJSON(what, await this.#files.document(what, 'index.json'), Index)
    const tags = await this.#tagsByConfig(items)
    const found: Found[] = []
    for (const entry of choose(index.manifests, this.#platform)) {
      const chosen = await chooseFrom(this, entry, this.#platform)
      const bytes = await this.read('manifest', chosen)
      const config = parseJSON(`manifest ${chosen.digest}`, bytes, Manifest).config.digest
      const own = nameOf(entry, 'tag')
      const descriptor = { mediaType: chosen.mediaType, digest: chosen.digest, size: chosen.size }
      found.push({ descriptor, config, names: [...(own === undefined ? [] : [own]), ...(tags.get(config) ?? [])] })
    }
    return found
  }

  async #tagsByConfig(items: ArchiveManifest): Promise<Map<Digest, Reference[]>> {
    const tags = new Map<Digest, Reference[]>()
    for (const item of items) {
      if (item.RepoTags.length === 0 || !this.#files.has(item.Config)) continue
      const { digest } = await configOf(this.#files, item)
      tags.set(digest, [...(tags.get(digest) ?? []), ...item.RepoTags.map((tag) => parseReference(tag))])
    }
    return tags
  }

  async #choose(images: Found[], items: ArchiveManifest): Promise<Found[]> {
    const choice = this.#choice
    switch (choice.by) {
      case 'all':
        return images
      case 'only':
        if (images.length === 1) return images
        throw new UserError('invalid', `${this.location} has ${images.length} images, expected 1`, {
          hint: `choose one: ${offers(images)}`,
        })
      case 'reference': {
        const name = formatReference(choice.reference)
        const found = images.find(({ names }) => names.some((one) => formatReference(one) === name))
        if (found !== undefined) return [{ ...found, names: [choice.reference] }]
        throw new UserError('not-found', `tag "${name}" not found in ${this.location}`, {
          hint: `it has: ${offers(images)}`,
        })
      }
      case 'index': {
        const item = items[choice.index]
        const config = item && (await configOf(this.#files, item)).digest
        const found = images.find((one) => one.config === config)
        if (found !== undefined) return [found]
        throw new UserError('not-found', `no image @${choice.index} in ${this.location}`, {
          hint: `manifest.json has ${items.length}, counted from @0`,
        })
      }
    }
  }
}

/** Each image once, with all its names. */
function unique(images: readonly Found[]): Found[] {
  return [...Map.groupBy(images, ({ descriptor }) => descriptor.digest).values()].map((same) => {
    const names = new Map(same.flatMap((one) => one.names).map((name) => [formatReference(name), name]))
    return { ...same[0]!, names: [...names.values()] }
  })
}

/**
 * Of descriptors with one name, the first for the platform. Those without a name are images each. What is for another platform
 * only is taken all the same: it was asked for by loading it.
 */
function choose(manifests: readonly Descriptor[], platform: Platform): Descriptor[] {
  const images = manifests.filter((one) => !isAttestation(one))
  return [...Map.groupBy(images, (one) => nameKey(one)).entries()].flatMap(([name, group]) => {
    const fitting = group.filter((one) => !one.platform || matchesPlatform(platform, one.platform))
    const chosen = fitting.length > 0 ? fitting : group
    return name === '' ? chosen : chosen.slice(0, 1)
  })
}

function nameKey(descriptor: Descriptor): string {
  const name = nameOf(descriptor, 'tag')
  return name === undefined ? '' : formatReference(name)
}

/** Buildkit's provenance and signatures lie beside the images they speak of. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return platform?.os === 'unknown' || annotations?.['vnd.docker.reference.type'] !== undefined
}

function offers(images: readonly Found[]): string {
  const names = images.flatMap((image, i) => (image.names.length > 0 ? image.names.map(familiarReference) : [`@${i}`]))
  return names.length > 10 ? `${names.slice(0, 10).join(', ')} …` : names.join(', ') || 'nothing'
}
