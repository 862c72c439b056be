/** Options of the `local` driver: `-o type=…,device=…,o=…`, as for mount(8). Words of errors: moby volume/local. */
import { parseMountOptions, type MountOptions } from '@mini-docker/ns'
import { MS_BIND, UserError } from '@mini-docker/syscall'
import { isIP } from 'node:net'

/**
 * What a volume with options is. `folder`: a folder of the host, bound in the container's own mount namespace. `filesystem`: has to be
 * mounted for all its containers together, since each mount of a tmpfs is another one.
 */
export type LocalMount =
  | { kind: 'folder'; device: string; options: MountOptions }
  | { kind: 'filesystem'; type: string; device: string; options: MountOptions }

const KNOWN = ['type', 'o', 'device', 'size']
const REQUIRES: readonly (readonly [string, readonly string[]])[] = [
  ['device', ['type']],
  ['type', ['device']],
  ['o', ['device', 'type']],
]

/** Undefined for a volume that is a folder of its own. @throws UserError `invalid`, or `unavailable` for a size limit. */
export function parseDriverOptions(given: Record<string, string>, name: string): LocalMount | undefined {
  const refuse = (why: string): never => {
    throw new UserError('invalid', `create ${name}: ${why}`)
  }
  for (const key of Object.keys(given)) if (!KNOWN.includes(key)) refuse(`invalid option: ${JSON.stringify(key)}`)
  const size = given['size']
  if (size !== undefined) {
    if (!/^\d+(\.\d+)?\s?[bkmgtp]?i?b?$/i.test(size)) refuse(`invalid size: '${size}'`)
    if (Number.parseFloat(size) > 0)
      throw new UserError('invalid', `create ${name}: quota size requested but no quota support`, {
        hint: 'a volume of limited size: -o type=tmpfs -o device=tmpfs -o o=size=64m',
      })
  }
  for (const [key, needed] of REQUIRES)
    for (const other of needed)
      if (given[key] !== undefined && given[other] === undefined) refuse(`missing required option: "${other}"`)
  const { type = '', device = '', o = '' } = given
  if (type === '' && device === '') return undefined
  if (device === '') refuse('missing device in volume options')
  if ([type, device, o].some((value) => value.includes('\0'))) refuse('an option cannot contain a NUL byte')
  const options = parseMountOptions(o.split(',').filter(Boolean))
  if ((options.flags & MS_BIND) !== 0) {
    if (!device.startsWith('/')) refuse(`device ${device} of a bind volume is not an absolute path`)
    return { kind: 'folder', device, options }
  }
  if (type === '' || type === 'none') refuse('missing filesystem type in volume options')
  const address = /(?:^|,)addr=([^,]*)/.exec(o)?.[1]
  if (['nfs', 'nfs4', 'cifs'].includes(type) && address !== undefined && isIP(address) === 0)
    refuse(`addr=${address} is no IP address: names of file servers are not looked up`)
  return { kind: 'filesystem', type, device, options }
}
