/**
 * `image diff`: what somebody sees differently in two images, and in which layers that lies. Shared layers are read without
 * contents; only what stands against a file of another layer is hashed, in a second reading of just the layers that have such files.
 */
import type { Image, Layer } from '../store/image.ts'
import type { ImageStore } from '../store/store.ts'
import { Budget } from './budget.ts'
import { diffConfig } from './diff-config.ts'
import type { DiffEntry, Difference, DiffImage, DiffSide, ImageDiff } from './diff-model.ts'
import type { Listed, Listing } from './listing.ts'
import { childOf, inTreeOrder, Stack, type Seen } from './stack.ts'
import { imageHead, listLayer } from './tree.ts'

/** @throws UserError when a layer's blob is missing or damaged. */
export async function imageDiff(store: ImageStore, a: Image, b: Image): Promise<ImageDiff> {
  const sharedLayers = sharedBetween(a, b)
  const listings = new Listings(store, new Set(a.layers.slice(0, sharedLayers).map(({ digest }) => digest)))
  const [left, right] = [new Stack(), new Stack()]
  for (const layer of a.layers) left.add(await listings.of(layer))
  for (const layer of b.layers) right.add(await listings.of(layer))
  const pairs = inTreeOrder(differingPairs(left, right))
  await hashShared(store, a, pairs, sharedLayers)
  const files = pairs.flatMap((pair) => entryOf(pair, right.removals))
  const count = (change: DiffEntry['change']): number => files.filter((one) => one.change === change).length
  return {
    a: withShared(a, sharedLayers),
    b: withShared(b, sharedLayers),
    sharedLayers,
    counts: { added: count('added'), removed: count('removed'), changed: count('changed') },
    files,
    config: diffConfig(a.config, b.config),
  }
}

function sharedBetween(a: Image, b: Image): number {
  const different = a.layers.findIndex(({ chainID }, i) => chainID !== b.layers[i]?.chainID)
  return different === -1 ? a.layers.length : different
}

function withShared(image: Image, sharedLayers: number): DiffImage {
  const head = imageHead(image)
  return { ...head, layers: head.layers.map((layer, i) => ({ ...layer, shared: i < sharedLayers })) }
}

/** Each layer's listing once, however often and wherever the two images have it: its files are then known to be the same. */
class Listings {
  readonly #store: ImageStore
  readonly #unhashed: ReadonlySet<string>
  readonly #known = new Map<string, Listing>()
  readonly #budget = new Budget()

  constructor(store: ImageStore, unhashed: ReadonlySet<string>) {
    this.#store = store
    this.#unhashed = unhashed
  }

  async of(layer: Layer): Promise<Listing> {
    let listing = this.#known.get(layer.diffID)
    if (listing === undefined) {
      const isShared = this.#unhashed.has(layer.digest)
      listing = await listLayer(this.#store, layer, { hash: () => !isShared, budget: this.#budget })
      this.#known.set(layer.diffID, listing)
    }
    return listing
  }
}

/** What is seen at one path in the two images, where it is not the same entry of the same layer. */
type Pair = { path: string; a: Seen | undefined; b: Seen | undefined }

function differingPairs(left: Stack, right: Stack): Pair[] {
  const pairs: Pair[] = []
  const compare = (path: string, a: Seen | undefined, b: Seen | undefined): void => {
    if (a?.listed !== b?.listed || a === undefined || b === undefined) pairs.push({ path, a, b })
    for (const [name, child] of a?.children ?? []) compare(childOf(path, name), child, b?.children?.get(name))
    for (const [name, child] of b?.children ?? []) {
      if (a?.children?.has(name) !== true) compare(childOf(path, name), undefined, child)
    }
  }
  compare('', left.root, right.root)
  return pairs
}

/** Hashes those files of shared layers that have a file of the same size against them. */
async function hashShared(
  store: ImageStore,
  image: Image,
  pairs: readonly Pair[],
  sharedLayers: number,
): Promise<void> {
  const wanted = new Map<number, Map<string, Listed>>()
  const want = ({ content }: Seen, other: Seen): void => {
    if (content === undefined || content.file.digest !== undefined || content.layer >= sharedLayers) return
    if (content.file.size !== other.content?.file.size || content.file === other.content.file) return
    const files = wanted.get(content.layer) ?? new Map<string, Listed>()
    wanted.set(content.layer, files.set(content.file.path, content.file))
  }
  for (const { a, b } of pairs) {
    if (a === undefined || b === undefined) continue
    want(a, b)
    want(b, a)
  }
  for (const [index, files] of wanted) {
    const { entries } = await listLayer(store, image.layers[index] as Layer, { hash: (path) => files.has(path) })
    for (const { path, digest } of entries) {
      const file = files.get(path)
      if (file !== undefined && digest !== undefined) file.digest = digest
    }
  }
}

function entryOf({ path, a, b }: Pair, removals: ReadonlyMap<string, number>): DiffEntry[] {
  if (a === undefined) return b === undefined ? [] : [{ path, change: 'added', b: sideOf(b) }]
  if (b === undefined) {
    const removedBy = removalOf(path, removals)
    return [{ path, change: 'removed', a: sideOf(a), ...(removedBy !== undefined && { removedBy }) }]
  }
  const differs = differences(a, b)
  return differs.length === 0 ? [] : [{ path, change: 'changed', a: sideOf(a), b: sideOf(b), differs }]
}

/** A removed directory takes all that is in it. */
function removalOf(path: string, removals: ReadonlyMap<string, number>): number | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const layer = removals.get(path.slice(0, end))
    if (layer !== undefined) return layer
  }
  return undefined
}

/** Between a directory that a layer describes and one that only paths name there is no difference that anyone meant. */
function differences({ listed: a, content: x }: Seen, { listed: b, content: y }: Seen): Difference[] {
  if (a === undefined || b === undefined) {
    return (a ?? b ?? DIRECTORY).type === 'directory' ? [] : ['type']
  }
  const found: Difference[] = []
  if (kindOf(a) !== kindOf(b)) found.push('type')
  if (x !== undefined && y !== undefined && x.file !== y.file) {
    if (x.file.size !== y.file.size) found.push('size', 'content')
    else if (x.file.digest !== y.file.digest) found.push('content')
  }
  if (a.mode !== b.mode) found.push('mode')
  if (a.uid !== b.uid || a.gid !== b.gid) found.push('owner')
  if (a.type === 'symlink' && b.type === 'symlink' && a.linkname !== b.linkname) found.push('link')
  if (a.device !== b.device) found.push('device')
  if (attributesOf(a, x) !== attributesOf(b, y)) found.push('xattrs')
  return found
}

const DIRECTORY = { type: 'directory', size: 0, mode: 0o755, uid: 0, gid: 0, mtime: 0 } as const

/** Which of a file's names came first in the archive says nothing about the file. */
function kindOf({ type }: Pick<Listed, 'type'>): Listed['type'] {
  return type === 'hardlink' ? 'file' : type
}

/** Of a hard link those of its file: many archives give them only once. In an order of their own. */
function attributesOf(listed: Listed, content: Seen['content']): string {
  const xattrs = content?.file.xattrs ?? listed.xattrs ?? {}
  return JSON.stringify(Object.entries(xattrs).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function sideOf({ listed, layer, content }: Seen): DiffSide {
  const { path: _, stored: __, ...facts } = listed ?? { ...DIRECTORY, path: '', stored: 0 }
  const type = kindOf(facts)
  if (type !== 'file' || content === undefined) return { ...facts, type, layer }
  const { size, digest } = content.file
  const { linkname: ___, ...own } = facts
  return { ...own, type, layer, size, ...(digest !== undefined && { digest }) }
}
