import { describe, expect, test } from 'vitest'
import { examineNetworks, type NetworkMachine } from '../src/doctor/network-checks.ts'

/** A machine where networks work as they should. */
const FINE: NetworkMachine = {
  ipForward: true,
  ipv6: { available: true, forwarding: true },
  nft: { path: '/usr/sbin/nft', works: true },
  brNetfilter: false,
  links: { bridge: true, veth: true, macvlan: true },
  legacyIptables: false,
  droppingChains: [],
  subnet: '172.17.0.0/16',
  inTheWay: [],
}
const UFW = { family: 'ip', table: 'filter', name: 'FORWARD' }

function verdictOf(name: string, change: Partial<NetworkMachine>): string {
  const finding = examineNetworks({ ...FINE, ...change }).find((one) => one.name === name)
  return `${finding?.verdict}: ${finding?.detail}${finding?.mend === undefined ? '' : ` → ${finding.mend}`}`
}

const CASES: Array<[name: string, change: Partial<NetworkMachine>, wanted: RegExp]> = [
  [
    'links',
    { links: { bridge: false, veth: true, macvlan: true } },
    /^limited: .*no bridge: only .* → modprobe bridge$/,
  ],
  ['links', { links: { bridge: false, veth: false, macvlan: true } }, /→ modprobe -a bridge veth$/],
  [
    'links',
    { links: { bridge: true, veth: true, macvlan: false } },
    /macvlan: networks of macvlan are refused → modprobe/,
  ],
  [
    'links',
    { links: { bridge: undefined, veth: undefined, macvlan: undefined } },
    /^limited: cannot be tried .* → sudo/,
  ],
  ['forwarding', { ipForward: false }, /^ok: net\.ipv4\.ip_forward is off, .*the first network turns it on$/],
  ['forwarding', { ipv6: { available: false, forwarding: false } }, /no IPv6 on this machine$/],
  ['firewall', { nft: { path: undefined, works: false } }, /^limited: nft is not installed.*no -p → apt-get install/],
  ['firewall', { nft: { path: '/sbin/nft', works: undefined } }, /^limited: \/sbin\/nft, which this user cannot try/],
  [
    'firewall',
    { nft: { path: '/sbin/nft', works: false, problem: 'no chain type' } },
    /no chain type → modprobe -a nf_t/,
  ],
  ['forward', { droppingChains: [UFW] }, /^limited: the chain ip filter FORWARD drops .*iifname "md-\*" accept$/],
  ['iptables', { legacyIptables: true }, /^limited: rules of the old iptables .* → look at iptables-legacy/],
  ['br_netfilter', { brNetfilter: true }, /^ok: on/],
  ['br_netfilter', { brNetfilter: true, droppingChains: [UFW] }, /^limited: .* → sysctl -w net\.bridge/],
  [
    'subnets',
    { subnet: '172.18.0.0/16', inTheWay: ['172.17.0.0/16'] },
    /gets 172\.18\.0\.0\/16 \(the host uses 172\.17/,
  ],
  ['subnets', { subnet: undefined }, /^limited: every default pool is in use/],
]

describe('doctor, on networks', () => {
  test('a machine with everything is fine in every point', () => {
    expect(examineNetworks(FINE).map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'links ok',
      'forwarding ok',
      'firewall ok',
      'br_netfilter ok',
      'subnets ok',
    ])
  })

  test.each(CASES)('%s: %j', (name, change, wanted) => {
    expect(verdictOf(name, change)).toMatch(wanted)
  })

  test('nothing about networks keeps containers from running: without one there is still --network none', () => {
    const nothing = {
      ...FINE,
      nft: { path: undefined, works: false },
      links: { bridge: false, veth: false, macvlan: false },
    }
    expect(examineNetworks(nothing).filter(({ verdict }) => verdict === 'missing')).toEqual([])
  })
})
