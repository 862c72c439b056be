/** `image tree` as plain lines: a table of the layers, what each one does, and the worst of what is stored for nothing. */
import { basename } from 'node:path/posix'
import { formatSize } from '../format.ts'
import { cut, printable } from './columns.ts'
import {
  describeDigest,
  describeInstruction,
  describeLayers,
  describeLink,
  describeMode,
  describeTime,
} from './describe.ts'
import type { ImageTree, LayerTree, TreeEntry } from './model.ts'
import { alignTable } from './table.ts'
import { MARKS, WORDS, type Language, type Words } from './words.ts'

export type TreeFormat = {
  language: Language
  /** Of the terminal: paths are then drawn as a tree and cut to fit. Without, each line has the whole path, for grep(1). */
  columns?: number
  /** Only what this layer does, counted from 0. */
  layer?: number
  /** Only what is wasted, as much of it as is known. */
  wasted?: boolean
}

const WORST_SHOWN = 10

/** Lines without their ends. A layer of many files gives many lines, made one by one. */
export function* formatTree(tree: ImageTree, format: TreeFormat): Generator<string, void, undefined> {
  const { columns } = format
  for (const line of treeLines(tree, format)) yield columns === undefined ? line : cut(line, columns)
}

function* treeLines(tree: ImageTree, { language, columns, layer, wasted = false }: TreeFormat): Generator<string> {
  const words = WORDS[language]
  const asTree = columns !== undefined
  if (layer !== undefined) {
    const only = tree.layers[layer]
    if (only !== undefined) yield* formatLayer(only, layer, words, asTree)
    return
  }
  yield* formatHead(tree, words)
  if (!wasted) {
    yield ''
    yield* formatLayerTable(tree.layers, words)
    for (const [index, one] of tree.layers.entries()) {
      yield ''
      yield* formatLayer(one, index, words, asTree)
    }
  }
  yield* formatWasted(tree, words, wasted ? tree.wasted.length : WORST_SHOWN)
}

function* formatHead(tree: ImageTree, words: Words): Generator<string> {
  const files = tree.layers.reduce((sum, layer) => sum + layer.files, 0)
  yield [...tree.names, describeDigest(tree.id)].join('  ')
  yield words.summary(tree.layers.length, String(files), formatSize(tree.storedBytes), formatSize(tree.size))
  yield tree.wastedBytes === 0
    ? words.nothingWasted
    : words.wasted(formatSize(tree.wastedBytes), describePercent(tree.efficiency))
}

/** `97.3%`; never 100 when something is wasted. */
export function describePercent(fraction: number): string {
  return `${(Math.floor(fraction * 1000) / 10).toFixed(1)}%`
}

function formatLayerTable(layers: readonly LayerTree[], words: Words): string[] {
  const { head } = words
  const rows = layers.map((layer, index) => [
    String(index + 1),
    formatSize(layer.bytes),
    String(layer.files),
    describeChanges(layer),
    describeInstruction(layer.createdBy) || words.unknownInstruction,
  ])
  const titles = [head.layer, head.size, head.files, head.changes, head.instruction]
  return alignTable([titles, ...rows], ['start', 'end', 'end', 'start', 'start'])
}

/** `+12 ~3 -1`, what is none left out. */
export function describeChanges({ added, changed, removed }: Pick<LayerTree, 'added' | 'changed' | 'removed'>): string {
  const parts = [added > 0 && `+${added}`, changed > 0 && `~${changed}`, removed > 0 && `-${removed}`]
  return parts.filter((part) => part !== false).join(' ')
}

function* formatLayer(layer: LayerTree, index: number, words: Words, asTree: boolean): Generator<string> {
  yield `${words.layer(index + 1)}  ${layer.digest}`
  yield `  ${describeInstruction(layer.createdBy) || words.unknownInstruction}`
  if (layer.entries.length === 0) yield `  ${words.noChanges}`
  const ownerColumns = layer.entries.reduce((widest, entry) => Math.max(widest, ownerOf(entry).length), 0)
  const lines = asTree ? indented(layer.entries) : wholePaths(layer.entries)
  for (const { entry, name } of lines) {
    const facts = factsOf(entry, ownerColumns)
    const more = entry === undefined ? '' : describeLink(entry) + removedFiles(entry, words)
    yield `${facts}  ${name}${more}`
  }
}

const SIZE_COLUMNS = 7

/** `A -rw-r--r--  0:0    1.2kB  2026-01-02 03:04`; blanks for a directory that only paths name. */
function factsOf(entry: TreeEntry | undefined, ownerColumns: number): string {
  if (entry === undefined)
    return ' '.repeat('A -rw-r--r--    2026-01-02 03:04'.length + 2 + ownerColumns + SIZE_COLUMNS)
  const owner = ownerOf(entry).padEnd(ownerColumns)
  const size = formatSize(entry.size).padStart(SIZE_COLUMNS)
  return `${MARKS[entry.change]} ${describeMode(entry)}  ${owner}  ${size}  ${describeTime(entry.mtime)}`
}

type Line = { entry: TreeEntry | undefined; name: string }

function* wholePaths(entries: readonly TreeEntry[]): Generator<Line> {
  for (const entry of entries) yield { entry, name: `/${printable(entry.path)}` }
}

/** Each name two columns further in than its directory; directories that only paths name have lines too. */
function* indented(entries: readonly TreeEntry[]): Generator<Line> {
  let open: string[] = []
  for (const entry of entries) {
    const parents = entry.path.split('/').slice(0, -1)
    const common = parents.findIndex((name, i) => open[i] !== name)
    const from = common === -1 ? parents.length : common
    for (let depth = from; depth < parents.length; depth++) {
      yield { entry: undefined, name: `${'  '.repeat(depth)}${printable(parents[depth] ?? '')}/` }
    }
    const slash = entry.type === 'directory' ? '/' : ''
    yield { entry, name: `${'  '.repeat(parents.length)}${printable(basename(entry.path))}${slash}` }
    open = entry.type === 'directory' ? entry.path.split('/') : parents
  }
}

function ownerOf({ uid, gid }: TreeEntry): string {
  return `${uid}:${gid}`
}

function removedFiles({ files }: TreeEntry, words: Words): string {
  return files === undefined ? '' : `  ${words.removedFiles(files)}`
}

function* formatWasted(tree: ImageTree, words: Words, most: number): Generator<string> {
  if (tree.wasted.length === 0) return
  const shown = tree.wasted.slice(0, most)
  const { wastedHead: head } = words
  const rows = shown.map((one) => [
    formatSize(one.bytes),
    String(one.copies),
    describeLayers(one.storedIn),
    describeLayers(one.hiddenBy),
    `/${printable(one.path)}`,
  ])
  yield ''
  if (shown.length < tree.wastedPaths) yield words.wastedPaths(shown.length, tree.wastedPaths)
  const titles = [head.bytes, head.copies, head.storedIn, head.hiddenBy, head.path]
  yield* alignTable([titles, ...rows], ['end', 'end', 'start', 'start', 'start'])
}
