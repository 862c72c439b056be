/** What a container uses, over time: five charts of blocks below each other. */
import { binarySize, humanSize } from '../../../format/units.ts'
import { clip, columnsOf } from '../../../format/width.ts'
import type { Piece, Row } from '../../shared/pieces.ts'
import type { Container } from '../items.ts'
import { chosenItem, type Sample, type UiState } from '../state.ts'
import { themeOf } from '../themes.ts'
import { WORDS } from '../words.ts'
import { isUp } from '../columns.ts'

const BLOCKS = ' ▁▂▃▄▅▆▇█'
const CHARTS = 5

export function statsRows(state: UiState, columns: number, rows: number): Row[] {
  const container = chosenItem(state) as Container | undefined
  const words = WORDS[state.language]
  const theme = themeOf(state.theme)
  if (container === undefined) return [[], [{ text: ` ${words.noneChosen}`, ...theme.muted }]]
  const samples = state.usage.get(container.id) ?? []
  const last = samples.at(-1)
  if (last === undefined)
    return [[], [{ text: ` ${isUp(container) ? words.noStats : words.notRunning}`, ...theme.muted }]]
  const charts = chartsOf(samples, last, words.charts)
  const shownCharts = charts.slice(0, Math.max(1, Math.min(CHARTS, Math.floor(rows / 2))))
  const width = Math.max(8, columns - 2)
  return shownCharts.flatMap((chart, i) => {
    const height = Math.max(
      1,
      Math.floor((rows * (i + 1)) / shownCharts.length) - Math.floor((rows * i) / shownCharts.length) - 1,
    )
    const color = theme.series[i % theme.series.length] ?? {}
    const title: Piece[] = [
      { text: ` ${chart.title}  `, ...theme.title },
      { text: chart.now, ...color, bold: true },
    ]
    const note = `  ${words.charts['peak']} ${chart.peak}`
    const used = title.reduce((sum, piece) => sum + columnsOf(typeof piece === 'string' ? piece : piece.text), 0)
    if (used + columnsOf(note) <= columns) title.push({ text: note, ...theme.muted })
    return [
      title,
      ...chartLines(chart.values, width, height, chart.most).map((text): Row => [
        ' ',
        { text: clip(text, width), ...color },
      ]),
    ]
  })
}

type Chart = { title: string; now: string; peak: string; values: readonly number[]; most: number | undefined }

function chartsOf(samples: readonly Sample[], last: Sample, words: Record<string, string>): Chart[] {
  const perSecond = (read: (sample: Sample) => number): number[] =>
    samples.slice(1).map((sample, i) => {
      const before = samples[i] ?? sample
      return Math.max(0, (read(sample) - read(before)) / Math.max(0.001, (sample.at - before.at) / 1000))
    })
  const speed = (bytes: number): string => `${humanSize(bytes, 3)}${words['perSecond']}`
  const [received, sent, read, written] = [
    perSecond((one) => one.received),
    perSecond((one) => one.sent),
    perSecond((one) => one.read),
    perSecond((one) => one.written),
  ]
  const both = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + (b[i] ?? 0))
  const peak = (values: readonly number[]): number => Math.max(0, ...values)
  const cpu = samples.map((one) => one.cpuPercent)
  const memory = samples.map((one) => one.memory)
  const pids = samples.map((one) => one.pids)
  const [net, io] = [both(received, sent), both(read, written)]
  const limit = last.memoryLimit > 0 ? ` ${words['limit']} ${binarySize(last.memoryLimit)}` : ''
  return [
    {
      title: words['cpu'] ?? '',
      now: `${last.cpuPercent.toFixed(1)}%`,
      peak: `${peak(cpu).toFixed(1)}%`,
      values: cpu,
      most: Math.max(10, peak(cpu)),
    },
    {
      title: words['memory'] ?? '',
      now: `${binarySize(last.memory)}${limit}`,
      peak: binarySize(peak(memory)),
      values: memory,
      most: peak(memory) * 1.1,
    },
    {
      title: words['net'] ?? '',
      now: `${speed(received.at(-1) ?? 0)} / ${speed(sent.at(-1) ?? 0)}`,
      peak: speed(peak(net)),
      values: net,
      most: undefined,
    },
    {
      title: words['io'] ?? '',
      now: `${speed(read.at(-1) ?? 0)} / ${speed(written.at(-1) ?? 0)}`,
      peak: speed(peak(io)),
      values: io,
      most: undefined,
    },
    {
      title: words['pids'] ?? '',
      now: String(last.pids),
      peak: String(peak(pids)),
      values: pids,
      most: Math.max(4, peak(pids)),
    },
  ]
}

/** The last `width` values as columns, `height` lines high; the newest at the right edge. */
export function chartLines(values: readonly number[], width: number, height: number, most?: number): string[] {
  const shown = values.slice(-width)
  const top = most ?? Math.max(0, ...shown)
  const eighths = shown.map((value) => (top > 0 && value > 0 ? Math.max(1, Math.round((value / top) * height * 8)) : 0))
  return Array.from({ length: height }, (_, y) => {
    const floor = (height - 1 - y) * 8
    return eighths
      .map((value) => BLOCKS[Math.max(0, Math.min(8, value - floor))])
      .join('')
      .padStart(width)
  })
}
