/** Names of addresses: RFC 1035 §3.5, RFC 3596 §2.5. */
import { formatAddress, tryAddress } from '../address/address.ts'
import { foldCase } from './message/name.ts'

/** `4.3.2.1.in-addr.arpa` → `1.2.3.4`; undefined for a name that is no whole address. */
export function addressOfReverse(name: string): string | undefined {
  const folded = foldCase(name)
  const four = /^(.+)\.in-addr\.arpa$/.exec(folded)?.[1]
  if (four !== undefined) {
    const text = four.split('.').toReversed().join('.')
    return tryAddress(text)?.version === 4 ? text : undefined
  }
  const six = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(folded)?.[1]
  return six === undefined
    ? undefined
    : formatAddress(Buffer.from(six.replaceAll('.', '').split('').toReversed().join(''), 'hex'))
}
