/** Which bytes of a blob a request wants: Range, If-Range and If-None-Match of RFC 9110, §13 and §14. Pure. */
import type { Digest } from '../digest.ts'

/** From `start` up to, not including, `end`. */
export type Span = { start: number; end: number }

/**
 * One range of `bytes=first-last`, `bytes=first-` or `bytes=-length`. Undefined where the whole is meant: no range, several of them,
 * or one that is malformed, which a server ignores. @returns 'unsatisfiable' when it begins behind the end.
 */
export function parseRange(header: string | undefined, size: number): Span | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const length = Number(last)
    return length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  return start >= size ? 'unsatisfiable' : { start, end }
}

/** A blob's entity tag is its digest: strong, and the same on every registry that uses it so. */
export function etagOf(digest: Digest): string {
  return `"${digest}"`
}

/** If-Range: the range counts only while the thing is the same one. A date never is: there are no dates here. */
export function isStillSame(ifRange: string | undefined, digest: Digest): boolean {
  return ifRange === undefined || ifRange.trim() === etagOf(digest)
}

/** If-None-Match: true when the client has it already. */
export function hasAlready(ifNoneMatch: string | undefined, digest: Digest): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.some((tag) => tag === '*' || tag === etagOf(digest))
}
