/** `--ulimit nofile=1024:2048` → rlimits of the OCI spec. See getrlimit(2). */
import { UserError } from '@mini-docker/syscall'
import type { HostConfig } from '../api/bodies.ts'
import type { Rlimit } from '../oci.ts'

const NAMES = 'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
  ' ',
)

/** @throws UserError `invalid`, in docker's words. -1 is without limit. */
export function rlimits(ulimits: HostConfig['Ulimits']): Rlimit[] {
  return ulimits.map(({ Name: name, Soft: soft, Hard: hard }) => {
    if (!NAMES.includes(name)) throw new UserError('invalid', `invalid ulimit type: ${name}`)
    if (hard !== -1 && (soft === -1 || soft > hard))
      throw new UserError('invalid', `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`)
    return { type: `RLIMIT_${name.toUpperCase()}`, soft, hard }
  })
}
