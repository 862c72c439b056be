/** Which lines of the file tree are to be seen: what is unfolded, or what a filter finds. */
import type { FileNode, FileTree } from './file-tree.ts'

export type FileRow = { node: FileNode; depth: number; isOpen: boolean }

/** Small trees begin unfolded; of large ones only the top directories, so that the first screen tells where the files are. */
const ALL_OPEN_MAX = 300

/** `toggled`: paths of directories that are not as they begin. Under a filter all that leads to a match is open. */
export function visibleRows(tree: FileTree, toggled: ReadonlySet<string>, filter: string): FileRow[] {
  const matching = filter === '' ? undefined : matches(tree.root, filter.toLowerCase())
  const rows: FileRow[] = []
  const walk = (nodes: readonly FileNode[], depth: number): void => {
    for (const node of nodes) {
      if (matching?.has(node) === false) continue
      const begins = matching !== undefined || tree.nodes <= ALL_OPEN_MAX || depth === 0
      const isOpen = node.children !== undefined && begins !== toggled.has(node.path)
      rows.push({ node, depth, isOpen })
      if (isOpen) walk(node.children ?? [], depth + 1)
    }
  }
  walk(tree.root.children ?? [], 0)
  return rows
}

/** Those whose path has the text somewhere, and the directories that lead to them. */
function matches(root: FileNode, text: string): Set<FileNode> {
  const found = new Set<FileNode>()
  const visit = (node: FileNode): boolean => {
    let hit = node.path.toLowerCase().includes(text)
    for (const child of node.children ?? []) hit = visit(child) || hit
    if (hit) found.add(node)
    return hit
  }
  visit(root)
  return found
}

/** The row of the directory that a row lies in; its own when it lies in the root. */
export function parentRow(rows: readonly FileRow[], index: number): number {
  const depth = rows[index]?.depth ?? 0
  for (let i = index - 1; i >= 0; i--) if ((rows[i]?.depth ?? 0) < depth) return i
  return index
}
