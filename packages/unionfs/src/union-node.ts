/** An entry of the union: the files of the layers that make it up, held open. */
import { Pinned, type FileStat } from './pinned.ts'

/** A directory or file of one layer; layer 0 is the topmost. */
export type Part = { layer: number; file: Pinned }

/** An entry of the union: `parts` are the directories that merge, topmost first; a file has exactly one part. */
export class UnionNode implements Disposable {
  readonly parts: readonly Part[]
  /** Its topmost part was renamed or marked opaque: what shows below it is not what shows below it without that part. */
  readonly detached: boolean

  constructor(parts: readonly Part[], detached: boolean) {
    this.parts = parts
    this.detached = detached
  }

  /** The file that shows: its attributes are those of the entry. */
  get top(): Part {
    const top = this.parts[0]
    if (top === undefined) throw new TypeError('a union entry without a part')
    return top
  }

  get stat(): FileStat {
    return this.top.file.stat
  }

  [Symbol.dispose](): void {
    for (const part of this.parts) part.file[Symbol.dispose]()
  }
}

/** The root of the union of these layers: all of them merge, whatever marks the roots have. */
export function unionRoot(layers: readonly string[]): UnionNode {
  const parts: Part[] = []
  try {
    for (const [layer, path] of layers.entries()) parts.push({ layer, file: Pinned.root(path) })
  } catch (error) {
    for (const part of parts) part.file[Symbol.dispose]()
    throw error
  }
  return new UnionNode(parts, false)
}
