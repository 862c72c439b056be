/** Where in a container something may be mounted, and how its mounts are shared. Words of errors: moby volume/mounts. */
import * as path from 'node:path'
import { UserError } from '@mini-docker/syscall'

export const PROPAGATIONS: readonly string[] = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']

/** Whoever writes below /proc could take away what masks it and what security modules read there; these only tell numbers. As in runc. */
const PROC_FILES = ['cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo', 'net/dev'].map(
  (name) => `/proc/${name}`,
)

/** The clean path of a mount's target. `spec` is what the user wrote. @throws UserError `invalid`, in docker's words. */
export function destinationOf(target: string, spec: string): string {
  if (target.includes('\0')) throw new UserError('invalid', 'a mount path cannot contain a NUL byte')
  if (!target.startsWith('/'))
    throw new UserError('invalid', `invalid mount path: '${target}' mount path must be absolute`)
  const clean = cleanPath(target)
  if (clean === '/') throw new UserError('invalid', "invalid specification: destination can't be '/'")
  if (/^\/proc(\/|$)/.test(clean) && !PROC_FILES.includes(clean))
    throw new UserError('invalid', `"${spec}" cannot be mounted because it is inside /proc`)
  return clean
}

/** Without `.`, `..`, double and trailing slashes. */
export function cleanPath(text: string): string {
  return path.posix.normalize(text).replace(/(?<=.)\/$/, '')
}
