/** What the command `net` prints: steps as an explanation, and lists of what is there. */
import { formatCall, type Step } from '@mini-docker/syscall'
import type { TableContents } from '../nft/listed.ts'
import { messages } from '../messages.ts'
import { dumpAddresses, dumpRoutes } from '../rtnetlink/address.ts'
import { linkKind, type Decoded, type DecodedFields } from '../rtnetlink/decode.ts'
import { dumpLinks } from '../rtnetlink/link.ts'
import type { NetlinkSocket } from '../rtnetlink/socket.ts'

/** Title and why as comments, what one would type as lines, the calls as comments again: a script. */
export function explain(steps: readonly Step[]): string {
  return steps
    .map((step) => {
      const text = messages[step.id]?.en
      return [
        `# ${text?.title ?? step.id}`,
        ...(text === undefined ? [] : [`#   ${text.why}`]),
        ...step.shell,
        ...step.calls.map((call) => `#   ${formatCall(call)}`),
        '',
      ].join('\n')
    })
    .join('\n')
}

/** Name, up or down, kind, hardware address, bridge; of one kind only where it is given. */
export function listLinks(socket: NetlinkSocket, kind?: string): string[] {
  const links = socket.request(dumpLinks()).map(({ fields }) => fields)
  const names = namesOf(links)
  return links
    .map((link) => ({ link, info: linkKind(link) ?? '' }))
    .filter(({ info }) => kind === undefined || info === kind)
    .map(({ link, info }) => {
      const master = link['IFLA_MASTER']
      return [
        text(link['IFLA_IFNAME']),
        (Number(link['flags']) & 1) === 1 ? 'up' : 'down',
        info === '' ? '-' : info,
        text(link['IFLA_ADDRESS']) || '-',
        ...(typeof master === 'number' ? [`on ${names.get(master) ?? master}`] : []),
      ].join('\t')
    })
}

/** Interface and address. */
export function listAddresses(socket: NetlinkSocket): string[] {
  const names = namesOf(socket.request(dumpLinks()).map(({ fields }) => fields))
  return socket
    .request(dumpAddresses())
    .map(
      ({ fields }) =>
        `${names.get(Number(fields['index'])) ?? ''}\t${text(fields['IFA_LOCAL'] ?? fields['IFA_ADDRESS'])}/${Number(fields['prefixlen'])}`,
    )
}

/** Of the main table: where to, over which gateway, by which interface. */
export function listRoutes(socket: NetlinkSocket): string[] {
  const names = namesOf(socket.request(dumpLinks()).map(({ fields }) => fields))
  return ([4, 6] as const)
    .flatMap((version) => socket.request(dumpRoutes(version)))
    .filter(({ fields }) => fields['table'] === 254 && fields['type'] === 1)
    .map(({ fields }) => {
      const to = fields['RTA_DST'] === undefined ? 'default' : `${text(fields['RTA_DST'])}/${Number(fields['dst_len'])}`
      const via = fields['RTA_GATEWAY'] === undefined ? 'on the link' : `via ${text(fields['RTA_GATEWAY'])}`
      return `${to}\t${via}\t${names.get(Number(fields['RTA_OIF'])) ?? ''}`
    })
}

/** Sets and maps with their elements; with `only`, those whose name begins so, without the name. */
export function listElements(contents: TableContents | undefined, only?: string): string[] {
  return Object.entries(contents?.elements ?? {})
    .filter(([name]) => only === undefined || name.startsWith(only))
    .flatMap(([name, elements]) => elements.map((element) => (only === undefined ? `${name}\t${element}` : element)))
}

function namesOf(links: readonly DecodedFields[]): Map<number, string> {
  return new Map(links.map((link) => [Number(link['index']), text(link['IFLA_IFNAME'])]))
}

function text(value: Decoded | undefined): string {
  return typeof value === 'string' ? value : ''
}
