/** The way of a packet: from the link inside, over the cable and the bridge, through the rules, to the outside. */
import type { LinkFact, NetworkFact } from '@mini-docker/facts'
import { routeText } from '@mini-docker/facts'
import { columnsOf } from '../../format/width.ts'
import type { Piece, Row } from '../../tui/shared/pieces.ts'
import { padded, paragraph, withNote, type View } from '../view.ts'
import type { Subject } from '../subject.ts'
import type { Words } from '../words.ts'
import { wrap } from '../../format/wrap.ts'

export function networkRows(subject: Subject, words: Words, width: number): View {
  const { pid, network } = subject.anatomy
  const enter = `nsenter --net=/proc/${pid}/ns/net`
  const sources = [`${enter} ip address`, 'ip link', 'nft list ruleset']
  if (network === undefined) return { rows: lines(words.notSeen, width), sources: [`/proc/${pid}/ns/net`] }
  if (network.isReaders) {
    return {
      rows: [...lines(words.hostNetwork, width), ...network.links.map((link) => insideRow(link, network))],
      sources,
    }
  }
  const links = network.links.filter(({ name }) => name !== 'lo')
  const ways = links.flatMap((link) => wayOf(link, subject, network, words, width))
  const routes = network.routes.filter(({ to, type }) => to === 'default' || type !== 'unicast')
  return {
    rows: [
      ...(links.length === 0 ? lines(words.noNetwork, width) : ways),
      ...routes.map((route): Row => [{ text: 'route ', dim: true }, `${route.to} ${routeText(route)}`]),
      ...settingRows(network),
      ...insideRules(subject, words),
    ],
    sources,
  }
}

function lines(text: string, width: number): Row[] {
  return wrap(text, width).map((line) => [line])
}

/** One link inside and what is behind it, drawn downwards. */
function wayOf(link: LinkFact, subject: Subject, network: NetworkFact, words: Words, width: number): Row[] {
  const cable = network.cables.find(({ inside }) => inside === link.name)
  const rows: Row[] = [insideRow(link, network)]
  if (cable === undefined) return rows
  const { outside } = cable
  const isCable = outside.kind === 'veth'
  rows.push(stem(isCable ? 'veth' : `${words.macvlan} (${link.kind ?? ''})`))
  rows.push([{ text: outside.name, color: 'cyan' }, stateOf(outside), { text: macOf(outside), dim: true }])
  const bridge = network.bridges.find(({ link: one }) => one.name === outside.master)
  if (bridge !== undefined) {
    rows.push(stem(words.bridge))
    rows.push([
      { text: bridge.link.name, color: 'cyan' },
      stateOf(bridge.link),
      { text: ` ${bridge.addresses.join(' ')}`, bold: true },
    ])
  }
  rows.push(...ruleRows(subject, link, network, words, width))
  const out = network.waysOut[0]
  const title = padded(words.outside, columnsOf(words.outside) + 2)
  const told = out === undefined ? words.noWayOut : `default ${routeText(out)}`
  rows.push(...paragraph(title, columnsOf(title), told, width))
  return rows
}

function insideRow(link: LinkFact, { addresses }: NetworkFact): Row {
  const own = addresses.filter((address) => address.link === link.name && address.scope === 'global')
  return [
    { text: link.name, color: 'green', bold: true },
    stateOf(link),
    { text: ` ${own.map(({ address }) => address).join(' ')}`, bold: true },
    { text: macOf(link), dim: true },
  ]
}

function stateOf({ up, mtu }: LinkFact): Piece {
  return { text: up ? ` up mtu ${mtu}` : ' DOWN', ...(up ? { dim: true } : { color: 'red' }) }
}

function macOf({ mac }: LinkFact): string {
  return mac === undefined ? '' : `  ${mac}`
}

function stem(text: string): Row {
  return [
    { text: '  │ ', dim: true },
    { text, dim: true },
  ]
}

/** Published ports, address translation, and which tables have a say. */
function ruleRows(
  { anatomy, container }: Subject,
  link: LinkFact,
  network: NetworkFact,
  words: Words,
  width: number,
): Row[] {
  const tables = anatomy.firewall?.host ?? []
  const addresses = network.addresses.flatMap((one) => (one.link === link.name ? [one.address.split('/')[0]!] : []))
  const elements = tables.flatMap(({ sets }) =>
    sets.flatMap((set) => (set.kind === 'map' ? set.elements.map((element) => ({ set: set.name, element })) : [])),
  )
  const rows: Row[] = elements.flatMap(({ set, element }): Row[] => {
    const port = publishedIn(element, addresses)
    return port === undefined ? [] : [ruleRow(words.published(...port), `map ${set}`, 'green', width)]
  })
  if (rows.length === 0) rows.push(...portsOf(container, tables, addresses, words, width))
  for (const { family, name, chains, sets } of tables) {
    const networks = sets.filter((set) => set.name.startsWith('masquerade')).flatMap((set) => set.elements)
    const byRule = chains.flatMap(({ rules }) =>
      rules.flatMap((rule) =>
        rule.includes('masquerade') ? (/ip6? saddr ([0-9a-f.:]+\/\d+)/.exec(rule)?.[1] ?? []) : [],
      ),
    )
    for (const one of new Set([...networks, ...byRule].filter((network) => !network.startsWith('127.')))) {
      rows.push(ruleRow(words.masquerade(one), `table ${family} ${name}`, 'magenta', width))
    }
  }
  if (anatomy.firewall === undefined) return [stem('')]
  if (tables.length === 0) return [stem(words.noRules)]
  const said = tables.map(
    ({ family, name, chains }) => `${family} ${name}: ${chains.map((chain) => chain.name).join(' ')}`,
  )
  return [...rows, ...said.flatMap((text) => wrap(`nft ${text}`, width - 4).map(stem))]
}

function ruleRow(text: string, note: string, color: string, width: number): Row {
  return withNote(
    [
      { text: '  │ ', dim: true },
      { text, color },
    ],
    note,
    width,
  )
}

/** `tcp . 8080 : 172.17.0.2 . 80`, or with an address of the host in front: what it publishes of these addresses. */
function publishedIn(element: string, addresses: readonly string[]): [host: string, container: string] | undefined {
  const [from = '', to = ''] = element.split(' : ')
  const [address = '', port] = to.split(' . ')
  if (port === undefined || !addresses.includes(address)) return undefined
  const words = from.split(' . ')
  return [words.length === 3 ? `${words[1]} ${words[0]}:${words[2]}` : words.join(' '), `${address}:${port}`]
}

/** Docker has a rule for each port; podman, too. What the engine says is shown where such a rule is there. */
function portsOf(
  container: Subject['container'],
  tables: NonNullable<Subject['anatomy']['firewall']>['host'],
  addresses: readonly string[],
  words: Words,
  width: number,
): Row[] {
  return tables.flatMap(({ family, name, chains }) =>
    chains.flatMap(({ rules, name: chain }) =>
      rules.flatMap((rule): Row[] => {
        const [, target = ''] = /\bdnat (?:ip6? )?to (\S+)/.exec(rule) ?? []
        const port = /\bdport (\d+)/.exec(rule)?.[1]
        const isOurs = addresses.some((address) => target === address || target.startsWith(`${address}:`))
        if (!isOurs || port === undefined) return []
        const protocol =
          /\b(tcp|udp|sctp) dport/.exec(rule)?.[1] ??
          container?.ports.find((one) => String(one.hostPort) === port)?.protocol ??
          ''
        return [
          ruleRow(words.published(`${protocol} ${port}`.trim(), target), `${family} ${name} ${chain}`, 'green', width),
        ]
      }),
    ),
  )
}

function settingRows({ sysctls }: NetworkFact): Row[] {
  return Object.entries(sysctls)
    .filter(([name]) => name === 'net.ipv4.ip_unprivileged_port_start' || name === 'net.ipv4.ip_forward')
    .map(([name, value]) => [{ text: `sysctl ${name} `, dim: true }, value])
}

function insideRules({ anatomy }: Subject, words: Words): Row[] {
  const inside = anatomy.firewall?.inside ?? []
  const count = inside.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules)).length
  return count === 0 ? [] : [[{ text: words.rulesInside(count), dim: true }]]
}
