/** `image diff` as plain lines in the manner of `docker diff`: `A /new`, `C /changed`, `D /gone`, each with what differs and where it lies. */
import { formatSize } from '../format.ts'
import { columnsOf, cut, cutStart, fill, printable } from './columns.ts'
import { describeDigest, describeInstruction, describeMode } from './describe.ts'
import type { ConfigDifference, Difference, DiffEntry, DiffImage, DiffSide, ImageDiff } from './diff-model.ts'
import { alignTable } from './table.ts'
import { MARKS, WORDS, type Language, type Words } from './words.ts'

export type DiffFormat = {
  language: Language
  /** Of the terminal; lines are cut to fit. */
  columns?: number
}

/** Lines without their ends. */
export function* formatDiff(diff: ImageDiff, { language, columns }: DiffFormat): Generator<string, void, undefined> {
  for (const line of diffLines(diff, WORDS[language], columns)) yield columns === undefined ? line : cut(line, columns)
}

function* diffLines(diff: ImageDiff, words: Words, columns: number | undefined): Generator<string> {
  yield* formatLayers(diff, words)
  yield ''
  const { added, changed, removed } = diff.counts
  yield diff.files.length === 0 ? words.same : words.counts(added, changed, removed)
  yield* formatFiles(diff.files, words, columns)
  if (diff.config.length === 0) return
  yield ''
  yield words.config
  yield* alignTable(
    diff.config.map((one) => configRow(one, words)),
    ['start', 'start', 'start'],
  )
}

/** `=` both have it, `-` only the first, `+` only the second. */
function* formatLayers({ a, b, sharedLayers }: ImageDiff, words: Words): Generator<string> {
  yield `- ${nameOfImage(a)}`
  yield `+ ${nameOfImage(b)}`
  yield words.shared(sharedLayers)
  const rows = [...layerRows(b, '=', words), ...layerRows(a, '-', words), ...layerRows(b, '+', words)]
  yield* alignTable(rows, ['start', 'start', 'end', 'start'])
}

function layerRows({ layers }: DiffImage, mark: '=' | '-' | '+', words: Words): string[][] {
  return layers.flatMap(({ shared, digest, size, createdBy }, index) => {
    if (shared !== (mark === '=')) return []
    const instruction = describeInstruction(createdBy) || words.unknownInstruction
    return [[`${mark} ${index + 1}`, describeDigest(digest), formatSize(size), instruction]]
  })
}

function nameOfImage({ names, id }: DiffImage): string {
  return [...names, describeDigest(id)].join('  ')
}

/** Beyond this the details follow where the path ends: one long path shall not push all others apart. */
const PATH_COLUMNS_MAX = 60

function* formatFiles(files: readonly DiffEntry[], words: Words, columns: number | undefined): Generator<string> {
  const widest = files.reduce((most, { path }) => Math.max(most, columnsOf(printable(path)) + 1), 0)
  const most = columns === undefined ? PATH_COLUMNS_MAX : Math.max(20, Math.floor(columns / 2))
  const width = Math.min(widest, most)
  for (const file of files) {
    const path = `/${printable(file.path)}`
    const shown = columns === undefined ? path : cutStart(path, width)
    yield `${MARKS[file.change]} ${fill(shown, width)}  ${fill(placesOf(file), PLACES_COLUMNS)}  ${detailsOf(file, words)}`
  }
}

const PLACES_COLUMNS = '[-1 +2]'.length

/** The layers that it lies in, or was removed by, in the first image and the second. */
function placesOf(file: DiffEntry): string {
  const before = file.change === 'added' ? undefined : file.a.layer
  const after = file.change === 'removed' ? file.removedBy : file.b.layer
  const places = [before !== undefined && `-${before + 1}`, after !== undefined && `+${after + 1}`]
  return `[${places.filter((place) => place !== false).join(' ')}]`
}

function detailsOf(file: DiffEntry, words: Words): string {
  switch (file.change) {
    case 'added':
      return factsOf(file.b)
    case 'removed':
      return factsOf(file.a)
    case 'changed':
      return file.differs.map((one) => describeDifference(one, file.a, file.b, words)).join(', ')
  }
}

function factsOf(side: DiffSide): string {
  const link = side.type === 'symlink' ? `  -> ${printable(side.linkname ?? '')}` : ''
  return `${describeMode(side)}  ${side.uid}:${side.gid}  ${formatSize(side.size)}${link}`
}

function describeDifference(difference: Difference, a: DiffSide, b: DiffSide, words: Words): string {
  const name = words.differences[difference]
  switch (difference) {
    case 'type':
      return `${name} ${a.type} → ${b.type}`
    case 'size':
      return `${name} ${formatSize(a.size)} → ${formatSize(b.size)}`
    case 'mode':
      return `${name} ${octal(a.mode)} → ${octal(b.mode)}`
    case 'owner':
      return `${name} ${a.uid}:${a.gid} → ${b.uid}:${b.gid}`
    case 'link':
      return `${name} ${printable(a.linkname ?? '')} → ${printable(b.linkname ?? '')}`
    case 'device':
      return `${name} ${a.device ?? ''} → ${b.device ?? ''}`
    case 'xattrs':
      return `${name} ${printable(changedAttributes(a, b).join(' '))}`
    case 'content':
      return name
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

function changedAttributes({ xattrs: a = {} }: DiffSide, { xattrs: b = {} }: DiffSide): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name])
}

function configRow({ field, key, a, b }: ConfigDifference, words: Words): string[] {
  const mark = a === undefined ? MARKS.added : b === undefined ? MARKS.removed : MARKS.changed
  const name = printable(key === undefined ? field : `${field} ${key}`)
  const value = (one: unknown): string => (one === undefined ? words.unset : printable(JSON.stringify(one)))
  const shown = mark === 'C' ? `${value(a)} → ${value(b)}` : value(a ?? b)
  return [mark, name, shown]
}
