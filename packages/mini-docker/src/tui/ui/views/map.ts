/**
 * Networks as they hang together: each bridge as a bar, its containers as boxes below it, with their addresses and the ports that lead to
 * them from outside.
 */
import { clip, columnsOf } from '../../../format/width.ts'
import { hostPort, type Port } from '../../../format/ports.ts'
import type { Piece, Row } from '../../shared/pieces.ts'
import { glyphOf, stateRole } from '../columns.ts'
import { isOn, type Container, type Network } from '../items.ts'
import { chosenItem, tabOf, type UiState } from '../state.ts'
import { themeOf } from '../themes.ts'
import { WORDS } from '../words.ts'

export function mapRows(state: UiState, columns: number): Row[] {
  const { networks } = state.items
  if (tabOf(state) === 'map') {
    const chosen = chosenItem(state) as Network | undefined
    return chosen === undefined ? [] : networkRows(state, chosen, columns)
  }
  const busyFirst = networks.toSorted((a, b) => Number(b.users > 0) - Number(a.users > 0))
  return busyFirst.flatMap((network) => [...networkRows(state, network, columns), []])
}

function networkRows(state: UiState, network: Network, columns: number): Row[] {
  const words = WORDS[state.language].map
  const theme = themeOf(state.theme)
  const line = theme.series[0] ?? {}
  const containers = state.items.containers.filter((one) => isOn(one, network))
  const width = Math.max(30, Math.min(columns - 1, 110))
  const rows: Row[] = []
  if (network.driver === 'bridge' || network.driver === 'macvlan' || network.driver === 'ipvlan') {
    const way = network.isInternal ? `╳ ${words['internal']}` : `${words['outside']} ── ${words['host']}`
    rows.push([{ text: `  ${way}`, ...(network.isInternal ? theme.warn : theme.muted) }])
    if (!network.isInternal) rows.push([{ text: '   │', ...line }])
  }
  const facts = [
    network.bridge === '' ? network.driver : `${words['bridge']} ${network.bridge}`,
    ...network.subnets,
    network.gateways.length === 0 ? '' : `${words['gateway']} ${network.gateways.join(' ')}`,
    network.driver === 'host' ? words['hostNetwork'] : network.driver === 'null' ? words['noNetwork'] : '',
  ]
  const told = facts.filter((fact): fact is string => (fact ?? '') !== '')
  rows.push(...bus(network.name, told, width, theme.focus, line))
  if (containers.length === 0) return [...rows, [{ text: `   ${words['none']}`, ...theme.muted }]]
  const boxes = containers.map((container) => boxOf(state, container, network, width - 2))
  return [...rows, ...shelves(boxes, width, line)]
}

function bus(name: string, facts: readonly string[], width: number, title: object, line: object): Row[] {
  const shownName = clip(name, width - 8)
  const first = Math.max(0, width - columnsOf(shownName) - 5)
  return [
    [
      { text: '╔═ ', ...line },
      { text: shownName, ...title },
      { text: ` ${'═'.repeat(first)}╗`, ...line },
    ],
    ...packed(facts, width - 4).map((text): Row => [
      { text: '║ ', ...line },
      text,
      { text: `${' '.repeat(Math.max(0, width - 3 - columnsOf(text)))}║`, ...line },
    ]),
    [{ text: `╚${'═'.repeat(width - 2)}╝`, ...line }],
  ]
}

/** As many facts on a line as there is room for. */
function packed(facts: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const fact of facts) {
    const last = lines.at(-1)
    if (last === undefined || columnsOf(last) + 2 + columnsOf(fact) > width) lines.push(clip(fact, width))
    else lines[lines.length - 1] = `${last}  ${fact}`
  }
  return lines
}

/** A container's box: rows all `width` columns wide; the first is its upper edge. */
type Box = { width: number; rows: Row[] }

function boxOf(state: UiState, container: Container, network: Network, most: number): Box {
  const theme = themeOf(state.theme)
  const words = WORDS[state.language].map
  const here = container.networks.find((one) => one.networkId === network.id || one.network === network.name)
  const others = container.networks.filter((one) => one !== here).map(({ network: name }) => name)
  const role = theme[stateRole(container)]
  const lines: Row[] = [
    [
      { text: `${glyphOf(container)} `, ...role },
      { text: container.name, ...theme.title },
    ],
    ...[here?.address, here?.address6, here?.mac].flatMap((text): Row[] =>
      text === undefined || text === '' ? [] : [[text]],
    ),
    ...published(container.ports).map((text): Row => [{ text, ...theme.warn }]),
    ...(others.length === 0 ? [] : [[{ text: `${words['alsoOn']} ${others.join(' ')}`, ...theme.muted }]]),
  ]
  const inner = Math.min(most - 4, Math.max(16, ...lines.map(widthOfRow)))
  return { width: inner + 4, rows: lines.map((row) => [{ text: '│ ' }, ...fit(row, inner), { text: ' │' }]) }
}

/** Boxes side by side, as many as there is room for, each hanging from the bar above. */
function shelves(boxes: readonly Box[], width: number, line: object): Row[] {
  const rows: Row[] = []
  for (let from = 0; from < boxes.length;) {
    let to = from
    let used = 1
    while (to < boxes.length && (to === from || used + (boxes[to]?.width ?? 0) + 1 <= width))
      used += (boxes[to++]?.width ?? 0) + 1
    const shelf = boxes.slice(from, to)
    const height = Math.max(...shelf.map((box) => box.rows.length))
    const join = (piece: (box: Box) => Piece[]): Row => [' ', ...shelf.flatMap((box): Piece[] => [...piece(box), ' '])]
    rows.push(
      join((box) => [{ text: `${' '.repeat(3)}${from === 0 ? '║' : '┊'}${' '.repeat(box.width - 4)}`, ...line }]),
    )
    rows.push(join((box) => [`┌──${from === 0 ? '╨' : '┴'}${'─'.repeat(box.width - 5)}┐`]))
    for (let y = 0; y < height; y++) {
      rows.push(join((box) => [...(box.rows[y] ?? [`│${' '.repeat(box.width - 2)}│`])]))
    }
    rows.push(join((box) => [`└${'─'.repeat(box.width - 2)}┘`]))
    from = to
  }
  return rows
}

function published(ports: readonly Port[]): string[] {
  const lines = new Map<string, string[]>()
  for (const { IP = '', PublicPort, PrivatePort, Type } of ports) {
    if (PublicPort === undefined) continue
    const target = `${PrivatePort}/${Type}`
    lines.set(target, [...(lines.get(target) ?? []), hostPort(IP, String(PublicPort))])
  }
  return [...lines].map(([target, places]) => `${places.join(' ')} → ${target}`)
}

function widthOfRow(row: Row): number {
  return row.reduce((sum, piece) => sum + columnsOf(typeof piece === 'string' ? piece : piece.text), 0)
}

function fit(row: Row, width: number): Piece[] {
  const pieces: Piece[] = []
  let left = width
  for (const piece of row) {
    const text = clip(typeof piece === 'string' ? piece : piece.text, left)
    pieces.push(typeof piece === 'string' ? text : { ...piece, text })
    left -= columnsOf(text)
  }
  return left > 0 ? [...pieces, ' '.repeat(left)] : pieces
}
