/** What the registry answers, as a value: decided by pure functions, sent by `server.ts`. Errors have the OCI's body. */
import type { Digest } from '../digest.ts'
import type { Span } from './range.ts'

/** A part of a blob of the store, streamed from its file. */
export type BlobPart = { digest: Digest; span: Span }

export type Answer = {
  status: number
  headers: Record<string, string | number>
  /** Bytes, or a part of a blob; none for HEAD and 304. `content-length` is in the headers in any case. */
  body?: Uint8Array | BlobPart
}

/** The codes of the distribution-spec that reading can meet, and docker's for lists and ranges. */
export type ErrorCode =
  | 'BLOB_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'PAGINATION_NUMBER_INVALID'
  | 'RANGE_INVALID'
  | 'TOOMANYREQUESTS'
  | 'UNKNOWN'
  | 'UNSUPPORTED'

/** Blobs, and manifests by digest, can never become other ones. */
export const FOREVER = 'max-age=31536000, immutable'
/** A tag may move at any time: ask again, with If-None-Match. */
export const ASK_AGAIN = 'no-cache'

/** An answer with a JSON body. */
export function json(value: unknown, headers: Answer['headers'] = {}, status = 200): ReturnType<typeof bytes> {
  return bytes(Buffer.from(`${JSON.stringify(value)}\n`), { 'content-type': 'application/json', ...headers }, status)
}

export function bytes(body: Uint8Array, headers: Answer['headers'], status = 200): Answer & { body: Uint8Array } {
  return { status, headers: { ...headers, 'content-length': body.length }, body }
}

/** `{"errors":[{"code","message","detail"}]}`: docker prints the message, so it says what a student needs to know. */
export function refuse(
  status: number,
  code: ErrorCode,
  message: string,
  detail: Record<string, unknown> = {},
  headers: Answer['headers'] = {},
): ReturnType<typeof bytes> {
  return json({ errors: [{ code, message, detail }] }, { 'cache-control': 'no-store', ...headers }, status)
}
