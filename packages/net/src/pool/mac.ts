/** Hardware addresses of containers. The second lowest bit of the first byte says "given by software", the lowest "a group". */
import { UserError } from '@mini-docker/syscall'
import type { Address } from '../address/address.ts'

/** docker's way: `02:42:` and the IPv4 address, so that the same address always has the same neighbour. Of IPv6, the last four bytes. */
export function macOf({ bytes }: Address): string {
  return ['02', '42', ...[...bytes.subarray(-4)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':')
}

/**
 * A given one (`02:42:ac:11:00:02`, `02-42-…`, `0242.ac11.0002`), in lower case with colons.
 * @throws UserError `invalid` with Go's words, also for a group's and the empty one, which the kernel refuses.
 */
export function parseMac(text: string): string {
  const digits =
    /^(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text) ||
    /^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(text)
      ? text.toLowerCase().replaceAll(/[^0-9a-f]/g, '')
      : undefined
  const invalid = (hint: string): UserError =>
    new UserError('invalid', `address ${text.slice(0, 60)}: invalid MAC address`, { hint })
  if (digits === undefined) throw invalid('six bytes: 02:42:ac:11:00:02')
  if ((Number.parseInt(digits.slice(0, 2), 16) & 1) === 1) throw invalid('an odd first byte names a group')
  if (/^0+$/.test(digits)) throw invalid('all zeros names nobody')
  return (digits.match(/../g) ?? []).join(':')
}
