/**
 * Port 53 of 127.0.0.11 led to the ports where our server is, by rules in the container's own network namespace, so that a server in the
 * container may have port 53 of all its addresses. The ports are written over in each packet, without connection tracking: nothing is remembered,
 * so a new server takes over at once, a flood fills no table, and while no server is there a query is lost instead of refused, and
 * comes again after the asker's time-out. The command of the container waits for them: they are sent to the kernel without nft, whose program
 * takes longer than all else of a start.
 */
import { SyscallError, type Step } from '@mini-docker/syscall'
import { parseAddress } from '../address/address.ts'
import { sendBatch } from '../nfnetlink/batch.ts'
import { rewriteMessages, type PortRewrite } from '../nfnetlink/rules.ts'
import { EMBEDDED_ADDRESS } from './upstream.ts'

export type DnsPorts = { udp: number; tcp: number }

const TABLE = 'mini-docker-dns'
const CHAIN = 'output'

/** As nft's own lines: the table of a server before is replaced, in one transaction. */
export function redirectCommands(ports: DnsPorts): string[] {
  return commands(ports)
}

/**
 * The step `network.dns`: the rules as one types them. It has no calls: the daemon makes them, once the container's namespace is there, and only then is it known
 * which ports are free in it; `$pid` and `$port` stand for what is not known before, so
 * that the lines are comments.
 */
export function planDns(): Step {
  const shell = commands({ udp: '$port', tcp: '$port' }).map(
    (command) => `# nsenter --net=/proc/$pid/ns/net nft "${command}"`,
  )
  return { id: 'network.dns', stage: 'network', where: 'host', calls: [], shell, man: ['nft(8)', 'resolv.conf(5)'] }
}

function commands({ udp, tcp }: { [protocol in keyof DnsPorts]: number | string }): string[] {
  const rules = Object.entries({ udp, tcp }).flatMap(([protocol, port]) => [
    `ip daddr ${EMBEDDED_ADDRESS} ${protocol} dport 53 ${protocol} dport set ${port}`,
    `ip saddr ${EMBEDDED_ADDRESS} ${protocol} sport ${port} ${protocol} sport set 53`,
  ])
  return [
    `add table ip ${TABLE}`,
    `delete table ip ${TABLE}`,
    `add table ip ${TABLE}`,
    `add chain ip ${TABLE} ${CHAIN} { type filter hook output priority raw; policy accept; }`,
    ...rules.map((rule) => `add rule ip ${TABLE} ${CHAIN} ${rule}`),
  ]
}

/** The same for the kernel. @returns false where the kernel cannot do this */
export function redirect(namespace: string, ports: DnsPorts): boolean {
  const send = (replace: boolean): void => {
    sendBatch('network.dns', rewriteMessages(TABLE, CHAIN, rewrites(ports), replace), namespace)
  }
  try {
    // A new namespace has no such table, and what is not removed need not be waited for.
    try {
      send(false)
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code !== 'EEXIST') throw error
      send(true)
    }
    return true
  } catch {
    return false
  }
}

function rewrites(ports: DnsPorts): PortRewrite[] {
  const { bytes } = parseAddress(EMBEDDED_ADDRESS)
  return (['udp', 'tcp'] as const).flatMap((protocol): PortRewrite[] => [
    { address: { field: 'daddr', bytes }, protocol, port: { field: 'dport', from: 53, to: ports[protocol] } },
    { address: { field: 'saddr', bytes }, protocol, port: { field: 'sport', from: ports[protocol], to: 53 } },
  ])
}
