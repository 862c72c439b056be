/** How much of images is kept in memory at once: a hostile one may list a thousand files in a kilobyte. */
import { UserError } from '@mini-docker/syscall'
import { showName } from '../tar/index.ts'
import { DEFAULT_LIMITS } from '../tree/options.ts'
import type { FileFacts } from './model.ts'

export type BudgetLimits = {
  files: number
  /** Characters of paths, targets and attributes. */
  text: number
  /** Of contents, which pass by and are not kept. */
  bytes: number
}

const LIMITS: BudgetLimits = { files: DEFAULT_LIMITS.maxEntries, text: 130_000_000, bytes: DEFAULT_LIMITS.maxBytes }

/** Shared by all layers that are looked at together. */
export class Budget {
  readonly #limits: BudgetLimits
  readonly #used: BudgetLimits = { files: 0, text: 0, bytes: 0 }

  constructor(limits: Partial<BudgetLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits }
  }

  /** @throws UserError `invalid` when it is used up; names the path with which that was. */
  take(path: string, more: Pick<FileFacts, 'linkname' | 'xattrs'>, storedBytes: number): void {
    const used = this.#used
    used.files++
    used.bytes += storedBytes
    used.text += path.length + (more.linkname?.length ?? 0)
    if (more.xattrs !== undefined) for (const value of Object.values(more.xattrs)) used.text += value.length
    if (used.files > this.#limits.files) throw this.#exhausted('files', 'files', path)
    if (used.text > this.#limits.text) throw this.#exhausted('text', 'characters of names', path)
    if (used.bytes > this.#limits.bytes) throw this.#exhausted('bytes', 'bytes', path)
  }

  #exhausted(limit: keyof BudgetLimits, what: string, path: string): UserError {
    const message = `the layers have more than ${this.#limits[limit]} ${what} together: ${showName(path)} is too much`
    return new UserError('invalid', message, { hint: 'no honest image is that large: it is not looked into' })
  }
}
