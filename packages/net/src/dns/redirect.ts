/**
 * Port 53 of 127.0.0.11 led to the ports where our server is, by nft(8) in the container's own network namespace, so that a server in the
 * container may have port 53 of all its addresses. The ports are written over in each packet, without connection tracking: nothing is remembered,
 * so a new server takes over at once, a flood fills no table, and while no server is there a query is lost instead of refused, and
 * comes again after the asker's time-out.
 */
import type { Step } from '@mini-docker/syscall'
import { findNft, runNft } from '../nft/run.ts'
import { EMBEDDED_ADDRESS } from './upstream.ts'

export type DnsPorts = { udp: number; tcp: number }

const TABLE = 'ip mini-docker-dns'

/** As nft's own lines: the table of a server before is replaced, in one transaction. */
export function redirectCommands(ports: DnsPorts): string[] {
  return commands(ports)
}

/**
 * The step `network.dns`: the rules as one types them. It has no calls: nft makes them, once the container's namespace is there, and only then is it known
 * which ports are free in it; `$pid` and `$port` stand for what is not known before.
 */
export function planDns(): Step {
  const shell = commands({ udp: '$port', tcp: '$port' }).map(
    (command) => `nsenter --net=/proc/$pid/ns/net nft "${command}"`,
  )
  return { id: 'network.dns', stage: 'network', where: 'host', calls: [], shell, man: ['nft(8)', 'resolv.conf(5)'] }
}

function commands({ udp, tcp }: { [protocol in keyof DnsPorts]: number | string }): string[] {
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
