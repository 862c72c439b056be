/** How a face of a command takes part in its requests: the engine asks before each one that changes something. */
import type { Engine, RequestOptions } from './engine.ts'

export type ChangingRequest = { method: string; path: string; options: RequestOptions }

export interface Face {
  /** True when nothing may be changed: what a command does besides its requests is left out, too. */
  readonly plansOnly: boolean
  /** Headers to send along, or the answer that stands for the daemon's. */
  before(engine: Engine, request: ChangingRequest): Promise<{ headers: Record<string, string> } | { answer: string }>
}

/** Requests that only look, or that go on with another one. */
const LOOKS = /\/(attach|wait|resize)$/
/** What is read is what the command is about. */
const READS_OF_INTEREST = /^\/images\/get$|^\/images\/.*\/get$|^\/containers\/[^/]*\/(export|archive)$/

/** Whether a face wants to hear of the request. Our own extensions are the faces' means. */
export function changes(method: string, path: string): boolean {
  if (path.startsWith('/x/') && path !== '/x/gc') return false
  if (method === 'GET') return READS_OF_INTEREST.test(path)
  return method !== 'HEAD' && !LOOKS.test(path)
}
