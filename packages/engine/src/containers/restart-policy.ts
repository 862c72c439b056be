/** When a container that ended is started again, and after how long. */
import { UserError } from '@mini-docker/syscall'
import type { HostConfig } from '../api/bodies.ts'

export type RestartPolicy =
  | { name: 'no' }
  | { name: 'always' }
  | { name: 'unless-stopped' }
  | { name: 'on-failure'; maximum: number }

/** Docker waits this long before the first restart, then twice as long each time, up to a minute. */
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 60_000
/** A container that ran this long was well: the delay begins anew. */
const HEALTHY_MS = 10_000

/** @throws UserError `invalid`, in docker's words. */
export function parseRestartPolicy(host: Pick<HostConfig, 'RestartPolicy' | 'AutoRemove'>): RestartPolicy {
  const { Name: name, MaximumRetryCount: maximum } = host.RestartPolicy
  if (host.AutoRemove && name !== 'no' && name !== '')
    throw new UserError('invalid', "can't create 'AutoRemove' container with restart policy")
  if (name !== 'on-failure' && maximum !== 0)
    throw new UserError('invalid', `invalid restart policy: maximum retry count can only be used with 'on-failure'`)
  if (maximum < 0) throw new UserError('invalid', 'invalid restart policy: maximum retry count cannot be negative')
  switch (name) {
    case '':
    case 'no':
      return { name: 'no' }
    case 'always':
    case 'unless-stopped':
      return { name }
    case 'on-failure':
      return { name, maximum }
    default:
      throw new UserError(
        'invalid',
        `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
      )
  }
}

/** What just happened to the container. */
export type Ended = { exitCode: number; restartCount: number; stoppedByUser: boolean }

/** Whether the policy starts it again after this end. */
export function restartsAfter(policy: RestartPolicy, ended: Ended): boolean {
  if (ended.stoppedByUser) return false
  switch (policy.name) {
    case 'no':
      return false
    case 'always':
    case 'unless-stopped':
      return true
    case 'on-failure':
      return ended.exitCode !== 0 && (policy.maximum === 0 || ended.restartCount < policy.maximum)
  }
}

/** Whether the policy starts it when the daemon comes up and finds it ended. */
export function startsWithDaemon(policy: RestartPolicy, ended: Ended): boolean {
  return policy.name === 'always' || restartsAfter(policy, ended)
}

/** How long to wait, given the delay before and how long the container ran. */
export function nextDelayMs(previousMs: number, ranMs: number): number {
  if (previousMs === 0 || ranMs >= HEALTHY_MS) return FIRST_DELAY_MS
  return Math.min(previousMs * 2, LONGEST_DELAY_MS)
}
