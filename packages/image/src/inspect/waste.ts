/**
 * Bytes that are stored and that nobody sees. A file's bytes are wasted once the last of its names is hidden by a layer above. dive
 * counts the copy that stays among the wasted ones and knows no hard links: its sums are larger, and its efficiency is near this one
 * where a file has one name.
 */
import { WASTED_MAX, type Totals, type Waste } from './model.ts'

/** One file's content, which has as many names as it has hard links. */
export type Content = { bytes: number; layer: number; names: number }

export class WasteCount {
  readonly #byPath = new Map<string, Waste>()
  #storedBytes = 0
  #wastedBytes = 0

  store(content: Content): void {
    this.#storedBytes += content.bytes
  }

  /** One name of this content is hidden by layer `by`, because of what that layer has at `path`. */
  hide(content: Content, path: string, by: number): void {
    content.names--
    if (content.names > 0 || content.bytes === 0) return
    this.#wastedBytes += content.bytes
    let waste = this.#byPath.get(path)
    if (waste === undefined) {
      waste = { path, bytes: 0, copies: 0, storedIn: [], hiddenBy: [] }
      this.#byPath.set(path, waste)
    }
    waste.bytes += content.bytes
    waste.copies++
    note(waste.storedIn, content.layer)
    note(waste.hiddenBy, by)
  }

  totals(): Totals {
    const wasted = [...this.#byPath.values()].toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
    return {
      storedBytes: this.#storedBytes,
      wastedBytes: this.#wastedBytes,
      efficiency: this.#storedBytes === 0 ? 1 : 1 - this.#wastedBytes / this.#storedBytes,
      wastedPaths: wasted.length,
      wasted: wasted.slice(0, WASTED_MAX),
    }
  }
}

function note(layers: number[], layer: number): void {
  if (!layers.includes(layer)) layers.push(layer)
}
