/** One message of the daemon's progress streams (pull, push, load, import): docker's jsonmessage. */
import type { RequestEvent } from '../../faces/trace-request.ts'

/** How far one part is. `current` and `total` are bytes where `units` does not say otherwise. */
export type ProgressDetail = {
  current?: number
  total?: number
  /** When it began, in seconds of the epoch. */
  start?: number
  units?: string
  hidecounts?: boolean
}

export type ProgressMessage = {
  /** Text of its own, line ends included. */
  stream?: string
  status?: string
  /** Whose status it is: a layer, or the tag at the head of a pull. */
  id?: string
  /** Present, even when empty, on each status that a terminal shows in place. */
  progressDetail?: ProgressDetail
  /** The bar as the daemon would draw it; only old ones send nothing else. */
  progress?: string
  error?: string
  errorDetail?: { code?: number; message: string; hint?: string }
  /** For programs: what has become of it. */
  aux?: unknown
  /** Our daemon's, when it is asked for: an HTTP request that has ended. */
  trace?: RequestEvent
}

/** The message's failure, with docker's words; undefined when it tells none. */
export function failureOf({ error, errorDetail }: ProgressMessage): Error | undefined {
  if (errorDetail === undefined) return error === undefined ? undefined : new Error(error)
  const { code, message, hint } = errorDetail
  const failure = new Error(code === 401 ? 'authentication is required' : message)
  return hint === undefined ? failure : Object.assign(failure, { hint })
}
