/** `docker import`: a tar of a root filesystem becomes an image of one layer. */
import { UserError } from '@mini-docker/syscall'
import { decompress } from '../compression.ts'
import { hostPlatform } from '../platform.ts'
import { parseName, parseReference, parseTag, type Reference } from '../reference.ts'
import type { Platform } from '../schema.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'
import { applyChanges } from './changes.ts'
import { createImage } from './create.ts'

export type ImportOptions = {
  /** `app`, `app:1`; without it the image gets no name. */
  repo?: string
  /** Wins over a tag in `repo`. */
  tag?: string
  /** The comment of the image's history. Default, as docker's: `Imported from SOURCE`. */
  message?: string
  /** What the default message says; `-` for standard input. */
  source?: string
  /** Dockerfile instructions: `CMD ["sh"]`, `ENV A=1`. */
  changes?: readonly string[]
  platform?: Platform
  /** The image's creation time; now, if not given. */
  created?: Date
  /** false needs no root: the layer is unpacked when it is first used. Default true. */
  unpack?: boolean
}

/**
 * Reads a tar, plain or compressed with gzip or zstd, to its end. It is stored uncompressed. Needs root unless `unpack` is false.
 * @throws UserError `invalid` for a bad name, change or tar.
 */
export async function importRootfs(
  store: ImageStore,
  stream: AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
): Promise<Image> {
  // Everything that can be wrong with the options is said before a long upload.
  const names = nameOf(options)
  const config = applyChanges({}, options.changes ?? [])
  const created = (options.created ?? new Date()).toISOString()
  const comment = options.message || `Imported from ${options.source ?? '-'}`
  return await createImage(store, {
    layer: decompress('the root filesystem', stream),
    config,
    created,
    history: [{ created, comment }],
    platform: options.platform ?? hostPlatform(),
    names,
    unpack: options.unpack ?? true,
  })
}

function nameOf({ repo, tag }: ImportOptions): Reference[] {
  if (!repo) {
    if (tag) throw new UserError('invalid', `tag "${tag}" has no repository`)
    return []
  }
  const name = parseName(repo)
  if (name.digest !== undefined) throw new UserError('invalid', 'cannot import digest reference')
  return [tag ? { ...name, tag: parseTag(tag) } : parseReference(repo)]
}
