/** Random layers: small trees over few names, so that the layers meet. */
import { chmodSync, lchownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { AT_FDCWD, lsetxattr, lutimensat, makedev, mknodat, S_IFCHR, S_IFIFO } from '@mini-docker/syscall'
import * as fc from 'fast-check'

export type Tree = { [name: string]: Node }
export type Node =
  | { is: 'file'; text: string; mode: number }
  | { is: 'directory'; tree: Tree; mark: 'none' | 'opaque' | 'xwhiteouts'; redirect?: string; mode: number }
  | { is: 'symlink'; to: string }
  | { is: 'fifo' | 'device' | 'whiteout' | 'whiteout-file' }

export const NAMES = ['a', 'b', 'c', 'caf\u00e9']

const TARGETS = ['a', '/a/b', '../b', '../../c', '/', '.', 'nowhere', '/c/', '../../../../a/../b', './a/./c']

/** A layer. With `redirects`, some directories say that they were renamed. */
export function arbitraryTree(redirects: 'none' | 'some'): fc.Arbitrary<Tree> {
  const mode = fc.constantFrom(0o644, 0o755, 0o4755, 0o1777, 0o600)
  const leaf: fc.Arbitrary<Node>[] = [
    fc.record({ is: fc.constant('file' as const), text: fc.constantFrom('', 'x', 'yy'), mode }),
    fc.record({ is: fc.constant('symlink' as const), to: fc.constantFrom(...TARGETS) }),
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
