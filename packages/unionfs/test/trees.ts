/** Random layers: small trees over few names, so that the layers meet. */
import { chmodSync, lchownSync, linkSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AT_FDCWD, lsetxattr, lutimensat, makedev, mknodat, S_IFCHR, S_IFIFO } from '@mini-docker/syscall'
import * as fc from 'fast-check'

export type Tree = { [name: string]: Node }
export type Node =
  | { is: 'file'; text: string; mode: number }
  | { is: 'directory'; tree: Tree; mark: 'none' | 'opaque' | 'xwhiteouts'; redirect?: string; mode: number }
  | { is: 'symlink' | 'link'; to: string }
  | { is: 'fifo' | 'device' | 'whiteout' | 'whiteout-file' }

export const NAMES = ['a', 'b', 'c', 'caf\u00e9']

const TARGETS = ['a', '/a/b', '../b', '../../c', '/', '.', 'nowhere', '/c/', '../../../../a/../b', './a/./c']

/** A layer. With `redirects`, some directories say that they were renamed. */
export function arbitraryTree(redirects: 'none' | 'some'): fc.Arbitrary<Tree> {
  const mode = fc.constantFrom(0o644, 0o755, 0o4755, 0o1777, 0o600)
  const leaf: fc.Arbitrary<Node>[] = [
    fc.record({ is: fc.constant('file' as const), text: fc.constantFrom('', 'x', 'yy'), mode }),
    fc.record({ is: fc.constant('symlink' as const), to: fc.constantFrom(...TARGETS) }),
    fc.record({ is: fc.constant('link' as const), to: fc.constantFrom(...NAMES) }),
    fc.constantFrom<Node>(
      { is: 'fifo' },
      { is: 'device' },
      { is: 'whiteout' },
      { is: 'whiteout' },
      { is: 'whiteout-file' },
    ),
  ]
  const redirect =
    redirects === 'none'
      ? fc.constant(undefined)
      : fc.constantFrom(undefined, undefined, 'a', 'b', '/a', '/a/b', '/c/a/b')
  const { tree } = fc.letrec<{ tree: Tree; node: Node }>((tie) => ({
    tree: fc.dictionary(fc.constantFrom(...NAMES), tie('node'), { maxKeys: 4, noNullPrototype: true }),
    node: fc.oneof({ maxDepth: 3, withCrossShrink: true }, ...leaf, {
      weight: 5,
      arbitrary: fc
        .record({
          is: fc.constant('directory' as const),
          tree: tie('tree'),
          mark: fc.constantFrom('none' as const, 'none' as const, 'opaque' as const, 'xwhiteouts' as const),
          redirect,
          mode,
        })
        .map(({ redirect: to, ...rest }) => (to === undefined ? rest : { ...rest, redirect: to })),
    }),
  }))
  return tree
}

const directory = (tree: Tree, rest: { mark?: 'opaque' | 'xwhiteouts'; redirect?: string } = {}): Node => ({
  is: 'directory',
  tree,
  mode: 0o755,
  mark: 'none',
  ...rest,
})
const file = (text: string): Node => ({ is: 'file', text, mode: 0o644 })

/** Stacks that chance seldom makes. */
export const RARE = {
  whiteoutFile: [
    {},
    { a: directory({ b: { is: 'whiteout-file' } }, { mark: 'xwhiteouts' }) },
    { a: directory({ b: file('x'), c: file('yy') }) },
  ],
  redirectBelowOpaque: [
    { a: directory({}, { redirect: '/c/a' }) },
    { c: directory({ a: directory({}, { redirect: '/b/a' }) }, { mark: 'opaque' }) },
    { b: directory({ a: directory({ b: file('wanted') }) }), c: directory({ a: directory({ c: file('hidden') }) }) },
  ],
  redirectOnTheWay: [
    { a: directory({}, { redirect: '/b/c' }) },
    { b: directory({ c: directory({}) }, { redirect: 'c' }) },
    { c: directory({ c: directory({ a: file('wanted') }) }), b: directory({ c: directory({ b: file('other') }) }) },
  ],
  hardLinks: [
    {},
    { a: file('x'), b: { is: 'link', to: 'a' }, c: directory({ a: { is: 'fifo' }, b: { is: 'link', to: 'a' } }) },
  ],
  opaqueAbove: [{}, { c: directory({ a: directory({ b: file('x') }) }) }],
} satisfies Record<string, Tree[]>

/** Whiteouts that are files carry this time, by which a test knows one that shows. */
export const WHITEOUT_FILE_TIME_NS = 915_148_800_123_456_789n

/** Writes a tree into the directory `path`, which must not exist. Needs root. */
export function writeTree(path: string, tree: Tree, inXwhiteouts = false): void {
  mkdirSync(path)
  for (const [name, node] of Object.entries(tree)) writeNode(`${path}/${name}`, node, inXwhiteouts)
}

function writeNode(path: string, node: Node, inXwhiteouts: boolean): void {
  switch (node.is) {
    case 'file':
      writeFileSync(path, node.text)
      lchownSync(path, node.mode % 7, node.mode % 5)
      chmodSync(path, node.mode)
      break
    case 'directory':
      writeTree(path, node.tree, node.mark === 'xwhiteouts')
      chmodSync(path, node.mode)
      if (node.mark !== 'none')
        lsetxattr(path, 'trusted.overlay.opaque', Buffer.from(node.mark === 'opaque' ? 'y' : 'x'))
      if (node.redirect !== undefined) lsetxattr(path, 'trusted.overlay.redirect', Buffer.from(node.redirect))
      break
    case 'symlink':
      symlinkSync(node.to, path)
      break
    case 'link':
      // To an entry of the same directory that was written before: one in three or so exists.
      if (lstatSync(join(dirname(path), node.to), { throwIfNoEntry: false })?.isDirectory() === false) {
        linkSync(join(dirname(path), node.to), path)
      }
      break
    case 'fifo':
      mknodat(AT_FDCWD, path, S_IFIFO | 0o640)
      break
    case 'device':
      mknodat(AT_FDCWD, path, S_IFCHR | 0o666, makedev(1, 3))
      break
    case 'whiteout':
      mknodat(AT_FDCWD, path, S_IFCHR)
      break
    case 'whiteout-file':
      // The kernel remembers for a whole layer that there are such files; only in marked directories is that no matter of order.
      if (!inXwhiteouts) return
      writeFileSync(path, '')
      lsetxattr(path, 'trusted.overlay.whiteout', Buffer.from('y'))
      lutimensat(AT_FDCWD, path, WHITEOUT_FILE_TIME_NS, WHITEOUT_FILE_TIME_NS)
  }
}

/** Removes what `writeTree` made. */
export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true })
}
