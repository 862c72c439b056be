/** Facts of files and layers in the short forms that people know from ls(1) and docker. */
import { printable } from './columns.ts'
import type { FileFacts } from './model.ts'

const LETTERS: Record<FileFacts['type'], string> = {
  file: '-',
  hardlink: '-',
  directory: 'd',
  symlink: 'l',
  char: 'c',
  block: 'b',
  fifo: 'p',
}

/** `-rwsr-xr-x`, as ls(1) writes it. */
export function describeMode({ type, mode }: Pick<FileFacts, 'type' | 'mode'>): string {
  const triple = (shift: number, special: boolean, letter: string): string => {
    const bits = (mode >> shift) & 0o7
    const executes = (bits & 1) !== 0
    const last = special ? (executes ? letter : letter.toUpperCase()) : executes ? 'x' : '-'
    return `${(bits & 4) !== 0 ? 'r' : '-'}${(bits & 2) !== 0 ? 'w' : '-'}${last}`
  }
  const special = [(mode & 0o4000) !== 0, (mode & 0o2000) !== 0, (mode & 0o1000) !== 0] as const
  return LETTERS[type] + triple(6, special[0], 's') + triple(3, special[1], 's') + triple(0, special[2], 't')
}

/** `2026-01-02 03:04`, UTC; a time that no calendar has as seconds. */
export function describeTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 16).replace('T', ' ')
}

/** What stands behind a name: ` -> target` of a symlink, ` = other` of a hard link. */
export function describeLink({ type, linkname = '' }: FileFacts): string {
  if (type === 'symlink') return ` -> ${printable(linkname)}`
  return type === 'hardlink' ? ` = /${printable(linkname)}` : ''
}

/** The instruction of a Dockerfile, from what docker's two builders write into the history; in one line. */
export function describeInstruction(createdBy: string): string {
  const text = printable(createdBy.replaceAll(/\s+/g, ' ').trim())
  const nop = /^\/bin\/sh -c #\(nop\) +(.*)$/.exec(text)
  if (nop !== null) return nop[1] ?? ''
  const run = /^(?:RUN (?:\|\d+ .*?)?)?\/bin\/sh -c (.*?)(?: # buildkit)?$/.exec(text)
  return run === null ? text.replace(/ # buildkit$/, '') : `RUN ${run[1]}`
}

/** `sha256:1dc0d2fef362`: enough to find it again. */
export function describeDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12)
}

/** `1`, `1,3`: layers as people count them. */
export function describeLayers(layers: readonly number[]): string {
  return layers
    .toSorted((a, b) => a - b)
    .map((layer) => layer + 1)
    .join(',')
}
