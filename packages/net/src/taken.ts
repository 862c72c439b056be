/** Which subnets the host uses already, so that a new network meets none of them. */
import { formatCidr, networkOf, parseCidr, type Cidr } from './address/cidr.ts'
import { dumpAddresses, dumpRoutes } from './rtnetlink/address.ts'
import type { DecodedFields } from './rtnetlink/decode.ts'
import type { NetlinkSocket } from './rtnetlink/socket.ts'

/** Of each interface's addresses and of all routes but the default ones, in the socket's namespace; each once. Needs no privileges. */
export function readTakenSubnets(socket: NetlinkSocket): Cidr[] {
  const addresses = socket
    .request(dumpAddresses())
    .flatMap(({ fields }) => subnetOf(fields['IFA_LOCAL'] ?? fields['IFA_ADDRESS'], fields['prefixlen']))
  const routes = ([4, 6] as const)
    .flatMap((version) => socket.request(dumpRoutes(version)))
    .filter(({ fields }) => isUnicast(fields))
    .flatMap(({ fields }) => subnetOf(fields['RTA_DST'], fields['dst_len']))
  const texts = new Set([...addresses, ...routes].map((subnet) => formatCidr(networkOf(subnet))))
  return [...texts].map(parseCidr)
}

/** The table `local` has each address of the host once more, and multicast is nobody's subnet. */
function isUnicast({ type, table }: DecodedFields): boolean {
  return type === 1 && table !== 255
}

function subnetOf(address: unknown, length: unknown): Cidr[] {
  return typeof address === 'string' && typeof length === 'number' && length > 0
    ? [parseCidr(`${address}/${length}`)]
    : []
}
