/**
 * `-p` and `--expose`, in docker's grammar (github.com/docker/go-connections/nat):
 *
 *     [[HOST_IP:][HOST_PORT[-END]]:]CONTAINER_PORT[-END][/PROTOCOL]        target=80,published=8080,protocol=udp
 *
 * An empty host port lets the daemon choose; a range of host ports for one container port lets it choose among them.
 */
import { isIp } from './addresses.ts'

/** The daemon's fields: ports of the container by `80/tcp`, and where on the host each is published. */
export type Published = {
  exposed: Record<string, object>
  bindings: Record<string, PortBinding[]>
}
export type PortBinding = { HostIp: string; HostPort: string }

/** Reads all `-p` and `--expose`. Throws with docker's words. */
export function parsePorts(publish: readonly string[], expose: readonly string[]): Published {
  const exposed = new Set<string>()
  const bindings = new Map<string, PortBinding[]>()
  for (const text of publish.map(shortForm)) {
    for (const [port, binding] of parsePublish(text)) {
      exposed.add(port)
      bindings.set(port, [...(bindings.get(port) ?? []), binding])
    }
  }
  for (const port of expose.flatMap(parseExpose)) exposed.add(port)
  return {
    exposed: Object.fromEntries([...exposed].toSorted().map((port) => [port, {}])),
    bindings: Object.fromEntries([...bindings].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** `target=80,published=8080` is the same as `8080:80/tcp`; docker ignores the fields it does not know. */
function shortForm(text: string): string {
  if (!text.includes('=')) return text
  const fields = new Map([['protocol', 'tcp']])
  for (const field of text.split(',')) {
    const equals = field.indexOf('=')
    if (equals <= 0) throw new Error(`invalid publish opts format (should be name=value but got '${field}')`)
    fields.set(field.slice(0, equals), field.slice(equals + 1))
  }
  return `${fields.get('published') ?? ''}:${fields.get('target') ?? ''}/${fields.get('protocol')}`
}

function parsePublish(text: string): Array<[port: string, binding: PortBinding]> {
  const parts = text.split(':')
  const last = parts.pop() ?? ''
  const hostPort = parts.pop() ?? ''
  const hostIp = parseHostIp(parts.join(':'))
  const { port, protocol } = splitProtocol(last)
  if (port === '') throw new Error(`no port specified: ${text}<empty>`)
  const inside = rangeOr(port, `invalid containerPort: ${port}`)
  const outside = hostPort === '' ? undefined : rangeOr(hostPort, `invalid hostPort: ${hostPort}`)
  const isRange = inside.end !== inside.start
  if (outside !== undefined && isRange && outside.end - outside.start !== inside.end - inside.start)
    throw new Error(`invalid ranges specified for container and host Ports: ${port} and ${hostPort}`)
  const lower = protocol.toLowerCase()
  if (!['tcp', 'udp', 'sctp'].includes(lower)) throw new Error(`invalid proto: ${protocol}`)
  return numbers(inside).map((number, index) => [
    `${number}/${lower}`,
    { HostIp: hostIp, HostPort: outside === undefined ? '' : hostPortOf(outside, isRange, index) },
  ])
}

function hostPortOf({ start, end }: Range, oneToOne: boolean, index: number): string {
  return oneToOne || start === end ? String(start + index) : `${start}-${end}`
}

/** Without the brackets of an IPv6 address. */
function parseHostIp(text: string): string {
  const bracket = text.indexOf(']')
  if (text.startsWith('[') && bracket !== text.length - 1) {
    const problem = bracket === -1 ? "missing ']' in address" : 'missing port in address'
    throw new Error(`invalid IP address ${text}: address ${text}:: ${problem}`)
  }
  const address = text.startsWith('[') ? text.slice(1, -1) : text
  if (address !== '' && !isIp(address)) throw new Error(`invalid IP address: ${address}`)
  return address
}

function parseExpose(text: string): string[] {
  if (text.includes(':')) throw new Error(`invalid port format for --expose: ${text}`)
  const { port, protocol } = splitProtocol(text)
  try {
    return numbers(parseRange(port)).map((number) => `${number}/${protocol}`)
  } catch (error) {
    throw new Error(`invalid range format for --expose: ${text}, error: ${(error as Error).message}`, { cause: error })
  }
}

/** `80/udp`; without a protocol it is tcp. */
export function splitProtocol(text: string): { port: string; protocol: string } {
  const [port = '', protocol = ''] = text.split('/')
  return { port, protocol: protocol === '' ? 'tcp' : protocol }
}

type Range = { start: number; end: number }

function rangeOr(text: string, complaint: string): Range {
  try {
    return parseRange(text)
  } catch (error) {
    throw new Error(complaint, { cause: error })
  }
}

function parseRange(text: string): Range {
  if (text === '') throw new Error('empty string specified for ports')
  const [first = '', last = first] = text.split('-')
  const range = { start: parsePort(first), end: parsePort(last) }
  if (range.end < range.start) throw new Error(`invalid range specified for port: ${text}`)
  return range
}

/** Go's strconv.ParseUint(text, 10, 16). */
export function parsePort(text: string): number {
  const complaint = (reason: string) => new Error(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${reason}`)
  if (!/^\d+$/.test(text)) throw complaint('invalid syntax')
  if (Number(text) > 65_535) throw complaint('value out of range')
  return Number(text)
}

function numbers({ start, end }: Range): number[] {
  return Array.from({ length: end - start + 1 }, (_, index) => start + index)
}
