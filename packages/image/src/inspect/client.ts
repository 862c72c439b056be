/** What needs no store: the shapes, putting a tree together, and printing. A client that asks a daemon loads only this. */
export * from '../format.ts'
export { collectTree, NO_COUNTS } from './collect.ts'
export { columnsOf, cut, cutStart, fill, fillStart, printable } from './columns.ts'
export {
  describeDigest,
  describeInstruction,
  describeLayers,
  describeLink,
  describeMode,
  describeTime,
} from './describe.ts'
export * from './diff-model.ts'
export { formatDiff, type DiffFormat } from './format-diff.ts'
export { describeChanges, describePercent, formatTree, type TreeFormat } from './format-tree.ts'
export * from './model.ts'
export { MARKS, type Language } from './words.ts'
