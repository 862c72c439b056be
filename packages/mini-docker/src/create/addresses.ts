/** Addresses and names that flags of `run` and `network` take, checked as docker's client checks them. */
import { isIP } from 'node:net'

/** Go's net.ParseIP takes no zone (`%eth0`). */
export function isIp(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}

/** `--dns 1.1.1.1`, in its shortest form. */
export function parseIp(text: string): string {
  const address = text.trim()
  if (!isIp(address)) throw new Error(`IP address is not correctly formatted: ${text}`)
  return address.includes(':') ? shortestIpv6(address) : address
}

/** RFC 5952; an IPv4 address in it alone. */
function shortestIpv6(address: string): string {
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(short) ?? []
  if (high === undefined || low === undefined) return short
  return [high, low].flatMap((part) => [Number(`0x${part}`) >> 8, Number(`0x${part}`) & 0xff]).join('.')
}

const LABEL = '(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)'
const DOMAIN = new RegExp(`^(${LABEL}(?:\\.${LABEL})*)\\.?\\s*$`, 'i')

/** `--dns-search a.b`; a dot alone takes the host's domains away. */
export function parseSearchDomain(text: string): string {
  const domain = text.replace(/^ +| +$/g, '')
  if (domain === '.') return domain
  const found = DOMAIN.exec(domain)?.[1]
  if (found === undefined || found.length >= 255 || !/[a-z]/i.test(domain))
    throw new Error(`${domain} is not a valid domain`)
  return found
}

/** `--add-host name:ip` (or `name=ip`); `host-gateway` is the daemon's business. Gives `name:ip`. */
export function parseExtraHost(text: string): string {
  // The first `=` parts them; without one the first colon does, so that IPv6 needs no brackets.
  const at = text.includes('=') ? text.indexOf('=') : text.indexOf(':')
  if (at <= 0) throw new Error(`bad format for add-host: ${JSON.stringify(text)}`)
  const [name, given] = [text.slice(0, at), text.slice(at + 1)]
  const ip = given.replace(/^\[(.*)\]$/, '$1')
  if (given !== 'host-gateway' && !isIp(ip)) throw new Error(`invalid IP address in add-host: ${JSON.stringify(ip)}`)
  return `${name}:${ip}`
}

/** `--link name[:alias]`. */
export function checkLink(text: string): void {
  if (text === '') throw new Error('empty string specified for links')
  if (text.split(':').length > 2) throw new Error(`bad format for links: ${text}`)
}

/** Go's net.ParseMAC: 6, 8 or 20 bytes, in pairs with `:` or `-`, or in fours with dots. */
export function checkMac(text: string): void {
  const pairs = /^[\da-f]{2}(?:([:-])[\da-f]{2}(?:\1[\da-f]{2})*)$/i.test(text) ? (text.length + 1) / 3 : 0
  const fours = /^[\da-f]{4}(?:\.[\da-f]{4})*$/i.test(text) ? ((text.length + 1) / 5) * 2 : 0
  if (![6, 8, 20].includes(pairs || fours)) throw new Error(`${text} is not a valid mac address`)
}
