/**
 * Port 53 of 127.0.0.11 led to the ports where our server is, by nft(8) in the container's own network namespace, so that a server in the
 * container may have port 53 of all its addresses. The ports are written over in each packet, without connection tracking: nothing is remembered,
 * so a new server takes over at once, a flood fills no table, and while no server is there a query is lost instead of refused, and
 * comes again after the asker's time-out.
 */
import { findNft, runNft } from '../nft/run.ts'
import { EMBEDDED_ADDRESS } from './upstream.ts'

export type DnsPorts = { udp: number; tcp: number }

const TABLE = 'ip mini-docker-dns'

/** As nft's own lines: the table of a server before is replaced, in one transaction. */
export function redirectCommands({ udp, tcp }: DnsPorts): string[] {
  const rules = Object.entries({ udp, tcp }).flatMap(([protocol, port]) => [
    `ip daddr ${EMBEDDED_ADDRESS} ${protocol} dport 53 ${protocol} dport set ${port}`,
    `ip saddr ${EMBEDDED_ADDRESS} ${protocol} sport ${port} ${protocol} sport set 53`,
  ])
  return [
    `add table ${TABLE}`,
    `delete table ${TABLE}`,
    `add table ${TABLE}`,
    `add chain ${TABLE} output { type filter hook output priority raw; policy accept; }`,
    ...rules.map((rule) => `add rule ${TABLE} output ${rule}`),
  ]
}

/** @returns false where nft is missing, or the kernel cannot do this */
export async function redirect(namespace: string, ports: DnsPorts): Promise<boolean> {
  if (findNft() === undefined) return false
  try {
    await runNft(redirectCommands(ports), { namespace })
    return true
  } catch {
    return false
  }
}
