/** What the network commands share. */

/** The path of a network, or of what is done with it. Throws docker's words for an empty name. */
export function networkPath(name: string, action = ''): string {
  if (name.trim() === '') throw new Error('invalid network name or ID: value is empty')
  return `/networks/${encodeURIComponent(name)}${action === '' ? '' : `/${action}`}`
}

/** Docker's check of a container's name in `connect`, `disconnect` and `port`. */
export function checkContainerName(name: string): void {
  if (name.trim() === '') throw new Error('invalid container name or ID: value is empty')
}

/** A network, as `GET /networks` gives it: what lists show. */
export type NetworkSummary = {
  Name: string
  Id: string
  Created: string
  Scope: string
  Driver: string
  EnableIPv4?: boolean
  EnableIPv6: boolean
  Internal: boolean
  Ingress?: boolean
  Labels: Record<string, string> | null
}
