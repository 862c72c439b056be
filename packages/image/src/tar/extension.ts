/** Headers that extend the next file's header (pax `x`, GNU long name `L` and long link `K`) or all that follow (pax `g`). */
import { tarError } from './entry.ts'
import type { StoredHeader } from './header.ts'
import { decodeName } from './name.ts'
import { applyPax, parsePax, type PaxRecord } from './pax.ts'
import { readGnuSparse, type GnuSparse } from './sparse.ts'

export type ExtensionFlag = 'x' | 'g' | 'L' | 'K'

export function isExtension(flag: StoredHeader['flag']): flag is ExtensionFlag {
  return flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K'
}

/** Extensions are held in memory: a longer one is refused. The same bound as Go's archive/tar. */
export const MAX_EXTENSION_BYTES = 1 << 20

/** @throws UserError when an extension of this size is more than we hold in memory. */
export function checkExtensionSize(size: number, position: number): void {
  if (size <= MAX_EXTENSION_BYTES) return
  throw tarError(`an extended header of ${size} bytes; the limit is ${MAX_EXTENSION_BYTES}`, position)
}

/** What has been said about the files to come. */
export class Extensions {
  #records: PaxRecord[] = []
  #longName: string | undefined
  #longLink: string | undefined
  #globals: PaxRecord[] = []

  /** True while something was said about a file that has not come. */
  get pending(): boolean {
    return this.#records.length > 0 || this.#longName !== undefined || this.#longLink !== undefined
  }

  /** Takes the body of an extension. */
  add(flag: ExtensionFlag, bytes: Buffer, position: number): void {
    switch (flag) {
      case 'x':
        this.#records = parsePax(bytes, position)
        return
      case 'g':
        this.#globals = overrule(this.#globals, parsePax(bytes, position))
        checkExtensionSize(
          this.#globals.reduce((sum, [key, value]) => sum + key.length + value.length, 0),
          position,
        )
        return
      case 'L':
        this.#longName = untilNul(bytes)
        return
      case 'K':
        this.#longLink = untilNul(bytes)
    }
  }

  /** Lets what was said overrule the header of the file that has now come; returns where its data lies if it is sparse the pax way. */
  apply(header: StoredHeader, position: number): GnuSparse | undefined {
    const records = this.#globals.length === 0 ? this.#records : overrule(this.#globals, this.#records)
    if (records.length > 0) applyPax(header, records, position)
    if (this.#longName !== undefined) header.path = this.#longName
    if (this.#longLink !== undefined) header.linkname = this.#longLink
    this.#records = []
    this.#longName = this.#longLink = undefined
    return header.gnuSparse === undefined ? undefined : readGnuSparse(header, header.gnuSparse, position)
  }
}

/** The records of both, without those of `base` whose key stands in `over`, be it with an empty value. */
function overrule(base: readonly PaxRecord[], over: readonly PaxRecord[]): PaxRecord[] {
  const keys = new Set(over.map(([key]) => key))
  return [...base.filter(([key]) => !keys.has(key)), ...over]
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return decodeName(bytes, 0, end < 0 ? bytes.length : end)
}
