/** Ctrl-P Ctrl-Q: the keys that let go of a terminal without ending what runs in it. */
import { UserError } from '@mini-docker/syscall'

/** `ctrl-p,ctrl-q`, `ctrl-a,d`, `x` → bytes. Empty is docker's default. @throws UserError `invalid`. */
export function parseDetachKeys(text: string): Buffer {
  if (text === '') return Buffer.from([16, 17])
  const bytes = text.split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0)
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1]
    if (control === undefined || key.charCodeAt(0) > 127)
      throw new UserError('invalid', `Invalid detach keys (${text}) provided`)
    return control === '@' ? 0 : control.toUpperCase().charCodeAt(0) - 64
  })
  return Buffer.from(bytes)
}

/** Watches typed bytes for the keys. Bytes that may begin them are held back until it is clear that they do not. */
export class DetachFilter {
  readonly #keys: Buffer
  #matched = 0

  constructor(keys: Buffer) {
    this.#keys = keys
  }

  /** What of the chunk goes on to the container, and whether the keys are complete. */
  push(chunk: Uint8Array): { data: Buffer; detached: boolean } {
    const data: number[] = []
    for (const byte of chunk) {
      if (byte !== this.#keys[this.#matched]) {
        // The held bytes were meant for the container; this one may begin the keys anew.
        data.push(...this.#keys.subarray(0, this.#matched))
        this.#matched = 0
      }
      if (byte === this.#keys[this.#matched]) this.#matched++
      else data.push(byte)
      if (this.#matched === this.#keys.length) return { data: Buffer.from(data), detached: true }
    }
    return { data: Buffer.from(data), detached: false }
  }
}
