/**
 * The kernel's union lookup in user space: one name, looked up in one directory of the union, layer by layer.
 * The same rules in the same order as `ovl_lookup` and `ovl_lookup_single` in fs/overlayfs/namei.c; a property test
 * holds this file against the real overlay.
 */
import { UserError } from '@mini-docker/syscall'
import { isWhiteoutDevice, isWhiteoutFile, METACOPY_XATTR, opaqueMark, REDIRECT_XATTR } from './marks.ts'
import { toText, type FileType, type Pinned } from './pinned.ts'
import { UnionNode, type Part } from './union-node.ts'

/**
 * What to do with a directory that says it was renamed. Our own mounts have redirect_dir=nofollow, and then the kernel
 * answers EPERM; other people's uppers may need `follow`.
 */
export type Redirects = 'refuse' | 'follow'

/**
 * Looks up one name (no slash, not `.` or `..`) in a directory of the union; undefined when nothing shows there.
 * `root` is the union's root, where absolute redirects start.
 * @throws UserError `invalid` for a redirect that is refused or malformed, and for a metacopy file.
 */
export function lookupChild(
  root: UnionNode,
  directory: UnionNode,
  name: string,
  redirects: Redirects,
): UnionNode | undefined {
  const search: Search = { name, stop: false, isDirectory: false, redirected: false, opaque: false }
  const found: Part[] = []
  try {
    let parents = directory.parts
    for (let index = 0; index < parents.length && !search.stop; index++) {
      const parent = parents[index] as Part
      const bottom = redirects === 'follow' ? parent.layer === root.parts.length - 1 : index === parents.length - 1
      const file = lookupPath(parent.file, search, bottom)
      if (file === undefined) continue
      found.push({ layer: parent.layer, file })
      if (!search.redirected) continue
      if (redirects === 'refuse') {
        throw new UserError(
          'invalid',
          `${toText(name)} is a renamed directory (${REDIRECT_XATTR}), which is not followed`,
        )
      }
      if (search.name.startsWith('/') && !search.stop && parents !== root.parts) {
        parents = root.parts
        index = parent.layer
      }
    }
  } catch (error) {
    for (const part of found) part.file[Symbol.dispose]()
    throw error
  }
  return found.length === 0 ? undefined : new UnionNode(found, search.redirected || search.opaque)
}

/** Deeper than any program's tree. A hostile container can nest directories without end; our stack and descriptors have one. */
const MAX_DEPTH = 512

/** @throws UserError `invalid` when an entry lies deeper than what reads whole trees goes. */
export function checkDepth(names: readonly string[]): void {
  if (names.length > MAX_DEPTH) throw new UserError('invalid', `directories are nested more than ${MAX_DEPTH} deep`)
}

/** One visible name in a directory of the union. */
export type UnionName = { name: string; type: FileType }

/**
 * The names that show in a directory of the union, sorted by bytes. Unlike the kernel's readdir, whiteouts in a directory
 * that only one layer has are left out: there the kernel lists them, and then denies that they exist.
 */
export function unionNames(directory: UnionNode): UnionName[] {
  const seen = new Map<string, FileType | 'whiteout'>()
  for (const { file } of directory.parts) {
    const mayHoldWhiteoutFiles = opaqueMark(file) === 'x'
    for (const entry of file.list()) {
      const name = entry.name.toString('latin1')
      if (seen.has(name)) continue
      const type = direntType(entry)
      seen.set(name, isHidden(file, name, type, mayHoldWhiteoutFiles) ? 'whiteout' : type)
    }
  }
  return [...seen]
    .flatMap(([name, type]) => (type === 'whiteout' ? [] : [{ name, type }]))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** The state of one lookup on its way down the layers: the kernel's `struct ovl_lookup_data`. */
type Search = {
  /** What to look for in the next layer: a name, or after an absolute redirect a path from the layer's root. */
  name: string
  /** No deeper layer counts. */
  stop: boolean
  isDirectory: boolean
  redirected: boolean
  opaque: boolean
}

/** Looks up `search.name` in one layer: below `base`, which is the layer's root where the name is a path. */
function lookupPath(base: Pinned, search: Search, bottom: boolean): Pinned | undefined {
  if (!search.name.startsWith('/')) return lookupSingle(base, search, search.name, bottom, '', '')
  let current: Pinned | undefined
  // The name may change under way, where a directory on the path was renamed too: count from the end, which does not.
  let rest = search.name.slice(1)
  while (true) {
    const slash = rest.indexOf('/')
    const name = slash === -1 ? rest : rest.slice(0, slash)
    const after = slash === -1 ? '' : rest.slice(slash)
    const before = search.name.slice(0, search.name.length - rest.length)
    let next: Pinned | undefined
    try {
      next = lookupSingle(current ?? base, search, name, bottom, before, after)
    } finally {
      current?.[Symbol.dispose]()
    }
    if (next === undefined || after === '') return next
    current = next
    rest = after.slice(1)
  }
}

/** `before` and `after` are what stands around the name in `search.name`; both are empty for a plain name. */
function lookupSingle(
  base: Pinned,
  search: Search,
  name: string,
  bottom: boolean,
  before: string,
  after: string,
): Pinned | undefined {
  const isLastElement = after === ''
  const file = base.child(name)
  if (file === undefined) return undefined
  try {
    if (isWhiteoutDevice(file.stat) || (opaqueMark(base) === 'x' && isWhiteoutFile(base, name, file))) {
      search.stop = true
      file[Symbol.dispose]()
      return undefined
    }
    if (file.stat.type !== 'directory') {
      search.stop = true
      if (search.isDirectory || !isLastElement) {
        // A file below a directory: it hides what is further down, and does not show itself.
        file[Symbol.dispose]()
        return undefined
      }
      if (file.stat.type === 'file' && base.fileXattr(name, file, METACOPY_XATTR) !== undefined) {
        throw new UserError('invalid', `${toText(name)} is a metacopy file: its content lies in another layer`)
      }
      return file
    }
    if (isLastElement) search.isDirectory = true
    if (bottom) return file
    if (opaqueMark(file) === 'y') {
      search.stop = true
      if (isLastElement) search.opaque = true
      return file
    }
    const redirect = file.directoryXattr(REDIRECT_XATTR)
    if (redirect !== undefined) applyRedirect(search, redirect, before, after)
    return file
  } catch (error) {
    file[Symbol.dispose]()
    throw error
  }
}

function applyRedirect(search: Search, redirect: string, before: string, after: string): void {
  const absolute = redirect.startsWith('/')
  const elements = absolute ? redirect.slice(1).split('/') : [redirect]
  if (elements.some((element) => element === '' || element === '.' || element === '..' || element.includes('/'))) {
    throw new UserError('invalid', `malformed ${REDIRECT_XATTR}: ${JSON.stringify(toText(redirect))}`)
  }
  // An opaque directory further up has stopped the search; an absolute redirect starts it afresh.
  if (absolute) search.stop = false
  search.name = (absolute ? redirect : before + redirect) + after
  search.redirected = true
}

function isHidden(directory: Pinned, name: string, type: FileType, mayHoldWhiteoutFiles: boolean): boolean {
  if (type !== 'char' && !(type === 'file' && mayHoldWhiteoutFiles)) return false
  using file = directory.child(name)
  if (file === undefined) return true
  return isWhiteoutDevice(file.stat) || (mayHoldWhiteoutFiles && isWhiteoutFile(directory, name, file))
}

function direntType(entry: ReturnType<Pinned['list']>[number]): FileType {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  if (entry.isSymbolicLink()) return 'symlink'
  if (entry.isCharacterDevice()) return 'char'
  if (entry.isBlockDevice()) return 'block'
  return entry.isFIFO() ? 'fifo' : 'socket'
}
