/**
 * What the two sides of a thread that unpacks say to each other. The layer's bytes, as they are stored, go through a ring of shared memory, cut into slots:
 * the sender fills one that is free and names it, the thread reads it where it lies and says that it is free again. So a layer of any
 * size takes SLOTS × SLOT_BYTES, and a slow disk slows the sender down.
 */
import { SyscallError, UserError, type UserErrorCode } from '@mini-docker/syscall'
import type { Unpacked, UnpackJob } from './unpack-layer.ts'

export const SLOT_BYTES = 256 * 1024
export const SLOTS = 6

export type ToThread =
  | { kind: 'begin'; job: UnpackJob }
  | { kind: 'bytes'; slot: number; length: number }
  | { kind: 'end' }
  /** Nobody wants it any more. Answered with `stopped`. */
  | { kind: 'stop' }

export type FromThread =
  | { kind: 'free'; slot: number }
  | { kind: 'unpacked'; unpacked: Unpacked }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'stopped' }

/** An error on its way between threads, which only plain objects survive. */
export type Failure =
  | { type: 'user'; code: UserErrorCode; message: string; hint: string | undefined }
  | { type: 'syscall'; syscall: string; errno: number; args: string[]; hint: string | undefined }
  | { type: 'other'; message: string; code: string | undefined; stack: string | undefined }

export function describeFailure(error: unknown): Failure {
  if (error instanceof UserError) {
    const { code, message, hint } = error
    return { type: 'user', code, message, hint }
  }
  if (error instanceof SyscallError) {
    const { syscall, errno, args, hint } = error
    return { type: 'syscall', syscall, errno, args, hint }
  }
  const { message, code, stack } = error as Error & { code?: string }
  return { type: 'other', message, code, stack }
}

export function reviveFailure(failure: Failure): Error {
  switch (failure.type) {
    case 'user':
      return new UserError(failure.code, failure.message, failure.hint === undefined ? {} : { hint: failure.hint })
    case 'syscall':
      return new SyscallError(failure.syscall, failure.errno, failure.args, failure.hint)
    case 'other':
      return Object.assign(new Error(failure.message), { code: failure.code, stack: failure.stack })
  }
}
