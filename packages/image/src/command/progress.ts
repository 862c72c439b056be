/**
 * How a copy goes on: on a terminal a line for each blob, drawn again as bytes come; else one line for each blob that is through.
 *
 *   7478d89e09e9  Copying      [=========>          ]  1.9MB/3.74MB
 */
import type { Writable } from 'node:stream'
import type { BlobState, CopyEvent } from '../copy/medium.ts'
import { shortID, type Digest } from '../digest.ts'
import { formatSize } from '../format.ts'

const REDRAW_MS = 100
const BAR_WIDTH = 20
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

type Row = { digest: Digest; role: 'config' | 'layer'; size: number; state: BlobState }

/** Disposing draws the last state. */
export class Progress implements Disposable {
  readonly #out: Terminal
  readonly #rows = new Map<Digest, Row>()
  #drawn = 0
  #timer: NodeJS.Timeout | undefined

  constructor(out: Writable) {
    this.#out = out
  }

  readonly onEvent = (event: CopyEvent): void => {
    if (event.kind !== 'blob') return
    const { blob, role, progress } = event
    this.#rows.set(blob.digest, { digest: blob.digest, role, size: blob.size, state: progress })
    if (this.#out.isTTY === true) this.#timer ??= setTimeout(() => this.#draw(), REDRAW_MS)
    else if (isOver(progress)) this.#out.write(`${line(this.#rows.get(blob.digest)!)}\n`)
  };

  [Symbol.dispose](): void {
    if (this.#out.isTTY === true && this.#rows.size > 0) this.#draw()
    clearTimeout(this.#timer)
  }

  #draw(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // A terminal that does not know its size says 0.
    const [columns, height] = [this.#out.columns || DEFAULT_COLUMNS, this.#out.rows || DEFAULT_ROWS]
    const lines = visible([...this.#rows.values()], height - 2).map((text) => text.slice(0, columns - 1))
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''
    // What an earlier and longer list left is cleared below.
    this.#out.write(`${up}${lines.map((text) => `\x1b[2K${text}\n`).join('')}\x1b[J`)
    this.#drawn = lines.length
  }
}

type Terminal = Writable & { isTTY?: boolean; columns?: number; rows?: number }

/** A screen cannot be drawn over beyond its top: what does not fit is counted. */
function visible(rows: readonly Row[], height: number): string[] {
  if (rows.length <= height) return rows.map(line)
  const over = rows.filter(({ state }) => isOver(state))
  const moving = rows.filter(({ state }) => !isOver(state) && state.state !== 'waiting' && state.state !== 'planned')
  const shown = moving.slice(0, Math.max(1, height - 1))
  return [...shown.map(line), `${over.length} of ${rows.length} blobs done`]
}

function line({ digest, role, size, state }: Row): string {
  return `${shortID(digest)}  ${describe(state, role, size)}`
}

function describe(state: BlobState, role: Row['role'], size: number): string {
  switch (state.state) {
    case 'planned':
    case 'waiting':
      return 'Waiting'
    case 'present':
      return 'Already exists'
    case 'mounted':
      return `Mounted from ${state.from.path}`
    case 'transferring':
      return `${'Copying'.padEnd(11)} ${bar(state.bytes, size)}`
    case 'verifying':
      return 'Verifying'
    case 'transferred':
      return 'Transferred'
    case 'unpacking':
      return `${'Unpacking'.padEnd(11)} ${bar(state.bytes, size)}`
    case 'done':
      return `Done ${role === 'config' ? '(config) ' : ''}${formatSize(size)}`
  }
}

function bar(bytes: number, size: number): string {
  const filled = size === 0 ? BAR_WIDTH : Math.min(BAR_WIDTH, Math.floor((bytes / size) * BAR_WIDTH))
  const arrow = filled === BAR_WIDTH ? '='.repeat(BAR_WIDTH) : `${'='.repeat(filled)}>`
  return `[${arrow.padEnd(BAR_WIDTH)}]  ${formatSize(bytes)}/${formatSize(size)}`
}

function isOver({ state }: BlobState): boolean {
  return state === 'present' || state === 'mounted' || state === 'done'
}
