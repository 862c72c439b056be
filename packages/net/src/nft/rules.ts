/**
 * The rules of our table. They never change: what there is to translate, hide and let through stands in sets and maps.
 *
 *   a packet  → guard → publish_in ─┬─ to the host itself
 *                                   └─ forward ──┐
 *   the host's own → publish_out ────────────────┴→ leave → out
 */

export type Chain = { name: string; type: 'filter' | 'nat'; hook: string; priority: number }
/** `comment` says what for, in the listing of the table too. */
export type Rule = { chain: string; text: string; comment: string }

/** Priorities by number: raw -300, before conntrack; dstnat -100; filter 0; srcnat 100. */
export const CHAINS: readonly Chain[] = [
  { name: 'guard', type: 'filter', hook: 'prerouting', priority: -300 },
  { name: 'publish_in', type: 'nat', hook: 'prerouting', priority: -100 },
  { name: 'publish_out', type: 'nat', hook: 'output', priority: -100 },
  { name: 'forward', type: 'filter', hook: 'forward', priority: 0 },
  { name: 'leave', type: 'nat', hook: 'postrouting', priority: 100 },
]

/** The bridges route packets of 127.0.0.1 (route_localnet); on the wire none may come from a container. */
const GUARD: readonly Rule[] = [
  {
    chain: 'guard',
    text: 'iifname @bridges ip daddr 127.0.0.0/8 drop',
    comment: 'containers do not reach the loopback of the host',
  },
  {
    chain: 'guard',
    text: 'iifname @bridges ip saddr 127.0.0.0/8 drop',
    comment: 'containers do not pretend to be the host',
  },
]

/**
 * With br_netfilter, the bridge passes on what is translated to one of its own by itself, and between ports that are isolated it does not. So
 * containers that may not talk to each other reach published ports by the sockets that hold these.
 */
const ASIDE: Rule = {
  chain: 'publish_in',
  text: 'iifname @silent meta l4proto { tcp, udp } return',
  comment: 'from isolated ports of a bridge by the host itself',
}

const PUBLISH: readonly Rule[] = [
  ASIDE,
  ...['publish_in', 'publish_out'].flatMap((chain) => [
    publish(chain, 4, true),
    publish(chain, 4, false),
    publish(chain, 6, true),
    publish(chain, 6, false),
  ]),
]

/** In this order: established connections are the most packets; a published port is open also to those who are kept apart. */
const FORWARD: readonly Rule[] = [
  { text: 'ct state established,related accept', comment: 'what was let through once' },
  { text: 'iifname . oifname @same accept', comment: 'within a network' },
  { text: 'iifname @internal drop', comment: 'an internal network has no way out' },
  { text: 'oifname @internal drop', comment: 'and none in' },
  { text: 'oifname @bridges ct status dnat accept', comment: 'published ports' },
  { text: 'oifname @isolated drop', comment: 'nothing else gets in' },
  { text: 'iifname @isolated oifname @bridges drop', comment: 'networks are kept apart' },
].map((rule) => ({ chain: 'forward', ...rule }))

/** Where the answer would not find back, the packet gets this host's address: it comes here, and is passed on to who asked. */
const LEAVE: readonly Rule[] = [
  {
    text: 'oifname @bridges ip saddr 127.0.0.0/8 masquerade',
    comment: 'from the host by 127.0.0.1 to a published port',
  },
  {
    text: 'oifname @bridges ct status dnat ip saddr @subnets4 masquerade',
    comment: 'from a container by the host to a published port (hairpin)',
  },
  {
    text: 'oifname @bridges ct status dnat ip6 saddr @subnets6 masquerade',
    comment: 'from a container by the host to a published port (hairpin)',
  },
  {
    text: 'oifname != @bridges oifname != "lo" ip saddr @masquerade4 masquerade',
    comment: 'from containers to the world',
  },
  {
    text: 'oifname != @bridges oifname != "lo" ip6 saddr @masquerade6 masquerade',
    comment: 'from containers to the world',
  },
].map((rule) => ({ chain: 'leave', ...rule }))

export const RULES: readonly Rule[] = [...GUARD, ...PUBLISH, ...FORWARD, ...LEAVE]

/** To an address of the host, on a port that a map has: to the container instead. `::1` cannot leave loopback. */
function publish(chain: string, version: 4 | 6, at: boolean): Rule {
  const ip = version === 4 ? 'ip' : 'ip6'
  const notLoopback = chain === 'publish_out' && version === 6 ? 'ip6 daddr != ::1 ' : ''
  const key = at ? `${ip} daddr . meta l4proto . th dport` : 'meta l4proto . th dport'
  return {
    chain,
    text: `${notLoopback}fib daddr type local dnat ${ip} to ${key} map @ports${version}${at ? '_at' : ''}`,
    comment: at ? 'ports published on one address' : 'ports published on all addresses',
  }
}
