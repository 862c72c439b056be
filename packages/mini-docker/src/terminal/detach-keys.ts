/** The keys that leave a container running and give the terminal back: `ctrl-p,ctrl-q` unless told otherwise. */

/** Bytes of `ctrl-p,ctrl-q` notation: single characters, `ctrl-` and a letter or one of `@[\]^_`. Throws on anything else. */
export function parseDetachKeys(text: string): Buffer {
  return Buffer.from(
    text.split(',').map((key) => {
      const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1]
      if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 64
      if (key.length !== 1 || key.charCodeAt(0) > 127) throw new Error(`Unknown character: '${key}'`)
      return key.charCodeAt(0)
    }),
  )
}

export const DEFAULT_DETACH_KEYS = Buffer.from([0x10, 0x11])

/** Watches typed bytes. A sequence that has begun is held back until it is complete or broken, so the container never sees half of it. */
export class DetachWatcher {
  readonly #keys: Buffer
  #matched = 0

  constructor(keys: Buffer) {
    this.#keys = keys
  }

  /** The bytes to pass on, and whether the sequence was completed (what comes after it is dropped). */
  feed(bytes: Buffer): { pass: Buffer; detached: boolean } {
    if (this.#keys.length === 0) return { pass: bytes, detached: false }
    const pass: number[] = []
    for (const byte of bytes) {
      // A broken sequence may end in the start of a new one: keep the longest tail that still matches.
      let held = [...this.#keys.subarray(0, this.#matched), byte]
      while (held.length > 0 && !this.#keys.subarray(0, held.length).equals(Buffer.from(held))) {
        pass.push(held[0] as number)
        held = held.slice(1)
      }
      this.#matched = held.length
      if (this.#matched === this.#keys.length) {
        this.#matched = 0
        return { pass: Buffer.from(pass), detached: true }
      }
    }
    return { pass: Buffer.from(pass), detached: false }
  }
}
