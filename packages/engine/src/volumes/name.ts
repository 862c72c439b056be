/** Names of volumes. Each is a folder below `volumes/`, so a name must never be able to lead elsewhere. */
import { UserError } from '@mini-docker/syscall'

/** NAME_MAX */
const MAX_NAME = 255
const ALLOWED = '[a-zA-Z0-9][a-zA-Z0-9_.-]'

/** @throws UserError `invalid`, in docker's words. */
export function checkVolumeName(name: string): void {
  if (name.length === 1)
    throw new UserError(
      'invalid',
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    )
  if (!new RegExp(`^${ALLOWED}+$`).test(name))
    throw new UserError(
      'invalid',
      `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "${ALLOWED}" are allowed. If you intended to pass a host directory, use absolute path`,
    )
  if (name.length > MAX_NAME)
    throw new UserError('invalid', `create ${name.slice(0, 64)}…: volume name is longer than ${MAX_NAME} characters`)
}

/** The only driver there is. @throws UserError `invalid` for another, in docker's words. */
export function checkDriver(driver: string, name: string): void {
  if (driver === '' || driver === 'local') return
  throw new UserError(
    'invalid',
    `create ${name}: error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`,
    { hint: 'volumes are of the driver local; what it mounts is told with -o type=…,device=…,o=…' },
  )
}
