/**
 * Text of a create body that ends up in a path, in a system call, or in a line of a file under /etc: what would change
 * its meaning there is refused at create, where the user still sees which field it was.
 */
import { isIP } from 'node:net'
import { UserError } from '@mini-docker/syscall'
import type { CreateBody } from '../api/bodies.ts'

/** PATH_MAX and NAME_MAX of limits.h, the former with its terminating NUL; see path_resolution(7). */
const PATH_BYTES = 4095
const NAME_BYTES = 255
/** __NEW_UTS_LEN, see setdomainname(2). */
const DOMAIN_BYTES = 64

/** @throws UserError `invalid`, naming the field or the option and its value. */
export function validateText(body: CreateBody): void {
  refuseNul(body, [])
  const { HostConfig: host } = body
  if (/\s/.test(body.Domainname) || Buffer.byteLength(body.Domainname) > DOMAIN_BYTES)
    throw new UserError('invalid', `invalid domain name: ${JSON.stringify(body.Domainname)}`)
  for (const address of host.Dns ?? [])
    if (isIP(address) === 0) throw new UserError('invalid', `IP address is not correctly formatted: ${address}`)
  for (const word of [...(host.DnsSearch ?? []), ...(host.DnsOptions ?? [])])
    if (/\s/.test(word)) throw new UserError('invalid', `invalid DNS domain or option: ${JSON.stringify(word)}`)
  for (const entry of host.ExtraHosts ?? []) checkExtraHost(entry)
  for (const path of [body.WorkingDir, ...Object.keys(body.Volumes), ...Object.keys(host.Tmpfs)]) checkPath(path)
  for (const bind of host.Binds ?? []) for (const path of bind.split(':')) checkPath(path)
  for (const { Source, Target } of host.Mounts) for (const path of [Source, Target]) checkPath(path)
}

/** No string of a program, a path, an environment or a file in /proc can hold a NUL byte: it would be cut there. */
function refuseNul(value: unknown, trail: string[]): void {
  const check = (text: string): void => {
    if (text.includes('\0'))
      throw new UserError('invalid', `${trail.join('.')} contains a NUL byte: ${JSON.stringify(text)}`)
  }
  if (typeof value === 'string') check(value)
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      check(key)
      refuseNul(item, [...trail, key])
    }
}

/** `name:address`; other mistakes are told by the writer of /etc/hosts. */
function checkExtraHost(entry: string): void {
  const [, name = '', address = ''] = /^([^:=]+)[:=](.+)$/s.exec(entry) ?? []
  if (name === '' || /\s/.test(name))
    throw new UserError('invalid', `bad format for add-host: ${JSON.stringify(entry)}`)
  if (address !== 'host-gateway' && isIP(address.replaceAll(/[[\]]/g, '')) === 0)
    throw new UserError('invalid', `invalid IP address in add-host: ${JSON.stringify(address)}`)
}

function checkPath(path: string): void {
  const long =
    Buffer.byteLength(path) > PATH_BYTES || path.split('/').some((name) => Buffer.byteLength(name) > NAME_BYTES)
  if (long) throw new UserError('invalid', `path is too long: ${path.slice(0, 64)}… (${path.length} characters)`)
}
