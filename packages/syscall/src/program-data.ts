/** The data section of a program: what its calls point to. */

/** Strings, structs and room for results; 8-byte aligned. */
export class DataSection {
  #chunks: Uint8Array[] = []
  #size = 0
  #relocations: number[] = []
  readonly #known = new Map<string, number>()

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get relocations(): Buffer {
    const bytes = Buffer.alloc(this.#relocations.length * 4)
    this.#relocations.forEach((n, i) => bytes.writeUInt32LE(n, 4 * i))
    return bytes
  }

  place(bytes: Uint8Array): number {
    const at = this.#size
    const padding = (8 - (bytes.length % 8)) % 8
    this.#chunks.push(bytes)
    if (padding > 0) this.#chunks.push(new Uint8Array(padding))
    this.#size += bytes.length + padding
    return at
  }

  reserve(bytes: number): number {
    return this.place(new Uint8Array(bytes))
  }

  string(text: string): number {
    if (text.includes('\0'))
      throw new TypeError(`a string for the kernel must not contain NUL: ${JSON.stringify(text)}`)
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const at = this.place(Buffer.from(`${text}\0`))
    this.#known.set(text, at)
    return at
  }

  strings(list: string[]): number {
    const targets = list.map((text) => this.string(text))
    const at = this.reserve((list.length + 1) * 8)
    targets.forEach((target, i) => this.relocate(at + 8 * i, target))
    return at
  }

  relocate(at: number, target: number): void {
    this.#relocations.push(at, target)
  }
}
