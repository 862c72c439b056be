/** Unpacking an archive into a tree that others may be using: `docker cp` into a container. */
import { TarParser } from '../tar/index.ts'
import { LayerWriter } from './layer.ts'
import type { Applied, ExtractOptions } from './options.ts'

/**
 * Unpacks an uncompressed tar below an open directory (O_PATH), which is the root for every path and link: what is there may be moved
 * and replaced by links at any moment, and still nothing outside is touched. Files that exist are replaced, directories kept.
 * Names of whiteouts are ordinary names. Otherwise as `applyLayer`, without its limits; what was unpacked before an error stays.
 * @throws UserError `invalid` also where `keepKinds` forbids a replacement, in docker's words.
 */
export async function extractTree(
  input: AsyncIterable<Uint8Array>,
  rootFd: number,
  options: ExtractOptions = {},
): Promise<Applied> {
  const parser = new TarParser()
  using tree = new LayerWriter(`/proc/self/fd/${rootFd}`, { maxEntries: Infinity, maxBytes: Infinity, plain: options })
  for await (const chunk of input) {
    parser.push(chunk)
    for (let event = parser.next(); event !== undefined; event = parser.next()) tree.take(event)
  }
  parser.finish()
  return tree.finish()
}
