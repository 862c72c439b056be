/** What `doctor` says about networks, from the facts that `@mini-docker/net` reads. Pure: tested for machines that are not here. */
import type { NetworkFacts } from '@mini-docker/net'
import type { Finding } from './checks.ts'

/** The facts, and the subnet that the default network gets here. */
export type NetworkMachine = NetworkFacts & {
  /** `172.17.0.0/16`; undefined when every pool is in use on the host. */
  subnet: string | undefined
  /** What of the host's is in the way of docker's own first choice, `172.17.0.0/16`. */
  inTheWay: readonly string[]
}

/** All findings about networks, in the order in which they matter. */
export function examineNetworks(machine: NetworkMachine): Finding[] {
  return [links(machine), forwarding(machine), firewall(machine), ...others(machine), subnet(machine)]
}

function links({ links: kinds }: NetworkMachine): Finding {
  const name = 'links'
  const unknown = Object.values(kinds).includes(undefined)
  const lacking = Object.entries(kinds).flatMap(([kind, works]) => (works === false ? [kind] : []))
  if (lacking.length > 0) {
    const needed = lacking.includes('bridge') || lacking.includes('veth')
    const detail = needed ? 'only --network none, host and container:NAME work' : 'networks of macvlan are refused'
    return {
      name,
      verdict: 'limited',
      detail: `the kernel makes no ${lacking.join(', ')}: ${detail}`,
      mend: `modprobe ${lacking.join(' ')}`.replace(/modprobe (\S+) /, 'modprobe -a $1 '),
    }
  }
  if (unknown)
    return { name, verdict: 'limited', detail: 'cannot be tried by this user', mend: 'sudo mini-docker doctor' }
  return { name, verdict: 'ok', detail: 'bridge veth macvlan' }
}

function forwarding({ ipForward, ipv6 }: NetworkMachine): Finding {
  const name = 'forwarding'
  const six = ipv6.available ? `IPv6 ${ipv6.forwarding ? 'on' : 'off'}` : 'no IPv6 on this machine'
  if (ipForward) return { name, verdict: 'ok', detail: `net.ipv4.ip_forward is on, ${six}` }
  return { name, verdict: 'ok', detail: `net.ipv4.ip_forward is off, ${six}: the first network turns it on` }
}

function firewall({ nft }: NetworkMachine): Finding {
  const name = 'firewall'
  if (nft.path === undefined) {
    return {
      name,
      verdict: 'limited',
      detail: 'nft is not installed: containers reach each other and the host, but there is no way out and no -p',
      mend: 'apt-get install nftables',
    }
  }
  if (nft.works === undefined) {
    const detail = `${nft.path}, which this user cannot try`
    return { name, verdict: 'limited', detail, mend: 'sudo mini-docker doctor' }
  }
  if (!nft.works) {
    return {
      name,
      verdict: 'limited',
      detail: `nft cannot make our table, so there is no way out and no -p: ${nft.problem ?? 'it fails'}`,
      mend: 'modprobe -a nf_tables nft_chain_nat nft_masq nft_fib_inet, or a kernel that has them',
    }
  }
  return { name, verdict: 'ok', detail: `${nft.path}, tried in a namespace of its own` }
}

/** Other firewalls on the machine that may have the last word. */
function others({ droppingChains = [], brNetfilter, legacyIptables }: NetworkMachine): Finding[] {
  const found: Finding[] = droppingChains.map(({ family, table, name }) => ({
    name: 'forward',
    verdict: 'limited',
    detail: `the chain ${family} ${table} ${name} drops what is forwarded: networks may have no way out, -p no way in`,
    mend: `let it accept what comes from and goes to mini-docker0 and md-*: nft insert rule ${family} ${table} ${name} iifname "md-*" accept`,
  }))
  if (legacyIptables) {
    found.push({
      name: 'iptables',
      verdict: 'limited',
      detail: 'rules of the old iptables are loaded, which nft does not show: if they drop, they drop ours',
      mend: 'look at iptables-legacy -S FORWARD; iptables -P FORWARD ACCEPT, or move to iptables-nft',
    })
  }
  return [...found, bridgeFilter(brNetfilter, found.length > 0)]
}

/** Whether frames between neighbours go through the rules of IP: harmless by itself, not when those rules drop. */
function bridgeFilter(isOn: boolean, othersDrop: boolean): Finding {
  const name = 'br_netfilter'
  if (!isOn) return { name, verdict: 'ok', detail: 'off: neighbours in one network are not filtered' }
  if (!othersDrop) return { name, verdict: 'ok', detail: 'on, and no other firewall drops what neighbours say' }
  return {
    name,
    verdict: 'limited',
    detail: 'net.bridge.bridge-nf-call-iptables is on: rules that drop see what neighbours in one network say, too',
    mend: 'sysctl -w net.bridge.bridge-nf-call-iptables=0',
  }
}

function subnet({ subnet: free, inTheWay }: NetworkMachine): Finding {
  const name = 'subnets'
  if (free === undefined) {
    return {
      name,
      verdict: 'limited',
      detail: 'every default pool is in use on this machine: networks need a --subnet, and there is no default network',
      mend: 'ip route: remove what nobody needs',
    }
  }
  const why = inTheWay.length === 0 ? '' : ` (the host uses ${inTheWay.join(', ')})`
  return { name, verdict: 'ok', detail: `the next network gets ${free}${why}` }
}
