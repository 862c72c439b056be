export * from './copy.ts'
export * from './diff.ts'
export {
  createWhiteout,
  isWhiteoutDevice,
  METACOPY_XATTR,
  OPAQUE_XATTR,
  REDIRECT_XATTR,
  setOpaque,
  WHITEOUT_XATTR,
  XATTR_PREFIX,
} from './marks.ts'
export type { Redirects } from './lookup.ts'
export * from './messages.ts'
export * from './mount.ts'
export * from './mounted.ts'
export type { FileStat, FileType } from './pinned.ts'
export * from './support.ts'
export { LayerView, type LayerStat } from './view.ts'
